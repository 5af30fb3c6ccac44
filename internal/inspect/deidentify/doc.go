// Package deidentify makes copies of HL7 v2 messages without what identifies people.
//
// Its central type is Scrubber. It replaces by rule, field by field: the map of the Safe Harbor identifiers (45 CFR
// 164.514(b)(2)(i)) first, then the data type that the message's version gives the field. It fails closed: free text,
// documents, Z segments, fields that no version defines and lines that are no segment lose their content unless the
// caller allows them. Pseudonyms are keyed (HMAC-SHA-256): the same value has the same pseudonym in every message, so
// links between fields, messages and files survive, and nobody without the key can compute or reverse them.
//
//	s, err := deidentify.New(deidentify.Options{Key: key, ShiftDays: 30})
//	copied, report := s.Message(hl7.Parse(data))
//	leaks := deidentify.Check(data, copied.Bytes(), false)
//
// Shifted dates are not Safe Harbor, which leaves the year only; Options.SafeHarbor does that. Check looks for what the
// original says in the copy and shares no code with the Scrubber, so that one mistake cannot hide in both. Neither a report nor an error
// holds anything of a patient.
package deidentify
