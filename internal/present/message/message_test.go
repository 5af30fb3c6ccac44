package message

import (
	"strings"
	"testing"

	"trestle/internal/present/screen"
)

const admit = "MSH|^~\\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101400||ADT^A08^ADT_A01|MSG00412|P|2.5.1\rEVN|A08|20260302101400\rPID|1||88121^^^LAKE^MR||Marlow^Jane^Q||19790228|F\rPV1|1|O|INF^2^^LAKE\r"

// visible is what a text lets be read, line by line: what is drawn as blocks or marked as hidden is left out.
func visible(t screen.Text) string {
	var b strings.Builder
	for line := range t.Lines() {
		text, spans := t.Line(line, 0, t.Columns(line))
		at := 0
		for _, s := range spans {
			if s.Role == screen.RoleMasked {
				b.WriteString(text[at:s.Start])
				at = s.End
			}
		}
		b.WriteString(text[at:] + "\n")
	}
	return b.String()
}

func TestRawIsDrawnInRoles(t *testing.T) {
	d := Read([]byte(admit))
	if !d.IsHL7 || d.Version.Name != "2.5.1" {
		t.Fatalf("read as HL7 %v, version %v", d.IsHL7, d.Version.Name)
	}
	text := d.Raw(false)
	if text.Lines() != 4 {
		t.Errorf("%d lines", text.Lines())
	}
	line, spans := text.Line(0, 0, text.Columns(0))
	if !strings.HasPrefix(line, "MSH|^~\\&|LAKESIDE") || spans[0].Role != screen.RoleSegment || spans[0].End != 3 {
		t.Errorf("%q %v", line, spans[:3])
	}
}

// Nothing of a person shows under the mask, in the text, in the hex dump and in what is copied from either.
func TestMaskHidesThePerson(t *testing.T) {
	for _, text := range []string{admit, strings.ReplaceAll(admit, "\r", "\n"), strings.ReplaceAll(admit, "\rPID", "PID"), "Marlow Jane 19790228 88121", "{\"name\":\"Marlow Jane\",\"id\":\"88121\",\"born\":\"19790228\"}"} {
		d := Read([]byte(text))
		for name, view := range map[string]screen.Text{"raw": d.Raw(true), "hex": d.Hex(true)} {
			shown := visible(view) + string(view.Bytes(0, len(text)))
			for _, secret := range []string{"Marlow", "Jane", "19790228", "88121"} {
				if strings.Contains(shown, secret) {
					t.Errorf("%s of %.12q shows %q", name, text, secret)
				}
			}
		}
	}
	if shown := visible(Read([]byte(admit)).Raw(true)); !strings.Contains(shown, "ADT^A08^ADT_A01") || !strings.Contains(shown, "PID|1|") {
		t.Errorf("the envelope is hidden too: %s", shown)
	}
}

// A message whose segments run into each other shows nothing but its IDs.
func TestMaskTrustsNoBlurredMessage(t *testing.T) {
	if d := Read([]byte(strings.ReplaceAll(admit, "\rPID", "PID"))); !d.Opaque {
		t.Error("the mask trusts segments that run into each other")
	}
	if d := Read([]byte(admit)); d.Opaque {
		t.Error("the mask does not trust a whole message")
	}
}

func TestFieldsAreNamedAndMasked(t *testing.T) {
	d := Read([]byte(strings.Replace(admit, "Marlow^Jane", `Mar\T\low^Jane`, 1)))
	rows := map[string]string{}
	f := d.Fields(false)
	for i := range f.Len() {
		rows[f.Cell(i, 0).Text] = f.Cell(i, 1).Text + " = " + f.Cell(i, 2).Text
	}
	if got := rows["PID-5.1"]; got != "Patient Name › Family Name › Surname = Mar&low" && got != "Patient Name › Family Name = Mar&low" {
		t.Errorf("PID-5.1: %q in %v", got, rows)
	}
	if _, ok := rows["PID-2"]; ok {
		t.Error("an empty field is listed")
	}
	masked := d.Fields(true)
	for i := range masked.Len() {
		if c := masked.Cell(i, 2); !c.Masked && (strings.Contains(c.Text, "low") || c.Text == "88121") {
			t.Errorf("%s shows %q", masked.Cell(i, 0).Text, c.Text)
		}
	}
	if n := Read([]byte("{}")).Fields(false).Len(); n != 0 {
		t.Errorf("%d fields of what is not HL7 v2", n)
	}
}

func FuzzDrawing(f *testing.F) {
	f.Add([]byte(admit))
	f.Add([]byte("MSH|^~\\&|\xff\x00\x0b\x1c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := Read(b)
		for _, view := range []screen.Text{d.Raw(false), d.Raw(true), d.Hex(true)} {
			for line := range min(view.Lines(), 50) {
				view.Line(line, 0, view.Columns(line))
			}
			d.Fields(true)
			if n := len(view.Bytes(0, len(b))); n != len(b) {
				t.Fatalf("%d of %d bytes", n, len(b))
			}
		}
	})
}
