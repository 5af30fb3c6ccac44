// Package yamlfile reads the YAML files that people write for Trestle by hand: project files, profiles, rules. It tells
// everything that is wrong with a file at once, each with its line and with what to do, where the decoder of the YAML
// package stops at the first fault, names Go types in its errors, and forgets the line of a value that is well formed and
// still wrong.
//
// A [Reader] walks the nodes of a document. What a mapping may hold is a list of [Field]s, each with the function that reads
// its value:
//
//	r := yamlfile.Reader{File: "endpoint.yaml"}
//	r.Mapping(node, "the endpoint",
//		yamlfile.Required("name", r.Needed("name", &e.Name)),
//		yamlfile.Key("port", r.Number("port", 1, &e.Port)),
//	)
//	return r.Err()
package yamlfile
