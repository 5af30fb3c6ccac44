package plan

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"trestle/internal/linkage/roster"
)

// ReadList reads a plan list: CSV in any separator and character set, or an Excel workbook, one plan a row under a
// heading. What the columns hold is guessed from their headings and contents; the specification overrules it. Rows
// without a plan ID or without any name are set aside in [List.Bad].
func ReadList(ctx context.Context, name string, in io.Reader, s ListSpec, d *Dictionary) (*List, error) {
	table, err := roster.Read(ctx, name, in, s.reading())
	if err != nil {
		return nil, err
	}
	return FromTable(table, s, d)
}

// FromTable reads a plan list from a table that was read already.
func FromTable(table *roster.Roster, s ListSpec, d *Dictionary) (*List, error) {
	t := &columns{table: table, roles: make([]role, len(table.Columns)), ids: make([]PayerID, len(table.Columns))}
	if err := t.apply(s); err != nil {
		return nil, err
	}
	t.guess()
	key, err := t.key(s.Key)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(t.roles, nameRole) && !slices.Contains(t.roles, insurerRole) {
		return nil, fmt.Errorf("%s has no column that looks like names of plans: say which it is, under \"columns\" of the specification; it has %s", table.Name, t.headings())
	}
	var rows []Record
	bad := slices.Clone(table.Bad)
	for row := range table.Len() {
		r := t.record(row, key)
		switch {
		case r.ID == "":
			bad = append(bad, roster.BadRow{Line: table.Line(row), Cells: table.Cells(row), Reason: "it has no plan ID in the column " + table.Columns[key].Name})
		case strings.TrimSpace(r.Insurer+r.Name) == "":
			bad = append(bad, roster.BadRow{Line: table.Line(row), Cells: table.Cells(row), Reason: "it has neither an insurer nor a name"})
		default:
			rows = append(rows, r)
		}
	}
	l := NewList(table.Name, rows, d)
	l.Hash, l.Bad = table.Hash, bad
	for _, note := range table.Notes {
		if !strings.HasPrefix(note, "No column was recognised") { // as a patient's identifier
			l.Notes = append(l.Notes, note)
		}
	}
	l.Key = Key{Column: table.Columns[key].Name, ChosenBy: "specification", Candidates: t.candidates}
	if s.Key == "" {
		l.Key.ChosenBy = "guess"
		if len(t.candidates) > 1 {
			l.Notes = append(l.Notes, fmt.Sprintf("%d columns could be the plan ID (%s); %s was taken. Say which one messages carry, as \"key\" in the specification.",
				len(t.candidates), strings.Join(t.candidates, ", "), l.Key.Column))
		}
	}
	return l, nil
}

// columns is what the columns of a table hold.
type columns struct {
	table      *roster.Roster
	roles      []role
	given      []bool
	ids        []PayerID // of payer ID columns: for whom
	candidates []string  // headings of the columns that could be the plan ID
}

func (t *columns) headings() string {
	var names []string
	for _, c := range t.table.Columns {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

func (t *columns) find(heading string) int {
	return slices.IndexFunc(t.table.Columns, func(c roster.Column) bool {
		return strings.EqualFold(strings.TrimSpace(c.Name), strings.TrimSpace(heading))
	})
}

func (t *columns) apply(s ListSpec) error {
	t.given = make([]bool, len(t.roles))
	for heading, text := range s.Columns {
		i := t.find(heading)
		if i < 0 {
			return fmt.Errorf("the specification names a column %q, which %s has not: it has %s", heading, t.table.Name, t.headings())
		}
		r, id, err := parseRole(text)
		if err != nil {
			return fmt.Errorf("column %q: %w", heading, err)
		}
		t.roles[i], t.ids[i], t.given[i] = r, id, true
	}
	return nil
}

// headingRoles are what headings mean, in small letters and digits only.
var headingRoles = map[string]role{
	"insurer": insurerRole, "payer": insurerRole, "payor": insurerRole, "company": insurerRole, "carrier": insurerRole, "insurance": insurerRole,
	"insurancecompany": insurerRole, "payername": insurerRole, "payorname": insurerRole, "companyname": insurerRole, "carriername": insurerRole,
	"insurancecompanyname": insurerRole, "issuer": insurerRole, "issuername": insurerRole, "insurancename": insurerRole, "inscompany": insurerRole,
	"name": nameRole, "plan": nameRole, "planname": nameRole, "planmarketingname": nameRole, "description": nameRole, "plandescription": nameRole,
	"insuranceplan": nameRole, "planlongname": nameRole, "benefitplan": nameRole, "productname": nameRole,
	"type": typeRole, "plantype": typeRole, "financialclass": typeRole, "finclass": typeRole, "fc": typeRole, "lob": typeRole, "lineofbusiness": typeRole,
	"insurancetype": typeRole, "payertype": typeRole, "productline": typeRole, "class": typeRole, "category": typeRole,
	"payerid": payerRole, "payorid": payerRole, "electronicpayerid": payerRole, "edipayerid": payerRole, "claimpayerid": payerRole, "cpid": payerRole,
	"naic": payerRole, "ediid": payerRole, "clearinghouseid": payerRole, "eligibilitypayerid": payerRole, "claimspayerid": payerRole,
	"address": addressRole, "address1": addressRole, "addr": addressRole, "addr1": addressRole, "street": addressRole, "claimsaddress": addressRole,
	"address2": addressRole, "addr2": addressRole, "pobox": addressRole, "mailingaddress": addressRole, "addressline1": addressRole,
	"city": cityRole, "state": stateRole, "st": stateRole, "zip": zipRole, "zipcode": zipRole, "postalcode": zipRole, "zip5": zipRole,
	"phone": phoneRole, "telephone": phoneRole, "tel": phoneRole, "phonenumber": phoneRole, "customerservicephone": phoneRole, "phone1": phoneRole,
	"phone2": phoneRole, "claimsphone": phoneRole,
}

// keyHeadings are the headings of plan IDs, the likeliest first.
var keyHeadings = []string{
	"planid", "plancode", "planno", "plannumber", "plannum", "insuranceplanid", "insuranceid", "insplanid", "insid", "inscode", "insurancecode", "plan",
	"planext", "externalid", "id", "code", "key", "companyid", "payercode", "carriercode", "mnemonic", "number", "hiosid", "standardcomponentid",
}

func plainHeading(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// guess gives the columns that nobody named a role. A heading such as PLAN stands over names in one list and over
// codes in another: there the contents decide.
func (t *columns) guess() {
	for i, c := range t.table.Columns {
		if t.given[i] {
			continue
		}
		heading := plainHeading(c.Name)
		r, ok := headingRoles[heading]
		if r == nameRole && t.looksLikeCodes(i) {
			r, ok = ignored, false
		}
		if ok {
			t.roles[i] = r
		}
	}
	if !slices.Contains(t.roles, nameRole) && !slices.Contains(t.roles, insurerRole) {
		t.guessName()
	}
}

// guessName takes the column with the most words as the names, if there is one with more than one word a cell.
func (t *columns) guessName() {
	best, most := -1, 1.3
	for i := range t.table.Columns {
		if t.roles[i] != ignored || t.given[i] {
			continue
		}
		if words := t.profile(i).words; words > most {
			best, most = i, words
		}
	}
	if best >= 0 {
		t.roles[best] = nameRole
	}
}

// contents are figures of a column's first thousand rows.
type contents struct {
	filled, distinct int
	rows             int
	words            float64 // on average, in filled cells
}

func (t *columns) profile(column int) contents {
	var c contents
	seen := map[string]bool{}
	words := 0
	for row := range min(t.table.Len(), 1000) {
		c.rows++
		cell := strings.TrimSpace(t.table.Cell(row, column))
		if cell == "" {
			continue
		}
		c.filled++
		words += len(strings.Fields(cell))
		seen[cell] = true
	}
	c.distinct = len(seen)
	c.words = float64(words) / float64(max(c.filled, 1))
	return c
}

func (t *columns) looksLikeCodes(column int) bool {
	c := t.profile(column)
	return c.filled > 0 && c.words < 1.2 && c.distinct*10 >= c.filled*9
}

// key finds the plan ID.
func (t *columns) key(named string) (int, error) {
	type candidate struct{ column, order int }
	var list []candidate
	for i, c := range t.table.Columns {
		order := slices.Index(keyHeadings, plainHeading(c.Name))
		taken := t.roles[i] != ignored && t.roles[i] != keyRole
		if order < 0 && t.roles[i] != keyRole || taken {
			continue
		}
		// A key may be missing in a row, but it does not repeat itself.
		if p := t.profile(i); t.roles[i] == keyRole || p.filled*10 >= p.rows*9 && p.distinct*100 >= p.filled*98 {
			list = append(list, candidate{i, order})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return a.order - b.order })
	for _, c := range list {
		t.candidates = append(t.candidates, t.table.Columns[c.column].Name)
	}
	if named != "" {
		i := t.find(named)
		if i < 0 {
			return 0, fmt.Errorf("the specification says that %q is the plan ID, and %s has no such column: it has %s", named, t.table.Name, t.headings())
		}
		t.roles[i] = ignored
		return i, nil
	}
	if len(list) == 0 {
		return 0, fmt.Errorf("%s has no column that looks like a plan ID: say which it is, as \"key\" in the specification; it has %s", t.table.Name, t.headings())
	}
	return list[0].column, nil
}

func (t *columns) record(row, key int) Record {
	r := Record{ID: strings.TrimSpace(t.table.Cell(row, key)), Line: t.table.Line(row)}
	join := func(to *string, cell string) {
		if *to != "" && cell != "" {
			*to += " "
		}
		*to += cell
	}
	for i, role := range t.roles {
		cell := t.table.Cell(row, i)
		if i == key || strings.TrimSpace(cell) == "" {
			continue
		}
		switch role {
		case insurerRole:
			join(&r.Insurer, cell)
		case nameRole:
			join(&r.Name, cell)
		case typeRole:
			join(&r.Type, cell)
		case payerRole:
			id := t.ids[i]
			id.Value = strings.TrimSpace(cell)
			r.PayerIDs = append(r.PayerIDs, id)
		case addressRole:
			join(&r.Address, cell)
		case cityRole:
			join(&r.City, cell)
		case stateRole:
			join(&r.State, cell)
		case zipRole:
			join(&r.ZIP, cell)
		case phoneRole:
			r.Phones = append(r.Phones, cell)
		}
	}
	if r.Name == "" {
		r.Name, r.Insurer = r.Insurer, ""
	}
	return r
}
