// Package fhirserver is a FHIR R4 server that stands in for a partner's: it keeps what it is sent, answers as the standard says,
// and misbehaves on demand.
//
// Its central type is [Server], an http.Handler over a store of package fhirstore.
//
//	s, err := fhirserver.New(fhirserver.Config{Address: "127.0.0.1:8080"}, fhirserver.Options{Store: store})
//	err = s.Run(ctx) // until ctx ends
//
// Interactions, search, batch, transaction, patch and operations follow R4 section 3.1 (RESTful API). Every answer that is no
// success carries an OperationOutcome. A [Personality] limits the server to what a vendor's own statement says; faults are those of
// package rules, spread by the same counts and chances. Every exchange goes to an endpoint.Journal.
//
// Authentication is one of a few simple kinds or SMART App Launch 2.2, with an authorization server of its own; bulk export follows Bulk Data
// Access 2.0; Subscriptions of the channel rest-hook go only to addresses that [Config.Hooks] allows.
package fhirserver
