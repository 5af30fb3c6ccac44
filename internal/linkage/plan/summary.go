package plan

import (
	"cmp"

	"trestle/internal/linkage"
)

// ModelVersion names the model and its gates in papers. It changes whenever the same lists could give another result.
const ModelVersion = "trestle-plan/1"

// Summary is a result in figures.
type Summary struct {
	Model         string               `json:"model"`
	Left          ListSummary          `json:"left"`
	Right         ListSummary          `json:"right"`
	Compared      int64                `json:"pairs_compared"`
	Thresholds    map[string]float64   `json:"thresholds"`
	Automatic     int                  `json:"automatic"`
	Review        int                  `json:"review"`  // left plans that people are asked about
	Blocked       int                  `json:"blocked"` // left plans whose only counterparts contradict
	Create        int                  `json:"create"`
	NotPayers     int                  `json:"not_payers"`
	Duplicates    map[linkage.Side]int `json:"duplicate_pairs"`
	Gates         map[Gate]int         `json:"gates"` // of the pairs to review and the blocked ones
	ExpectedFalse float64              `json:"expected_false_links"`
	Notes         []string             `json:"notes,omitempty"`
}

// ListSummary is one list in figures.
type ListSummary struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
	Bad    int    `json:"rows_set_aside"`
	Key    Key    `json:"plan_id"`
}

// Summary counts the result.
func (r *Result) Summary(o Options) Summary {
	o = o.withDefaults()
	counts := r.Counts()
	s := Summary{
		Model: ModelVersion, Left: r.Left.summary(), Right: r.Right.summary(), Compared: r.Compared,
		Thresholds: map[string]float64{"automatic": o.Automatic, "review": o.Review},
		Automatic:  counts.Automatic, Review: counts.Review, Blocked: counts.Blocked, Create: counts.Create, NotPayers: counts.NotPayers,
		Duplicates: map[linkage.Side]int{linkage.Left: 0, linkage.Right: 0}, Gates: map[Gate]int{},
	}
	for _, d := range r.Duplicates {
		s.Duplicates[d.Side]++
	}
	for _, c := range r.Links() {
		s.ExpectedFalse += 1 - c.Probability
	}
	for _, c := range r.ForReview() {
		for _, g := range c.Gates {
			s.Gates[g]++
		}
	}
	for _, l := range []*List{r.Left, r.Right} {
		for _, note := range l.Notes {
			s.Notes = append(s.Notes, cmp.Or(l.Name, "list")+": "+note)
		}
	}
	s.Notes = append(s.Notes, r.Notes...)
	return s
}

func (l *List) summary() ListSummary {
	return ListSummary{l.Name, l.Hash, len(l.Plans), len(l.Bad), l.Key}
}
