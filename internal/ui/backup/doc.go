// Package backup is the view of the page Backup of the place Project.
//
//	v := backup.New(model, host)
package backup
