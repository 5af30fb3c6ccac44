package profile

import (
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

const wordsProfile = `profile: Riverbend
level: T
source: talk
versions: ['2.5.1']
messages:
  - message: ADT
    events: [A04]
    only: true
    segments:
      PID: R
      IN1: {usage: C, when: PV1-2 is I}
    fields:
      PID-3: R 1..2
      PID-8: {usage: R, values: {F: Female, M: Male}, level: V, note: manual}
      PID-19: {usage: X, length: 9, pattern: '[0-9]*'}
facts:
  - {text: Sends once a minute, level: O}
questions: ['Which port?']
sources: {talk: first talk}
decisions:
  - {message: ADT^A04, path: PID-8, finding: Value set, decision: ignore it, note: all know}
`

func TestStatementsSayAllWithItsEvidence(t *testing.T) {
	p, err := Parse("x.yaml", []byte(wordsProfile))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range p.Statements() {
		got = append(got, strings.Join([]string{s.Message, s.Place, s.Use, s.Text, string(s.Level)}, "|"))
	}
	want := []string{
		"|MSH-12||2.5.1|T", "ADT^A04|PID|R||T", "ADT^A04|IN1|C|if PV1-2 is I|T", "ADT^A04|PID-3|R 1..2||T",
		"ADT^A04|PID-8|R|F = Female, M = Male|V", "ADT^A04|PID-19|X|at most 9 characters; pattern [0-9]*|T",
		"ADT^A04|||nothing else is sent|T", "|||Sends once a minute|O", "||ask|Which port?|",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if c := p.EvidenceCounts(); c != "V1 T5 O1" {
		t.Errorf("counts %q", c)
	}
}

func TestDeparturesNameRuleEvidenceAndDecision(t *testing.T) {
	p, err := Parse("x.yaml", []byte(wordsProfile))
	if err != nil {
		t.Fatal(err)
	}
	m := hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|20260101||ADT^A04|1|P|2.5.1\rPID|||1^^^A^MR||Doe^J|||W\r"))
	all := p.Departures(m)
	found := p.Apply(m)
	if len(all) != len(found) {
		t.Fatalf("%d departures, %d findings", len(all), len(found))
	}
	for i, d := range all {
		if d.Code != found[i].Code || d.Offset != found[i].Offset || d.Severity != found[i].Severity {
			t.Errorf("%+v is not %+v", d, found[i])
		}
		if k, ok := KindOf(d.Code); !ok || k != d.Kind {
			t.Errorf("code %s is of kind %s", d.Code, k)
		}
		if d.Rule == "PID-8" && (d.Decision != Ignore || d.Note != "all know" || d.Severity != check.Information || d.Evidence.Level != Vendor || d.Message != "ADT^A04") {
			t.Errorf("%+v", d)
		}
	}
	if _, ok := KindOf("date-invalid"); ok {
		t.Error("a code of the standard has a kind")
	}
}

// Each starter says how well every rule and fact of its is supported.
func TestStartersHaveEvidenceForEachStatement(t *testing.T) {
	for _, name := range Names() {
		p, ok := Starter(name)
		if !ok {
			t.Fatal(name)
		}
		for _, s := range p.Statements() {
			if s.Level.Words() == "" && s.Use != "ask" && s.Text != "nothing else is sent" {
				t.Errorf("%s: %s %s %q has no evidence", name, s.Message, s.Place, s.Text)
			}
		}
	}
}
