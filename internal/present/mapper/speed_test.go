package mapper

import (
	"fmt"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/present/stage"
)

// large is a mapping of n rules in blocks of a hundred, each from a field of its own kind.
func large(n int) *mapping.File {
	f := &mapping.File{ID: "adt-large", Title: "ADT, large", Source: mapping.End{Kind: mapping.HL7v2, Version: "2.5.1", Message: "ADT_A01"}, Target: mapping.End{Kind: mapping.FHIR, Version: "4.0.1", Root: "Bundle"}}
	segments := []string{"PID", "PV1", "PV2", "NK1", "IN1", "GT1", "DG1", "AL1", "OBX", "PR1"}
	for i := 0; i < n; {
		segment := segments[i/100%len(segments)]
		b := mapping.Block{ID: fmt.Sprintf("b-%04d", i), Make: "Patient", Per: segment}
		for k := 0; k < 100 && i < n; k++ {
			r := mapping.Rule{ID: fmt.Sprintf("r-%04d", i), To: fmt.Sprintf("name[n%d].family", k), From: []string{fmt.Sprintf("%s-%d.1", segment, k%30+1)}, Do: []mapping.Step{{Name: "trim"}, {Name: "upper"}}, Status: mapping.Draft}
			if segment == "PID" && k%30+1 < 3 {
				r.When = "PID-8 VALUED"
			}
			b.Rules = append(b.Rules, r)
			i++
		}
		f.Blocks = append(f.Blocks, b)
	}
	return f
}

// add puts a mapping into the project without opening it.
func add(t testing.TB, s *stage.Stage, name string, f *mapping.File) {
	t.Helper()
	b, err := mapping.Pack(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Workspace.PutDocument(t.Context(), savedKind, name, b, 0); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkOpen opens a mapping of 3,000 rules with ten samples: read, shown, tried on the first, with the trees and lines of the
// picture. Aim: 500 ms.
func BenchmarkOpen(b *testing.B) {
	m, s := newPlace(b, admits(10)...)
	add(b, s, "large", large(3000))
	for b.Loop() {
		m.Open("large")
		s.Settle()
		if m.File().Rules() != 3000 {
			b.Fatal("not open")
		}
		m.CloseMapping()
	}
}

// BenchmarkLines is what the picture of 3,000 rules asks for each frame while it is scrolled: the lines, and the cells of
// both sides. Aim: a part of 16 ms.
func BenchmarkLines(b *testing.B) {
	m, s := newPlace(b, admits(10)...)
	add(b, s, "large", large(3000))
	m.Open("large")
	s.Settle()
	d := m.doc
	for i := range d.sides {
		for _, r := range d.sides[i].roots {
			d.sides[i].open[d.sides[i].nodes[r].key] = true
		}
	}
	d.arrange()
	source, target := m.SourceTree(), m.TargetTree()
	var curves []Curve
	n := 0
	for b.Loop() {
		n = (n + 1) % 500
		curves = m.Curves(curves, float64(n), float64(2*n), 40)
		for row := n; row < min(n+40, source.Len(), target.Len()); row++ {
			for c := range source.Columns() {
				source.Cell(row, c)
			}
			for c := range target.Columns() {
				target.Cell(row, c)
			}
		}
	}
	b.ReportMetric(float64(len(curves)), "lines")
}

// BenchmarkEdit changes a rule of the starter for admissions until all of 100 samples show what comes of it. Aim: 100 ms.
func BenchmarkEdit(b *testing.B) {
	m, s := opened(b, admits(100)...)
	row := m.RowOf("pid-12")
	n := 0
	for b.Loop() {
		n++
		if err := m.SetCell(row, ColumnNote, fmt.Sprint(n)); err != nil {
			b.Fatal(err)
		}
		s.Settle()
		if _, fresh := m.Report(); !fresh {
			b.Fatal("no preview")
		}
	}
}

// BenchmarkEditLarge is an edit in a mapping of 3,000 rules, on the goroutine of the screen alone.
func BenchmarkEditLarge(b *testing.B) {
	m, s := newPlace(b, admits(10)...)
	add(b, s, "large", large(3000))
	m.Open("large")
	s.Settle()
	d, n := m.doc, 0
	for b.Loop() {
		n++
		d.change("Change a note", func(e *Edit) bool { e.Rule("b-1500", "r-1550").Note = fmt.Sprint(n); return true })
		d.grow()
	}
}
