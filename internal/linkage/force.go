package linkage

import "iter"

// InForce yields the decisions that stand: neither taken back nor followed by another about the same records. Skips are
// none.
func (l *Ledger) InForce() iter.Seq[Decision] {
	return func(yield func(Decision) bool) {
		l.fold()
		standing := map[int]bool{}
		for _, i := range l.pairs {
			standing[i] = true
		}
		for _, i := range l.created {
			standing[i] = true
		}
		for _, i := range l.within {
			standing[i] = true
		}
		for i, d := range l.all {
			if standing[i] && !yield(d) {
				return
			}
		}
	}
}

// Within returns the decision in force about two records of one system.
func (l *Ledger) Within(side Side, a, b string) (Decision, bool) {
	l.fold()
	i, ok := l.within[withinKey{side, min(a, b), max(a, b)}]
	if !ok {
		return Decision{}, false
	}
	return l.all[i], true
}
