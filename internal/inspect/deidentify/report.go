package deidentify

import (
	"maps"
	"slices"
	"strings"
)

// Action is what was done with a value.
type Action string

const (
	Kept            Action = "kept"
	Allowed         Action = "allowed" // kept because the caller said so
	Tokenised       Action = "tokenised"
	Invented        Action = "invented" // a name, address or telephone number that is nobody's
	Shifted         Action = "shifted"
	Generalised     Action = "generalised" // the year of a date, three digits of a ZIP code, 90 for an age above 89
	Blanked         Action = "blanked"     // not known to be harmless
	Removed         Action = "removed"
	Scrubbed        Action = "scrubbed" // text without what is known of people
	RemovedDocument Action = "document removed"
)

// Report says what was done where, in counts. It holds nothing of a patient.
type Report struct {
	Messages int
	Places   map[string]map[Action]int // by field, such as "PID-3"; "(line)" for lines that are no segment
}

// Row is one place and action of a Report.
type Row struct {
	Place  string
	Action Action
	Count  int
}

func newReport() *Report { return &Report{Places: map[string]map[Action]int{}} }

func (r *Report) count(place string, a Action) { r.add(place, a, 1) }

func (r *Report) add(place string, a Action, n int) {
	if r.Places == nil {
		r.Places = map[string]map[Action]int{}
	}
	if r.Places[place] == nil {
		r.Places[place] = map[Action]int{}
	}
	r.Places[place][a] += n
}

// Add adds another report to this one.
func (r *Report) Add(o Report) {
	r.Messages += o.Messages
	for place, actions := range o.Places {
		for a, n := range actions {
			r.add(place, a, n)
		}
	}
}

// Rows lists the places in order of segment and field.
func (r *Report) Rows() []Row {
	var rows []Row
	for place, actions := range r.Places {
		for _, a := range slices.Sorted(maps.Keys(actions)) {
			rows = append(rows, Row{place, a, actions[a]})
		}
	}
	slices.SortFunc(rows, func(a, b Row) int {
		as, af := cutPlace(a.Place)
		bs, bf := cutPlace(b.Place)
		if as != bs {
			return strings.Compare(as, bs)
		}
		if af != bf {
			return af - bf
		}
		return strings.Compare(string(a.Action), string(b.Action))
	})
	return rows
}

func cutPlace(p string) (string, int) {
	s, _, ok := strings.Cut(p, "-")
	if !ok {
		return p, 0
	}
	return s, fieldOf(p)
}

// Count is how often something was done.
func (r *Report) Count(a Action) int {
	n := 0
	for _, actions := range r.Places {
		n += actions[a]
	}
	return n
}
