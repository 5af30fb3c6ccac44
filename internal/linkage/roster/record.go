package roster

import (
	"cmp"
	"slices"
	"strings"
)

// record is one patient of messages or resources, before it is a row.
type record struct {
	line   int
	ids    []identity
	fields map[Role]string
	prior  []string
}

// identity is an identifier with its authority and type, as CX and Identifier have them: the same digits of two
// authorities are two identifiers.
type identity struct{ value, authority, kind string }

// recordColumns are the columns of a roster of messages or resources, behind those of identifiers.
var recordColumns = []Role{LastName, FirstName, MiddleName, NameSuffix, MaidenName, BirthDate, Sex, SSN, Address, AddressMore, City,
	State, PostalCode, HomePhone, MobilePhone, WorkPhone, Email, Plan, MemberID, Guarantor, Mother, PCP}

// records gathers patients; later news of one overrules what was known.
type records struct {
	list  []*record
	byKey map[string]*record
	b     *builder
}

// add keeps a record, and returns the one that holds what it says.
func (rs *records) add(r *record) *record {
	if rs.byKey == nil {
		rs.byKey = map[string]*record{}
	}
	if len(r.ids) > 0 {
		key := r.ids[0].authority + "\x00" + r.ids[0].kind + "\x00" + r.ids[0].value
		if old := rs.byKey[key]; old != nil {
			old.update(r)
			return old
		}
		rs.byKey[key] = r
	}
	rs.list = append(rs.list, r)
	return r
}

// update takes over what the newer record knows; what it leaves empty stays.
func (r *record) update(newer *record) {
	for role, v := range newer.fields {
		if v != "" {
			r.fields[role] = v
		}
	}
	for _, id := range newer.ids {
		if !slices.Contains(r.ids, id) {
			r.ids = append(r.ids, id)
		}
	}
	for _, p := range newer.prior {
		if !slices.Contains(r.prior, p) {
			r.prior = append(r.prior, p)
		}
	}
}

// choose finds which authority and type the identifier is of: what the specification says, else the one that most
// records have, a medical record number first.
func (rs *records) choose(s Spec) (authority, kind string) {
	type group struct {
		authority, kind string
		n               int
	}
	counts := map[[2]string]int{}
	for _, r := range rs.list {
		for _, id := range r.ids {
			if (s.Authority == "" || s.Authority == id.authority) && (s.Type == "" || s.Type == id.kind) {
				counts[[2]string{id.authority, id.kind}]++
			}
		}
	}
	var groups []group
	for k, n := range counts {
		if k[1] == "MR" {
			n *= 3
		}
		groups = append(groups, group{k[0], k[1], n})
	}
	slices.SortFunc(groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.authority, b.authority), strings.Compare(a.kind, b.kind))
	})
	if len(groups) == 0 {
		return s.Authority, s.Type
	}
	if len(groups) > 1 {
		names := make([]string, 0, len(groups))
		for _, g := range groups[:min(len(groups), 6)] {
			names = append(names, strings.Trim(g.authority+" "+g.kind, " "))
		}
		rs.b.note("Patients have %d kinds of identifiers (%s); the first is taken. Say another in the specification (authority, type).", len(groups), strings.Join(names, ", "))
	}
	return groups[0].authority, groups[0].kind
}

// finish turns the records into rows.
func (rs *records) finish(s Spec) {
	authority, kind := rs.choose(s)
	r := rs.b.r
	r.Columns = []Column{
		{Name: "identifier", Role: ID, Why: "of the messages or resources", Authority: authority, Type: kind},
		{Name: "other identifiers", Role: OtherID, Why: "of the messages or resources"},
		{Name: "prior identifiers", Role: PriorID, Why: "of the messages or resources"},
	}
	for _, role := range recordColumns {
		r.Columns = append(r.Columns, Column{Name: string(role), Role: role, Why: "of the messages or resources"})
	}
	for _, rec := range rs.list {
		id := ""
		var others []string
		for _, x := range rec.ids {
			switch {
			case id == "" && x.authority == authority && x.kind == kind:
				id = x.value
			case x.value != "":
				others = append(others, x.value)
			}
		}
		row := []string{id, strings.Join(others, Repeat), strings.Join(rec.prior, Repeat)}
		for _, role := range recordColumns {
			row = append(row, rec.fields[role])
		}
		if id == "" {
			rs.b.bad(rec.line, row, "it has no identifier of the chosen kind ("+strings.Trim(authority+" "+kind, " ")+")")
			continue
		}
		rs.b.add(rec.line, row)
	}
}
