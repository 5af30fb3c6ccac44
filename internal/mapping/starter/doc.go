// Package starter holds mappings to begin with, with their lookup tables: HL7 v2 to FHIR R4, made from the facts that HL7
// International publishes in its Version 2 to FHIR Implementation Guide (CC0-1.0), FHIR R4 to HL7 v2, the same facts the other
// way round, and HL7 v2 to and from JSON in the shape that Redox has.
//
// Its central function is [Files]: what a mapping of that name consists of, ready to be written into a project and changed
// there.
//
//	f, err := mapping.Load(starter.FS(), "adt-to-patient.yaml")
package starter
