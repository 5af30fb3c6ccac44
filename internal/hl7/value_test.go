package hl7

import (
	"bytes"
	"strings"
	"testing"
)

const sample = "MSH|^~\\&|LAB|EAST^1.2.3^ISO|||20260102||ORU^R01^ORU_R01|1|P|2.5.1\r" +
	"PID|1||77^^^EAST&1.2.3&ISO^MR~88^^^WEST||ROE^RICHARD||\"\"|M\r" +
	"OBX|1|TX|||a\r" +
	"obx|2|TX|||b\\T\\c~d\r"

func TestStates(t *testing.T) {
	m := Parse([]byte(sample))
	for path, want := range map[string]State{
		"PID-1": Valued, "PID-2": Empty, "PID-7": Null, "PID-8": Valued, "PID-9": Absent, "PV1-1": Absent,
		"PID-3.2": Empty, "PID-3.6": Absent, "PID-3[3]": Absent, "PID-2.1": Empty, "PID-2.2": Absent, "PID-7.1": Null,
		"PID-9.1": Absent, "OBX[3]-1": Absent, "MSH-1": Valued, "MSH-2": Valued, "MSH-2.1": Valued, "MSH-2.2": Absent,
	} {
		if got := m.Get(MustPath(path)).State(); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if (Value{}).State() != Absent || (Value{}).Text() != "" || (Value{}).Component(1).IsPresent() || (Value{}).Next().IsPresent() || (Value{}).Repetitions() != 0 {
		t.Error("the zero Value is not absent")
	}
	if s := (Segment{}); s.ID() != "" || s.Field(1).IsPresent() || s.Fields() != 0 || s.Bytes() != nil {
		t.Error("the zero Segment is not empty")
	}
}

func TestGet(t *testing.T) {
	m := Parse([]byte(sample))
	for path, want := range map[string]string{
		"MSH-1": "|", "MSH-2": `^~\&`, "MSH-3": "LAB", "MSH-4.2": "1.2.3", "MSH-9.3": "ORU_R01",
		"PID-3": "77^^^EAST&1.2.3&ISO^MR~88^^^WEST", "PID-3[1]": "77^^^EAST&1.2.3&ISO^MR", "PID-3[2].4": "WEST",
		"PID-3.4.3": "ISO", "PID-3[2].4.1": "WEST", "PID.3.1": "77", "PID-5-2": "RICHARD", "PID-5.1.1": "ROE",
		"OBX-5": "a", "OBX[2]-5": "b&c~d", "OBX(1)-5(1)": "d", "pid-3(1)-1": "88",
	} {
		v, err := m.GetString(path)
		if err != nil || v.Text() != want {
			t.Errorf("%s is %q, %v; want %q", path, v.Text(), err, want)
		}
	}
	for path, want := range map[string]string{
		"OBX[*]-1": "1,2", "PID-3[*].1": "77,88", "PID-3[*].4.*": "EAST,1.2.3,ISO,WEST", "OBX[*]-5[*]": "a,b&c,d", "OBX[2]-*": "2,TX,,,b&c~d",
	} {
		var got []string
		for v := range m.All(MustPath(path)) {
			got = append(got, v.Text())
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%s gives %q, want %q", path, got, want)
		}
	}
}

func TestLocate(t *testing.T) {
	m := Parse([]byte(sample))
	for at, want := range map[string]string{
		"MSH|": "MSH", "|^~": "MSH-1", "^~\\": "MSH-2", "|LAB": "MSH-2", "LAB|": "MSH-3", "|EAST^": "MSH-3", "1.2.3^": "MSH-4.2",
		"PID|": "PID", "77^": "PID-3[1].1", "EAST&1": "PID-3[1].4.1", "ISO^MR": "PID-3[1].4.3", "~88": "PID-3[1].5", "WEST": "PID-3[2].4",
		"RICHARD": "PID-5.2", "a\r": "OBX-5", "obx": "OBX[2]", "b\\T": "OBX[2]-5[1]", "d\r": "OBX[2]-5[2]",
	} {
		i := strings.Index(sample, at)
		if got := m.Locate(i).String(); got != want {
			t.Errorf("at %q (%d): %s, want %s", at, i, got, want)
		}
	}
	for i := range len(sample) {
		p := m.Locate(i)
		if p.Field == 0 {
			continue
		}
		if v := m.Get(p); i < v.Offset() || i > v.End() {
			t.Errorf("offset %d is located at %s, which is %d to %d", i, p, v.Offset(), v.End())
		}
	}
	if p := m.Locate(len(sample)); p.Segment != "OBX" {
		t.Errorf("the end is at %s", p)
	}
	if !m.Locate(-1).IsZero() || !m.Locate(len(sample)+1).IsZero() {
		t.Error("an offset outside has a path")
	}
}

func TestSegments(t *testing.T) {
	m := Parse([]byte(sample))
	s, ok := m.Find("obx", 2)
	if !ok || s.ID() != "obx" || s.Name() != "OBX" || s.Occurrence() != 2 || s.Index() != 3 {
		t.Errorf("found %v %q %q %d %d", ok, s.ID(), s.Name(), s.Occurrence(), s.Index())
	}
	if _, ok := m.Find("OBX", 3); ok {
		t.Error("a third OBX")
	}
	many := Parse([]byte("MSH|^~\\&|A\r" + strings.Repeat("OBX|1\rNTE|1\r", 50)))
	if s, ok := many.Find("OBX", 50); !ok || s.Index() != 99 || s.Occurrence() != 50 {
		t.Error("the fiftieth OBX is not found")
	}
}

// TestNoAllocation checks that reading fields costs no memory, and reusing a
// message neither.
func TestNoAllocation(t *testing.T) {
	data := []byte(sample)
	m := Parse(data)
	id, name := MustPath("PID-3[2].4.1"), MustPath("PID-5.1")
	if n := testing.AllocsPerRun(100, func() {
		sink += len(m.Get(id).Raw()) + len(m.Get(name).Raw()) + walkAll(m)
	}); n != 0 {
		t.Errorf("reading fields takes %v allocations", n)
	}
	var r Message
	if n := testing.AllocsPerRun(100, func() { r.Reset(data); sink += r.Len() }); n != 0 {
		t.Errorf("Reset takes %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { sink += Parse(data).Len() }); n > 2 {
		t.Errorf("Parse takes %v allocations", n)
	}
}

// TestBenchFile checks that no message of the bench file is refused and that
// the two values equal those of a naive split.
func TestBenchFile(t *testing.T) {
	data := benchFile(t)
	items := scanAll(t, bytes.NewReader(data), ScanOptions{})
	checkStream(t, data, items)
	if len(items) != 3774 {
		t.Errorf("%d items, want 3774 messages", len(items))
	}
	naive := func(msg []byte, segment string, field int) string {
		for _, l := range strings.Split(string(msg), "\r") {
			if f := strings.Split(l, "|"); f[0] == segment {
				if len(f) <= field {
					return ""
				}
				return strings.Split(strings.Split(f[field], "~")[0], "^")[0]
			}
		}
		return ""
	}
	segments := 0
	for _, it := range items {
		m := Parse(it.Bytes)
		segments += m.Len()
		if _, ok := m.Header(); !ok || it.Kind != ItemMessage || len(m.Continuations()) > 0 {
			t.Errorf("item %d at %d was not read as a message of plain segments", it.Index, it.Offset)
		}
		for path, want := range map[string]string{"PID-3.1": naive(it.Bytes, "PID", 3), "PID-5.1": naive(it.Bytes, "PID", 5)} {
			if got := string(m.Get(MustPath(path)).Raw()); got != want {
				t.Errorf("item %d at %d: %s differs from a naive split", it.Index, it.Offset, path)
			}
		}
	}
	if segments != 68701 {
		t.Errorf("%d segments, want 68701", segments)
	}
}

// TestWide reads values with very many parts, which must not take quadratic time.
func TestWide(t *testing.T) {
	const n = 200_000
	m := Parse([]byte("MSH|^~\\&|A\rZZZ" + strings.Repeat("|f", n) + "\rZZY|" + strings.Repeat("r~", n) + "\r"))
	s := m.Segment(1)
	if s.Fields() != n {
		t.Fatalf("%d fields", s.Fields())
	}
	for i := 1; i <= s.Fields(); i += 7 {
		if v := s.Field(i); string(v.Raw()) != "f" {
			t.Fatalf("field %d is %q", i, v.Raw())
		}
	}
	f := m.Segment(2).Field(1)
	for i := 1; i <= f.Repetitions(); i += 7 {
		if f.Repetition(i).State() == Absent {
			t.Fatalf("repetition %d is absent", i)
		}
	}
	if f.Repetition(n+1).State() != Empty || f.Repetition(n+2).IsPresent() {
		t.Error("the last repetition is wrong")
	}
}

func TestSmallThings(t *testing.T) {
	m := Parse([]byte("MSH|^~\\&|A\rPIDX|1\rOBX|a~b\r"))
	if got := m.Segment(1).Lead(); got != "PIDX" || m.Segment(1).ID() != "" || m.Segment(1).Field(1).String() != "1" {
		t.Errorf("the bad ID is %q", got)
	}
	if d := m.Segment(1).Delimiters(); d != Standard() {
		t.Errorf("delimiters of a segment: %+v", d)
	}
	v := m.Get(MustPath("OBX[*]-1[*]"))
	if v.Text() != "a" || v.Level() != LevelRepetition || v.Segment().Message() != m || v.Segment().Index() != 2 {
		t.Errorf("the first of all is %q, a %s", v.Text(), v.Level())
	}
	n, err := m.SetRaw(MustPath("MSH-2"), []byte(`^~\&#`))
	if err != nil || n.Delimiters().Truncation != "#" {
		t.Errorf("MSH-2: %v", err)
	}
	for _, s := range []interface{ String() string }{BreakLF, LineBadID, ItemOutside, Null, LevelField, EscapeHex} {
		if s.String() == "" {
			t.Errorf("%T has no name", s)
		}
	}
	names := map[string]bool{}
	for _, seq := range []string{"$B", "$@", "$(D", "$)C", "-A", "-B", "-C", "-D", "-L", "-G", "-F", "-H", "-M"} {
		name := switchTo([]byte(seq))
		if _, ok := encodings[name]; !ok {
			t.Errorf("%q switches to %q, which has no decoder", seq, name)
		}
		names[name] = true
	}
	if len(names) != 12 || switchTo([]byte("(B")) != "" {
		t.Errorf("%d sets to switch to", len(names))
	}
	for alias, name := range aliases {
		if _, ok := encodings[name]; !ok && name != ascii && name != utf8Name {
			t.Errorf("%s means %s, which has no decoder", alias, name)
		}
	}
}
