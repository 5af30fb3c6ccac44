package dictionary

import "strings"

// Segments returns all segments of the version, sorted by ID.
func (v *Version) Segments() []Segment { return v.load().segments }

// Types returns all data types of the version, sorted by name. Types named
// CM_XXX are the component lists of single fields, which the standard calls CM.
func (v *Version) Types() []DataType { return v.load().types }

// Structures returns all message structures of the version, sorted by ID.
func (v *Version) Structures() []Structure { return v.load().structures }

// Segment returns the definition of a segment. Lower-case letters are read as
// upper-case ones.
func (v *Version) Segment(id string) (*Segment, bool) {
	f := v.load()
	if s, ok := f.segment[id]; ok {
		return s, true
	}
	var upper [8]byte
	n, changed := upperASCII(upper[:], id)
	if !changed {
		return nil, false
	}
	s, ok := f.segment[string(upper[:n])]
	return s, ok
}

// upperASCII writes s in upper case to b; changed is false if s has no
// lower-case letter or does not fit.
func upperASCII(b []byte, s string) (n int, changed bool) {
	if len(s) > len(b) {
		return 0, false
	}
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
			changed = true
		}
		b[i] = c
	}
	return len(s), changed
}

// Type returns the definition of a data type.
func (v *Version) Type(name string) (*DataType, bool) {
	t, ok := v.load().typ[name]
	return t, ok
}

// Structure returns a message structure by the ID of MSH-9.3. In 2.9.1, where
// one published ID has lettered variants, it also takes the lettered ID, and
// gives the first variant for the published one.
func (v *Version) Structure(id string) (*Structure, bool) {
	s, ok := v.load().structure[id]
	return s, ok
}

// StructureOf returns the ID of the structure that messages of a type and
// trigger event (MSH-9.1 and MSH-9.2) have. It resolves in this order:
//
//   - the pair itself, such as ADT and A04;
//   - a structure ID in the place of the type, such as ORU_R01 with no trigger;
//     if there is none of that name it is read as type and trigger, so that the
//     widespread ADT_A08 gives ADT_A01;
//   - ACK with any trigger: ACK;
//   - a type with no trigger: the structure that is named like the type, or else
//     that of its first trigger event (ADT gives that of A01, ORU that of R01).
//
// In 2.9.1 the ID can be a lettered variant; see [Structure.Published].
func (v *Version) StructureOf(messageType, trigger string) (string, bool) {
	f := v.load()
	if m, ok := f.message[messageType+"^"+trigger]; ok && trigger != "" {
		return m.structure, true
	}
	if kind, event, ok := strings.Cut(messageType, "_"); ok {
		if _, known := f.structure[messageType]; known {
			return messageType, true
		}
		m, known := f.message[kind+"^"+event]
		return m.structure, known
	}
	if _, known := f.structure[messageType]; known && (trigger == "" || messageType == "ACK") {
		return messageType, true
	}
	if trigger != "" {
		return "", false
	}
	m, ok := f.message[f.first[messageType]]
	return m.structure, ok
}

// Response returns the message, such as ACK^A04, that answers a message of this
// type and trigger event. Only 2.9.1 says so.
func (v *Version) Response(messageType, trigger string) (string, bool) {
	m, ok := v.load().message[messageType+"^"+trigger]
	return m.response, ok && m.response != ""
}

// HasMessage tells whether the version defines a message of this type and
// trigger event.
func (v *Version) HasMessage(messageType, trigger string) bool {
	_, ok := v.load().message[messageType+"^"+trigger]
	return ok
}

// Trigger returns the name of a trigger event.
func (v *Version) Trigger(event string) (string, bool) {
	name, ok := v.load().trigger[event]
	return name, ok
}

// FieldAt returns the definition of a field (component and subcomponent 0), a
// component (subcomponent 0) or a subcomponent. Positions count from 1. A
// primitive value is its own first component: PID-8.1 gives what PID-8 gives.
// It is false where the version defines nothing there, and for components of a
// field whose type varies (OBX-5): use [Version.ComponentAt] with its type.
func (v *Version) FieldAt(segment string, field, component, subcomponent int) (Field, bool) {
	s, ok := v.Segment(segment)
	if !ok {
		return Field{}, false
	}
	f, ok := at(s.Fields, field)
	if !ok {
		return Field{}, false
	}
	return descend(f, component, subcomponent)
}

// ComponentAt returns the definition of a component or subcomponent of a data
// type, for places where a message names the type itself: OBX-2 for OBX-5.
func (v *Version) ComponentAt(dataType string, component, subcomponent int) (Field, bool) {
	t, ok := v.Type(dataType)
	if !ok {
		return Field{}, false
	}
	f, ok := at(t.Components, component)
	if !ok {
		return Field{}, false
	}
	return descend(f, subcomponent, 0)
}

// descend goes from a field (or component) two levels down; 0 stops.
func descend(f Field, positions ...int) (Field, bool) {
	for _, position := range positions {
		if position == 0 {
			return f, true
		}
		if f.typ == nil {
			return Field{}, false
		}
		if f.primitive() {
			if position != 1 {
				return Field{}, false
			}
			continue // the only thing inside a primitive value is itself
		}
		var ok bool
		if f, ok = at(f.typ.Components, position); !ok {
			return Field{}, false
		}
	}
	return f, true
}

func at(fields []Field, position int) (Field, bool) {
	if position < 1 || position > len(fields) || !fields[position-1].Defined() {
		return Field{}, false
	}
	return fields[position-1], true
}

// DefinedLater finds the first version after the given one that defines a field
// of a segment, for fields that senders use before their version has them
// (OBX-26 in 2.5.1). It is false if the given version itself defines the field.
func DefinedLater(version, segment string, field int) (laterVersion string, f Field, ok bool) {
	v, _ := For(version)
	if _, defined := v.FieldAt(segment, field, 0, 0); defined {
		return "", Field{}, false
	}
	for _, later := range versions[v.index+1:] {
		if f, ok := later.FieldAt(segment, field, 0, 0); ok {
			return later.Name, f, true
		}
	}
	return "", Field{}, false
}
