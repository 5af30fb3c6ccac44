package profile

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

const head = "MSH|^~\\&|PM|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\r"
const body = "EVN||20260301101500\rPID|1||4711^^^RIVERBEND^MR||TESTER^ANNA||19800229|F\rPV1|1|O\r"

func parse(t *testing.T, text string) *Profile {
	t.Helper()
	p, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestStarters: all twenty-five can be read, say how well each fact is supported, and survive being written.
func TestStarters(t *testing.T) {
	names := Names()
	if len(names) != 25 {
		t.Errorf("%d starters", len(names))
	}
	for _, name := range names {
		b, err := StarterFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(name+".yaml", b)
		if err != nil {
			t.Error(err)
			continue
		}
		if p.ID != name || p.About == "" || len(p.Facts) == 0 {
			t.Errorf("%s says too little", name)
		}
		for _, f := range p.Facts {
			if f.Level.Words() == "" {
				t.Errorf("%s: %q has no level", name, f.Text)
			}
			if f.Source != "" && p.SourceText(f.Source) == f.Source {
				t.Errorf("%s: the source %s has no words", name, f.Source)
			}
		}
		for i := range p.Messages {
			m := &p.Messages[i]
			for _, f := range m.Fields {
				if p.RuleEvidence(m, f.Evidence).Level == "" {
					t.Errorf("%s: %s of %s has no level", name, f.Path, m.Label())
				}
			}
		}
		var first, second bytes.Buffer
		if err := p.Write(&first); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(name+".yaml", first.Bytes())
		if err != nil {
			t.Fatalf("%s as written: %v\n%s", name, err, first.Bytes())
		}
		if err := again.Write(&second); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s is not written the same twice", name)
		}
		if got, want := facts(again), facts(p); got != want {
			t.Errorf("%s loses something when written:\n%s\n%s", name, got, want)
		}
	}
}

// facts is a profile in a line for comparing, without its nodes.
func facts(p *Profile) string {
	q := &Profile{Name: p.Name, About: p.About, Aliases: p.Aliases, Versions: p.Versions, Delimiters: p.Delimiters, Charset: p.Charset,
		Acknowledgement: p.Acknowledgement, Evidence: p.Evidence, Local: p.Local, Messages: p.Messages, Facts: p.Facts,
		Questions: p.Questions, Sources: p.Sources, Decisions: p.Decisions}
	var b bytes.Buffer
	if err := q.Write(&b); err != nil {
		return err.Error()
	}
	return b.String()
}

// cases: a profile's rule, a body, and the finding that must come, as "code path offset-text".
var cases = []struct {
	name, rules, body string
	want              []string // "severity code path"
	text              string   // part of the first text
}{
	{"required", "fields: {PID-18: R}", body, []string{"error profile-usage PID-18"}, "Usage: PID-18 is required, but it is empty."},
	{"required part", "fields: {PID-3.4: R}", strings.Replace(body, "^^^RIVERBEND^MR", "^^^^MR", 1), []string{"error profile-usage PID-3.4"}, ""},
	{"part of an optional field", "fields: {PID-18: O, PID-18.4: R}", body, nil, ""},
	{"may be empty", "fields: {PID-18: RE}", body, nil, ""},
	{"not used", "fields: {PID-8: X}", body, []string{"warning profile-usage PID-8"}, "PID-8 is not used, but it is valued."},
	{"condition holds", "fields: {PID-18: {usage: C, when: PV1-2 is O}}", body, []string{"error profile-usage PID-18"}, "(condition: PV1-2 is O)"},
	{"condition does not hold", "fields: {PID-18: {usage: C, when: 'PV1-2 is one of I, E'}}", body, nil, ""},
	{"condition forbids", "fields: {PID-8: {usage: C(R/X), when: PID-18 is valued}}", body, []string{"warning profile-usage PID-8"}, ""},
	{"condition with and", "fields: {PID-18: {usage: C, when: PV1 is present and PID-7 is empty or ZZZ is present}}", body, nil, ""},
	{"length", "fields: {PID-5.1: {usage: R, length: 3}}", body, []string{"warning profile-length PID-5.1"}, "PID-5.1 has 6 characters; the profile has at most 3."},
	{"format", "fields: {PID-7: {format: YYYYMMDDHHMM}}", body, []string{"warning profile-format PID-7"}, "twelve digits"},
	{"pattern", "fields: {PID-3.1: {pattern: 'M[0-9]+'}}", body, []string{"warning profile-format PID-3.1"}, "pattern M[0-9]+"},
	{"value set", "fields: {PID-8: {values: {f: Female, m: Male}}}", body, []string{"warning profile-value-set PID-8"}, "PID-8 is F; the profile has f, m."},
	{"equals", "fields: {PID-2: {equals: PID-3.1}}", strings.Replace(body, "PID|1||", "PID|1|4712|", 1), []string{"warning profile-value-set PID-2"}, ""},
	{"cardinality", "fields: {PID-3: R 1..1}", strings.Replace(body, "^MR|", "^MR~8^^^R^MR|", 1), []string{"warning profile-cardinality PID-3"}, "occurs 2 times; the profile has 1..1"},
	{"segment required", "segments: {IN1: R}", body, []string{"error profile-usage IN1"}, "the segment IN1 is required"},
	{"segment not used", "segments: {PV1: X}", body, []string{"warning profile-usage PV1"}, ""},
	{"segment too often", "segments: {ZPV: O 0..1}", body + "ZPV|1\rZPV|2\r", []string{"warning profile-cardinality ZPV[2]"}, ""},
	{"extra", "only: true\n    fields: {PID-3: R, PID-5: R, PID-7: RE}", body, []string{"information profile-extra PID-1", "information profile-extra PID-8"}, "Extra: PID-1"},
	{"unexpected segment", "only: true\n    segments: {MSH: R, EVN: R, PID: R}", body, []string{"information profile-unexpected PV1"}, ""},
	{"unverified", "level: U\n    fields: {PID-18: R}", body, []string{"warning profile-usage PID-18"}, "Unverified"},
	{"note", "fields: {PID-18: {usage: R, note: account number}}", body, []string{"error profile-usage PID-18"}, "Note: account number."},
}

func TestFindings(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := parse(t, "profile: Test\nmessages:\n  - message: ADT\n    "+c.rules+"\n")
			found := p.Apply(hl7.Parse([]byte(head + c.body)))
			var got []string
			for _, f := range found {
				got = append(got, f.Severity.String()+" "+f.Code+" "+f.Path)
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("found %q, want %q", got, c.want)
			}
			if len(found) > 0 && !strings.Contains(found[0].Text, c.text) {
				t.Errorf("the text is %q", found[0].Text)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	p := parse(t, "profile: Test\nversions: ['2.3']\ndelimiters: '|^~\\&#'\ncharset: [UNICODE UTF-8]\nacknowledgement: enhanced\nmessages: [{message: SIU}]\n")
	var got []string
	for _, f := range p.Apply(hl7.Parse([]byte(head + body))) {
		got = append(got, f.Code+" "+f.Path)
	}
	want := []string{"profile-format MSH-2", "profile-value-set MSH-12", "profile-value-set MSH-18", "profile-value-set MSH-15", "profile-unexpected MSH-9"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// TestAgrees: what the profile allows is no finding of the standard any more, and what it does not stays.
func TestAgrees(t *testing.T) {
	p := parse(t, `profile: Test
local-segments: {ZPV: Visit Extension}
messages:
  - message: ADT
    segments: {PV1: O, ZPV: O}
    fields:
      PID-8: {values: [Male, Female]}
      EVN-9: O
`)
	m := hl7.Parse([]byte(head + "EVN||20260301101500|||||||x\rPID|1||4711^^^RIVERBEND^MR||TESTER^ANNA||19800229|Female\rZPV|1\r"))
	if plain := check.Message(m, check.Options{}); len(plain) != 4 {
		t.Fatalf("the standard has %d findings, not 4: %v", len(plain), plain)
	}
	if found := p.Check(m); len(found) != 0 {
		t.Errorf("there is still %v", found)
	}
	m = hl7.Parse([]byte(strings.Replace(string(m.Bytes()), "Female", "female", 1)))
	found := p.Check(m)
	if len(found) != 2 || found[0].Code != "code-not-in-table" && found[1].Code != "code-not-in-table" {
		t.Errorf("a value in another case has %v", found)
	}
	if i := slices.IndexFunc(found, func(f check.Finding) bool { return f.Code == "profile-value-set" }); i < 0 || found[i].Repair == nil || string(found[i].Repair.Replacement) != "Female" {
		t.Errorf("no repair to Female in %v", found)
	}
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "the file is empty",
		"profile: A\nmesages: []\n":      `x.yaml:2: unknown key "mesages" in the profile`,
		"profile: A\n- b\n":              "not readable as YAML",
		"about: nothing\n":               "x.yaml:1: the profile needs a name",
		"[a, b]":                         "this is no profile",
		"profile: A\nversions: [a, [b]]": "x.yaml:2: an entry of versions must be text",
		"profile: A\nmessages:\n  - message: ADT\n    fields:\n      PID-3: Q\n":                                    "x.yaml:5: usage \"Q\" is not known",
		"profile: A\nmessages:\n  - message: ADT\n    fields:\n      PID3: R\n":                                     "x.yaml:5: \"PID3\" is no field",
		"profile: A\nmessages:\n  - message: ADT\n    fields:\n      PID-3: {length: ten}\n":                        "x.yaml:5: length \"ten\" is not understood",
		"profile: A\nmessages:\n  - message: ADT\n    fields:\n      PID-3: {pattern: '('}\n":                       "x.yaml:5: the pattern \"(\" is no regular expression",
		"profile: A\nmessages:\n  - message: ADT\n    fields:\n      PID-3: {usage: C, when: on Mondays}\n":         "x.yaml:5: the condition \"on Mondays\" is not understood",
		"profile: A\nmessages:\n  - message: ADT\n    segments: {pid: R, P: O}\n":                                   "x.yaml:4: \"pid\" is no segment",
		"profile: A\nmessages:\n  - message: ADT\n    segments: {PID: R 2..1}\n":                                    "x.yaml:4: cardinality \"2..1\" is not understood",
		"profile: A\nmessages:\n  - events: [A01]\n":                                                                "x.yaml:3: the message has no type",
		"profile: A\ndecisions:\n  - {path: PID-3, finding: Size, decision: open}\n":                                "x.yaml:3: finding is \"Size\"; it must be",
		"profile: A\nmessages:\n  - message: ADT\n    fields:\n      PID-3: &a R\n      PID-4: *a\n":                "x.yaml:6: write the value of \"PID-4\" out",
		"profile: A\nmessages:\n  - message: ADT\n    fields:\n      PID-3: R\n      PID-3: O\n":                    "x.yaml:6: \"PID-3\" is given twice",
		"profile: A\n---\nprofile: B\n":                                                                             "a second document starts here",
		"profile: A\nacknowledgement: {mode: original, accept: YES}\n":                                              "x.yaml:2: accept is \"YES\"; it must be \"AL\", \"NE\", \"ER\" or \"SU\"",
		"profile: A\nlocal-segments: {ZPV: {fields: {first: a}}}\n":                                                 "x.yaml:2: \"first\" is no field number",
		"profile: A\nmessages:\n  - message: ADT\n    fields:\n      PID-3: {usage: 'C(R)', when: PID-4 is valued}": "a condition has two usages",
	} {
		_, err := Parse("x.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestManyAtOnce: a listener's connections share one profile.
func TestManyAtOnce(t *testing.T) {
	p, ok := Starter("generic-hl7v2")
	if !ok {
		t.Fatal("no starter")
	}
	var checks func(*hl7.Message) []check.Finding = p.Check // as a listener takes it
	want := len(checks(hl7.Parse([]byte(head + body))))
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for range 50 {
				if got := len(checks(hl7.Parse([]byte(head + body)))); got != want {
					t.Fatalf("%d findings, alone %d", got, want)
				}
			}
		})
	}
}

// TestReadme: the profile that the README shows can be read.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "```yaml\nprofile: ")
	text, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("the README shows no profile")
	}
	p := parse(t, "profile: "+text)
	if len(p.Messages) != 1 || len(p.Messages[0].Fields) != 7 || len(p.Local) != 1 {
		t.Errorf("it reads %+v", p.Messages)
	}
}

// TestComments: what a person wrote beside the rules stays when a decision is added.
func TestComments(t *testing.T) {
	text := `# agreed on 3 March
profile: Riverbend
messages:
  - message: ADT
    fields:
      # the chart number
      PID-3: R
      PID-8: {usage: R, values: [F, M]} # letters
`
	p := parse(t, text)
	p.Decide(Decision{Message: "ADT", Path: "PID-8", Kind: ValueSetKind, Choice: MapIt, Note: "table of 4 rows"})
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# agreed on 3 March\n", "# the chart number\n      PID-3: R\n", "{usage: R, values: [F, M]} # letters\n", "    decision: map it\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	if again := parse(t, b.String()); len(again.Decisions) != 1 || again.Decisions[0] != p.Decisions[0] {
		t.Errorf("the decision reads %v", again.Decisions)
	}
}

func TestGaps(t *testing.T) {
	p := parse(t, "profile: Test\nmessages:\n  - message: ADT\n    fields: {PID-8: {usage: R, values: [M]}, PID-18: R}\n")
	p.Decide(Decision{Message: "ADT", Path: "PID-18", Kind: UsageKind, Choice: Ignore})
	g := p.Gaps()
	for _, sex := range []string{"F", "M", "F", "U", ""} {
		g.Add(hl7.Parse([]byte(head + strings.Replace(body, "|F\r", "|"+sex+"\r", 1))))
	}
	g.Add(hl7.Parse([]byte(strings.Replace(head, "ADT^A08^ADT_A01", "ORU^R01", 1))))
	list := g.List()
	var got []string
	for _, gap := range list {
		got = append(got, gap.Message+" "+gap.Path+" "+string(gap.Kind)+" "+string(gap.Decision))
	}
	want := []string{"ADT PID-8 Usage open", "ADT PID-18 Usage ignore it", "ADT PID-8 Value set open", "ORU^R01 MSH-9 Unexpected open"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("the gaps are %q, want %q", got, want)
	}
	i := slices.IndexFunc(list, func(gap Gap) bool { return gap.Kind == ValueSetKind })
	if gap := list[i]; gap.Messages != 3 || gap.First != 0 || !slices.Equal(gap.Values, []ValueCount{{"F", 2}, {"U", 1}}) {
		t.Errorf("the value set has %+v", gap)
	}
	if g.Messages != 6 || g.Clean != 1 {
		t.Errorf("%d messages, %d clean", g.Messages, g.Clean)
	}
	p.Decide(Decision{Message: "ADT", Path: "PID-18", Kind: UsageKind, Choice: Open})
	if len(p.Decisions) != 0 {
		t.Errorf("a decision that was taken back is kept: %v", p.Decisions)
	}
}

func TestLoad(t *testing.T) {
	for _, name := range []string{"ecw", "healow", "eClinicalWorks", "EPIC"} {
		if p, err := Load(name); err != nil || p.Name == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]string{"nobody": "starters are advancedmd", "nobody.yaml": "there is no file", t.TempDir(): "is a folder"} {
		if _, err := Load(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// FuzzParse: no bytes make the reader panic, and what it reads it can write and read again.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		b, err := StarterFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("profile: A\nmessages: [{message: ADT, fields: {PID-3: {usage: C(R/X), when: A is valued, cardinality: 1..*, length: 1..2, values: {a: b}}}}]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse("x", b)
		if err != nil {
			return
		}
		p.Apply(hl7.Parse([]byte(head + body)))
		var out bytes.Buffer
		if err := p.Write(&out); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("x", out.Bytes()); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, out.Bytes())
		}
	})
}

// FuzzApply: findings lie inside of the message, whatever its bytes are.
func FuzzApply(f *testing.F) {
	p, ok := Starter("generic-hl7v2")
	if !ok {
		f.Fatal("no starter")
	}
	p.Messages[0].Only = true
	f.Add([]byte(head + body))
	f.Add([]byte("MSH|^~\\&|||||||ADT^A08\rPID|||~^^||||||"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := hl7.Parse(b)
		for _, x := range p.Check(m) {
			if x.Offset < 0 || x.Length < 0 || x.Offset+x.Length > len(b) || x.Text == "" {
				t.Fatalf("%s lies at %d+%d of %d bytes", x.Code, x.Offset, x.Length, len(b))
			}
			if at, err := hl7.ParsePath(x.Path); x.Path != "" && (err != nil || at.String() != x.Path) {
				t.Fatalf("%s has the path %q", x.Code, x.Path)
			}
		}
	})
}
