package workspace

import (
	"context"
	"path/filepath"
	"strings"

	"trestle/internal/endpoint"
	"trestle/internal/hl7"
	"trestle/internal/linkage"
)

// Patients answers the queries of partners from the messages of a workspace: a patient is who the PID segment of a message
// names, as the newest message has it.
type Patients struct{ w *Workspace }

// Patients returns the patients of the stored messages. Each search is entered in the access log, as reading messages is.
func (w *Workspace) Patients() Patients { return Patients{w} }

// maxLooked is how many messages one search reads at most, the newest first.
const maxLooked = 1000

// Find returns the patients that the query means, each once.
func (p Patients) Find(ctx context.Context, q endpoint.PatientQuery) ([]endpoint.Patient, error) {
	ids, err := p.w.IDs(ctx, Query{MRN: strings.ReplaceAll(q.ID, "*", ""), Descending: true})
	if err != nil {
		return nil, err
	}
	var found []endpoint.Patient
	seen := map[string]bool{}
	for m, err := range p.w.Messages(ctx, ids[:min(len(ids), maxLooked)]) {
		if err != nil && m.ID == 0 {
			return nil, err
		}
		if err != nil {
			continue // one damaged message hides no other patient
		}
		message := hl7.Parse(m.Bytes)
		pid, ok := message.Find("PID", 1)
		if !ok || m.MRN == "" || seen[m.MRN] || !means(q, pid) {
			continue
		}
		seen[m.MRN] = true
		x := endpoint.Patient{PID: usualDelimiters(pid)}
		if pv1, ok := message.Find("PV1", 1); ok {
			x.PV1 = usualDelimiters(pv1)
		}
		if found = append(found, x); q.Limit > 0 && len(found) == q.Limit {
			break
		}
	}
	return found, nil
}

// means says whether the patient fits the query. Names fit where they begin as asked for, in any case.
func means(q endpoint.PatientQuery, pid hl7.Segment) bool {
	begins := func(v hl7.Value, want string) bool {
		text := v.Text()
		return len(text) >= len(want) && strings.EqualFold(text[:len(want)], want)
	}
	name := pid.Field(5)
	if !begins(name.Component(1).Subcomponent(1), q.Family) || !begins(name.Component(2), q.Given) ||
		!strings.HasPrefix(pid.Field(7).Component(1).Text(), q.Birth) || q.Sex != "" && !strings.EqualFold(pid.Field(8).Text(), q.Sex) {
		return false
	}
	if q.Authority == "" {
		return true
	}
	for r := range pid.Field(3).AllRepetitions() {
		if strings.EqualFold(r.Component(4).Subcomponent(1).Text(), q.Authority) && (q.ID == "" || strings.EqualFold(r.Component(1).Text(), q.ID)) {
			return true
		}
	}
	return false
}

// usualDelimiters copies a segment, with |^~\& in the place of its own delimiters.
func usualDelimiters(s hl7.Segment) []byte {
	d, std := s.Delimiters().Usable(), hl7.Standard()
	if d.Field == std.Field && d.Component == std.Component && d.Repetition == std.Repetition && d.Escape == std.Escape && d.Subcomponent == std.Subcomponent {
		return append([]byte(nil), s.Bytes()...)
	}
	var pairs []string
	for _, p := range [][2]string{{d.Field, std.Field}, {d.Component, std.Component}, {d.Repetition, std.Repetition}, {d.Escape, std.Escape}, {d.Subcomponent, std.Subcomponent}} {
		if p[0] != "" {
			pairs = append(pairs, p[0], p[1])
		}
	}
	return []byte(strings.NewReplacer(pairs...).Replace(string(s.Bytes())))
}

// RosterLists are the rosters of a workspace as lists of identifiers for rules: by the name of the file, with or without its
// ending.
type RosterLists map[string]map[string]struct{}

// RosterLists reads the patient rosters as they are now. The newest of one name counts.
func (w *Workspace) RosterLists(ctx context.Context) (RosterLists, error) {
	rosters, err := w.Linkage().Rosters(ctx, linkage.Patients)
	if err != nil {
		return nil, err
	}
	lists, newest := RosterLists{}, map[string]int64{}
	for _, r := range rosters {
		if r.Name == "" || r.ID < newest[r.Name] {
			continue
		}
		newest[r.Name] = r.ID
		set := make(map[string]struct{}, r.Rows)
		for row, err := range w.Linkage().Rows(ctx, r.ID) {
			if err != nil {
				return nil, err
			}
			if row.Bad == "" {
				set[row.ID] = struct{}{}
			}
		}
		lists[r.Name] = set
		lists[strings.TrimSuffix(r.Name, filepath.Ext(r.Name))] = set
	}
	return lists, nil
}

// Contains reports whether a roster has a record of this identifier.
func (l RosterLists) Contains(list, value string) (in, known bool) {
	set, known := l[list]
	_, in = set[value]
	return in, known
}
