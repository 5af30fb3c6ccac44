// Package dictionary holds the facts of HL7 v2.1 to v2.8.2 and of the 2.9.1
// draft: segments, fields, data types, code tables, message structures and
// trigger events. The data is part of the program, packed; a version is unpacked
// when it is first asked.
//
// The central type is [Version]:
//
//	v, exact := dictionary.For("2.5.1")
//	f, ok := v.FieldAt("PID", 3, 4, 1) // Namespace ID, IS, table 0300
//
// [Version.Match] lays a message over the structure that its type prescribes. It
// says which group each segment belongs to and where the message departs from
// the structure. The standard tells receivers to ignore what they do not expect
// (chapter 2), so a departure is a remark, not a verdict.
package dictionary
