package difference

import (
	"trestle/internal/compare"
)

// Writer takes the pairs of a comparison and, at the end, its summary.
type Writer interface {
	Pair(*compare.Pair) error
	Close(*compare.Summary) error
}

// Options say what a report is called and what it shows.
type Options struct {
	Title       string // of the page; empty takes one of ours
	Left, Right string // what was compared, for people
	Rules       string // the rules, summed up
	Mask        bool   // hide what may be patient data
}

// maxListed is how many differences of one pair the reports for people list; JSON has all.
const maxListed = 500

// Several hands each pair to several writers.
func Several(writers ...Writer) Writer { return several(writers) }

type several []Writer

func (s several) Pair(p *compare.Pair) error {
	for _, w := range s {
		if err := w.Pair(p); err != nil {
			return err
		}
	}
	return nil
}

func (s several) Close(sum *compare.Summary) error {
	for _, w := range s {
		if err := w.Close(sum); err != nil {
			return err
		}
	}
	return nil
}

// example returns the texts of an example of a pattern: under the mask none that may be patient data, which of a pattern
// is not known any more.
func example(e compare.Example, mask bool) (key, left, right string) {
	if !mask {
		return e.Key, e.Left, e.Right
	}
	hide := func(s string) string {
		if s == "" {
			return ""
		}
		return compare.Masked
	}
	return compare.Masked, hide(e.Left), hide(e.Right)
}
