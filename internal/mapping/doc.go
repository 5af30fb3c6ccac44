// Package mapping says which field of one system goes where in another, and does it.
//
// Its central type is [File]: a mapping as people write and sign it, one row a rule, with lookup tables as CSV beside it.
// [Load] reads one with its tables and [Format] writes it, comments kept. [Compile] makes an [Engine] of it, which many
// goroutines may use at once; [Check] says what is wrong or unwise in it, and a [Coverage] what is still missing for
// samples. Sources and targets are HL7 v2, FHIR R4, JSON, XML, CSV and fixed-width files, which a [Layout] describes; a
// [Schema] says what a JSON target must be.
//
//	set, err := mapping.Load(os.DirFS("maps"), "adt.yaml")
//	engine, err := mapping.Compile(set)
//	result, err := engine.Run(ctx, message)
//	result.Bytes()
//
// Conditions are written as HL7 people write them, IF PID-8 VALUED AND PID-30 NOT EQUALS "Y"; formulas in CEL; everything
// else is done by a closed list of functions, [Functions]. All of them are bounded in time and memory, so that a mapping
// of another house can be run without reading it first. The package does no input or output but on readers.
package mapping
