package dictionary

import (
	"io/fs"
	"strings"
	"testing"
)

// The counts of the source, version by version.
var counts = []struct {
	version                                        string
	segments, fields, withLength, withTable        int
	types, components, compWithLength, compWithTab int
	structures, nodes, messages, triggers          int
	tables, codes                                  int
}{
	{"2.1", 38, 435, 429, 127, 18, 32, 0, 0, 39, 229, 39, 37, 105, 353},
	{"2.2", 62, 767, 767, 188, 70, 209, 0, 7, 73, 614, 74, 56, 163, 784},
	{"2.3", 110, 1468, 1462, 406, 88, 363, 0, 58, 117, 1794, 243, 182, 284, 1804},
	{"2.3.1", 110, 1485, 1459, 463, 90, 402, 0, 113, 118, 1850, 240, 190, 307, 2436},
	{"2.4", 138, 1811, 1810, 646, 91, 411, 0, 126, 179, 2590, 337, 288, 408, 3728},
	{"2.5", 150, 2095, 2094, 723, 89, 431, 431, 153, 202, 3542, 371, 313, 477, 4604},
	{"2.5.1", 150, 2103, 2102, 726, 89, 431, 431, 153, 201, 3528, 371, 310, 477, 4603},
	{"2.6", 170, 2466, 2466, 992, 89, 444, 443, 160, 217, 4103, 402, 333, 538, 5143},
	{"2.7", 170, 2520, 301, 1021, 88, 492, 82, 157, 192, 4393, 369, 311, 535, 5160},
	{"2.7.1", 170, 2520, 301, 1013, 88, 492, 82, 157, 192, 4395, 369, 311, 536, 5174},
	{"2.8", 176, 2654, 308, 1042, 87, 444, 79, 134, 206, 4798, 355, 305, 557, 5295},
	{"2.8.1", 176, 2659, 335, 1046, 87, 444, 79, 134, 210, 4915, 360, 306, 558, 5302},
	{"2.8.2", 180, 2718, 330, 1072, 88, 448, 79, 134, 211, 4927, 361, 306, 565, 5425},
	{"2.9.1", 190, 2912, 351, 1153, 83, 448, 79, 134, 305, 7518, 336, 382, 838, 5902},
}

type tally struct{ defined, length, table int }

func (t *tally) add(fields []Field) {
	for i, f := range fields {
		if !f.Defined() {
			continue
		}
		if f.Position != i+1 {
			panic("position does not follow the index")
		}
		t.defined++
		if f.MaxLength > 0 {
			t.length++
		}
		if f.Table != "" {
			t.table++
		}
	}
}

func countNodes(nodes []Node) int {
	n := len(nodes)
	for _, node := range nodes {
		n += countNodes(node.Children)
	}
	return n
}

func TestCounts(t *testing.T) {
	if len(counts) != len(Versions()) {
		t.Fatalf("%d versions, expected %d", len(Versions()), len(counts))
	}
	for i, want := range counts {
		if Versions()[i] != want.version {
			t.Fatalf("version %d is %s, expected %s", i, Versions()[i], want.version)
		}
		v, exact := For(want.version)
		if !exact || v.Draft != (want.version == "2.9.1") {
			t.Errorf("%s: exact %v, draft %v", want.version, exact, v.Draft)
		}
		var fields, components tally
		for _, s := range v.Segments() {
			fields.add(s.Fields)
		}
		for _, d := range v.Types() {
			components.add(d.Components)
		}
		nodes, codes := 0, 0
		for _, s := range v.Structures() {
			nodes += countNodes(s.Nodes)
		}
		for _, table := range v.Tables() {
			codes += len(table.Codes)
		}
		got := want
		got.segments, got.fields, got.withLength, got.withTable = len(v.Segments()), fields.defined, fields.length, fields.table
		got.types, got.components, got.compWithLength, got.compWithTab = len(v.Types()), components.defined, components.length, components.table
		got.structures, got.nodes, got.messages, got.triggers = len(v.Structures()), nodes, len(v.facts.message), len(v.facts.trigger)
		got.tables, got.codes = len(v.Tables()), codes
		if got != want {
			t.Errorf("version %s\n got %v\nwant %v", want.version, got, want)
		}
	}
}

func TestReferencesResolve(t *testing.T) {
	for _, name := range Versions() {
		v, _ := For(name)
		check := func(where string, fields []Field) {
			for _, f := range fields {
				if f.Type != "" && f.Type != "varies" && f.Type != "CM" && f.typ == nil {
					t.Errorf("%s: %s.%d has type %s, which is not defined", name, where, f.Position, f.Type)
				}
				if strings.HasPrefix(f.Type, "CM_") {
					t.Errorf("%s: %s.%d shows the invented type %s", name, where, f.Position, f.Type)
				}
				if _, ok := v.Table(f.Table); !ok && f.Table != "" {
					t.Errorf("%s: %s.%d has table %s, which is not known", name, where, f.Position, f.Table)
				}
			}
		}
		for _, s := range v.Segments() {
			check(s.ID, s.Fields)
		}
		for _, d := range v.Types() {
			check(d.Name, d.Components)
		}
		for key, m := range v.facts.message {
			if _, ok := v.Structure(m.structure); !ok {
				t.Errorf("%s: %s has structure %s, which is not defined", name, key, m.structure)
			}
		}
	}
}

// Loading is cheap: fewer allocations than there are segments, types and structures, none for a field. BenchmarkLoad
// measures the time.
func TestLoadAllocations(t *testing.T) {
	for _, name := range Versions() {
		v, _ := For(name)
		things := len(v.Segments()) + len(v.Types()) + len(v.Structures())
		got := testing.AllocsPerRun(1, func() {
			if _, err := (&Version{Name: name}).unpack(); err != nil {
				t.Fatal(err)
			}
		})
		if limit := float64(things + 100); got > limit {
			t.Errorf("version %s loads with %.0f allocations for %d things, at most %.0f are allowed", name, got, things, limit)
		}
	}
}

func TestEmbeddedSize(t *testing.T) {
	total := int64(len(notices))
	err := fs.WalkDir(packed, ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total >= 1<<20 {
		t.Errorf("%d bytes are embedded, at most %d are allowed", total, 1<<20)
	}
	t.Logf("%d bytes embedded", total)
}

func TestNotices(t *testing.T) {
	for _, want := range []string{
		"HL7 v2 code tables © Health Level Seven International",
		"Version 2.9.1 is a DRAFT",
		"CC0-1.0",
		"Copyright (c) 2020 davebronson",
		"Permission is hereby granted",
		"registered trademark",
	} {
		if !strings.Contains(Notices(), want) {
			t.Errorf("the notices do not say %q", want)
		}
	}
	if n := strings.Count(Notices(), "Permission is hereby granted"); n != 5 {
		t.Errorf("%d MIT licence texts, expected 5", n)
	}
}
