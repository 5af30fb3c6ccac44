package linkage

import "trestle/internal/linkage/normal"

// Most distinct given names that may share a value before it counts as a placeholder: an identifier of one person, a
// contact of a person, a contact of a household. A clinic's own phone number, a shelter's address and an e-mail address of
// a registration desk are found so.
const (
	mostSSN     = 5
	mostContact = 8
	mostHome    = 15
)

// dropFrequent takes values away that too many different persons share.
func (r *Result) dropFrequent() {
	for _, p := range []*people{r.left, r.right} {
		drop(p, "SSN", mostSSN, func(x *person) *uint64 { return &x.ssn }, r)
		drop(p, "mobile phone", mostContact, func(x *person) *uint64 { return &x.mobile }, r)
		drop(p, "home phone", mostHome, func(x *person) *uint64 { return &x.home }, r)
		drop(p, "member identifier", mostHome, func(x *person) *uint64 { return &x.member }, r)
		drop(p, "e-mail address", mostContact, func(x *person) *symbol { return &x.email }, r)
		dropDays(p, r)
	}
}

func drop[T uint64 | symbol](p *people, what string, most int, value func(*person) *T, r *Result) {
	type seen struct {
		names [16]symbol
		n     int
	}
	counts := map[T]int32{}
	for i := range p.list {
		if v := *value(&p.list[i]); v != 0 {
			counts[v]++
		}
	}
	names := map[T]*seen{}
	for i := range p.list {
		v := *value(&p.list[i])
		if v == 0 || int(counts[v]) <= most {
			continue
		}
		s := names[v]
		if s == nil {
			s = &seen{}
			names[v] = s
		}
		if s.n > most {
			continue
		}
		known := false
		for _, n := range s.names[:s.n] {
			known = known || n == p.list[i].first
		}
		if !known {
			s.names[s.n] = p.list[i].first
			s.n++
		}
	}
	values, rows := 0, 0
	for _, s := range names {
		if s.n > most {
			values++
		}
	}
	if values == 0 {
		return
	}
	for i := range p.list {
		v := value(&p.list[i])
		if s := names[*v]; s != nil && s.n > most {
			*v = 0
			rows++
			if what == "SSN" {
				p.list[i].last4 = 0
			}
		}
	}
	r.note("%s: %d values of the %s are shared by so many different names that they are taken for placeholders (%d rows).", p.roster.Name, values, what, rows)
}

// dropDays takes away a birth date that stands for "not known": one that far more rows have than chance gives.
func dropDays(p *people, r *Result) {
	counts := map[normal.Day]int{}
	for i := range p.list {
		counts[p.list[i].dob]++
	}
	most := max(20, len(p.list)/200)
	dropped := 0
	for i := range p.list {
		if d := p.list[i].dob; d != 0 && counts[d] > most {
			// A million copies of one row are no placeholder.
			if x := &p.list[i]; !r.sameRows(p, x) {
				x.dob = 0
				dropped++
			}
		}
	}
	if dropped > 0 {
		r.note("%s: %d rows have a birth date that is too frequent to be one; it is taken as missing.", p.roster.Name, dropped)
	}
}

// sameRows says whether a record is a copy of the roster's first.
func (r *Result) sameRows(p *people, x *person) bool {
	first := &p.list[0]
	return first.first == x.first && first.last == x.last && first.dob == x.dob
}
