// Package twodoors lets an MLLP endpoint and a FHIR endpoint share their patients: what comes in by one door is there at the other.
//
// Its central type is [Door]. A message that the MLLP side accepts changes the resources of the FHIR side before it is acknowledged; a
// change that a client makes at the FHIR side is sent as a message. How one becomes the other is the business of a [Translator], which
// the project's mappings are made into.
//
//	d, err := twodoors.New(twodoors.Options{Store: store, Translator: mappings, Send: &endpoint.SendConfig{To: "127.0.0.1:2575"}})
//	l, err := endpoint.NewListener(config, rules, endpoint.Options{Accept: d.Receive})
//	err = d.Run(ctx) // sends until ctx ends
//
// A change that came by a message is not sent back. Which event a change is follows HL7 v2.5.1 chapters 3 (ADT), 6 (DFT) and 10 (SIU); see
// [EventOf].
package twodoors
