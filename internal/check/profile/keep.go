package profile

import (
	"slices"

	"trestle/internal/dictionary"
)

// keeping says which values of a place may stand in a learnt profile.
type keeping struct {
	how   keepHow
	table *dictionary.Table // codes that are safe whoever sends them
}

type keepHow uint8

const (
	nothing keepHow = iota
	coded           // codes of a table of the standard, and others that several patients have
	system          // names of authorities: the same for everyone, where several patients have them
	header          // names of systems in MSH, before any patient
)

var keepNothing = keeping{}

// places that hold names of systems, not of people, and take values that no table lists.
var systems = map[string][]place{
	"MSH": {{3, 1}, {4, 1}, {5, 1}, {6, 1}},
	"PID": {{3, 4}, {18, 4}},
	"MRG": {{1, 4}},
	"PV1": {{19, 4}},
}

// personal are types whose parts describe a person or where one lives, even where a part is a code.
var personal = map[string]bool{"XPN": true, "PN": true, "XCN": true, "CN": true, "CNN": true, "XAD": true, "AD": true, "XTN": true, "TN": true, "PPN": true, "NDL": true, "SAD": true, "FN": true}

// keepingOf judges a place by what the standard says of it. What it does not know is taken for personal: Z segments,
// extra fields, codes of open lists such as diagnoses.
func keepingOf(v *dictionary.Version, segment string, at place) (dictionary.Field, keeping) {
	whole, ok := v.FieldAt(segment, at.field, 0, 0)
	if !ok {
		return dictionary.Field{}, keepNothing
	}
	f, ok := v.FieldAt(segment, at.field, at.comp, 0)
	if !ok && at.comp == 1 && len(whole.Components()) == 0 {
		f, ok = whole, true
	}
	if !ok {
		return dictionary.Field{}, keepNothing
	}
	if slices.Contains(systems[segment], at) {
		if segment == "MSH" {
			return f, keeping{how: header}
		}
		return f, keeping{how: system}
	}
	// The parts of an XTN or XAD that say what it is for are no one's own.
	use := f.Table == "0201" || f.Table == "0202" || f.Table == "0190" || f.Table == "0200"
	if personal[whole.Type] && !use {
		return f, keepNothing
	}
	table := f.Table
	switch {
	case f.Type == "ID" || f.Type == "IS":
	case at.comp == 1 && (whole.Type == "CE" || whole.Type == "CWE" || whole.Type == "CNE"):
		table = whole.Table
	default:
		return f, keepNothing
	}
	t, ok := v.Table(table)
	if !ok || !t.Listed || len(t.Codes) == 0 {
		return f, keepNothing
	}
	return f, keeping{how: coded, table: t}
}

// safe reports whether a value may be shown.
func (k keeping) safe(text string, v *learntValue) bool {
	switch k.how {
	case header:
		return true
	case coded:
		if _, ok := k.table.Code(text); ok {
			return true
		}
	}
	run := 0
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			if run++; run == 5 {
				return false // a number of somebody, a date
			}
		} else {
			run = 0
		}
	}
	return len(v.patients) == minPatients
}
