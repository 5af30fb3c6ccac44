package infer

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// Align finds which message came of which. Where both sides are HL7 v2 and the control IDs (MSH-10) of nearly all agree, it
// goes by them; where messages became rows, several of some, by a column that says of which message each row is; anything
// else goes by the order, as far as both sides reach. The notes say how it was done, and what was left out.
func Align(before, after []mapping.Record) (pairs []Pair, notes []string) {
	if pairs, left, ok := byControlID(before, after); ok {
		notes = append(notes, fmt.Sprintf("%d pairs by the control ID in MSH-10", len(pairs)))
		if left > 0 {
			notes = append(notes, fmt.Sprintf("%d messages have no counterpart of their control ID and were left out", left))
		}
		return pairs, notes
	}
	if pairs, column, ok := byRows(before, after); ok {
		return pairs, append(notes, fmt.Sprintf("%d rows of %d messages, by the column %q, whose values the messages hold", len(after), len(pairs), column))
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

// byRows gives each message of HL7 v2 the rows that were made of it: those that hold, in some column, a value of the message,
// in the order of both. It is false unless there are more rows than messages, and a column tells for nearly all of them.
func byRows(before, after []mapping.Record) (pairs []Pair, column string, ok bool) {
	if len(after) <= len(before) || len(before) == 0 || controlID(before[0].Bytes) == "" {
		return nil, "", false
	}
	rows := make([]*fhir.Node, len(after))
	for i := range after {
		root, err := fhir.ParseJSON(after[i].Bytes)
		if err != nil || root.Kind != fhir.Object || slices.ContainsFunc(root.Children, func(c *fhir.Node) bool { return !c.IsPrimitive() }) {
			return nil, "", false
		}
		rows[i] = root
	}
	values := make([]map[string]bool, len(before))
	for i := range before {
		values[i] = map[string]bool{}
		for s := range hl7.Parse(before[i].Bytes).Segments() {
			for leaf := range s.Leaves() {
				values[i][leaf.Text()] = true
			}
		}
	}
	holders := map[string]int{} // in how many messages a value stands
	for _, m := range values {
		for v := range m {
			holders[v]++
		}
	}
	surest, fewest := 0, 0
	var best []int
	for _, c := range rows[0].Children {
		of, distinct, sure := rowsOf(rows, c.Name, values, holders)
		if of != nil && (sure > surest || sure == surest && distinct < fewest) {
			surest, fewest, best, column = sure, distinct, of, c.Name
		}
	}
	if 2*surest < len(rows) {
		return nil, "", false
	}
	for i, m := range before {
		list := fhir.NewArray()
		for r, of := range best {
			if of == i {
				list.Children = append(list.Children, rows[r])
			}
		}
		pairs = append(pairs, Pair{Name: strconv.Itoa(i + 1), Before: m, After: mapping.Record{Number: i + 1, Bytes: fhir.AppendJSON(nil, list)}})
	}
	return pairs, column, true
}

// rowsOf says of each row which message it is of by one column, how many values the column has, and of how many rows its value
// stands in one message only. of is nil where one row in ten finds no message.
func rowsOf(rows []*fhir.Node, column string, values []map[string]bool, holders map[string]int) (of []int, distinct, sure int) {
	of = make([]int, len(rows))
	seen := map[string]bool{}
	at, found := 0, 0
	for r, row := range rows {
		of[r] = -1
		v := row.Find(column).String()
		for i := at; i < len(values) && v != ""; i++ {
			if values[i][v] {
				of[r], at = i, i
				found++
				seen[v] = true
				if holders[v] == 1 {
					sure++
				}
				break
			}
		}
	}
	if 10*found < 9*len(rows) {
		return nil, 0, 0
	}
	return of, len(seen), sure
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
