package linker

import (
	"os"
	"path/filepath"
	"testing"

	"trestle/internal/linkage"
	"trestle/internal/linkage/roster"
)

// BenchmarkNextCase is how long it takes from a key to the next case, on a roster with households of 3,498 and 7,993
// patients: the decision is in the ledger, the list is made anew and the next card is there.
func BenchmarkNextCase(b *testing.B) {
	folder := os.Getenv("TRESTLE_CORPUS")
	if folder == "" {
		b.Skip("TRESTLE_CORPUS is not set")
	}
	d := &desk{kind: linkage.Patients, ledger: &linkage.Ledger{}}
	d.cases.reset()
	for w, name := range []string{"infusion_A.csv", "ehr_B.csv"} {
		table, err := roster.Open(b.Context(), filepath.Join(folder, "linkage", "roster-hard", name), roster.Spec{}, nil)
		if err != nil {
			b.Fatal(err)
		}
		d.sides[w].table = table
	}
	m := &Model{}
	w := m.work(d.kind, d.sides, nil, d.spec, d.planSpec)
	o, err := w.do(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	d.take(o)
	b.Logf("%d cases wait of %d", d.cases.open, len(d.cases.all))
	b.ReportAllocs()
	seq := int64(0)
	for b.Loop() {
		i := d.cases.shown[d.cases.at]
		x, err := d.decide(i, linkage.ActDifferent)
		if err != nil {
			b.Fatal(err)
		}
		seq++
		x.Seq = seq
		d.ledger.Add(x)
		d.weigh()
		d.filter()
		if len(d.cases.shown) == 0 { // all decided: again from the beginning
			d.ledger = &linkage.Ledger{}
			d.weigh()
			d.filter()
		}
		d.cases.at = 0
		clear(d.cases.cards)
		d.open()
	}
}
