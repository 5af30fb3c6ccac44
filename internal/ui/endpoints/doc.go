// Package endpoints is the view of the place Endpoints: the project's listeners and senders, the rules and faults of the one
// that is chosen, its journal as it grows, and the exchange that is open, over the state in present/endpoints.
//
//	v := endpoints.New(model, host)
//	window.SetContent(v.Content())
package endpoints
