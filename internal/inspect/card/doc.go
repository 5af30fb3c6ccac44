// Package card reads one HL7 v2 message into what a person looks for: the patient, the visit, the insurance, the
// appointment, the results, the charges, the documents.
//
// Its central type is Cards. Every line has the path that it was read from, so that a view can jump there, and says
// whether it is patient data, so that a mask can hide it. Codes are shown with their meaning in the message's version.
// Whatever is missing or odd gives fewer lines, never an error.
//
//	c := card.Of(m)
//	if c.Patient != nil { fmt.Println(c.Patient.Title) }
//	for _, d := range c.Documents { fmt.Println(d.Found, d.Problems) }
package card
