package linkage

// Ledger is the decisions of people in force.
type Ledger struct{}

func (r *Result) decide(l *Ledger) {}
