package linker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/normal"
	"trestle/internal/linkage/roster"
	"trestle/internal/linkage/similar"
	"trestle/internal/present/screen"
)

// Card is one case as it is shown: both records side by side, why, and who else could be meant.
type Card struct {
	item     item
	Title    string // what it is and how sure
	Sentence string // why it is where it is
	Decided  string // what stands about it, "" for nothing
	Bad      bool   // something contradicts
	inside   string // the one system that both records are of, "" for both
	fields   []field
	others   []other
	history  []string
}

// field is one line of both records.
type field struct {
	name        string
	values      [2]string
	spans       [2][]screen.Span
	normal      bool // a line of normal forms, below what it is made from
	bits        float64
	words       string
	hasEvidence bool
}

// other is somebody else in sight: another candidate, or one of the same household.
type other struct {
	what, id, name, born, more string
	bits                       float64
	isCandidate                bool
	to                         item // the case that Enter opens
}

// open makes the card of the open case.
func (d *desk) open() {
	c := &d.cases
	if c.at < 0 || c.at >= len(c.shown) {
		c.card = nil
		return
	}
	i := c.shown[c.at]
	if c.card = c.cards[i]; c.card == nil {
		c.card = d.cardOf(i)
	}
}

// preload makes the card of the next case, so that it is on the screen at once.
func (m *Model) preload(d *desk) {
	c := &d.cases
	next := c.at + 1
	if next >= len(c.shown) || c.cards[c.shown[next]] != nil || d.patients == nil || c.shown[next].form != pairCase {
		return
	}
	i, r := c.shown[next], d.patients
	job.Start(m.ctx, m.runner, func(context.Context) (*Card, error) {
		return pairCard(r, i), nil
	}, func(card *Card, err error) {
		if err == nil && d.patients == r {
			d.settle(card)
			c.cards[i] = card
		}
	})
}

func (d *desk) cardOf(i item) *Card {
	var card *Card
	switch i.form {
	case pairCase:
		card = pairCard(d.patients, i)
	case duplicateCase, overlayCase:
		card = d.insideCard(i)
	case ledgerCase:
		card = d.ledgerCard(i)
	case conflictCase:
		return d.conflictCard(int(i.index))
	default:
		card = d.planCard(i)
	}
	d.settle(card)
	return card
}

// settle says what people decided about the case of a card, now and before.
func (d *desk) settle(card *Card) {
	left, right := d.ids(card.item)
	if x, ok := d.decision(card.item); ok {
		card.Decided = fmt.Sprintf("%s, decided by %s at %s", x.Action, x.Who, x.At.Local().Format("2006-01-02 15:04"))
		if x.Bulk != 0 {
			card.Decided += ", with others of one pattern"
		}
	}
	card.history = nil
	undone := map[int64]bool{}
	all := d.ledger.All()
	for _, x := range slices.Backward(all) {
		if x.Action == linkage.ActUndo && !undone[x.Seq] {
			undone[x.Undoes] = true
		}
	}
	for _, x := range slices.Backward(all) {
		if x.Left != left && (x.Right != right || right == "") {
			continue
		}
		text := fmt.Sprintf("%s  %s  %s", x.At.Local().Format("2006-01-02 15:04:05"), x.Who, x.Action)
		if x.Left != left || x.Right != right {
			text += " with another record"
		}
		if undone[x.Seq] {
			text += ", taken back"
		}
		if x.Note != "" {
			text += ": " + x.Note
		}
		card.history = append(card.history, text)
	}
}

// household are the roles that the model weighs as one.
var household = []roster.Role{roster.LastName, roster.Address, roster.City, roster.PostalCode, roster.HomePhone, roster.MemberID}

// pairCard is the card of two records of two systems. It reads the result only, and may be made beside the screen.
func pairCard(r *linkage.Result, i item) *Card {
	e := r.Explain(int(i.index))
	p := e.Pair
	card := &Card{item: i, Sentence: e.Sentence, Bad: p.Band == linkage.Blocked}
	card.Title = fmt.Sprintf("%s, %s sure", titleOf(e), percent(p.Probability))
	orders := [2]normal.Order{orderOf(r.Left), orderOf(r.Right)}
	card.fields = append(card.fields, field{name: "identifier", values: [2]string{r.LeftID(p), r.RightID(p)}})
	evidence := map[linkage.Field]linkage.Evidence{}
	for _, v := range e.Evidence {
		evidence[v.Field] = v
	}
	rows := [2]int{int(p.Left), int(p.Right)}
	lists := [2]*roster.Roster{r.Left, r.Right}
	add := func(role roster.Role) bool {
		values := [2]string{lists[0].Value(rows[0], role), lists[1].Value(rows[1], role)}
		if values[0] == "" && values[1] == "" {
			return false
		}
		card.fields = append(card.fields, fieldLines(role, values, orders)...)
		return true
	}
	weigh := func(at int, f linkage.Field, words string) {
		v := evidence[f]
		if at < len(card.fields) {
			card.fields[at].bits, card.fields[at].words, card.fields[at].hasEvidence = v.Bits, words, v.Level != linkage.Missing || f == linkage.Household
		}
	}
	// The surname first, as people read; its weight is in that of the household, which is one joint comparison.
	add(roster.LastName)
	for _, f := range []linkage.Field{linkage.First, linkage.Middle, linkage.Generation, linkage.BirthDay, linkage.SexField, linkage.SSNField, linkage.Crosswalk, linkage.Mobile, linkage.Mail} {
		at := len(card.fields)
		some := false
		for _, v := range evidence[f].Values {
			if v.Role != roster.ID {
				some = add(v.Role) || some
			}
		}
		if some {
			weigh(at, f, evidence[f].Words)
		} else if f == linkage.Crosswalk && evidence[f].Level != linkage.Missing {
			weigh(0, f, evidence[f].Words)
		}
	}
	at := len(card.fields)
	for _, role := range household[1:] {
		add(role)
	}
	if at == len(card.fields) {
		at = 1 // nothing but the surname
	}
	weigh(at, linkage.Household, "household: "+evidence[linkage.Household].Words)
	card.others = pairOthers(r, e, lists, rows)
	return card
}

// titleOf says in a few words what is remarkable about a pair.
func titleOf(e linkage.Explanation) string {
	switch {
	case e.Pair.Band == linkage.Automatic:
		return "Linked automatically"
	case e.Pair.Band == linkage.Blocked:
		return "Blocked"
	case len(e.Pair.Gates.List()) > 0:
		return upper(gateWords(e.Pair.Gates.Names()))
	}
	return "To review"
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func orderOf(r *roster.Roster) normal.Order {
	if i := r.Column(roster.BirthDate); i >= 0 && r.Columns[i].Dates == roster.DMY {
		return normal.DayFirst
	}
	return normal.Order(0)
}

// fieldLines is a field as it came and, where that says more, its normal form below.
func fieldLines(role roster.Role, values [2]string, orders [2]normal.Order) []field {
	f := field{name: string(role), values: [2]string{strings.TrimSpace(values[0]), strings.TrimSpace(values[1])}}
	var forms [2]string
	for i := range forms {
		forms[i] = normalForm(role, values[i], orders[i])
	}
	plain := [2]bool{sameLetters(f.values[0], forms[0]), sameLetters(f.values[1], forms[1])}
	if forms[0] == forms[1] || absent(forms[0]) || absent(forms[1]) {
		if plain[0] && plain[1] {
			return []field{f}
		}
		return []field{f, {name: "", values: forms, normal: true}}
	}
	if plain[0] && plain[1] {
		f.spans = differences(f.values[0], f.values[1])
		return []field{f}
	}
	return []field{f, {name: "", values: forms, normal: true, spans: differences(forms[0], forms[1])}}
}

// absent says that a normal form is none: the cell is empty, or stands for no value.
func absent(form string) bool { return form == "" || strings.HasPrefix(form, "(") }

// sameLetters says that a normal form shows nothing but other case.
func sameLetters(value, form string) bool { return strings.EqualFold(value, form) }

// normalForm is what is compared of a cell.
func normalForm(role roster.Role, v string, order normal.Order) string {
	v = strings.TrimSpace(v)
	if v == "" {
		return ""
	}
	switch role {
	case roster.BirthDate:
		day, ok := normal.Date(v, order)
		if !ok || day == 0 {
			return "(no date)"
		}
		return fmt.Sprintf("%04d-%02d-%02d", int(day)/10000, int(day)/100%100, int(day)%100)
	case roster.Sex:
		if s := normal.Sex(v); s != 0 {
			return string(rune(s))
		}
		return ""
	case roster.SSN:
		number, last4, _ := normal.SSN(v)
		return cmp.Or(number, last4, "(taken as none)")
	case roster.HomePhone, roster.MobilePhone, roster.WorkPhone:
		return cmp.Or(normal.Phone(v), "(taken as none)")
	case roster.Email:
		return cmp.Or(normal.Email(v), "(taken as none)")
	case roster.PostalCode:
		return normal.PostalCode(v)
	case roster.Address:
		p := normal.Street("", v, "")
		box := p.Box
		if box != "" {
			box = "po box " + box
		}
		return strings.TrimSpace(strings.Join(strings.Fields(p.Number+" "+p.Name+" "+box), " "))
	case roster.LastName:
		main, _, _, suffix := normal.Surname(v)
		return strings.TrimSpace(main + " " + suffix)
	case roster.FirstName:
		first, middle, _ := normal.Given(v)
		return strings.TrimSpace(first + " " + middle)
	case roster.ID, roster.OtherID, roster.MemberID, roster.PriorID:
		return v // identifiers are shown as they are: a leading zero is theirs
	case roster.NameSuffix:
		return cmp.Or(normal.Suffix(v), normal.Fold(v))
	}
	return normal.Fold(v)
}

// differences marks what differs between two texts, character by character; upper and lower case are equal.
func differences(a, b string) (spans [2][]screen.Span) {
	fold := func(s string) string { return strings.Map(unicode.ToUpper, s) }
	x, y := fold(a), fold(b)
	if len([]rune(x)) != len([]rune(a)) || len([]rune(y)) != len([]rune(b)) {
		x, y = a, b
	}
	texts, at := [2]string{a, b}, [2]int{}
	step := func(side, runes int) int {
		from := at[side]
		for range runes {
			n := 0
			for i := range texts[side][at[side]:] {
				if i > 0 {
					n = i
					break
				}
			}
			if n == 0 {
				n = len(texts[side]) - at[side]
			}
			at[side] += n
		}
		return from
	}
	for _, e := range similar.Diff(x, y) {
		for side, s := range []string{e.A, e.B} {
			from := step(side, len([]rune(s)))
			if !e.Same && at[side] > from {
				spans[side] = append(spans[side], screen.Span{Start: from, End: at[side], Role: screen.RoleChanged})
			}
		}
	}
	return spans
}

func pairOthers(r *linkage.Result, e linkage.Explanation, lists [2]*roster.Roster, rows [2]int) []other {
	var all []other
	about := func(what string, list *roster.Roster, row int) other {
		return other{what: what, id: list.ID(row), name: nameOf(list, row), born: list.Value(row, roster.BirthDate), more: strings.TrimSpace(list.Value(row, roster.Address) + " " + list.Value(row, roster.HomePhone))}
	}
	indexOf := func(p linkage.Pair) int { // pairs are by left row
		i, _ := slices.BinarySearchFunc(r.Pairs, p.Left, func(x linkage.Pair, row int32) int { return cmp.Compare(x.Left, row) })
		for ; i < len(r.Pairs) && r.Pairs[i].Right != p.Right; i++ {
		}
		return i
	}
	for _, p := range e.Rivals {
		var o other
		if int(p.Left) == rows[0] {
			o = about("candidate of theirs", lists[1], int(p.Right))
		} else {
			o = about("candidate of ours", lists[0], int(p.Left))
		}
		o.bits, o.isCandidate, o.to = p.Bits, true, item{pairCase, int32(indexOf(p))}
		all = append(all, o)
	}
	candidates := len(all)
	for side, house := range [2][]int32{e.LeftHouse, e.RightHouse} {
		for _, row := range house {
			id, what := lists[side].ID(int(row)), "candidate of "+Which(side).String()
			if slices.ContainsFunc(all[:candidates], func(o other) bool { return o.id == id && o.what == what }) {
				continue
			}
			all = append(all, about("household of "+Which(side).String(), lists[side], int(row)))
		}
	}
	return all
}

// nameOf is a record's name, as it came.
func nameOf(list *roster.Roster, row int) string {
	last, first := list.Value(row, roster.LastName), list.Value(row, roster.FirstName)
	if last == "" && first == "" {
		return list.Value(row, roster.FullName)
	}
	return strings.TrimSpace(strings.TrimSpace(last+", "+first) + " " + list.Value(row, roster.MiddleName))
}

// insideCard is the card of two records of one system, or of an identifier that stands for two people.
func (d *desk) insideCard(i item) *Card {
	card := &Card{item: i}
	rows, lists := d.rows(i), d.tables(i)
	if i.form == duplicateCase {
		x := d.patients.Duplicates[i.index]
		card.inside = whichOf(x.Side).String()
		card.Title = fmt.Sprintf("Two records of %s may be one person, %s sure", whichOf(x.Side), percent(x.Probability))
		card.others = d.partners(x.Side, x.A, x.B)
		card.Sentence = "Decide this first: while it is open, neither record is linked automatically. Same (s) exports a merge inside that system; different (d) lets both be linked."
	} else {
		x := d.patients.Overlays[i.index]
		card.Title, card.Bad = "One identifier, two people", true
		if x.Side != "" {
			card.inside = whichOf(x.Side).String()
		}
		card.Sentence = upper(x.Reason) + ". Somebody must mend it in that system; until then none of the two is linked automatically."
	}
	card.fields = append(card.fields, field{name: "identifier", values: [2]string{lists[0].ID(rows[0]), lists[1].ID(rows[1])}})
	for _, role := range roster.Roles {
		values := [2]string{lists[0].Value(rows[0], role), lists[1].Value(rows[1], role)}
		if role == roster.ID || values[0] == "" && values[1] == "" {
			continue
		}
		orders := [2]normal.Order{orderOf(lists[0]), orderOf(lists[1])}
		lines := fieldLines(role, values, orders)
		switch {
		case absent(normalForm(role, values[0], orders[0])) || absent(normalForm(role, values[1], orders[1])):
			lines[0].words = "nothing to compare"
		case normalForm(role, values[0], orders[0]) == normalForm(role, values[1], orders[1]):
			lines[0].words = "the same"
		default:
			lines[0].words = "different"
		}
		card.fields = append(card.fields, lines...)
	}
	return card
}

// partners are whom two records of one system could be in the other one.
func (d *desk) partners(side linkage.Side, a, b int32) []other {
	var all []other
	r := d.patients
	for k, p := range r.Pairs {
		own, list, row := p.Left, r.Right, p.Right
		if side == linkage.Right {
			own, list, row = p.Right, r.Left, p.Left
		}
		if own != a && own != b || p.Band == linkage.None {
			continue
		}
		what := "partner of first"
		if own == b {
			what = "partner of second"
		}
		all = append(all, other{what: what, id: list.ID(int(row)), name: nameOf(list, int(row)), born: list.Value(int(row), roster.BirthDate),
			more: strings.TrimSpace(list.Value(int(row), roster.Address) + " " + list.Value(int(row), roster.HomePhone)), bits: p.Bits, isCandidate: true, to: item{pairCase, int32(k)}})
	}
	return all
}

// ledgerCard is the card of a decision whose records the run does not pair: it stands, and its records are shown as far
// as the rosters still have them.
func (d *desk) ledgerCard(i item) *Card {
	card := &Card{item: i, Title: "Decided before", Sentence: "The last run does not pair these records any more, because of the decision or because they have changed. It stands; Ctrl+Z takes it back."}
	left, right := d.ids(i)
	card.fields = append(card.fields, field{name: "identifier", values: [2]string{left, right}})
	if d.patients == nil {
		card.fields = planFields(d.planPair(i))
		return card
	}
	rows, lists := d.rows(i), d.tables(i)
	for _, role := range roster.Roles {
		var values [2]string
		for n, row := range rows {
			if row >= 0 && role != roster.ID {
				values[n] = lists[n].Value(row, role)
			}
		}
		if values[0] != "" || values[1] != "" {
			card.fields = append(card.fields, fieldLines(role, values, [2]normal.Order{orderOf(lists[0]), orderOf(lists[1])})...)
		}
	}
	return card
}

func (d *desk) conflictCard(n int) *Card {
	card := &Card{item: item{conflictCase, int32(n)}, Bad: true, Title: "Decisions that cannot all be right",
		Sentence: "A record has more than one accepted link, or a link and the decision that it has none. Take the wrong decision back (Ctrl+Z); nothing is exported until then."}
	all := d.ledger.Conflicts()
	if n < len(all) {
		for _, x := range all[n].Decisions {
			card.fields = append(card.fields, field{name: string(x.Action), values: [2]string{x.Left, x.Right}, words: fmt.Sprintf("%s, %s", x.Who, x.At.Local().Format("2006-01-02 15:04"))})
		}
	}
	return card
}
