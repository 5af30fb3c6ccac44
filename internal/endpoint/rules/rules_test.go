package rules

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

const full = `# What the partner of the sample does.
# Two lines.

title: Lakeside
note: a note
seed: 42
lists:
  known: ["88121", "0042"]
rules:
  # No cancelling in the test phase.
  - name: no cancelling
    when: {type: SIU, trigger: [S15, S26]}
    then: {code: AE, text: 'no cancelling of {{SCH-1|nothing}}', errors: [{code: "207", location: 'SCH[1]-1.1', severity: W, application: X1, text: diag, user-text: user}]}
  - when:
      fields:
        - {path: PID-3.1, in: known, not: true}
        - {path: PV1-2, equals: [I, E]}
        - {path: PID-5.1, contains: DOE}
        - {path: MSH-10, matches: ^M\d+$}
        - {path: ZZZ, exists: false}
      finding: {at-least: error, code: date-invalid}
      time: {days: [monday, tuesday], from: '08:30', to: '17:00'}
      from: [10.0.0.0/8, 127.0.0.1]
      first: 5
      every: 3
      chance: 0.25
    then: {code: AR, exact: true, forward: {to: '127.0.0.1:2576', timeout: 3s, relay: true}, application: {code: AA, after: 1s, to: '127.0.0.1:2577'}}
    faults:
      - {fault: late-ack, time: 8s, every: 10}
      - {fault: duplicate-ack, count: 3, chance: 0.5}
      - {fault: wrong-charset, value: utf-16, first: 2}
  - off: true
    then: {query: {answer: RSP^K22, matches: many}}
  - then:
      reply: |
        ZAK|{{MSH-10}}|{{now}}
        NTE|1||done
otherwise: {code: AA}
faults:
  - {fault: no-cr}
  - {fault: down-for, time: 1m0s, off: true}
`

func TestParseAndFormat(t *testing.T) {
	f, err := Parse([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	if f.Comment != "What the partner of the sample does.\nTwo lines." || f.Rules[0].Comment != "No cancelling in the test phase." {
		t.Errorf("comments: %q, %q", f.Comment, f.Rules[0].Comment)
	}
	once, err := Format(f)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(once)
	if err != nil {
		t.Fatalf("what Format wrote is not read: %v\n%s", err, once)
	}
	twice, err := Format(again)
	if err != nil || !bytes.Equal(once, twice) {
		t.Errorf("written twice it differs (%v):\n%s\n---\n%s", err, once, twice)
	}
	if fmt.Sprintf("%+v", plainFile(f)) != fmt.Sprintf("%+v", plainFile(again)) {
		t.Errorf("it changed:\n%+v\n%+v", plainFile(f), plainFile(again))
	}
	if string(once) != full {
		t.Errorf("the file was written otherwise than it was read:\n%s", once)
	}
}

// plainFile makes what pointers point to comparable.
func plainFile(f File) string {
	var b strings.Builder
	for _, r := range f.Rules {
		fmt.Fprintf(&b, "%q %q %v %s %v\n", r.Name, r.Comment, r.Off, r.Sentence(), r.Then.Exact)
	}
	fmt.Fprintf(&b, "%q %q %q %d %v %s %v", f.Title, f.Note, f.Comment, f.Seed, f.Lists, f.Otherwise.Sentence(), f.Faults)
	return b.String()
}

func TestSentences(t *testing.T) {
	f, err := Parse([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`when type is SIU and trigger is S15 or S26 → AE "no cancelling of {{SCH-1|nothing}}", error 207 at SCH[1]-1.1`,
		`when PID-3.1 is not in "known" and PV1-2 is "I" or "E" and PID-5.1 contains "DOE" and MSH-10 matches "^M\\d+$" and ZZZ is missing and it has a finding of at least error (date-invalid) and it is Monday or Tuesday, between 08:30 and 17:00 and the client is 10.0.0.0/8 or 127.0.0.1, the first 5 and every 3rd and 25 % of the time → AR (exactly AR), forward to 127.0.0.1:2576 and answer as it does, application acknowledgement AA after 1 s to 127.0.0.1:2577, acknowledge late (8 s), every 10th, acknowledge 3 times, 50 % of the time, in another character set than it says (utf-16), the first 2`,
		`always → accept, answer the query with RSP^K22, with several matches`,
		`always → accept, with a reply of its own`,
	}
	for i, w := range want {
		if got := f.Rules[i].Sentence(); got != w {
			t.Errorf("rule %d:\n got %s\nwant %s", i+1, got, w)
		}
	}
	for _, i := range Faults() {
		s := Fault{Kind: i.Kind}.Sentence()
		if s == "" || strings.Contains(s, "%!") || i.Title == "" || i.Text == "" {
			t.Errorf("%s: %q", i.Kind, s)
		}
	}
}

func TestProblemsNameTheLine(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"rules:\n  - when: {typ: ADT}", `line 2: when has no "typ"`},
		{"rules:\n  - then: {code: XX}", `line 2: code is "XX"; it must be one of AA`},
		{"rules:\n  - when:\n      fields: [{path: PID-, exists: true}]", "line 3: "},
		{"rules:\n  - when:\n      fields: [{path: PID-3}]", "needs one of equals"},
		{"rules:\n  - when:\n      fields: [{path: PID-3, matches: '('}]", "regular expression"},
		{"rules:\n  - then: {text: '{{PID-3'}", "without }}"},
		{"rules:\n  - then: {text: '{{hello}}'}", "neither a path nor one of"},
		{"faults: [late]", `there is no fault "late"`},
		{"faults: [{fault: no-ack, time: 3s}]", "no-ack takes no time"},
		{"faults: [{fault: late-ack, time: soon}]", "500ms, 2s or 1m30s"},
		{"rules:\n  - when: {chance: 2}", "above 0 and below 1"},
		{"rules:\n  - when: {time: {days: someday}}", `"someday" is no day`},
		{"rules:\n  - when: {from: 10.0.0}", "neither an address"},
		{"a: [", "line 1: not readable as YAML"},
		{"rules: []\n---\nrules: []", "line 2: a second document"},
		{"rules: &x\n  - then: *x", "references"},
		{"lists: {a: [1], a: [2]}", "given twice"},
	} {
		_, err := Parse([]byte(c.yaml))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q in it", c.yaml, err, c.want)
		}
	}
}

func message(s string) *hl7.Message {
	return hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|20260302||ADT^A08|M1|P|2.5.1\rPID|1||88121^^^LAKE^MR~7^^^X||DOE^JANE\rPV1|1|I\r" + s))
}

func subject(m *hl7.Message) *Subject {
	return &Subject{Message: m, Type: "ADT", Trigger: "A08", Client: netip.MustParseAddr("10.1.2.3"), Time: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
}

// rosters is a source of lists.
type rosters map[string]string

func (r rosters) Contains(list, value string) (bool, bool) {
	v, ok := r[list]
	return ok && v == value, ok
}

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		when string
		want bool
	}{
		{"{}", true},
		{"{type: adt}", true},
		{"{type: [SIU, ORU]}", false},
		{"{trigger: A08}", true},
		{"{trigger: A01}", false},
		{"{fields: [{path: PID-3.1, equals: '7'}]}", true}, // the second repetition
		{"{fields: [{path: 'PID-3[1].1', equals: '7'}]}", false},
		{"{fields: [{path: PID-3.1, equals: '7', not: true}]}", false},
		{"{fields: [{path: PID-5.1, contains: O}]}", true},
		{"{fields: [{path: PID-5.1, matches: '^D.E$'}]}", true},
		{"{fields: [{path: PID-5.1, matches: '^E'}]}", false},
		{"{fields: [{path: PID-5.3, exists: true}]}", false},
		{"{fields: [{path: PID-5.3, exists: false}]}", true},
		{"{fields: [{path: PID, exists: true}]}", true},
		{"{fields: [{path: IN1, exists: false}]}", true},
		{"{fields: [{path: PID-3.1, in: known}]}", true},
		{"{fields: [{path: PID-3.1, in: ehr}]}", true},
		{"{fields: [{path: PID-5.1, in: ehr, not: true}]}", true},
		{"{from: 10.0.0.0/8}", true},
		{"{from: 10.1.2.4}", false},
		{"{time: {days: mon}}", true}, // 2 March 2026 is a Monday
		{"{time: {days: tue}}", false},
		{"{time: {from: '08:00', to: '09:00'}}", false},
		{"{time: {from: '09:00', to: '09:01'}}", true},
		{"{time: {days: sun, from: '22:00', to: '10:00'}}", true}, // began on Sunday
		{"{time: {days: mon, from: '22:00', to: '10:00'}}", false},
		{"{finding: warning}", true},
		{"{finding: error}", false},
		{"{finding: {at-least: warning, code: other}}", false},
	} {
		f, err := Parse([]byte("lists: {known: ['7']}\nrules:\n  - when: " + c.when + "\n    then: AE\n"))
		if err != nil {
			t.Errorf("%s: %v", c.when, err)
			continue
		}
		p, err := Compile(f, rosters{"ehr": "88121"})
		if err != nil {
			t.Errorf("%s: %v", c.when, err)
			continue
		}
		s := subject(message(""))
		s.Findings = func() []check.Finding { return []check.Finding{{Code: "x", Severity: check.Warning}} }
		d := p.Decide(s)
		if got := d.Rule != nil; got != c.want || got && d.Action.Code != "AE" {
			t.Errorf("%s: %v, want %v", c.when, got, c.want)
		}
	}
	f, err := Parse([]byte("rules:\n  - when: {fields: [{path: PID-3, in: nobody}]}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compile(f, nil); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("an unknown list: %v", err)
	}
}

func TestCounting(t *testing.T) {
	count := func(yaml string, n int) string {
		t.Helper()
		f, err := Parse([]byte(yaml))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(f, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for range n {
			d := p.Decide(subject(message("")))
			b.WriteByte(".x"[min(1, d.Index+1+len(d.Faults))])
		}
		return b.String()
	}
	for _, c := range []struct{ yaml, want string }{
		{"rules: [{when: {every: 3}}]", "..x..x..x"},
		{"rules: [{when: {first: 2}}]", "xx......."},
		{"faults: [{fault: no-ack, every: 4}]", "...x...x."},
		{"faults: [{fault: no-ack, first: 1}]", "x........"},
		{"rules: [{when: {type: ORU, every: 3}}]", "........."},
	} {
		if got := count(c.yaml, 9); got != c.want {
			t.Errorf("%s: %s, want %s", c.yaml, got, c.want)
		}
	}
	const dice = "seed: 5\nrules: [{when: {chance: 0.3}}]"
	a, b := count(dice, 1000), count(dice, 1000)
	if a != b {
		t.Error("the same seed gave different chances")
	}
	if n := strings.Count(a, "x"); n < 240 || n > 360 {
		t.Errorf("%d of 1000 at a chance of 0.3", n)
	}
	if a == count("seed: 6\nrules: [{when: {chance: 0.3}}]", 1000) {
		t.Error("another seed gave the same chances")
	}
}

func TestFirstRuleWins(t *testing.T) {
	f, err := Parse([]byte("rules:\n  - {off: true, then: AR}\n  - {when: {type: ADT}, then: AE}\n  - {name: last, then: CE}\n"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := p.Decide(subject(message("")))
	if d.Name() != "rule 2" || d.Action.Code != "AE" || p.Fired(1) != 1 || p.Fired(0) != 0 || p.Sentence(1) != "when type is ADT → AE" {
		t.Errorf("%s %s", d.Name(), d.Action.Code)
	}
	s := subject(message(""))
	s.Type = "ORU"
	if d := p.Decide(s); d.Name() != "last" {
		t.Errorf("%s", d.Name())
	}
}

func TestTemplates(t *testing.T) {
	q := Quote{Message: message(""), Now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), NewID: func() string { return "N1" }, Code: "AE"}
	for _, c := range []struct{ template, want string }{
		{"plain", "plain"},
		{"{{PID-3.1}}", "88121"},
		{"{{PID-3[2].1}}!", "7!"},
		{"{{ PID-5.2 }} {{PID-19|none}}", "JANE none"},
		{"{{code}} {{control-id}} {{new-id}} {{today}}", "AE M1 N1 20260302"},
		{"{ {{PID-99}} }", "{  }"},
	} {
		tp, err := ParseTemplate(c.template)
		if err != nil {
			t.Errorf("%s: %v", c.template, err)
			continue
		}
		if got := tp.Text(q); got != c.want {
			t.Errorf("%s: %q, want %q", c.template, got, c.want)
		}
	}
	// The delimiters of the message are those of the reply.
	odd := hl7.Parse([]byte("MSH#*~\\&#A#B#C#D#20260302##ADT*A08#M1#P#2.5.1\rPID#1##9*x#\r"))
	got := MustTemplate("ZAK|{{PID-3}}|a^b\n\nNTE|1\n").Segments(Quote{Message: odd})
	if string(got) != "ZAK#9*x#a*b\rNTE#1\r" {
		t.Errorf("%q", got)
	}
	if !MustTemplate("\nMSH|^~\\&|").IsMessage() || MustTemplate("ZAK|").IsMessage() {
		t.Error("IsMessage")
	}
	// A message cannot make a reply of any size.
	big := hl7.Parse([]byte("MSH|^~\\&|A\rPID|" + strings.Repeat("x", 700_000)))
	if n := len(MustTemplate("{{PID-1}}{{PID-1}}{{PID-1}}").Segments(Quote{Message: big})); n > MaxRendered+1 {
		t.Errorf("%d bytes", n)
	}
	if _, err := ParseTemplate(strings.Repeat("x", MaxTemplate+1)); err == nil {
		t.Error("a template of any size was taken")
	}
}

func TestDecideAllocatesNothingWithoutRules(t *testing.T) {
	p, err := Compile(File{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := subject(message(""))
	if n := testing.AllocsPerRun(100, func() { p.Decide(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("rules: [{when: {fields: [{path: PID-3[*].1, in: x}]}, then: {text: '{{PID-3'}}]"))
	f.Add([]byte("faults: [no-ack, {fault: dribble, time: 1ms}]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Parse(b)
		if err != nil {
			return
		}
		once, err := Format(file)
		if err != nil {
			t.Fatalf("not written: %v", err)
		}
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%q", err, once)
		}
		twice, err := Format(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("not stable: %v\n%q\n%q", err, once, twice)
		}
		if p, err := Compile(file, nil); err == nil {
			p.Decide(subject(message("")))
			p.Connect()
		}
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add("a {{PID-3[2].1|x}} {{now}}", []byte("PID|1||2\r"))
	f.Fuzz(func(t *testing.T, text string, b []byte) {
		tp, err := ParseTemplate(text)
		if err != nil {
			return
		}
		q := Quote{Message: hl7.Parse(b), Now: time.Unix(0, 0)}
		if tp.String() != text {
			t.Fatalf("%q became %q", text, tp.String())
		}
		if n := len(tp.Text(q)); n > MaxRendered {
			t.Fatalf("%d bytes", n)
		}
		if out := tp.Segments(q); len(out) > 0 && out[len(out)-1] != '\r' {
			t.Fatalf("no segment end: %q", out)
		}
	})
}
