package infer

import (
	"cmp"
	"fmt"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
	"trestle/internal/mapping/suggest"
)

// Candidates are the places of a source that are populated in samples, with the value that each sample has there: what
// [suggest.Options] asks for. They are those that a rule outside of any loop can name.
func Candidates(end mapping.End, samples []mapping.Record) ([]suggest.Candidate, error) {
	var sources []source
	if end.Kind == mapping.HL7v2 {
		messages := make([]*hl7.Message, len(samples))
		for i := range samples {
			messages[i] = hl7.Parse(samples[i].Bytes)
		}
		shape := newShape(messages, end.Version)
		for _, m := range messages {
			sources = append(sources, newHL7Source(m, shape))
		}
	} else {
		for _, s := range samples {
			root, err := parseTree(end, s.Bytes)
			if err != nil {
				return nil, fmt.Errorf("sample %d: %w", s.Number, err)
			}
			sources = append(sources, &treeSource{kind: end.Kind, root: root})
		}
	}
	var list []suggest.Candidate
	at := map[string]int{}
	for i, s := range sources {
		for _, c := range s.cells(&turn{segment: -1}) {
			k, known := at[c.path]
			if !known {
				k = len(list)
				at[c.path] = k
				list = append(list, suggest.Candidate{Path: c.path, Values: make([]string, len(samples))})
			}
			list[k].Values[i] = cmp.Or(list[k].Values[i], c.text)
		}
	}
	return list, nil
}
