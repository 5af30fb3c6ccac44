package mapping

import (
	"fmt"
	"strings"
	"testing"
)

// TestOwner: what a mapping writes is compared with the scope of the project, by who owns it and which way it goes.
func TestOwner(t *testing.T) {
	office := []Flow{{"demographics", false, "in"}, {"insurance", false, "none"}, {"appointments", true, "out"}, {"results", false, "in"}, {"orders", true, "both"}, {"charges", true, "out"}}
	alone := []Flow{{"demographics", true, "both"}, {"insurance", true, "out"}}
	for _, c := range []struct {
		scope           []Flow
		direction, make string
		target          string
		data            string
		want            string // code, severity and a word of the text; "" for none
	}{
		{office, "in", "Patient", `{kind: "fhir", root: "Bundle"}`, "", ""},
		{office, "out", "Patient", `{kind: "fhir", root: "Bundle"}`, "", "scope warning the partner's system is the system of record"},
		{office, "out", "PID", `{kind: "hl7v2", message: "ADT_A01"}`, "", "scope warning come from the partner only"},
		{office, "out", "PID", `{kind: "hl7v2", message: "DFT_P03"}`, "", "scope information whom the message is about"},
		{office, "in", "IN1", `{kind: "hl7v2"}`, "", "scope warning not exchanged"},
		{office, "in", "SCH", `{kind: "hl7v2"}`, "", "scope warning our system is the system of record"},
		{office, "out", "OBX", `{kind: "hl7v2", message: "ORU_R01"}`, "", "scope warning writes results"},
		{office, "out", "OBX", `{kind: "hl7v2", message: "ORM_O01"}`, "", ""},
		{office, "in", "OBR", `{kind: "hl7v2", message: "ORM_O01"}`, "", "scope information writes orders"},
		{alone, "out", "Patient", `{kind: "fhir", root: "Bundle"}`, "", ""},
		{alone, "in", "Patient", `{kind: "fhir", root: "Bundle"}`, "", "scope information agree on who may overwrite"},
		{alone, "in", "Coverage", `{kind: "fhir", root: "Bundle"}`, "", "scope warning go to the partner only"},
		{alone, "in", "row", `{kind: "csv"}`, "", "no-data information kind of data"},
		{alone, "in", "row", `{kind: "csv"}`, "insurance", "scope warning (rules r1, r2)"},
		{alone, "", "row", `{kind: "csv"}`, "insurance", "no-direction information direction"},
		{alone, "in", "Practitioner", `{kind: "fhir", root: "Bundle"}`, "", ""},
		{nil, "out", "Patient", `{kind: "fhir", root: "Bundle"}`, "", ""},
	} {
		to := map[string]string{"fhir": "language", "hl7v2": c.make + "-1", "csv": "a"}[strings.Split(c.target, `"`)[1]]
		text := "map: 1\nsource: {kind: \"hl7v2\"}\ntarget: " + c.target + "\n"
		if c.direction != "" {
			text += "direction: " + c.direction + "\n"
		}
		text += fmt.Sprintf("blocks:\n- {id: b, make: %q, data: %q, rules: [{id: r1, to: %q, value: x, when: PID VALUED}, {id: r2, to: %q, value: y, when: PV1 VALUED}, {id: r3, to: %q, value: y, status: out-of-scope}]}\n", c.make, c.data, to, to, to)
		f, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range Check(f, c.scope) {
			if x.Code == CodeScope || x.Code == CodeNoData || x.Code == CodeNoDirection {
				got = append(got, x.Code+" "+string(x.Severity)+" "+x.Text)
			}
		}
		code, words, _ := strings.Cut(c.want, " ")
		severity, words, _ := strings.Cut(words, " ")
		switch {
		case c.want == "" && len(got) > 0, c.want != "" && len(got) != 1:
			t.Errorf("%s %s %s: %q", c.direction, c.make, c.target, got)
		case c.want != "" && (!strings.HasPrefix(got[0], code+" "+severity) || !strings.Contains(got[0], words)):
			t.Errorf("%s %s %s: %q, want %q", c.direction, c.make, c.target, got, c.want)
		}
	}
}
