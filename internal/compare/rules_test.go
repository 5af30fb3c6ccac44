package compare

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

const ruled = `# What the upgrade of the laboratory changes.
key: [PID-3.1, MSH-7]
ignore:
  - path: MSH-7
  - path: OBX[*]-14
    where: OBX-3.1 = 8302-2
    why: the height's time is never sent again
normalise:
  - path: PID-5
    with: [name]
  - path: PID-13
    with: [phone]
  - path: OBR-7
    with: [time to minute]
  - path: OBX-5
    replace: ^(\d+) mg$
    by: $1
    where: OBX-3.1 = 1
expect:
  - path: MSH-3
    kind: changed
    left: LAB
    right: LAB2
  - path: PID-3
    kind: removed
    where: PID-3.5 = PT
  - path: ZPI
    kind: added
tables:
  - name: sex
    path: PID-8
    codes:
      F: "2"
      M: "1"
`

func parsed(t testing.TB, text string) *Rules {
	t.Helper()
	r, err := ParseRules([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// verdicts lists what the rules make of each difference.
func verdicts(r *Result) (list []string) {
	for i := range r.Differences {
		d := &r.Differences[i]
		list = append(list, d.Verdict.String()+" "+written(d))
	}
	return list
}

const ruledLeft = `MSH|^~\&|LAB|MAIN|EHR|MAIN|20260301101500||ORU^R01^ORU_R01|M1|P|2.5.1
PID|1||88121^^^LAKE^MR~7^^^LAKE^PT||O'NEIL^ZOË||19790228|F|||||(216) 555-0101
OBR|1|P1|F1|1^X|||20260301100012
OBX|1|NM|8302-2^Height^LN||170|cm|||||F|||20260301
OBX|2|ST|1^Dose||50 mg||||||F|||20260301`

const ruledRight = `MSH|^~\&|LAB2|MAIN|EHR|MAIN|20260302101500||ORU^R01^ORU_R01|M1|P|2.5.1
PID|1||88121^^^LAKE^MR||ONEIL^Zoe||19790228|2|||||+1 216 555 0101
OBR|1|P1|F1|1^X|||20260301100059
OBX|1|NM|8302-2^Height^LN||170|cm|||||F|||20260302
OBX|2|ST|1^Dose||50||||||F|||20260302
ZPI|new`

func lines(text string) []byte { return []byte(strings.ReplaceAll(text, "\n", "\r") + "\r") }

func TestRules(t *testing.T) {
	rules := parsed(t, ruled)
	want := []string{
		"expected changed MSH-3: LAB → LAB2",
		"ignored changed MSH-7: 20260301101500 → 20260302101500",
		"expected removed PID-3[2]: 7^^^LAKE^PT",
		"ignored changed PID-5.1: O'NEIL → ONEIL",
		"ignored changed PID-5.2: ZOË → Zoe",
		"expected changed PID-8: F → 2",
		"ignored changed PID-13: (216) 555-0101 → +1 216 555 0101",
		"ignored changed OBR-7: 20260301100012 → 20260301100059",
		"ignored changed OBX-14: 20260301 → 20260302",
		"ignored changed OBX[2]-5: 50 mg → 50",
		"open changed OBX[2]-14: 20260301 → 20260302",
		"expected added ZPI: ZPI|new",
	}
	a, b := hl7.Parse(lines(ruledLeft)), hl7.Parse(lines(ruledRight))
	r := Messages(a, b, rules)
	if got := verdicts(r); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.Status() != Different {
		t.Errorf("status %v", r.Status())
	}
	// A click on what is left: expected from now on.
	for d := range r.Open() {
		if got := Messages(a, b, rules.ExpectThis(d)).Status(); got != AsExpected {
			t.Errorf("after the click: %v", got)
		}
		if got := Messages(a, b, rules.IgnoreEverywhere(d)).Status(); got != AsExpected {
			t.Errorf("after the other click: %v", got)
		}
	}
	if rules.String() != "2 paths left out, 4 normalisers, 3 changes expected, 1 code table" {
		t.Error(rules)
	}
}

// TestRulesMirror turns the sides and the rules round: the same verdicts.
func TestRulesMirror(t *testing.T) {
	rules := parsed(t, ruled)
	a, b := hl7.Parse(lines(ruledLeft)), hl7.Parse(lines(ruledRight))
	there, back := Messages(a, b, rules), Messages(b, a, rules.mirrored())
	if len(there.Differences) != len(back.Differences) {
		t.Fatalf("%d and %d", len(there.Differences), len(back.Differences))
	}
	count := func(r *Result) (n [4]int) {
		for _, d := range r.Differences {
			n[d.Verdict]++
		}
		return n
	}
	if count(there) != count(back) {
		t.Errorf("%v and %v", count(there), count(back))
	}
}

func TestIgnoreHereAndEverywhere(t *testing.T) {
	a := hl7.Parse(lines("MSH|^~\\&|A\nOBX|1|ST|1^A||x\nOBX|2|ST|2^B||x~z"))
	b := hl7.Parse(lines("MSH|^~\\&|A\nOBX|1|ST|1^A||y\nOBX|2|ST|2^B||y~z"))
	r := Messages(a, b, nil)
	first := &r.Differences[0]
	if n := len(slices.Collect(Messages(a, b, (*Rules)(nil).IgnoreHere(first)).Open())); n != 1 {
		t.Errorf("here: %d left", n)
	}
	if n := len(slices.Collect(Messages(a, b, (*Rules)(nil).IgnoreEverywhere(first)).Open())); n != 0 {
		t.Errorf("everywhere: %d left", n)
	}
	for path, want := range map[string][2]string{
		"OBX-5": {"OBX[1]-5", "OBX-5"}, "OBX[3]-5[2].1": {"OBX[3]-5[2].1", "OBX-5.1"}, "ZPI": {"ZPI[1]", "ZPI"},
		"Patient.name[0].given[1]": {"Patient.name[0].given[1]", "Patient.name.given"},
	} {
		if got := [2]string{exactPath(path), generalPath(path)}; got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestWildcards(t *testing.T) {
	a := hl7.Parse(lines("MSH|^~\\&|A||||1\nPID|1||2||N^M||1979|F\nOBX|1|ST|1^A||x|m|1-2"))
	b := hl7.Parse(lines("MSH|^~\\&|A||||2\nPID|1||2||N^L||1980|M\nOBX|1|ST|1^A||y|n|1-3"))
	for path, want := range map[string]int{
		"*-7": 3, "*": 7, "PID": 3, "PID-*": 3, "PID-5": 1, "PID-5.2": 1, "PID-5.1": 0, "PID-8.1": 1, "OBX[2]": 0, "OBX[1]": 3, "OBX[*]-5": 1, "PID-5[2]": 0, "PID-5[1].*": 1,
	} {
		r := Messages(a, b, &Rules{Ignore: []Ignore{{Path: path}}})
		if got := len(r.Differences) - len(slices.Collect(r.Open())); got != want {
			t.Errorf("%s leaves out %d of %d, not %d", path, got, len(r.Differences), want)
		}
	}
}

func TestRuleFileIsDeterministic(t *testing.T) {
	r := parsed(t, ruled)
	one, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	two, err := parsed(t, string(one)).Marshal()
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("written twice:\n%s\n%s (%v)", one, two, err)
	}
	for _, want := range []string{"key: [PID-3.1, MSH-7]", "where: OBX-3.1 = 8302-2", "with: [time to minute]"} {
		if !strings.Contains(string(one), want) {
			t.Errorf("%q is not in\n%s", want, one)
		}
	}
}

func TestRuleFaults(t *testing.T) {
	for text, want := range map[string]string{
		"ignore: [{path: PID-0}]":                      "count from 1",
		"ignore: [{path: PID-3, where: PID-3.5 PT}]":   "write = != or ~",
		"ignore: [{pth: PID-3}]":                       "there is no pth here",
		"normalise: [{path: PID-3}]":                   "say how: with:",
		"normalise: [{path: PID-3, with: [zeros]}]":    `no normaliser "zeros"`,
		"normalise: [{path: PID-3, replace: '('}]":     "no regular expression",
		"expect: [{path: PID-3, kind: dropped}]":       "no kind of change",
		"expect: [{path: PID-3, left: /(/}]":           "no regular expression",
		"tables: [{path: PID-8}]":                      "no codes",
		"key: [PID 3]":                                 "key PID 3",
		"ignore:\n- path: PID-3\n  where: PID-3.5 ~ [": "no regular expression",
		"ignore: [{path: ''}]":                         "a path is missing",
		"ignore: [{path: ORDER_OBSERVATION/OBX-5}]":    "groups cannot stand",
		"ignore: 7":             "cannot be read",
		"expect: [{path: A-1}]": "three characters",
	} {
		if _, err := ParseRules([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := ParseRules(nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

func TestNormalisers(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"case", "Doe", "DOE"}, {"spaces", "  a  b ", "a b"}, {"leading zeros", "00123", "123"}, {"phone", "+1 (216) 555-0101", "2165550101"},
		{"name", "D'Ângelo-Smith Jr.", "DANGELOSMITHJR"}, {"time to minute", "20260301101532.12-0500", "202603011015"}, {"time to day", "2026", "2026"},
	} {
		if got := normalisers[c.name].do(c.in); got != c.want {
			t.Errorf("%s of %q is %q", c.name, c.in, got)
		}
	}
	if len(Normalisers()) != len(normalisers) {
		t.Error("not all are told")
	}
}

// TestLiteral makes rules of values that look like regular expressions.
func TestLiteral(t *testing.T) {
	for _, text := range []string{"A", "/x/", "/a.b/", "//", "/"} {
		p, err := readText(literal(text))
		if err != nil || !p.matches(text) || text == "/a.b/" && p.matches("/aXb/") {
			t.Errorf("%q: %v %v", text, p, err)
		}
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add([]byte(ruled))
	f.Add([]byte("ignore: [{path: '*-7'}]"))
	a, b := hl7.Parse(lines(ruledLeft)), hl7.Parse(lines(ruledRight))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseRules(text)
		if err != nil {
			return
		}
		Messages(a, b, r)
		if _, err := r.Marshal(); err != nil {
			t.Fatal(err)
		}
	})
}
