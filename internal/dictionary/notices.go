package dictionary

import _ "embed"

//go:embed notices.txt
var notices string

// Notices returns the notices and licences of the data, which belong in the
// program's list of notices, with the copyright line of the code tables and the
// draft state of 2.9.1.
func Notices() string { return notices }
