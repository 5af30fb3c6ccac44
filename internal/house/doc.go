// Package house holds no code, only tests: the rules of this code base that a compiler cannot check.
//
// They read the import lines of every file and the folders themselves: a package imports only from floors below its
// own (the table is [floors] in floors_test.go), Fyne stays in the window, SQL in the workspace, the network in the
// packages that may use it; every package says in a doc.go what it is for; nothing strays into the top folder.
// A package that is new gets its floor there.
//
//	go test -tags migrated_fynedo,no_emoji,no_metadata,fts5 ./internal/house
package house
