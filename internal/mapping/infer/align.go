package infer

import (
	"bytes"
	"fmt"
	"strconv"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// Align finds which message came of which. Where both sides are HL7 v2 and the control IDs (MSH-10) of nearly all agree, it
// goes by them; anything else goes by the order, as far as both sides reach. The notes say how it was done, and what was
// left out.
func Align(before, after []mapping.Record) (pairs []Pair, notes []string) {
	if pairs, left, ok := byControlID(before, after); ok {
		notes = append(notes, fmt.Sprintf("%d pairs by the control ID in MSH-10", len(pairs)))
		if left > 0 {
			notes = append(notes, fmt.Sprintf("%d messages have no counterpart of their control ID and were left out", left))
		}
		return pairs, notes
	}
	n := min(len(before), len(after))
	for i := range n {
		pairs = append(pairs, Pair{Name: strconv.Itoa(i + 1), Before: before[i], After: after[i]})
	}
	notes = append(notes, fmt.Sprintf("%d pairs by their order", n))
	if len(before) != len(after) {
		notes = append(notes, fmt.Sprintf("there are %d messages before and %d after; what is beyond the shorter side was left out, and the order may not fit", len(before), len(after)))
	}
	return pairs, notes
}

// byControlID pairs by MSH-10. It is false unless the IDs are there, are unique and nine in ten of the shorter side agree.
func byControlID(before, after []mapping.Record) (pairs []Pair, left int, ok bool) {
	second := map[string]int{}
	for i, b := range after {
		id := controlID(b.Bytes)
		if _, twice := second[id]; id == "" || twice {
			return nil, 0, false
		}
		second[id] = i
	}
	seen := map[string]bool{}
	for i, b := range before {
		id := controlID(b.Bytes)
		if id == "" || seen[id] {
			return nil, 0, false
		}
		seen[id] = true
		if j, found := second[id]; found {
			pairs = append(pairs, Pair{Name: strconv.Itoa(i + 1), Before: b, After: after[j]})
		}
	}
	if 10*len(pairs) < 9*min(len(before), len(after)) || len(pairs) == 0 {
		return nil, 0, false
	}
	return pairs, len(before) + len(after) - 2*len(pairs), true
}

func controlID(b []byte) string {
	if !bytes.HasPrefix(b, []byte("MSH")) {
		return ""
	}
	h, ok := hl7.Parse(b).Header()
	if !ok {
		return ""
	}
	return h.Field(10).Text()
}
