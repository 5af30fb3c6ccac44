// Package secrets is the view of the page Secrets of the place Project.
//
//	v := secrets.New(model, host)
package secrets
