// Package inspect is the engine of the Inspect tool: it reads files of any kind
// into records that a list can show and a workspace can store.
//
// Its central type is Record: the bytes of one message as they came, where they
// lay in the file, the summary that a list shows, and the findings. A piece of
// a file that is not HL7 v2 is a record too, with one finding that says what it
// seems to be. Both faces, the window and the command line, call this package.
//
//	for rec, err := range inspect.Read(ctx, "adt.hl7", file, inspect.Options{}) {
//		...
//		json.NewEncoder(os.Stdout).Encode(rec.Object("adt.hl7"))
//	}
package inspect
