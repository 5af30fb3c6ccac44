package mapping

import (
	"fmt"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// make makes what a turn writes into. It is false for what an earlier turn has made already.
func (r *run) make(t *turn) bool {
	r.now, r.nowTurn, r.nowRep = nil, t, nil
	r.keys = r.keys[:0]
	src := t.block.src
	switch r.e.file.Target.Kind {
	case FHIR:
		return r.makeResource(t)
	case CSV, FixedWidth:
		t.out = r.object()
		r.rows = append(r.rows, t.out)
	case JSON, XML:
		r.makeObject(t)
	case HL7v2:
		s := &segmentOut{name: src.Make, source: -1, after: t.segment}
		if r.e.file.Target.Keep {
			if t.segment < 0 {
				s.after = r.message.last(t.bounds)
			}
			if t.segment >= 0 && (r.message.names[t.segment] == src.Make || src.Drop) {
				s.source, s.drop = t.segment, src.Drop
			} else if i := r.message.locate(t, src.Make, 1); t.block.per == nil && t.block.group == "" && i >= 0 {
				s.source = i
			}
		}
		t.seg = s
		r.segments = append(r.segments, s)
		if src.Make == "MSH" && s.source < 0 {
			s.set(hl7.Path{Segment: "MSH", Field: 2, Repetition: 1}, "")
		}
	}
	return true
}

// last is the last segment of a span.
func (m *message) last(s span) int { return max(0, s.to-1) }

func (r *run) makeResource(t *turn) bool {
	src := t.block.src
	switch {
	case t.twin != nil:
		return false
	case src.Make == r.e.file.Target.Root:
		t.out = r.root
		if t.index > 0 {
			r.warn(fmt.Sprintf("the message has more than one of what becomes the %s; they were written over each other", src.Make))
		}
		if src.Make != "Bundle" && t.index == 0 {
			r.addText(t.out, "id", t.id())
		}
		return true
	}
	t.out = r.object()
	r.addText(t.out, "resourceType", src.Make)
	r.addText(t.out, "id", t.id())
	entry := r.object()
	r.addText(entry, "fullUrl", t.urn)
	r.add(entry, "resource", t.out)
	r.attach(r.entries, entry)
	return true
}

func (r *run) makeObject(t *turn) {
	at := r.root
	if t.parent != nil {
		at = t.parent.out
	}
	if t.block.src.Make == "." {
		t.out = at
		return
	}
	holder := &turn{out: at}
	target := t.block.place
	made := r.object()
	steps := target.steps
	for _, s := range steps[:len(steps)-1] {
		child := holder.out.Member(s.name)
		if child == nil {
			child = r.object()
			child.Name = s.name
			r.attach(holder.out, child)
		}
		holder.out = child.Item(max(0, len(child.Children)-1) * btoi(child.Kind == fhir.Array))
	}
	last := steps[len(steps)-1]
	t.out = made
	if last.mode != oneMember {
		list := holder.out.Member(last.name)
		if list == nil {
			list = r.node()
			list.Kind, list.Name = fhir.Array, last.name
			r.attach(holder.out, list)
		}
		r.attach(list, made)
		return
	}
	if old := holder.out.Member(last.name); old != nil && old.Kind == fhir.Object {
		t.out = old
		return
	}
	made.Name = last.name
	r.attach(holder.out, made)
}
