package inspect

import (
	"strings"
	"testing"
)

func TestNormaliseIsOneChangeAndLosesNoValue(t *testing.T) {
	in := "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101600||ADT^A08^ADT_A01|MSG00414|P|2.5.1||\n" +
		"EVN|A08|20260302101600\n\n" +
		"PID|1||88201^^^LAKE^MR^&^~77^^^X^PI||Ash^Kim^^||1980-02-29|Male|||||\n" +
		"PV1|1|O|INF^2^^LAKE\n" +
		"NTE|1||a & b ^\n"
	p := editing(t, in)
	n, err := p.Normalise()
	if err != nil || n < 2 {
		t.Fatal(n, err)
	}
	got := string(p.Raw())
	for _, want := range []string{"|P|2.5.1\rEVN|", "|88201^^^LAKE^MR~77^^^X^PI||Ash^Kim||19800229|M\rPV1|", "INF^2^^LAKE\rNTE|1||"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if strings.Contains(got, "\n") || !strings.Contains(got, "a ") || !strings.Contains(got, " b ") {
		t.Errorf("%q", got)
	}
	if undo, did, _, _ := p.Changes(); undo != 1 || did != "normalising" {
		t.Errorf("%d changes, %q", undo, did)
	}
	if again, err := p.Normalise(); err != nil || again != 0 || string(p.Raw()) != got {
		t.Errorf("a second time changes %q to %q", got, p.Raw())
	}
	p.Undo()
	if string(p.Raw()) != in {
		t.Error("not as it came")
	}
	p = editing(t, "no message")
	if _, err := p.Normalise(); err == nil {
		t.Error("what is no message is normalised")
	}
}
