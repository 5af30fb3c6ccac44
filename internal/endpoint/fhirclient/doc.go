// Package fhirclient is the sender's twin for REST: it sends FHIR requests as a person writes them, says what came back, and keeps
// both in an endpoint.Journal.
//
// Its central type is [Client], which knows a server's address, how to authenticate there, and what its CapabilityStatement allows.
//
//	c, err := fhirclient.New(fhirclient.Config{Base: "http://127.0.0.1:8080/fhir"}, journal)
//	r, err := fhirclient.ParseRequest("GET Patient?name=roe\nPrefer: handling=strict")
//	answer, err := c.Do(ctx, r) // answer.Status, answer.Issues(), answer.Links()
//
// A [Request] has a text form, that of .http files, which is what a console shows, a history keeps and a file of requests holds;
// [FromWire] makes one from what a journal kept, and [Request.CURL] the command that does the same. Redirects are shown, not followed.
// Credentials are never part of a request, its text, the journal or an error, and do not travel over plain HTTP to other computers
// unless that is allowed on purpose.
package fhirclient
