package profile

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

// learnt is what thirty invented messages teach.
func learnt(t *testing.T) (*Profile, [][]byte) {
	t.Helper()
	l := NewLearner()
	var messages [][]byte
	for i := range 30 {
		sex := []string{"F", "M"}[i%2]
		extra := ""
		if i%3 == 0 {
			extra = "ZPV|1|north\r"
		}
		b := head + fmt.Sprintf("EVN||20260301101500\rPID|1||%07d^^^RIVERBEND^MR||TESTER%d^ANNA||198002%02d|%s|||%d Elm Street^^Riverbend^MA^01234||555-01%02d\rPV1|1|Q\r", 1234567+i, i, i%28+1, sex, i, i) + extra
		messages = append(messages, []byte(b))
		l.Add(hl7.Parse([]byte(b)))
	}
	return l.Profile("Riverbend"), messages
}

func rule(t *testing.T, p *Profile, path string) FieldRule {
	t.Helper()
	for _, f := range p.Messages[0].Fields {
		if f.Path.String() == path {
			return f
		}
	}
	t.Fatalf("nothing was learnt about %s", path)
	return FieldRule{}
}

func TestLearner(t *testing.T) {
	p, messages := learnt(t)
	if len(p.Messages) != 1 || p.Messages[0].Label() != "ADT^A08" || !slices.Equal(p.Versions, []string{"2.5.1"}) || p.Acknowledgement.Mode != "original" {
		t.Fatalf("learnt %s of %v, %s", p.Messages[0].Label(), p.Versions, p.Acknowledgement.Mode)
	}
	sex := rule(t, p, "PID-8")
	if sex.Usage.Code != Required || sex.Seen != "30 of 30" || !slices.Equal(sex.Values, []Value{{"F", "15 times"}, {"M", "15 times"}}) {
		t.Errorf("PID-8 is %+v", sex)
	}
	if id := rule(t, p, "PID-3.1"); id.Pattern == nil || patternText(id.Pattern) != "[0-9]{7}" || id.Values != nil {
		t.Errorf("PID-3.1 is %+v", id)
	}
	if authority := rule(t, p, "PID-3.4"); !slices.Equal(authority.Values, []Value{{"RIVERBEND", "30 times"}}) {
		t.Errorf("PID-3.4 is %+v", authority)
	}
	if birth := rule(t, p, "PID-7"); birth.Format != "YYYYMMDD" || birth.Values != nil {
		t.Errorf("PID-7 is %+v", birth)
	}
	z := p.Messages[0].Segments
	if s := z[len(z)-1]; s.Name != "ZPV" || s.Usage.Code != RequiredIf || s.Seen != "10 of 30" {
		t.Errorf("ZPV is %+v", s)
	}
	for _, b := range messages {
		if found := p.Apply(hl7.Parse(b)); len(found) > 0 {
			t.Fatalf("a message that was learnt from has %v", found)
		}
	}
	var first, second bytes.Buffer
	if err := p.Write(&first); err != nil {
		t.Fatal(err)
	}
	again := parse(t, first.String())
	if err := again.Write(&second); err != nil || first.String() != second.String() {
		t.Errorf("a learnt profile is not written the same twice: %v", err)
	}
	for _, private := range []string{"TESTER", "ANNA", "1234567", "Elm", "555", "198002", "01234"} {
		if strings.Contains(first.String(), private) {
			t.Errorf("%s is in the profile", private)
		}
	}
}

// TestRareValues: a local code that fewer than three patients have is not kept, and then the set is not either.
func TestRareValues(t *testing.T) {
	l := NewLearner()
	for i := range 30 {
		sex := "F"
		if i < 2 {
			sex = "JONES"
		}
		l.Add(hl7.Parse([]byte(head + fmt.Sprintf("PID|1||%d^^^R^MR||T||19800229|%s\r", i, sex))))
	}
	if f := rule(t, l.Profile("x"), "PID-8"); f.Values != nil {
		t.Errorf("the values are %v", f.Values)
	}
}

// TestBounded: what is learnt from messages without end does not grow without end.
func TestBounded(t *testing.T) {
	l := NewLearner()
	for i := range 2000 {
		l.Add(hl7.Parse([]byte(fmt.Sprintf("MSH|^~\\&|||||||A%c%c^B%02d|%d|P|2.%d\rPID|||%d\rZ%02d|x\r", 'A'+i%26, 'A'+i/26%26, i%100, i, i, i, i%100))))
	}
	if len(l.types) != maxTypes || len(l.versions) > maxDistinct {
		t.Errorf("%d types and %d versions are kept", len(l.types), len(l.versions))
	}
	many := NewLearner()
	var b strings.Builder
	b.WriteString(head)
	for i := range 20000 {
		fmt.Fprintf(&b, "Z%c%c%s\r", 'A'+i%26, 'A'+i/26%26, strings.Repeat("|a^b", 40))
	}
	many.Add(hl7.Parse([]byte(b.String())))
	if n := many.types["ADT^A08"].places; n > maxPlaces {
		t.Errorf("%d places are kept", n)
	}
}

// TestLearnCorpus: learnt from the clean messages of the corpus, a profile holds no name, identifier, date, address or
// number of a patient, and nothing it was learnt from departs from it.
func TestLearnCorpus(t *testing.T) {
	messages := corpus(t)
	l := NewLearner()
	private := map[string]bool{}
	for _, b := range messages {
		m := hl7.Parse(b)
		l.Add(m)
		for _, path := range []string{"PID-3.1", "PID-5.1", "PID-5.2", "PID-7", "PID-11.1", "PID-13", "PID-18.1", "PID-19", "NK1-2.1", "IN1-36", "GT1-3.1"} {
			if v, err := m.GetString(path); err == nil && len(v.Text()) >= 5 {
				private[v.Text()] = true
			}
		}
	}
	p := l.Profile("corpus")
	for _, m := range p.Messages {
		for _, f := range m.Fields {
			for _, v := range f.Values {
				// An application may be called like a patient: the corpus has both named TEST.
				if f.Path.Segment != "MSH" && private[v.Code] && !listedCode(f, v.Code) {
					t.Errorf("%s has a value of a patient", f.Path)
				}
			}
		}
	}
	departs := 0
	for _, b := range messages {
		for _, f := range p.Apply(hl7.Parse(b)) {
			if departs++; departs < 10 {
				t.Errorf("%s at %s: %s", f.Code, f.Path, f.Text)
			}
		}
	}
	t.Logf("%d messages, %d types, %d values of patients looked for", l.Messages(), len(p.Messages), len(private))
}

// listedCode reports whether a value is a code of the standard's own table, which says nothing about anybody.
func listedCode(f FieldRule, code string) bool {
	for _, version := range dictionary.Versions() {
		v, _ := dictionary.For(version)
		if _, keep := keepingOf(v, f.Path.Segment, place{f.Path.Field, max(f.Path.Component, 1)}); keep.table != nil {
			if _, ok := keep.table.Code(code); ok {
				return true
			}
		}
	}
	return false
}

// corpus reads the clean messages of the external corpus, or skips the test.
func corpus(t testing.TB) [][]byte {
	t.Helper()
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS does not name the folder of the message corpus")
	}
	dir = filepath.Join(dir, "hl7v2")
	f, err := os.Open(filepath.Join(dir, "index.csv"))
	if err != nil {
		t.Skipf("the corpus has no index: %v", err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	files := map[string][]byte{}
	var messages [][]byte
	for _, line := range lines[1:] {
		if line[column["quality"]] != "clean" {
			continue
		}
		name := line[column["file"]]
		if files[name] == nil {
			if files[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
		offset, _ := strconv.Atoi(line[column["offset"]])
		length, _ := strconv.Atoi(line[column["length"]])
		messages = append(messages, files[name][offset:offset+length])
	}
	return messages
}

// BenchmarkApply checks messages against a profile that says much about them, without the standard.
func BenchmarkApply(b *testing.B) {
	messages := corpus(b)
	l := NewLearner()
	size := 0
	for _, m := range messages {
		l.Add(hl7.Parse(m))
		size += len(m)
	}
	p := l.Profile("corpus")
	b.SetBytes(int64(size))
	b.ReportAllocs()
	m := &hl7.Message{}
	found := []check.Finding(nil)
	for b.Loop() {
		for _, text := range messages {
			m.Reset(text)
			found = p.Apply(m)
		}
	}
	b.ReportMetric(float64(len(found)), "findings/last")
}

// BenchmarkLearn learns from the same messages.
func BenchmarkLearn(b *testing.B) {
	messages := corpus(b)
	size := 0
	for _, m := range messages {
		size += len(m)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	m := &hl7.Message{}
	for b.Loop() {
		l := NewLearner()
		for _, text := range messages {
			m.Reset(text)
			l.Add(m)
		}
	}
}
