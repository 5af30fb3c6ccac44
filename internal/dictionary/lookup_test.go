package dictionary

import (
	"sync"
	"testing"

	"trestle/internal/hl7"
)

func TestFor(t *testing.T) {
	for _, c := range []struct {
		in, want string
		exact    bool
	}{
		{"2.5.1", "2.5.1", true},
		{"2.1", "2.1", true},
		{"2.9.1", "2.9.1", true},
		{"2.3.1^USA", "2.3.1", true},
		{"2.3^^", "2.3", true},
		{"2.9", "2.9.1", false},
		{"2.9^USA", "2.9.1", false},
		{"2.10", "2.9.1", false},
		{"2.2b", "2.2", false},
		{"2.3.2", "2.3.1", false},
		{"2.5.9", "2.5.1", false},
		{"2.0D", "2.1", false},
		{"2", "2.1", false},
		{"2.", "2.1", false},
		{"V2.4", "2.4", false},
		{" 2.4", "2.4", false},
		{"2.4 ", "2.4", false},
		{"02.4", "2.4", false},
		{"", "2.5.1", false},
		{"3.0", "2.5.1", false},
		{"251", "2.5.1", false},
		{"junk", "2.5.1", false},
		{"99999999999999999999.1", "2.5.1", false},
	} {
		v, exact := For(c.in)
		if v.Name != c.want || exact != c.exact {
			t.Errorf("For(%q) = %s, %v; want %s, %v", c.in, v.Name, exact, c.want, c.exact)
		}
	}
}

func TestFieldAt(t *testing.T) {
	for _, c := range []struct {
		version, segment string
		f, c, s          int
		name, typ, usage string
		repeat           int
		table            string
	}{
		{"2.2", "PID", 3, 0, 0, "Patient ID (Internal ID)", "CM", "R", 0, ""},
		{"2.5.1", "PID", 3, 0, 0, "Patient Identifier List", "CX", "R", 0, ""},
		{"2.5.1", "PID", 3, 4, 0, "Assigning Authority", "HD", "O", 1, "0363"},
		{"2.5.1", "PID", 3, 4, 1, "Namespace ID", "IS", "O", 1, "0300"},
		{"2.5.1", "PID", 8, 1, 1, "Administrative Sex", "IS", "O", 1, "0001"},
		{"2.5.1", "OBX", 5, 0, 0, "Observation Value", "varies", "C", 0, ""},
		{"2.3", "MSH", 9, 0, 0, "Message Type", "CM", "R", 1, ""},
		{"2.3", "MSH", 9, 2, 0, "trigger event", "ID", "O", 1, ""},
		{"2.5.1", "MSH", 9, 0, 0, "Message Type", "MSG", "R", 1, ""},
		{"2.5.1", "MSH", 9, 3, 0, "Message Structure", "ID", "O", 1, "0354"},
		{"2.5.1", "pid", 3, 0, 0, "Patient Identifier List", "CX", "R", 0, ""},
	} {
		v, _ := For(c.version)
		f, ok := v.FieldAt(c.segment, c.f, c.c, c.s)
		if !ok || f.Name != c.name || f.Type != c.typ || f.Usage != c.usage || f.Repeat != c.repeat || f.Table != c.table {
			t.Errorf("%s %s-%d.%d.%d: %v %+v; want %+v", c.version, c.segment, c.f, c.c, c.s, ok, f, c)
		}
	}
	v, _ := For("2.5.1")
	for _, p := range [][3]int{{40, 0, 0}, {0, 0, 0}, {-1, 0, 0}, {3, 11, 0}, {3, 4, 4}, {8, 2, 0}, {8, 1, 2}, {3, 1, 2}} {
		if f, ok := v.FieldAt("PID", p[0], p[1], p[2]); ok {
			t.Errorf("PID-%d.%d.%d is %q, expected nothing", p[0], p[1], p[2], f.Name)
		}
	}
	if _, ok := v.FieldAt("OBX", 5, 1, 0); ok {
		t.Error("OBX-5.1 has a definition though its type varies")
	}
	if f, ok := v.ComponentAt("CE", 3, 0); !ok || f.Name != "Name of Coding System" {
		t.Errorf("CE.3 is %q", f.Name)
	}
	if f, ok := v.ComponentAt("CX", 4, 2); !ok || f.Name != "Universal ID" {
		t.Errorf("CX.4.2 is %q", f.Name)
	}
}

// Withdrawn components keep their number, so that what follows keeps its own.
func TestWithdrawnComponents(t *testing.T) {
	for version, usage := range map[string]string{"2.7": "X", "2.8.2": "X", "2.9.1": "W"} {
		v, _ := For(version)
		if f, ok := v.ComponentAt("XPN", 6, 0); !ok || f.Usage != usage || f.Type != "" {
			t.Errorf("XPN.6 of %s: %+v", version, f)
		}
		if f, ok := v.ComponentAt("XPN", 7, 0); !ok || f.Name != "Name Type Code" {
			t.Errorf("XPN.7 of %s: %+v", version, f)
		}
	}
}

func TestStructureOf(t *testing.T) {
	for _, c := range []struct{ version, kind, trigger, want string }{
		{"2.5.1", "ADT", "A04", "ADT_A01"},
		{"2.5.1", "ADT", "A08", "ADT_A01"},
		{"2.5.1", "ACK", "A04", "ACK"},
		{"2.5.1", "ACK", "", "ACK"},
		{"2.4", "ACK", "A04", "ACK"},
		{"2.9.1", "ACK", "A04", "ACK"},
		{"2.5.1", "ORU", "R01", "ORU_R01"},
		{"2.5.1", "ORU", "", "ORU_R01"},
		{"2.5.1", "ADT", "", "ADT_A01"},
		{"2.3", "SIU", "", "SIU_S12"},
		{"2.5.1", "ORU_R01", "", "ORU_R01"},
		{"2.5.1", "ADT_A08", "", "ADT_A01"},
		{"2.9.1", "ADT", "A04", "ADT_A01-B"},
		{"2.9.1", "ADT_A01", "", "ADT_A01"},
		{"2.5.1", "ADT", "A99", ""},
		{"2.5.1", "ABC", "XYZ", ""},
		{"2.5.1", "ABC", "", ""},
		{"2.7", "ORM", "O01", ""},
		{"2.5.1", "", "", ""},
	} {
		v, _ := For(c.version)
		got, ok := v.StructureOf(c.kind, c.trigger)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s %s^%s: %q, %v; want %q", c.version, c.kind, c.trigger, got, ok, c.want)
		}
		if ok {
			if _, known := v.Structure(got); !known {
				t.Errorf("%s: structure %s is not there", c.version, got)
			}
		}
	}
	v, _ := For("2.9.1")
	if s, ok := v.Structure("ADT_A01"); !ok || s.ID != "ADT_A01-A" || s.Published() != "ADT_A01" {
		t.Errorf("ADT_A01 of 2.9.1 is %+v", s)
	}
	if r, ok := v.Response("ADT", "A04"); !ok || r != "ACK^A04" {
		t.Errorf("the response to ADT^A04 is %q", r)
	}
}

func TestTrigger(t *testing.T) {
	v, _ := For("2.5.1")
	if name, ok := v.Trigger("A04"); !ok || name == "" {
		t.Errorf("A04 is %q", name)
	}
	if name, ok := v.Trigger("A99"); ok {
		t.Errorf("A99 is %q", name)
	}
}

func TestTables(t *testing.T) {
	values := func(version, id string) (s string) {
		v, _ := For(version)
		table, ok := v.Table(id)
		if !ok {
			t.Fatalf("%s has no table %s", version, id)
		}
		for _, c := range table.Codes {
			s += c.Value
		}
		return s
	}
	for version, want := range map[string]string{
		"2.1": "FMOU", "2.3.1": "FMOU", "2.4": "FMOUAN", "2.5.1": "FMOUAN", "2.8.2": "FMOUAN", "2.9.1": "FMOUANX",
	} {
		if got := values(version, "0001"); got != want {
			t.Errorf("table 0001 of %s: %s, want %s", version, got, want)
		}
	}
	v, _ := For("2.5.1")
	sex, _ := v.Table("0001")
	if c, ok := sex.Code("F"); !ok || c.Display != "Female" || sex.Kind != "user" || sex.OID != "2.16.840.1.113883.12.1" {
		t.Errorf("table 0001 of 2.5.1: %+v", sex)
	}
	if _, ok := sex.Code("Male"); ok {
		t.Error("table 0001 has the code Male")
	}
	old, _ := For("2.1")
	later, ok := old.Table("0354") // message structures: from 2.3.1 on
	if !ok || later.Listed || len(later.Codes) > 0 {
		t.Errorf("table 0354 in 2.1: %+v", later)
	}
	if _, ok := v.Table("9998"); ok {
		t.Error("table 9998 is there")
	}
	draft, _ := For("2.9.1")
	events, _ := draft.Table("0003")
	if c, ok := events.Code("A18"); !ok || !c.Deprecated {
		t.Errorf("A18 is not deprecated in the current terminology: %+v", c)
	}
}

func TestDefinedLater(t *testing.T) {
	for _, c := range []struct {
		version, segment string
		field            int
		later, name      string
	}{
		{"2.3", "FT1", 26, "2.3.1", "Procedure Code Modifier"},
		{"2.5.1", "OBX", 26, "2.8.2", ""},
		{"2.5.1", "PID", 3, "", ""},
		{"2.5.1", "PID", 99, "", ""},
		{"2.5.1", "ZZZ", 1, "", ""},
		{"2.9.1", "PID", 41, "", ""},
	} {
		later, f, ok := DefinedLater(c.version, c.segment, c.field)
		if ok != (c.later != "") || later != c.later && c.name != "" || c.name != "" && f.Name != c.name {
			t.Errorf("%s %s-%d: %s %q %v", c.version, c.segment, c.field, later, f.Name, ok)
		}
	}
}

func TestName(t *testing.T) {
	for _, c := range []struct{ version, path, want string }{
		{"2.5.1", "PID-3.4.1", "Patient Identifier List › Assigning Authority › Namespace ID"},
		{"2.5.1", "PID-3[2].4", "Patient Identifier List › Assigning Authority"},
		{"2.5.1", "PID-3", "Patient Identifier List"},
		{"2.5.1", "PID", "Patient Identification"},
		{"2.5.1", "PID-8.1", "Administrative Sex"},
		{"2.5.1", "PID-8.2", "Administrative Sex › Component 2"},
		{"2.5.1", "OBX[2]-5.2", "Observation Value › Component 2"},
		{"2.5.1", "OBX-5.2.3", "Observation Value › Component 2 › Subcomponent 3"},
		{"2.3", "FT1-26.1", "Procedure Code Modifier › identifier (2.3.1)"},
		{"2.5.1", "ZPD-1", ""},
		{"2.5.1", "PID-99", ""},
	} {
		v, _ := For(c.version)
		p, err := hl7.ParsePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.NameOf(p); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.version, c.path, got, c.want)
		}
	}
}

func TestLookupsDoNotAllocate(t *testing.T) {
	v, _ := For("2.5.1")
	v.Table("0001")
	for name, f := range map[string]func(){
		"For":         func() { For("2.5.1") },
		"Segment":     func() { v.Segment("PID") },
		"segment":     func() { v.Segment("pid") },
		"Type":        func() { v.Type("CX") },
		"Structure":   func() { v.Structure("ORU_R01") },
		"FieldAt":     func() { v.FieldAt("PID", 3, 4, 1) },
		"ComponentAt": func() { v.ComponentAt("CX", 4, 1) },
		"Table":       func() { v.Table("0001") },
		"StructureOf": func() { v.StructureOf("ADT", "A04") },
	} {
		if n := testing.AllocsPerRun(100, f); n > 0 {
			t.Errorf("%s makes %v allocations", name, n)
		}
	}
}

func TestConcurrentFirstUse(t *testing.T) {
	fresh := newVersions()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for _, v := range fresh {
				if _, ok := v.Segment("MSH"); !ok {
					t.Errorf("%s has no MSH", v.Name)
				}
				if _, ok := v.Table("0001"); !ok {
					t.Errorf("%s has no table 0001", v.Name)
				}
				if s, ok := v.Structure("ORU_R01"); ok {
					v.grammar(s)
				}
			}
		})
	}
	wait.Wait()
}
