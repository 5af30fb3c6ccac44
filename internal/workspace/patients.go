package workspace

import (
	"bytes"
	"context"
	"strings"

	"trestle/internal/endpoint"
	"trestle/internal/hl7"
)

// PatientFinder answers the queries of a partner from the patients in the workspace's messages.
type PatientFinder struct{ w *Workspace }

// Patients gives what an endpoint answers queries from. That it reads the messages for it is one entry of the access log in five minutes; the
// journal has the queries and the answers.
func (w *Workspace) Patients() PatientFinder { return PatientFinder{w} }

var _ endpoint.Patients = PatientFinder{}

// maxLooked is how many messages are looked at for one query, newest first: the answer must not keep the partner waiting.
const maxLooked = 5000

// Find gives the patients that fit a query, each as the newest fitting message has them, newest first. Upper and lower
// case are equal, and names are found by their beginning.
func (f PatientFinder) Find(ctx context.Context, q endpoint.PatientQuery) ([]endpoint.Patient, error) {
	const what = "patients for the answers of an endpoint"
	if key := string(ActionViewed) + " " + what; !f.w.log.repeated(key) {
		if err := f.w.reading(ctx, nil, ActionViewed, what, ""); err != nil {
			return nil, err
		}
		f.w.log.remember(key)
	}
	c := conditions{}
	c.add("m.format LIKE 'hl7%'")
	if q.ID != "" { // it may be any of the identifiers in PID-3
		if phrase := strings.ReplaceAll(q.ID, `"`, ""); strings.ContainsFunc(phrase, isWordRune) {
			c.add("m.id IN (SELECT rowid FROM message_words WHERE message_words MATCH ?)", `"`+phrase+`"`)
		}
	}
	if q.Family != "" {
		c.add("m.name>=? AND m.name<?", q.Family, q.Family+"\U0010ffff")
	}
	rows, err := f.w.read.QueryContext(ctx, "SELECT c.bytes FROM messages m JOIN contents c USING(id)"+c.where()+" ORDER BY m.id DESC LIMIT ?", append(c.args, maxLooked)...)
	if err != nil {
		return nil, f.w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []endpoint.Patient
	seen := map[string]bool{}
	for rows.Next() && (q.Limit <= 0 || len(out) < q.Limit) {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, f.w.sqlError(ctx, err)
		}
		m := hl7.Parse(b)
		pid, ok := m.Find("PID", 1)
		if !ok || !asked(pid, q) {
			continue
		}
		who := strings.ToLower(identity(pid))
		if who == "" || seen[who] {
			continue
		}
		seen[who] = true
		p := endpoint.Patient{PID: inStandardDelimiters(pid)}
		if pv1, ok := m.Find("PV1", 1); ok {
			p.PV1 = inStandardDelimiters(pv1)
		}
		out = append(out, p)
	}
	return out, f.w.sqlError(ctx, rows.Err())
}

// identity tells patients apart: the first identifier in PID-3 with its assigning authority, or PID-2 where there is none.
func identity(pid hl7.Segment) string {
	for r := range pid.Field(3).AllRepetitions() {
		if id := valued(r.Component(1)); id != "" {
			return id + "^" + valued(r.Component(4).Subcomponent(1))
		}
	}
	return valued(pid.Field(2).Component(1))
}

func valued(v hl7.Value) string {
	if v.State() != hl7.Valued {
		return ""
	}
	return strings.TrimSpace(v.Text())
}

// asked reports whether a patient is one that the query asks for.
func asked(pid hl7.Segment, q endpoint.PatientQuery) bool {
	begins := func(text, with string) bool {
		return len(text) >= len(with) && strings.EqualFold(text[:len(with)], with)
	}
	if q.ID != "" {
		found := strings.EqualFold(valued(pid.Field(2).Component(1)), q.ID) && q.Authority == ""
		for r := range pid.Field(3).AllRepetitions() {
			found = found || strings.EqualFold(valued(r.Component(1)), q.ID) && (q.Authority == "" || strings.EqualFold(valued(r.Component(4).Subcomponent(1)), q.Authority))
		}
		if !found {
			return false
		}
	}
	if q.Family != "" || q.Given != "" {
		found := false
		for r := range pid.Field(5).AllRepetitions() {
			found = found || begins(valued(r.Component(1).Subcomponent(1)), q.Family) && begins(valued(r.Component(2)), q.Given)
		}
		if !found {
			return false
		}
	}
	return (q.Birth == "" || begins(valued(pid.Field(7).Component(1)), q.Birth)) && (q.Sex == "" || strings.EqualFold(valued(pid.Field(8).Component(1)), q.Sex))
}

// inStandardDelimiters gives a segment as it is, or, where its message has other delimiters, written anew in the usual ones.
func inStandardDelimiters(s hl7.Segment) []byte {
	standard, own := hl7.Standard(), s.Delimiters()
	own.Truncation = ""
	if own == standard {
		return bytes.Clone(s.Bytes())
	}
	var out strings.Builder
	out.WriteString(s.Name())
	for n := 1; n <= s.Fields(); n++ {
		out.WriteString(standard.Field)
		out.WriteString(joined(s.Field(n).AllRepetitions(), standard.Repetition, func(r hl7.Value) string {
			return joined(r.AllComponents(), standard.Component, func(c hl7.Value) string {
				return joined(c.AllSubcomponents(), standard.Subcomponent, func(v hl7.Value) string {
					if v.State() == hl7.Null {
						return `""`
					}
					return standard.EscapeText(v.Text())
				})
			})
		}))
	}
	return []byte(out.String())
}

func joined(values func(func(hl7.Value) bool), between string, write func(hl7.Value) string) string {
	var parts []string
	for v := range values {
		parts = append(parts, write(v))
	}
	return strings.Join(parts, between)
}
