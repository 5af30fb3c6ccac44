// Package convert writes HL7 v2 messages as JSON, as XML and as CSV, and reads JSON and XML back.
//
// JSON and XML lose nothing: what a message was, byte for byte, comes back. The plain shape (segments, fields by number,
// repetitions, components) says what nearly every message says. Where it cannot (odd escape sequences, trailing
// delimiters, lines that are no segment), the segment carries its original bytes beside it, and they are used as long as
// nobody has changed the plain shape.
//
// The XML is that of the HL7 v2 XML encoding (HL7 Version 2: XML Encoding Syntax, Release 2), with the groups of the
// message structure; our additions are attributes of a namespace of their own, which other readers pass over.
//
// The central type is Writer, which takes the items of a stream and holds one at a time:
//
//	w, err := convert.NewWriter(out, convert.JSON, convert.Options{})
//	for item, err := range convert.Read(file) {
//		...
//		err = w.Write(item)
//	}
//	err = w.Close()
package convert
