// Package people is the view of the page Keys and people of the place Project.
//
//	v := people.New(model, host)
package people
