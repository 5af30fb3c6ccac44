package roster

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/job"
)

// readMessages reads the patients of HL7 v2 messages. A patient of several messages is one row: the latest message wins,
// and what it leaves empty stays.
func (b *builder) readMessages(ctx context.Context, br *bufio.Reader, s Spec, p *job.Progress) error {
	rs := records{b: b}
	n := 0
	for piece, err := range format.Split(br, format.Options{}) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		p.Set(piece.Offset)
		if !piece.InHL7 || piece.Kind == hl7.ItemOutside {
			continue
		}
		m := hl7.Parse(piece.Bytes)
		if _, ok := m.Header(); !ok {
			continue
		}
		n++
		found := false
		for seg := range m.Segments() {
			if seg.ID() == "PID" {
				found = true
				rs.add(patientOf(m, seg, n))
			}
		}
		if !found {
			b.bad(n, nil, "the message has no patient (PID)")
		}
	}
	rs.finish(s)
	return nil
}

// patientOf reads one PID and what belongs to it: PD1, MRG, GT1 and IN1 to IN3 up to the next PID.
func patientOf(m *hl7.Message, pid hl7.Segment, line int) *record {
	r := &record{line: line, fields: map[Role]string{}}
	set := func(role Role, v hl7.Value) {
		if t := valueOf(v); t != "" && r.fields[role] == "" {
			r.fields[role] = t
		}
	}
	for _, field := range []int{3, 2, 4} {
		for rep := range pid.Field(field).AllRepetitions() {
			r.identifier(rep)
		}
	}
	name := pid.Field(5).Repetition(1)
	for rep := range pid.Field(5).AllRepetitions() {
		if valueOf(rep.Component(7)) == "L" {
			name = rep
			break
		}
	}
	set(LastName, name.Component(1).Subcomponent(1))
	set(FirstName, name.Component(2))
	set(MiddleName, name.Component(3))
	set(NameSuffix, name.Component(4))
	set(Mother, pid.Field(6).Component(1))
	set(BirthDate, pid.Field(7).Component(1))
	if d := r.fields[BirthDate]; len(d) > 8 {
		r.fields[BirthDate] = d[:8]
	}
	set(Sex, pid.Field(8).Component(1))
	address := pid.Field(11).Repetition(1)
	set(Address, address.Component(1).Subcomponent(1))
	set(AddressMore, address.Component(2))
	set(City, address.Component(3))
	set(State, address.Component(4))
	set(PostalCode, address.Component(5))
	for rep := range pid.Field(13).AllRepetitions() {
		r.contact(rep, HomePhone)
	}
	for rep := range pid.Field(14).AllRepetitions() {
		r.contact(rep, WorkPhone)
	}
	for rep := range pid.Field(40).AllRepetitions() {
		r.contact(rep, HomePhone)
	}
	set(SSN, pid.Field(19).Component(1))
	r.related(m, pid)
	return r
}

// related reads the segments between a PID and the next.
func (r *record) related(m *hl7.Message, pid hl7.Segment) {
	set := func(role Role, text string) {
		if text != "" && r.fields[role] == "" {
			r.fields[role] = text
		}
	}
	for i := pid.Index() + 1; i < m.Len(); i++ {
		seg := m.Segment(i)
		switch seg.ID() {
		case "PID":
			return
		case "PD1":
			set(PCP, strings.TrimSpace(valueOf(seg.Field(4).Component(2))+" "+valueOf(seg.Field(4).Component(3))))
		case "MRG":
			for rep := range seg.Field(1).AllRepetitions() {
				if v := valueOf(rep.Component(1)); v != "" {
					r.prior = append(r.prior, v)
				}
			}
		case "GT1":
			set(Guarantor, strings.TrimSpace(valueOf(seg.Field(3).Component(1))+" "+valueOf(seg.Field(3).Component(2))))
		case "IN1":
			// The first insurance is the primary one: IN1-1 counts by priority.
			set(Plan, first(valueOf(seg.Field(4).Component(1)), valueOf(seg.Field(2).Component(2)), valueOf(seg.Field(3).Component(1))))
			set(MemberID, first(valueOf(seg.Field(49).Component(1)), valueOf(seg.Field(36))))
		case "IN2":
			set(MemberID, valueOf(seg.Field(61).Component(1)))
		}
	}
}

func (r *record) identifier(cx hl7.Value) {
	v := valueOf(cx.Component(1))
	if v == "" {
		return
	}
	kind := valueOf(cx.Component(5))
	if kind == "SS" {
		if r.fields[SSN] == "" {
			r.fields[SSN] = v
		}
		return
	}
	id := identity{v, valueOf(cx.Component(4).Subcomponent(1)), kind}
	if id.authority == "" {
		id.authority = valueOf(cx.Component(6).Subcomponent(1))
	}
	r.ids = append(r.ids, id)
}

// contact reads an XTN: what kind it is stands in its second and third component (tables 0201 and 0202).
func (r *record) contact(xtn hl7.Value, role Role) {
	number := valueOf(xtn.Component(1))
	if number == "" {
		number = valueOf(xtn.Component(12))
	}
	if number == "" {
		number = valueOf(xtn.Component(6)) + valueOf(xtn.Component(7))
	}
	mail := valueOf(xtn.Component(4))
	switch use, kind := valueOf(xtn.Component(2)), valueOf(xtn.Component(3)); {
	case kind == "CP" || use == "PRS" && kind == "CP":
		role = MobilePhone
	case use == "WPN":
		role = WorkPhone
	}
	if number != "" && r.fields[role] == "" {
		r.fields[role] = number
	}
	if mail != "" && r.fields[Email] == "" {
		r.fields[Email] = mail
	}
}

// valueOf is a value's text without blanks around it; the HL7 null ("") is empty.
func valueOf(v hl7.Value) string {
	t := strings.TrimSpace(v.Text())
	if t == `""` {
		return ""
	}
	return t
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// note adds a remark once.
func (b *builder) note(format string, args ...any) {
	b.r.Notes = append(b.r.Notes, fmt.Sprintf(format, args...))
}
