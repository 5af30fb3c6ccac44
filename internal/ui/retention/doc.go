// Package retention is the view of the page Retention of the place Project.
//
//	v := retention.New(model, host)
package retention
