// Package fhir reads and writes HL7 FHIR without losing anything, knows the published definitions, and evaluates
// FHIRPath.
//
// The central type is [Node], a tree in the shape of JSON: members in the order of the text, numbers as written, unknown
// members and duplicate names kept, and the bytes that each value came from. FHIR in XML is read into the same shape, by
// the definitions; JSON and XML that are not FHIR are read too, for those who compare or map them.
//
//	patient, err := fhir.ParseJSON(data)
//	family := patient.Find("name", "family").String()
//	for id := range patient.All("identifier", "value") {
//		fmt.Println(id.Text, id.Off)
//	}
//
// The definitions are those that HL7 publishes for R4 under CC0-1.0, in a compact form made by the generator in folder
// gen. Other releases and implementation guides are read from their packages with [Load] and [Definitions.With].
// Folder fhirpath evaluates expressions on trees, folder validate checks them.
//
// The package works on bytes: it opens no file and no connection, and holds no state but the definitions, which are
// unpacked when they are first asked for.
package fhir
