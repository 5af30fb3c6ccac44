// Package verify is the view of the page Verify of the place Project.
//
//	v := verify.New(model, host)
package verify
