package linker

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/linkage/roster"
)

// form is what a case is.
type form uint8

const (
	pairCase      form = iota // two records of two systems
	duplicateCase             // two records of one system that may be one person
	overlayCase               // one identifier, two people
	planCase                  // a pair of plans
	createCase                // a plan without counterpart
	twinCase                  // two plans of one list that say the same
	conflictCase              // decisions that cannot all be right
	ledgerCase                // a decision about records that the run does not pair any more; its index is the Seq
)

// item is one case: its form and its index in the list of the result that it comes from.
type item struct {
	form  form
	index int32
}

// Filter says which cases are listed.
type Filter int

// The filters. ToDecide begins with what is inside one system: a link into an unresolved group is never automatic.
const (
	ToDecide Filter = iota
	InsideOne
	Automatics
	Decided
	BlockedOnes
	ToCreate
	Conflicting
	SecondReview
	Everything
)

// Filters names them, in their order.
var Filters = []string{"To decide", "Inside one system", "Automatic", "Decided", "Blocked", "To create", "Conflicts", "Second review", "All"}

// cases is the list of cases of a desk and where the user is in it.
type cases struct {
	all   []item
	asked int // of all, from its beginning: those that people are asked about
	alone int // left records without any candidate
	shown []item
	at    int // in shown, -1 for none

	filter  Filter
	reason  string   // only this reason, "" for any
	reasons []string // that occur among those to decide, the most frequent first
	search  string

	open    int // cases that wait for a decision
	total   int // that ever waited
	linked  [2]map[string]linkage.Decision
	created map[string]linkage.Decision
	// standing are the decisions in force by their Seq.
	standing map[int64]linkage.Decision
	card     *Card
	cards    map[item]*Card // made beforehand
}

func (c *cases) reset() { *c = cases{at: -1, cards: map[item]*Card{}} }

// patientCases lists what a run found: duplicates and overlays, the queue in the engine's order, and then all other pairs.
func patientCases(r *linkage.Result) (all []item, asked, alone int) {
	for i := range r.Duplicates {
		all = append(all, item{duplicateCase, int32(i)})
	}
	for i := range r.Overlays {
		all = append(all, item{overlayCase, int32(i)})
	}
	queued := map[int]bool{}
	for _, i := range r.Queue() {
		queued[i] = true
		all = append(all, item{pairCase, int32(i)})
	}
	asked = len(all)
	seen := map[int32]bool{}
	for i, p := range r.Pairs {
		if p.Band != linkage.None || p.Decided != "" {
			seen[p.Left] = true
		}
		if !queued[i] && (p.Band == linkage.Automatic || p.Decided != "") {
			all = append(all, item{pairCase, int32(i)})
		}
	}
	return all, asked, r.Left.Len() - len(seen)
}

// planCases lists the plans to decide, each with its best candidate, then those to create, then the links.
func planCases(r *plan.Result) (all []item) {
	review := map[[2]int]bool{}
	for _, c := range r.ForReview() {
		review[[2]int{c.LeftRow, c.RightRow}] = true
	}
	done := map[int]bool{}
	var links []item
	for i, c := range r.Candidates {
		switch {
		case review[[2]int{c.LeftRow, c.RightRow}] && !done[c.LeftRow]:
			done[c.LeftRow] = true
			all = append(all, item{planCase, int32(i)})
		case c.Band == linkage.Automatic:
			links = append(links, item{planCase, int32(i)})
		}
	}
	// The likeliest first: who begins meets the plain cases.
	slices.SortStableFunc(all, func(a, b item) int {
		return cmp.Compare(r.Candidates[b.index].Probability, r.Candidates[a.index].Probability)
	})
	for i := range r.Creations {
		all = append(all, item{createCase, int32(i)})
	}
	for i := range r.Duplicates {
		all = append(all, item{twinCase, int32(i)})
	}
	return append(all, links...)
}

// remembered lists the decisions that no case of the run shows: they stand, and can be taken back.
func (d *desk) remembered() (list []item) {
	missing := map[[3]string]int64{}
	for x := range d.ledger.InForce() {
		missing[[3]string{string(x.Side), x.Left, x.Right}] = x.Seq
	}
	if len(missing) == 0 {
		return nil
	}
	for _, i := range d.cases.all {
		left, right := d.ids(i)
		side := ""
		switch i.form {
		case duplicateCase:
			side = string(d.patients.Duplicates[i.index].Side)
		case twinCase:
			side = string(d.plans.Duplicates[i.index].Side)
		}
		delete(missing, [3]string{side, left, right})
	}
	for _, seq := range slices.Sorted(maps.Values(missing)) {
		list = append(list, item{ledgerCase, int32(seq)})
	}
	return list
}

// line is a decision by its Seq.
func (d *desk) line(seq int32) (linkage.Decision, bool) {
	x, ok := d.cases.standing[int64(seq)]
	return x, ok
}

// weigh finds which records have a partner by decision.
func (d *desk) weigh() {
	c := &d.cases
	c.linked, c.created, c.standing = [2]map[string]linkage.Decision{{}, {}}, map[string]linkage.Decision{}, map[int64]linkage.Decision{}
	for x := range d.ledger.InForce() {
		c.standing[x.Seq] = x
		switch {
		case x.Side != "":
		case x.Action == linkage.ActSame:
			c.linked[0][x.Left] = x
			if !x.Many {
				c.linked[1][x.Right] = x
			}
		case x.Action == linkage.ActCreateNew:
			c.created[x.Left] = x
		}
	}
}

// decision is what stands about a case.
func (d *desk) decision(i item) (linkage.Decision, bool) {
	switch i.form {
	case duplicateCase:
		x := d.patients.Duplicates[i.index]
		list := d.patients.Left
		if x.Side == linkage.Right {
			list = d.patients.Right
		}
		return d.ledger.Within(x.Side, list.ID(int(x.A)), list.ID(int(x.B)))
	case overlayCase:
		return linkage.Decision{}, false
	case twinCase:
		x := d.plans.Duplicates[i.index]
		return d.ledger.Within(x.Side, x.A, x.B)
	case ledgerCase:
		return d.line(i.index)
	}
	left, right := d.ids(i)
	if x, ok := d.ledger.Of(left, right); ok {
		return x, true
	}
	x, ok := d.cases.created[left]
	return x, ok
}

// ids are the identifiers of both records of a case.
func (d *desk) ids(i item) (left, right string) {
	switch i.form {
	case pairCase:
		p := d.patients.Pairs[i.index]
		return d.patients.LeftID(p), d.patients.RightID(p)
	case duplicateCase:
		x := d.patients.Duplicates[i.index]
		list := d.roster(x.Side)
		return list.ID(int(x.A)), list.ID(int(x.B))
	case overlayCase:
		x := d.patients.Overlays[i.index]
		return d.overlaid(x, 0).ID(int(x.A)), d.overlaid(x, 1).ID(int(x.B))
	case planCase:
		c := d.plans.Candidates[i.index]
		return c.Left, c.Right
	case createCase:
		return d.plans.Creations[i.index].Plan.ID, ""
	case twinCase:
		x := d.plans.Duplicates[i.index]
		return x.A, x.B
	case ledgerCase:
		x, _ := d.line(i.index)
		return x.Left, x.Right
	}
	return "", ""
}

func (d *desk) roster(s linkage.Side) *roster.Roster {
	if s == linkage.Right {
		return d.patients.Right
	}
	return d.patients.Left
}

// overlaid is the roster of the n-th record of an overlay, which may be across the systems.
func (d *desk) overlaid(x linkage.Overlay, n int) *roster.Roster {
	if x.Side == "" && n == 1 || x.Side == linkage.Right {
		return d.patients.Right
	}
	return d.patients.Left
}

// waits says whether a case waits for a decision: it has none, and none of its records has found its partner.
func (d *desk) waits(i item) bool {
	left, right := d.ids(i)
	switch i.form {
	case overlayCase, ledgerCase, twinCase:
		return false
	case duplicateCase:
		_, ok := d.decision(i)
		return !ok
	case pairCase:
		p := d.patients.Pairs[i.index]
		if p.Band != linkage.Review && p.Band != linkage.Blocked {
			return false
		}
		if x, ok := d.ledger.Of(left, right); ok {
			// Decided over other contents, and not looked at since.
			return p.Changed && (x.LeftHash != d.patients.Left.ContentHash(int(p.Left)) || x.RightHash != d.patients.Right.ContentHash(int(p.Right)))
		}
		if p.Band == linkage.Blocked && p.Gates.Has(linkage.GateDecision) {
			return true // it contradicts a decision: somebody has to say so
		}
	case planCase:
		if d.plans.Candidates[i.index].Band == linkage.Automatic {
			return false
		}
		if x, ok := d.ledger.Of(left, right); ok && x.Action != linkage.ActDifferent {
			return false
		}
		if d.rejectedAll(left) {
			return false
		}
	case createCase:
		return false // nobody is asked; it can be confirmed
	}
	if _, ok := d.cases.linked[0][left]; ok {
		return false
	}
	if _, ok := d.cases.linked[1][right]; ok && i.form == pairCase {
		return false
	}
	_, ok := d.cases.created[left]
	return !ok
}

// rejectedAll says whether all candidates of a plan that people are asked about were rejected.
func (d *desk) rejectedAll(left string) bool {
	for _, c := range d.plans.Candidates {
		if c.Left != left || c.Band != linkage.Review && c.Band != linkage.Blocked {
			continue
		}
		if x, ok := d.ledger.Of(c.Left, c.Right); !ok || x.Action != linkage.ActDifferent {
			return false
		}
	}
	return true
}

// reason is why a case waits: the gates that were closed.
func (d *desk) reason(i item) string {
	switch i.form {
	case pairCase:
		return cmp.Or(gateWords(d.patients.Pairs[i.index].Gates.Names()), "not assigned")
	case duplicateCase:
		return "twice in " + whichOf(d.patients.Duplicates[i.index].Side).String()
	case overlayCase:
		return "one identifier, two people"
	case planCase:
		var names []string
		for _, g := range d.plans.Candidates[i.index].Gates {
			names = append(names, string(g))
		}
		return cmp.Or(strings.Join(names, ", "), "linked")
	}
	switch i.form {
	case ledgerCase:
		return "decided"
	case twinCase:
		return "twice in " + whichOf(d.plans.Duplicates[i.index].Side).String()
	}
	return "no counterpart"
}
