package endpoint

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// queryTimeout is how long the patients may take to be found.
const queryTimeout = 10 * time.Second

// maxMatches is how many patients an answer lists where the query sets no limit.
const maxMatches = 100

// answers says which answer belongs to which query: get person demographics, find candidates, and the patient query of original
// mode (HL7 v2.5.1 chapter 3, sections 3.3.56, 3.3.57 and 3.3.19).
var answers = map[string]string{"QBP Q22": "RSP^K22", "QBP Q21": "RSP^K21", "QRY A19": "ADR^A19"}

// structures are the message structures of the answers.
var structures = map[string]string{"RSP^K22": "RSP_K22", "RSP^K21": "RSP_K21", "ADR^A19": "ADR_A19"}

// query appends the answer to a query. ok is false where the message is none that can be answered: then a plain
// acknowledgement is.
func (m *making) query(dst []byte, code mllp.Code) (b []byte, ok bool) {
	answer := m.action.Query.Answer
	if answer == "" {
		answer = answers[strings.ToUpper(string(m.h.Type())+" "+string(m.h.Trigger()))]
	}
	if answer == "" || !code.Positive() {
		return dst, false
	}
	message := &m.w.message
	q, tag := readQuery(message)
	found, err := m.find(q)
	if err != nil {
		m.refuse("207", "", "the patients could not be searched")
		return m.w.l.builder.Append(dst, m.h, mllp.Reply{Code: mllp.AE, Text: m.text, Errors: m.errors}), true
	}
	typed := answer
	if v := string(m.h.Version()); v >= "2.3.1" {
		typed += "^" + structures[answer]
	}
	out := m.header(dst, code, typed)
	change := newDelimiters(message.Delimiters())
	if answer == "ADR^A19" {
		out = appendSegments(out, message, "QRD", "QRF")
	} else {
		out = appendQAK(out, change, tag, message, len(found))
		out = appendSegments(out, message, "QPD")
	}
	for _, p := range found {
		out = change.segment(out, p.PID)
		if len(p.PV1) > 0 && (answer == "ADR^A19") {
			out = change.segment(out, p.PV1)
		}
	}
	return out, true
}

// find asks for patients and cuts the result to what the rule wants.
func (m *making) find(q PatientQuery) ([]Patient, error) {
	matches := m.action.Query.Matches
	if matches == "none" || m.w.l.options.Patients == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(m.w.l.stop, queryTimeout)
	defer cancel()
	if q.Limit <= 0 || q.Limit > maxMatches {
		q.Limit = maxMatches
	}
	if matches == "one" || matches == "many" {
		// Whatever is asked: the rule wants to see what the partner does with that many.
		found, err := m.w.l.options.Patients.Find(ctx, q)
		if err != nil {
			return nil, err
		}
		if need := map[string]int{"one": 1, "many": 2}[matches]; len(found) < need {
			if found, err = m.w.l.options.Patients.Find(ctx, PatientQuery{Limit: q.Limit}); err != nil {
				return nil, err
			}
		}
		if matches == "one" && len(found) > 1 {
			found = found[:1]
		}
		return found, nil
	}
	return m.w.l.options.Patients.Find(ctx, q)
}

// readQuery reads what is asked: the parameters of QPD-3 by their names (@PID.3.1^88121), QPD-3 of Q21 as an identifier, QRD-8
// of an A19, and RCP-2 or QRD-7 as the limit. tag is QPD-2.
func readQuery(m *hl7.Message) (q PatientQuery, tag string) {
	if qpd, ok := m.Find("QPD", 1); ok {
		tag = raw(qpd.Field(2))
		named := false
		for r := range qpd.Field(3).AllRepetitions() {
			name, found := strings.CutPrefix(value(r.Component(1)), "@")
			if found {
				named = true
				q.set(name, value(r.Component(2)))
			}
		}
		if id := qpd.Field(3); !named && id.State() == hl7.Valued {
			q.ID, q.Authority = value(id.Component(1)), value(id.Component(4).Subcomponent(1))
		}
		if rcp, ok := m.Find("RCP", 1); ok {
			q.Limit, _ = strconv.Atoi(value(rcp.Field(2).Component(1)))
		}
	}
	if qrd, ok := m.Find("QRD", 1); ok {
		q.ID = value(qrd.Field(8).Component(1))
		q.Limit, _ = strconv.Atoi(value(qrd.Field(7).Component(1)))
	}
	return q, tag
}

// set takes one named parameter. What is not known does not restrict, as a receiver ignores what it does not expect.
func (q *PatientQuery) set(name, v string) {
	switch strings.ToUpper(strings.ReplaceAll(name, "-", ".")) {
	case "PID.3", "PID.3.1":
		q.ID = v
	case "PID.3.4", "PID.3.4.1":
		q.Authority = v
	case "PID.5", "PID.5.1", "PID.5.1.1":
		q.Family = v
	case "PID.5.2":
		q.Given = v
	case "PID.7", "PID.7.1":
		q.Birth = v[:min(len(v), 8)]
	case "PID.8", "PID.8.1":
		q.Sex = v
	}
}

// appendQAK writes QAK: the tag, whether data was found (table 0208: OK or NF), the query's name, and how many.
func appendQAK(dst []byte, d delimiters, tag string, m *hl7.Message, n int) []byte {
	status := "OK"
	if n == 0 {
		status = "NF"
	}
	f := d.to.Field
	dst = append(dst, "QAK"+f+tag+f+status+f...)
	if qpd, ok := m.Find("QPD", 1); ok {
		dst = append(dst, qpd.Field(1).Raw()...)
	}
	count := strconv.Itoa(n)
	return append(dst, f+count+f+count+f+"0\r"...)
}

// appendSegments copies segments of the query into its answer.
func appendSegments(dst []byte, m *hl7.Message, names ...string) []byte {
	for _, name := range names {
		if s, ok := m.Find(name, 1); ok {
			dst = append(dst, bytes.ReplaceAll(s.Bytes(), []byte("\r"), nil)...)
			dst = append(dst, '\r')
		}
	}
	return dst
}

// delimiters writes segments that are in the usual delimiters with those of the message.
type delimiters struct {
	to   hl7.Delimiters
	swap *strings.Replacer // nil where they are the usual ones
}

func newDelimiters(to hl7.Delimiters) delimiters {
	s := hl7.Standard()
	from := []string{s.Field, s.Component, s.Repetition, s.Escape, s.Subcomponent}
	into := []string{to.Field, to.Component, to.Repetition, to.Escape, to.Subcomponent}
	d := delimiters{to: to}
	if slices.Equal(from, into) || to.Field == "" {
		if to.Field == "" {
			d.to = s
		}
		return d
	}
	var pairs []string
	for i := range from {
		if into[i] != "" {
			pairs = append(pairs, from[i], into[i])
		}
	}
	d.swap = strings.NewReplacer(pairs...)
	return d
}

func (d delimiters) segment(dst, b []byte) []byte {
	if d.swap != nil {
		b = []byte(d.swap.Replace(string(b)))
	}
	return append(append(dst, bytes.TrimRight(b, "\r\n")...), '\r')
}
