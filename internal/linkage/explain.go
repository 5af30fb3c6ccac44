package linkage

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"trestle/internal/linkage/roster"
	"trestle/internal/linkage/similar"
)

// Evidence is what one field says about a pair.
type Evidence struct {
	Field Field
	Level Level
	Words string // how the values agree: "a slip", "different"
	// Bits is the weight against strangers, HouseBits that against another person of the same household. Both are log2,
	// and 0 where a value is missing.
	Bits, HouseBits float64
	Values          []Values
}

// Values are the cells of one column on both sides.
type Values struct {
	Role        roster.Role
	Left, Right string         // as they came
	Diff        []similar.Edit // from Left to Right, character by character; of folded values
}

// Explanation says why a pair is where it is.
type Explanation struct {
	Pair     Pair
	Evidence []Evidence
	Prior    float64 // log2 odds before any evidence
	Rarity   float64 // bits for names that are rarer, or more common, than the average
	Sentence string
	Pattern  string // the reason pattern: see [Result.ReasonPattern]
	Rivals   []Pair // the other candidates of both records, the best first
	// The rows of those who share the household, in both rosters.
	LeftHouse, RightHouse []int32
}

var levelWords = [Fields][]string{
	First:      {"missing", "the same", "a slip", "a nickname", "alike", "an initial", "exchanged with the surname", "different"},
	Middle:     {"missing", "the same", "the same initial", "different"},
	BirthDay:   {"missing", "the same", "a slip", "two parts of three", "different"},
	SexField:   {"missing", "the same", "different"},
	SSNField:   {"missing", "the same", "a slip", "the same last four", "different"},
	Mobile:     {"missing", "the same", "different"},
	Mail:       {"missing", "the same", "nearly the same", "alike", "different"},
	Generation: {"missing", "the same", "different"},
	Crosswalk:  {"missing", "the same", "different"},
}

var fieldRoles = [Fields][]roster.Role{
	First: {roster.FirstName}, Middle: {roster.MiddleName}, BirthDay: {roster.BirthDate}, SexField: {roster.Sex}, SSNField: {roster.SSN},
	Mobile: {roster.MobilePhone}, Mail: {roster.Email}, Generation: {roster.NameSuffix}, Crosswalk: {roster.OtherID, roster.ID},
	Household: {roster.LastName, roster.Address, roster.City, roster.PostalCode, roster.HomePhone, roster.MemberID},
}

func words(p Pattern, f Field) string {
	if f != Household {
		return levelWords[f][p.Level(f)]
	}
	surname := []string{"surname missing", "same surname", "surname alike", "other surname"}[p.Surname()]
	address := []string{"", "same address", "address alike", "same area", "other address"}[p.Address()]
	contact := []string{"", "same home phone or member id", "other home phone and member id"}[p.Contact()]
	parts := slices.DeleteFunc([]string{surname, address, contact}, func(s string) bool { return s == "" })
	return strings.Join(parts, ", ")
}

// Explain says why the i-th pair is where it is.
func (r *Result) Explain(i int) Explanation {
	p := r.Pairs[i]
	e := Explanation{Pair: p, Pattern: r.ReasonPattern(p)}
	for f := range Field(Fields) {
		l := p.Pattern.Level(f)
		v := Evidence{Field: f, Level: l, Words: words(p.Pattern, f), Bits: r.Model.weight[person1][f][l]}
		v.HouseBits = v.Bits - r.Model.weight[family][f][l]
		for _, role := range fieldRoles[f] {
			x := Values{Role: role, Left: r.Left.Value(int(p.Left), role), Right: r.Right.Value(int(p.Right), role)}
			if x.Left == "" && x.Right == "" {
				continue
			}
			x.Diff = similar.Diff(strings.TrimSpace(x.Left), strings.TrimSpace(x.Right))
			v.Values = append(v.Values, x)
		}
		e.Evidence = append(e.Evidence, v)

	}
	e.Prior = r.Model.bits(0, 0)
	e.Rarity = p.Bits - r.Model.bits(p.Pattern, 0)
	for side, row := range []int32{p.Left, p.Right} {
		for _, j := range r.pairsOf[side][row] {
			if int(j) != i {
				e.Rivals = append(e.Rivals, r.Pairs[j])
			}
		}
	}
	slices.SortStableFunc(e.Rivals, func(a, b Pair) int {
		switch {
		case a.Bits > b.Bits:
			return -1
		case a.Bits < b.Bits:
			return 1
		}
		return 0
	})
	e.LeftHouse, e.RightHouse = r.left.household(p.Left), r.right.household(p.Right)
	e.Sentence = r.sentence(p, &e)
	return e
}

// mostHousehold is how many persons of a household are shown; more is an institution.
const mostHousehold = 20

// household returns the other rows that share address, phone or membership with a row.
func (p *people) household(row int32) []int32 {
	var list []int32
	me := &p.list[row]
	for i := range p.list {
		x := &p.list[i]
		// The same surname and postal code alone are no household to show.
		if int32(i) != row && (x.street != 0 && x.street == me.street && x.number == me.number || x.home != 0 && x.home == me.home || x.member != 0 && x.member == me.member) {
			if list = append(list, int32(i)); len(list) == mostHousehold {
				break
			}
		}
	}
	return list
}

func (r *Result) sentence(p Pair, e *Explanation) string {
	var same, other []string
	for f := range Field(Fields - 1) {
		switch l := p.Pattern.Level(f); {
		case l == Exact:
			same = append(same, f.String())
		case l != Missing:
			other = append(other, f.String()+" "+words(p.Pattern, f))
		}
	}
	if p.Pattern.Surname() == Exact {
		same = append(same, "surname")
	}
	if p.Pattern.Address() == Exact {
		same = append(same, "address")
	}
	s := "Nothing is the same"
	if len(same) > 0 {
		s = "Same " + strings.Join(same, ", ")
	}
	if len(other) > 0 {
		s += "; " + strings.Join(other, ", ")
	}
	if n := len(e.LeftHouse) + len(e.RightHouse); n > 0 {
		s += fmt.Sprintf("; %d %s in the households", n, some(n, "other", "others"))
	}
	if n := len(e.Rivals); n > 0 {
		s += fmt.Sprintf("; %d other %s", n, some(n, "candidate", "candidates"))
	}
	switch {
	case p.Decided != "":
		s += "; decided: " + string(p.Decided)
		if p.Changed {
			s += ", and a record has changed since"
		}
	case len(p.Gates.List()) > 0:
		s += ". Not automatic: " + p.Gates.List()[0].About()
	}
	return s + "."
}

func some(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// ReasonPattern is the same for pairs that differ only in their values: the gates, and how each field agrees. Decisions
// in bulk are over one pattern.
func (r *Result) ReasonPattern(p Pair) string {
	parts := []string{strings.Join(p.Gates.Names(), "+")}
	for f := range Field(Fields) {
		if f == Household || p.Pattern.Level(f) != Missing {
			parts = append(parts, f.String()+": "+words(p.Pattern, f))
		}
	}
	return strings.Join(parts, " | ")
}

// Candidate returns a pair as the store and the decisions have it.
func (r *Result) Candidate(p Pair) Candidate {
	return Candidate{Left: r.LeftID(p), Right: r.RightID(p), LeftHash: r.Left.ContentHash(int(p.Left)), RightHash: r.Right.ContentHash(int(p.Right)),
		Probability: p.Probability, Bits: p.Bits - r.Model.bits(0, 0), Band: p.Band, Gates: p.Gates.Names(), Pattern: r.ReasonPattern(p)}
}

// Candidates yields the pairs that are automatic, in review or blocked, for [Store.SaveRun].
func (r *Result) Candidates() iter.Seq[Candidate] {
	return func(yield func(Candidate) bool) {
		for _, p := range r.Pairs {
			if p.Band != None && !yield(r.Candidate(p)) {
				return
			}
		}
	}
}

// Rows yields a roster's rows, the bad ones last, for [Store.SaveRoster].
func Rows(r *roster.Roster) iter.Seq[StoredRow] {
	return func(yield func(StoredRow) bool) {
		for i := range r.Len() {
			if !yield(StoredRow{ID: r.ID(i), Hash: r.ContentHash(i), Line: r.Line(i), Cells: r.Cells(i)}) {
				return
			}
		}
		for _, b := range r.Bad {
			if !yield(StoredRow{Line: b.Line, Cells: b.Cells, Bad: b.Reason}) {
				return
			}
		}
	}
}
