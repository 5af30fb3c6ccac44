package hl7

import (
	"bytes"
	"slices"
	"testing"
)

// checkMessage parses data, walks everything in it and checks that nothing is
// lost and that segments, breaks and continuations tile the bytes.
func checkMessage(t testing.TB, data []byte) {
	t.Helper()
	m := Parse(data)
	if !bytes.Equal(m.Encode(), data) {
		t.Fatal("encoding gives other bytes")
	}
	pos := 0
	for s := range m.Segments() {
		b := s.Break()
		if s.Offset() != pos || b.Offset != s.End() || s.End() < pos {
			t.Fatalf("segment %d spans %d to %d, its break is at %d, expected start %d", s.Index(), s.Offset(), s.End(), b.Offset, pos)
		}
		if got := string(data[b.Offset : b.Offset+b.Length]); got != map[BreakKind]string{BreakCR: "\r", BreakLF: "\n", BreakCRLF: "\r\n"}[b.Kind] {
			t.Fatalf("break of segment %d is %q but is called %s", s.Index(), got, b.Kind)
		}
		if b.Reason == "" {
			t.Fatalf("break of segment %d has no reason", s.Index())
		}
		pos = b.Offset + b.Length
		walkSegment(t, m, s)
	}
	if pos != len(data) {
		t.Fatalf("segments end at %d of %d", pos, len(data))
	}
	at := 0
	for _, c := range m.Continuations() {
		s, ok := m.SegmentAt(c.Offset)
		if c.Offset < at || !ok || c.Offset+c.Length > s.End() || c.Reason == "" {
			t.Fatalf("continuation at %d (%d bytes) is not inside a segment", c.Offset, c.Length)
		}
		at = c.Offset + c.Length
	}
	step := max(1, len(data)/200)
	for i := 0; i <= len(data); i += step {
		m.Locate(i)
	}
	shared := Parse(data)
	shared.ShareText()
	for i := range m.Len() {
		if a, b := m.Segment(i), shared.Segment(i); a.Name() != b.Name() {
			t.Fatalf("segment %d is %q, with shared text %q", i, a.Name(), b.Name())
		}
		for f, g := m.Segment(i).Field(1), shared.Segment(i).Field(1); f.IsPresent(); f, g = f.Next(), g.Next() {
			sameTexts(t, f, g)
			for r, q := f.Repetition(1), g.Repetition(1); r.IsPresent(); r, q = r.Next(), q.Next() {
				sameTexts(t, r, q)
				for c, d := r.Component(1), q.Component(1); c.IsPresent(); c, d = c.Next(), d.Next() {
					sameTexts(t, c, d)
					sameTexts(t, c.Subcomponent(1), d.Subcomponent(1))
				}
			}
		}
	}
	if c := m.Charset(); c.Name == "" || c.Source == "" {
		t.Fatalf("no character set: %+v", c)
	}
}

// sameTexts compares a value of a message with the same of one that shares its text.
func sameTexts(t testing.TB, v, shared Value) {
	if v.Text() != shared.Text() {
		t.Fatalf("the text at %d is %q, with shared text %q", v.off, v.Text(), shared.Text())
	}
	want := ""
	if first := v.Subcomponent(1); first.State() != Null {
		want = first.Text()
	}
	if v.First() != want || shared.First() != want {
		t.Fatalf("the first text at %d is %q, with shared text %q, expected %q", v.off, v.First(), shared.First(), want)
	}
}

func walkSegment(t testing.TB, m *Message, s Segment) {
	next := s.Field(1)
	walkLeaves(t, s)
	count := 0
	end := s.Offset()
	for n, f := range s.All() {
		count++
		if n != count {
			t.Fatalf("field %d comes after %d", n, count-1)
		}
		if f.Offset() < end {
			t.Fatalf("field %d overlaps the one before", n)
		}
		end = f.End()
		if next != f {
			t.Fatalf("field %d differs between All and Next", n)
		}
		next = next.Next()
		if n <= 70 && s.Field(n) != f {
			t.Fatalf("field %d differs between All and Field", n)
		}
		walkValue(t, f)
	}
	if next.IsPresent() {
		t.Fatal("Next gives a field beyond the end")
	}
	var all []Value
	for _, f := range s.All() {
		all = append(all, f)
	}
	if !slices.Equal(s.AppendFields(nil), all) {
		t.Fatal("AppendFields gives other fields than All")
	}
	if count != s.Fields() {
		t.Fatalf("%d fields, Fields says %d", count, s.Fields())
	}
	if s.Field(count+1).IsPresent() || s.Field(0).IsPresent() {
		t.Fatal("a field beyond the end is present")
	}
}

func walkValue(t testing.TB, f Value) {
	f.Text()
	for e := range f.Escapes() {
		if e.Offset < f.Offset() || e.Offset+e.Length > f.End() || e.Length == 0 || !e.OK && e.Reason == "" {
			t.Fatalf("escape %+v in a value from %d to %d", e, f.Offset(), f.End())
		}
	}
	reps := 0
	for r := range f.AllRepetitions() {
		reps++
		if list := r.AppendComponents(make([]Value, 0, r.Components())); !slices.Equal(list, slices.Collect(r.AllComponents())) {
			t.Fatalf("AppendComponents gives %d components of %q", len(list), r.Raw())
		}
		if list := r.AppendSubcomponents(make([]Value, 0, r.Subcomponents())); !slices.Equal(list, slices.Collect(r.AllSubcomponents())) {
			t.Fatalf("AppendSubcomponents gives %d subcomponents of %q", len(list), r.Raw())
		}
		if list := r.AppendComponents(make([]Value, 0, 2)); cap(list) != 2 || len(list) != min(2, r.Components()) {
			t.Fatalf("AppendComponents gives %d components where 2 have room", len(list))
		}
		comps, next := 0, r.Component(1)
		for c := range r.AllComponents() {
			comps++
			if next != c {
				t.Fatalf("component differs between All and Next: %d-%d, %d-%d", c.off, c.end, next.off, next.end)
			}
			next = next.Next()
			subs := 0
			for s := range c.AllSubcomponents() {
				subs++
				if subs < 5 && s != c.Subcomponent(subs) {
					t.Fatal("subcomponents differ")
				}
				s.Text()
			}
			if subs != c.Subcomponents() {
				t.Fatal("wrong count of subcomponents")
			}
		}
		if next.IsPresent() {
			t.Fatal("Next gives a component beyond the end")
		}
		if comps != r.Components() {
			t.Fatal("wrong count of components")
		}
	}
	if reps != f.Repetitions() {
		t.Fatal("wrong count of repetitions")
	}
}

// walkLeaves compares the one pass over the leaves with the way down by levels.
func walkLeaves(t testing.TB, s Segment) {
	var want []Leaf
	for n, f := range s.All() {
		i := 0
		for r := f.Repetition(1); r.IsPresent(); r = r.Next() {
			i++
			j := 0
			for c := r.Component(1); c.IsPresent(); c = c.Next() {
				j++
				k := 0
				for p := c.Subcomponent(1); p.IsPresent(); p = p.Next() {
					k++
					leaf := Leaf{p, n, i, j, k}
					leaf.limit = leaf.end
					want = append(want, leaf)
				}
			}
		}
	}
	for f := range s.Leaves() {
		if len(want) == 0 || f != want[0] {
			t.Fatalf("leaf %d[%d].%d.%d at %d is not what the levels give", f.Field, f.Repetition, f.Component, f.Subcomponent, f.off)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Fatalf("%d leaves are missing", len(want))
	}
}
