// Package translation lets mappings translate between the two sides of a door of package twodoors.
//
// Its central type is [Mappings], a twodoors.Translator.
//
//	t, err := translation.New(files)   // mappings of the user's own; nil takes those that come with the program
//	d, err := twodoors.New(twodoors.Options{Store: store, Translator: t})
//
// A mapping of HL7 v2 to FHIR serves the messages of the type that its id begins with, as adt-to-patient serves ADT; one of FHIR to HL7 v2
// the type that its rules put into MSH-9.1. Which lets a window show a mapping's own place, and a command name a file.
package translation
