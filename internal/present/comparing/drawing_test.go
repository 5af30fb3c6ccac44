package comparing

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestPairStandsInStep(t *testing.T) {
	p := open(t)
	p.pair(before, after)
	panes, unified := p.Panes()
	left, right := lines(panes[0]), lines(panes[1])
	if unified || len(left) != 7 || len(right) != 7 {
		t.Fatalf("%d and %d lines", len(left), len(right))
	}
	for i, want := range [][2]string{
		{"1 ~ MSH", "1 ~ MSH"}, {"2 ~ PID", "2 ~ PID"}, {"3   OBR", "3   OBR"}, {"    ", "4 + OBX|1|NM|4544-3"}, {"4", "5"}, {"5 ~ OBX", "6 ~ OBX"}, {"6 ~ NTE", "7 ~ NTE"},
	} {
		if !strings.HasPrefix(left[i], want[0]) || !strings.HasPrefix(right[i], want[1]) {
			t.Errorf("line %d: %q and %q, want %q", i, left[i], right[i], want)
		}
	}
	if at, ok := p.Cursor(0); !ok || p.CurrentPath() != "MSH-7" || string(panes[0].Text.Bytes(at, at+8)) != "20260302" {
		t.Errorf("at %d of %s", at, p.CurrentPath())
	}
	p.SetUnified(true)
	panes, _ = p.Panes()
	text := strings.Join(lines(panes[0]), "\n")
	for _, want := range []string{"2 - PID", "2 + PID", "4 + OBX", "3   OBR"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// What a mark covers is what differs, raw and decoded, beside each other and in one text.
func TestMarksCoverWhatDiffers(t *testing.T) {
	p := open(t)
	p.pair(before, after)
	for range 2 {
		for _, decoded := range []bool{false, true} {
			p.SetDecoded(decoded)
			panes, unified := p.Panes()
			marked := map[string]bool{}
			for _, pane := range panes {
				if pane == nil {
					continue
				}
				for _, m := range pane.Marks {
					marked[string(pane.Text.Bytes(m.From, m.To))] = true
				}
			}
			want := []string{"20260302101400", "20260402101400", "Jane", "Joan", "good", "bad", "A \\T\\ B"}
			if decoded {
				want[6] = "A & C"
			}
			for _, w := range want {
				if !marked[w] {
					t.Errorf("decoded %v, unified %v: %q is not marked: %v", decoded, unified, w, marked)
				}
			}
		}
		p.SetUnified(true)
	}
}

func TestStepsGoRound(t *testing.T) {
	p := open(t)
	p.pair(before, after)
	var paths []string
	for range p.Differences().Len() {
		paths = append(paths, p.CurrentPath())
		p.Step(1)
	}
	if got := strings.Join(paths, " "); got != "MSH-7 PID-5.2 OBX OBX[2]-5 NTE-3 MSH-7 PID-5.2" && got != "MSH-7 PID-5.2 OBX OBX[2]-5 NTE-3 MSH-7" && got != "MSH-7 PID-5.2 OBX OBX[2]-5 NTE-3" {
		t.Errorf("steps %s", got)
	}
	p.SetCurrent(0)
	p.Step(-1)
	if p.CurrentPath() != "NTE-3" {
		t.Errorf("the step back from the first goes to %s", p.CurrentPath())
	}
	if !strings.Contains(p.Where(), "NTE-3  Comment") {
		t.Errorf("where: %s", p.Where())
	}
}

func TestEqualLinesFold(t *testing.T) {
	p := open(t)
	long := before
	for i := range 40 {
		long += fmt.Sprintf("NTE|%d||line %d\r", i+2, i)
	}
	p.pair(long, long+"ZZZ|1\r")
	panes, _ := p.Panes()
	if n := panes[0].Text.Lines(); n > 8 || !strings.Contains(strings.Join(lines(panes[1]), "\n"), "⋯ 43 lines without a difference") {
		t.Errorf("%d lines: %q", n, lines(panes[1]))
	}
	p.SetFolded(false)
	if panes, _ = p.Panes(); panes[0].Text.Lines() != 47 {
		t.Errorf("%d lines unfolded", panes[0].Text.Lines())
	}
}

// Nothing of a person is in what is drawn under the mask, nor in what could be copied from it.
func TestMaskHidesThePerson(t *testing.T) {
	p := open(t)
	p.pair(before, after)
	p.ExpectThis()
	p.Step(1)
	p.ExpectThis() // of the name
	p.settle()
	p.SetMasked(true)
	for _, unified := range []bool{false, true} {
		p.SetUnified(unified)
		for _, decoded := range []bool{false, true} {
			p.SetDecoded(decoded)
			panes, _ := p.Panes()
			shown := grid(p.Differences()) + grid(p.RuleList()) + grid(p.Patterns()) + p.Where() + p.News().Text
			for _, pane := range panes {
				if pane != nil {
					shown += strings.Join(lines(pane), "\n") + string(pane.Text.Bytes(0, 1<<20))
				}
			}
			for _, secret := range []string{"Jane", "Joan", "Marlow", "88121", "19790228"} {
				if strings.Contains(shown, secret) {
					t.Errorf("unified %v, decoded %v: %s shows", unified, decoded, secret)
				}
			}
		}
	}
	if title := p.Title(); title.Left != "hidden by the mask" {
		t.Errorf("title %+v", title)
	}
}

// Documents on one line are broken at their structure and stand in step.
func TestDocumentsStandInStep(t *testing.T) {
	p := open(t)
	left := `{"resourceType":"Patient","id":"a","name":[{"family":"Marlow","given":["Jane","Q"]}],"gender":"female","birthDate":"1979-02-28","address":[{"line":["12 Oak Cir"],"city":"Lake"}],"contact":[]}`
	right := `{"resourceType":"Patient","id":"b","name":[{"family":"Marlow","given":["Joan","Q"]}],"gender":"female","birthDate":"1979-02-28","active":true,"address":[{"line":["12 Oak Cir"],"city":"Lake"}],"contact":[]}`
	p.SetFolded(false)
	p.pair(left, right)
	panes, _ := p.Panes()
	a, b := lines(panes[0]), lines(panes[1])
	if len(a) != len(b) || len(a) < 12 {
		t.Fatalf("%d and %d lines", len(a), len(b))
	}
	signs := map[string]string{}
	for i := range a {
		if strings.Contains(a[i], "Jane") && !strings.Contains(b[i], "Joan") {
			t.Errorf("line %d: %q beside %q", i, a[i], b[i])
		}
		for _, word := range []string{`"id"`, "Joan", "active", "Lake"} {
			if strings.Contains(b[i], word) {
				signs[word] = strings.Fields(b[i])[1]
			}
		}
	}
	if signs["Joan"] != "~" || signs["active"] != "+" || signs[`"id"`] != "≈" || signs["Lake"] == "~" {
		t.Errorf("signs %q", signs)
	}
	if text := grid(p.Differences()); !strings.Contains(text, "Patient.name[0].given[0]") || !strings.Contains(text, "what a FHIR server makes by itself") {
		t.Errorf("differences\n%s", text)
	}
	p.pair(`<a><b x="1">one</b><c/><d>`+strings.Repeat("long ", 40)+`</d></a>`, `<a><b x="2">one</b><c/><d>`+strings.Repeat("long ", 40)+`</d></a>`)
	if panes, _ = p.Panes(); panes[0].Text.Lines() != 5 {
		t.Errorf("%q", lines(panes[0]))
	}
}

// large is a message of n results, and the same with every 40th changed.
func large(n int) (a, b string) {
	var l, r strings.Builder
	for _, w := range []*strings.Builder{&l, &r} {
		w.WriteString("MSH|^~\\&|LAB|MAIN|EHR|INF|20260302101400||ORU^R01^ORU_R01|M1|P|2.5.1\rPID|1||88121^^^LAKE^MR||Marlow^Jane\rOBR|1|P1|F1|1^PANEL\r")
	}
	for i := range n {
		fmt.Fprintf(&l, "OBX|%d|NM|%d-%d^Analyte %d^LN||%d|mmol/L|1-9|N|||F|||20260301100000\r", i+1, 5000+i, i%9, i, i)
		value := i
		if i%40 == 7 {
			value = i + 1
		}
		fmt.Fprintf(&r, "OBX|%d|NM|%d-%d^Analyte %d^LN||%d|mmol/L|1-9|N|||F|||20260301100000\r", i+1, 5000+i, i%9, i, value)
	}
	return l.String(), r.String()
}

// Drawing is done on the goroutine of the screen: it must be quick for a pair of 2 MB.
func BenchmarkDraw(b *testing.B) {
	left, right := large(20_000)
	m := New(nil, nil)
	m.found = newResults(nil)
	m.open.show(readPair([2][]byte{[]byte(left), []byte(right)}, nil))
	for _, way := range []struct {
		name                     string
		unified, decoded, folded bool
	}{{"folded", false, false, true}, {"whole", false, false, false}, {"decoded", false, true, false}, {"unified", true, false, false}} {
		b.Run(way.name, func(b *testing.B) {
			m.open.unified, m.open.decoded, m.open.folded = way.unified, way.decoded, way.folded
			for b.Loop() {
				m.open.panes = [2]*Pane{}
				m.open.draw()
			}
		})
	}
	b.Run("step", func(b *testing.B) {
		for b.Loop() {
			m.Step(1)
			m.Cursor(0)
			m.Cursor(1)
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			readPair([2][]byte{[]byte(left), []byte(right)}, nil)
		}
	})
}

// Whatever two files hold, they can be drawn in every way, and plain lines are the bytes as they came.
func FuzzDrawing(f *testing.F) {
	f.Add([]byte(before), []byte(after))
	f.Add([]byte(`{"a":[1,{"b":"x"},[]],"c":{}}`), []byte(`{"a":[1,2]}`))
	f.Add([]byte("<a><b/>x</a>"), []byte("<a>\r\n<c>y</c></a>"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		m := New(nil, nil)
		o := &m.open
		m.found = newResults(nil)
		for _, masked := range []bool{false, true} {
			m.masked = masked
			for way := range 8 {
				o.unified, o.decoded, o.folded = way&1 != 0, way&2 != 0, way&4 != 0
				o.panes = [2]*Pane{}
				o.show(readPair([2][]byte{a, b}, nil))
				for side, p := range o.panes {
					if p == nil {
						continue
					}
					for _, k := range p.AllMarks() {
						if k.From < 0 || k.To < k.From {
							t.Fatalf("mark %+v", k)
						}
					}
					for line := range min(p.Text.Lines(), 40) {
						p.Text.Line(line, 0, p.Text.Columns(line))
					}
					for range min(len(o.listed), 10) {
						m.Step(1)
						m.Cursor(side)
					}
				}
			}
		}
		for _, c := range o.contents {
			for i, s := range c.lines {
				at := s.from
				for _, x := range c.decode(i, false, nil) {
					if x.from != at || x.to < x.from {
						t.Fatalf("line %d: a piece from %d to %d, at %d", i, x.from, x.to, at)
					}
					at = x.to
				}
				if drawn := c.plain(i, false).text; at != s.to || !bytes.Equal(drawn, c.bytes[s.from:s.to]) {
					t.Fatalf("line %d is drawn as %q, to %d", i, drawn, at)
				}
			}
		}
	})
}
