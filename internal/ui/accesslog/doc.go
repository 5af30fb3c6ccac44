// Package accesslog is the view of the page Access log of the place Project.
//
//	v := accesslog.New(model, host)
package accesslog
