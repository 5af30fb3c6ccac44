package suggest

import (
	"trestle/internal/mapping"
)

// Candidate is a place of the source.
type Candidate struct {
	Path   string   // as a rule names it: PID-5.1, Patient.name.family, the name of a column
	Name   string   // in words: Patient Name › Family Name; "" where only the path is known
	Type   string   // data type of HL7 v2 or FHIR, "" = not known
	Values []string // one for each sample, in the order of the samples; "" where a sample has none
}

// Target is the place that is to be filled.
type Target struct {
	Make string   // what its block makes: Patient, PID, an object's path, row
	Per  string   // what the block loops over; "" = nothing
	To   string   // as a rule names it, relative to what is made
	Name string   // in words, "" where only the path is known
	Type string   // data type, "" = not known: then it is looked up
	Want []string // what is wanted for each sample, in the order of the candidates' values; nil = not known
}

// Suggestion is a source that may fill a target.
type Suggestion struct {
	From    string
	Do      []mapping.Step // functions that other mappings, or the samples, ask for; they may be none
	Score   float64        // from 0 to 1; for the order, no probability
	Reasons []string       // in words, the strongest first

	reasons []reason
}

// Options are the two ends, and what is known of them.
type Options struct {
	Source, Target mapping.End
	// Candidates are the places of the source; those of the dictionary or of the definitions of FHIR where there are none.
	Candidates []Candidate
	// Known are mappings that were agreed on before, of any ends.
	Known []*mapping.File
	// WithoutGuide leaves out what HL7 International publishes.
	WithoutGuide bool
}
