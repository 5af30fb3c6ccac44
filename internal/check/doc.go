// Package check finds what is wrong, odd or worth knowing in an HL7 v2 message
// and says so in plain sentences.
//
// Its central type is Finding: a stable code, a severity, a place in the bytes,
// a path, one sentence that names the cause, and a repair where one edit is
// certain to mend it. Symptoms of a cause that is already named are left out.
// The severity follows the receiver rules of the standard (chapter 2, §2.5.2):
// what a receiver must ignore is information, never an error.
//
//	for _, f := range check.Message(hl7.Parse(b), check.Options{}) {
//		fmt.Println(f.Severity, f.Path, f.Text)
//	}
package check
