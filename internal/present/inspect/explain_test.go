package inspect

import (
	"strings"
	"testing"
)

func facts(e Explanation) string {
	var b strings.Builder
	for _, f := range e.Facts {
		b.WriteString(f[0] + ": " + f[1] + "; ")
	}
	return b.String()
}

func TestFieldIsExplained(t *testing.T) {
	p := open(t)
	p.add(admit)
	p.Select(0)
	p.settle()
	for _, c := range []struct{ at, title, fact, table string }{
		{"|F\r", "PID-8  Administrative Sex", "Data type: IS", "0001  "},
		{"88121", "PID-3.1  Patient Identifier List › ID Number", "Data type: ST", ""},
		{"19790228", "PID-7  Date/Time of Birth", "Components: 1 Time", ""},
		{"PV1|", "PV1  Patient Visit", "Fields: 52", ""},
	} {
		at := strings.Index(admit, c.at)
		if c.at[0] == '|' {
			at++
		}
		p.MoveTo(at)
		e, ok := p.Explain()
		if !ok || e.Title != c.title || !strings.Contains(facts(e), c.fact) || !strings.HasPrefix(e.Table, c.table) {
			t.Errorf("%s: %q %q table %q", c.at, e.Title, facts(e), e.Table)
		}
	}
	p.MoveTo(strings.Index(admit, "|F\r") + 1)
	e, _ := p.Explain()
	if e.Codes == nil || e.Codes.Cell(e.Chosen, 0).Text != "F" || e.Codes.Cell(e.Chosen, 1).Text != "Female" {
		t.Errorf("chosen %d", e.Chosen)
	}
	hint := p.HintAt(strings.Index(admit, "|F\r") + 1)
	if !strings.HasPrefix(hint, "PID-8  Administrative Sex  ·  IS  ·  optional") || !strings.HasSuffix(hint, "table 0001: Female") {
		t.Errorf("hint %q", hint)
	}
	p.SetMasked(true)
	if e, _ := p.Explain(); e.Chosen != -1 || strings.Contains(p.HintAt(strings.Index(admit, "|F\r")+1), "Female") {
		t.Error("the mask lets a code be told")
	}
	if p.LeadAt(2) != "PID" {
		t.Errorf("lead %q", p.LeadAt(2))
	}
	if p.HintAt(-1) != "" {
		t.Error("a hint beside the text")
	}
}

func TestWrappingIsKept(t *testing.T) {
	p := open(t)
	p.SetWraps(true)
	p.settle()
	again := New(p.stage.Runner, p.stage.Workspace)
	defer again.Close()
	again.Reload()
	p.settle()
	if !again.Wraps() {
		t.Error("forgotten")
	}
}
