package linkage

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trestle/internal/linkage/roster"
)

var safetyColumns = []roster.Column{{Name: "id"}, {Name: "other id"}, {Name: "last name"}, {Name: "first name"}, {Name: "middle name"}, {Name: "suffix"},
	{Name: "dob"}, {Name: "sex"}, {Name: "ssn"}, {Name: "address"}, {Name: "zip"}, {Name: "home phone"}, {Name: "mobile"}, {Name: "email"}, {Name: "member id"}}

func init() {
	for i, role := range []roster.Role{roster.ID, roster.OtherID, roster.LastName, roster.FirstName, roster.MiddleName, roster.NameSuffix, roster.BirthDate,
		roster.Sex, roster.SSN, roster.Address, roster.PostalCode, roster.HomePhone, roster.MobilePhone, roster.Email, roster.MemberID} {
		safetyColumns[i].Role = role
	}
}

// person as a row: id, other id, last, first, middle, suffix, dob, sex, ssn, address, zip, home, mobile, email, member.
type row []string

// among links two small rosters that stand among 400 persons whom both have, so that there is something to learn from.
func among(t *testing.T, left, right []row, o Options) *Result {
	t.Helper()
	r, err := Run(t.Context(), crowd("left", "L", left), crowd("right", "R", right), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary.AutomaticOff != "" {
		t.Fatal(r.Summary.AutomaticOff)
	}
	return r
}

func crowd(name, prefix string, more []row) *roster.Roster {
	given := []string{"anna", "boris", "clara", "david", "emma", "felix", "grace", "henry", "irene", "jonas", "karin", "louis", "maria", "nils", "olga", "peter", "rosa", "simon", "tessa", "victor"}
	family := []string{"ashdown", "brook", "carver", "dunmore", "elwood", "farrow", "garland", "hobbs", "ingram", "jessup", "kerr", "lowry", "merton", "norwell", "orchard", "pym", "quayle", "rudge", "selby", "thorne"}
	var rows [][]string
	for i := range 400 {
		g := i % 20
		rows = append(rows, []string{fmt.Sprintf("%s%04d", prefix, i), "", family[i/20], given[g], "", "", fmt.Sprintf("%d-%02d-%02d", 1940+i%70, 1+i%12, 1+i%28),
			[]string{"F", "M"}[g%2], fmt.Sprintf("2%02d-%02d-%04d", i%90+1, i%80+10, 1000+i), fmt.Sprintf("%d %s rd", 100+i, family[(i+7)%20]), fmt.Sprintf("98%03d", i%200),
			fmt.Sprintf("206-3%02d-%04d", i%90+10, 2000+i), fmt.Sprintf("425-4%02d-%04d", i%90+10, 3000+i), "", fmt.Sprintf("XQ%06d", 1000+i)})
	}
	for _, m := range more {
		rows = append(rows, m)
	}
	return roster.New(name, safetyColumns, rows)
}

// pairOf returns the pair of two identifiers; ok is false if it is no candidate.
func (r *Result) pairOf(left, right string) (Pair, bool) {
	for _, p := range r.Pairs {
		if r.LeftID(p) == left && r.RightID(p) == right {
			return p, true
		}
	}
	return Pair{}, false
}

const (
	street = "77 lantern way"
)

func TestTrapsAreNeverAutomatic(t *testing.T) {
	base := row{"A1", "", "zelwick", "jordan", "", "", "1984-05-17", "M", "", street, "98101", "206-777-4141", "", "", "MB778899"}
	with := func(id string, changes ...string) row {
		r := slices.Clone(base)
		r[0] = id
		for i := 0; i+1 < len(changes); i += 2 {
			for c, col := range safetyColumns {
				if string(col.Role) == changes[i] || col.Name == changes[i] {
					r[c] = changes[i+1]
				}
			}
		}
		return r
	}
	for _, c := range []struct {
		name  string
		right row
		gate  Gate
	}{
		{"twin", with("B1", "first name", "jaden"), GateFirstName},
		{"twin with a name alike", with("B1", "first name", "gordan"), GateFirstName},
		{"Sr and Jr", with("B1", "dob", "1956-11-02", "suffix", "Sr"), GateBirthDate},
		{"Sr and Jr with one birthday", with("B1", "dob", "1956-05-17"), GateBirthDate},
		{"same name, a birth date near", with("B1", "dob", "1984-05-12", "address", "4 heron ct", "zip", "98555", "home phone", "360-888-1212", "member id", ""), GateBirthSlip},
		{"same name and birth date, a stranger", with("B1", "address", "4 heron ct", "zip", "98555", "home phone", "360-888-1212", "member id", "KK11"), GateCorroboration},
		{"mother and newborn", with("B1", "first name", "BABY BOY", "dob", "2025-12-01"), GateNewborn},
		{"birth date missing", with("B1", "dob", "1900-01-01"), GateBirthDate},
		{"sexes in conflict", with("B1", "sex", "F"), GateSex},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := among(t, []row{base}, []row{c.right}, Options{})
			p, ok := r.pairOf("A1", "B1")
			if ok && p.Band == Automatic {
				t.Errorf("linked, %v", p.Gates.Names())
			}
			if ok && !p.Gates.Has(c.gate) {
				t.Errorf("the gate %s is open: %v", c.gate, p.Gates.Names())
			}
		})
	}
	// The same pair without a trap is automatic: the cases above are not stopped by something else.
	r := among(t, []row{base}, []row{with("B1")}, Options{})
	if p, _ := r.pairOf("A1", "B1"); p.Band != Automatic {
		t.Errorf("the plain pair is %s: %v", p.Band, p.Gates.Names())
	}
}

func TestConflictingNumbersGoToReview(t *testing.T) {
	a := row{"A1", "", "zelwick", "jordan", "", "", "1984-05-17", "M", "212-45-6789", street, "98101", "206-777-4141", "", "", ""}
	b := slices.Clone(a)
	b[0], b[8] = "B1", "631-22-1188"
	r := among(t, []row{a}, []row{b}, Options{})
	if p, _ := r.pairOf("A1", "B1"); p.Band != Review || !p.Gates.Has(GateSSN) {
		t.Errorf("%s %v", p.Band, p.Gates.Names())
	}
	b[8] = "999-99-9999" // a placeholder contradicts nothing
	r = among(t, []row{a}, []row{b}, Options{})
	if p, _ := r.pairOf("A1", "B1"); p.Band != Automatic {
		t.Errorf("%s %v", p.Band, p.Gates.Names())
	}
}

func TestCloseRunnerUpGoesToReview(t *testing.T) {
	a := row{"A1", "", "zelwick", "jordan", "", "", "1984-05-17", "M", "", street, "98101", "206-777-4141", "", "", ""}
	b, c := slices.Clone(a), slices.Clone(a)
	b[0], c[0] = "B1", "B2"
	r := among(t, []row{a}, []row{b, c}, Options{})
	for _, id := range []string{"B1", "B2"} {
		if p, _ := r.pairOf("A1", id); p.Band != Review || !p.Gates.Has(GateTie) {
			t.Errorf("%s: %s %v", id, p.Band, p.Gates.Names())
		}
	}
	if !slices.ContainsFunc(r.Duplicates, func(d Duplicate) bool { return d.Side == Right }) {
		t.Error("the duplicate inside the right system is not reported")
	}
}

func TestOverlaysAreReported(t *testing.T) {
	a := row{"A1", "B1", "zelwick", "jordan", "", "", "1984-05-17", "M", "", street, "98101", "", "", "", ""}
	b := row{"B1", "", "marchetti", "lucille", "", "", "1951-09-30", "F", "", "9 heron ct", "98555", "", "", "", ""}
	r := among(t, []row{a}, []row{b}, Options{})
	if p, ok := r.pairOf("A1", "B1"); ok && p.Band == Automatic {
		t.Error("an overlay was linked")
	}
	// Identifiers of fewer than three characters are no identifiers: a longer one shows the alarm.
	a[1], b[0] = "MRN771", "MRN771"
	r = among(t, []row{a}, []row{b}, Options{})
	if p, _ := r.pairOf("A1", "MRN771"); p.Band != Blocked || len(r.Overlays) != 1 {
		t.Errorf("%s, %d overlays", p.Band, len(r.Overlays))
	}
	one := row{"L0001", "", "marchetti", "lucille", "", "", "1951-09-30", "F", "", "9 heron ct", "98555", "", "", "", ""}
	r = among(t, []row{one}, nil, Options{})
	if len(r.Overlays) != 1 || r.Overlays[0].Side != Left {
		t.Errorf("one identifier, two persons: %v", r.Overlays)
	}
}

func TestCoincidingNumbersAreNoOverlays(t *testing.T) {
	left, right := crowd("left", "L", nil), crowd("right", "R", nil)
	var rows [][]string
	for i := range left.Len() {
		cells := left.Cells(i)
		cells[1] = fmt.Sprintf("R%04d", (i+37)%left.Len()) // our own numbers, which look like theirs
		rows = append(rows, cells)
	}
	r, err := Run(t.Context(), roster.New("left", safetyColumns, rows), right, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Overlays) != 0 || r.Summary.Blocked != 0 || !slices.ContainsFunc(r.Summary.Notes, func(n string) bool { return strings.Contains(n, "different authorities") }) {
		t.Errorf("%d overlays, %q", len(r.Overlays), r.Summary.Notes)
	}
	if p, _ := r.pairOf("L0005", "R0005"); p.Band != Automatic {
		t.Errorf("%s %v", p.Band, p.Gates.Names())
	}
}

func TestAtMostOneLinkForEachRecord(t *testing.T) {
	r := among(t, nil, nil, Options{Off: SetOf(GateRunnerUp, GateDuplicate, GateCorroboration)})
	seen := map[string]bool{}
	for _, p := range r.Pairs {
		if p.Band != Automatic {
			continue
		}
		for _, id := range []string{"l" + r.LeftID(p), "r" + r.RightID(p)} {
			if seen[id] {
				t.Errorf("%s has two links", id)
			}
			seen[id] = true
		}
	}
	if len(seen) < 700 {
		t.Errorf("only %d records were linked", len(seen))
	}
}

func TestSameInputSameResult(t *testing.T) {
	var first string
	for range 3 {
		r := among(t, nil, nil, Options{Seed: 7})
		var b bytes.Buffer
		if err := r.WriteLinks(&b, Automatic, Review, Blocked); err != nil {
			t.Fatal(err)
		}
		if err := r.WriteSummary(&b); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = b.String()
		}
		if b.String() != first {
			t.Fatal("two runs differ")
		}
	}
}

func decision(seq int64, action Action, r *Result, left, right string) Decision {
	d := Decision{Seq: seq, At: time.Unix(seq, 0), Who: "Ada", Kind: Patients, Action: action}
	d.Left, d.Right = left, right
	if p, ok := r.pairOf(left, right); ok {
		d.Candidate = r.Candidate(p)
	}
	return d
}

func TestRejectedPairsStayRejected(t *testing.T) {
	r := among(t, nil, nil, Options{})
	if p, _ := r.pairOf("L0007", "R0007"); p.Band != Automatic {
		t.Fatalf("%s %v", p.Band, p.Gates.Names())
	}
	l := &Ledger{}
	l.Add(decision(1, ActDifferent, r, "L0007", "R0007"))
	again := among(t, nil, nil, Options{Ledger: l, Seed: 3})
	if p, _ := again.pairOf("L0007", "R0007"); p.Band != None {
		t.Errorf("revived as %s", p.Band)
	}
	// Taken back, the pair is as before.
	l.Add(Decision{Seq: 2, Action: ActUndo, Undoes: 1})
	again = among(t, nil, nil, Options{Ledger: l})
	if p, _ := again.pairOf("L0007", "R0007"); p.Band != Automatic {
		t.Errorf("after the undo: %s %v", p.Band, p.Gates.Names())
	}
	if len(l.All()) != 2 {
		t.Error("the undo removed something")
	}
}

func TestChangedRecordsAreFlagged(t *testing.T) {
	a := row{"A1", "", "zelwick", "jordan", "", "", "1984-05-17", "M", "", street, "98101", "206-777-4141", "", "", ""}
	b := slices.Clone(a)
	b[0] = "B1"
	r := among(t, []row{a}, []row{b}, Options{})
	l := &Ledger{}
	l.Add(decision(1, ActSame, r, "A1", "B1"))
	r = among(t, []row{a}, []row{b}, Options{Ledger: l})
	if p, _ := r.pairOf("A1", "B1"); p.Decided != ActSame || p.Changed || p.Band != None {
		t.Errorf("%+v", p)
	}
	b[9] = "12 other st"
	r = among(t, []row{a}, []row{b}, Options{Ledger: l})
	if p, _ := r.pairOf("A1", "B1"); p.Decided != ActSame || !p.Changed || p.Band != Review {
		t.Errorf("%+v", p)
	}
}

func TestDecisionsAreNotContradictedSilently(t *testing.T) {
	r := among(t, nil, nil, Options{})
	l := &Ledger{}
	l.Add(decision(1, ActSame, r, "L0007", "R0008"))
	r = among(t, nil, nil, Options{Ledger: l})
	if p, _ := r.pairOf("L0007", "R0007"); p.Band != Blocked || !p.Gates.Has(GateDecision) {
		t.Errorf("%s %v", p.Band, p.Gates.Names())
	}
	if err := l.Allow(decision(2, ActSame, r, "L0007", "R0007")); err == nil || !strings.Contains(err.Error(), "decision 1") {
		t.Errorf("a second link: %v", err)
	}
	if c := l.Conflicts(); len(c) != 0 {
		t.Errorf("%v", c)
	}
	l.Add(decision(2, ActSame, r, "L0007", "R0007"))
	if c := l.Conflicts(); len(c) != 1 || c[0].ID != "L0007" || len(c[0].Decisions) != 2 {
		t.Errorf("%v", c)
	}
	l.Add(Decision{Seq: 3, Action: ActUndo, Undoes: 1})
	if c := l.Conflicts(); len(c) != 0 {
		t.Errorf("%v", c)
	}
	if err := l.Allow(Decision{Action: ActUndo, Undoes: 1}); err == nil {
		t.Error("a decision can be taken back twice")
	}
	if d, ok := l.Last(); !ok || d.Seq != 2 {
		t.Errorf("%+v", d)
	}
}

func TestTrainingThatFailsSwitchesAutomaticOff(t *testing.T) {
	// The same persons with the birth dates of others: the columns are mapped wrongly.
	left, right := crowd("left", "L", nil), crowd("right", "R", nil)
	var rows [][]string
	for i := range right.Len() {
		cells := right.Cells(i)
		cells[6] = right.Cell((i+13)%right.Len(), 6)
		rows = append(rows, cells)
	}
	r, err := Run(t.Context(), left, roster.New("right", safetyColumns, rows), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary.AutomaticOff == "" || r.Summary.Automatic != 0 || !strings.Contains(r.Summary.AutomaticOff, "birth date") {
		t.Errorf("%q, %d automatic", r.Summary.AutomaticOff, r.Summary.Automatic)
	}
}

func TestThinRostersLinkNothingByThemselves(t *testing.T) {
	// Names and birth dates only, as in RLdata10000.
	thin := func(r *roster.Roster) *roster.Roster {
		var rows [][]string
		for i := range r.Len() {
			c := r.Cells(i)
			rows = append(rows, []string{c[0], c[2], c[3], c[6]})
		}
		return roster.New(r.Name, []roster.Column{safetyColumns[0], safetyColumns[2], safetyColumns[3], safetyColumns[6]}, rows)
	}
	r, err := Run(t.Context(), thin(crowd("left", "L", nil)), thin(crowd("right", "R", nil)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary.Automatic != 0 || r.Summary.AutomaticOff == "" {
		t.Errorf("%d automatic, %q", r.Summary.Automatic, r.Summary.AutomaticOff)
	}
	if r.Summary.Review < 390 {
		t.Errorf("only %d pairs in review", r.Summary.Review)
	}
}

func TestUnusualRosters(t *testing.T) {
	same := make([][]string, 3000)
	for i := range same {
		same[i] = []string{fmt.Sprint("X", i), "", "zelwick", "jordan", "", "", "1984-05-17", "M", "", street, "98101", "", "", "", ""}
	}
	r, err := Run(t.Context(), roster.New("left", safetyColumns, same), crowd("right", "R", nil), Options{})
	if err != nil || r.Summary.Automatic != 0 {
		t.Errorf("identical rows: %v, %+v", err, r)
	}
	scripts := []row{{"A1", "", "李", "小龍", "", "", "1984-05-17", "M", "", street, "98101", "206-777-4141", "", "", ""}, {"A2", "", "Петров", "Иван", "", "", "1990-01-17", "M", "", "8 quay", "98102", "206-777-4242", "", "", ""}}
	right := []row{slices.Clone(scripts[0]), slices.Clone(scripts[1])}
	right[0][0], right[1][0], right[1][2] = "B1", "B2", "ПЕТРОВ"
	x := among(t, scripts, right, Options{})
	for _, ids := range [][2]string{{"A1", "B1"}, {"A2", "B2"}} {
		if p, _ := x.pairOf(ids[0], ids[1]); p.Band != Automatic {
			t.Errorf("%v: %s %v", ids, p.Band, p.Gates.Names())
		}
	}
	if _, err := Run(t.Context(), roster.New("left", []roster.Column{{Name: "a"}, {Name: "b"}}, [][]string{{"1", "2"}}), crowd("right", "R", nil), Options{}); err == nil || !strings.Contains(err.Error(), "names") {
		t.Errorf("no names: %v", err)
	}
}

func TestExplanationAndForecast(t *testing.T) {
	a := row{"A1", "", "zelwick", "jordan", "", "", "1984-05-17", "M", "", street, "98101", "206-777-4141", "", "", ""}
	b := slices.Clone(a)
	b[0], b[7] = "B1", "F"
	r := among(t, []row{a}, []row{b}, Options{})
	i := slices.IndexFunc(r.Pairs, func(p Pair) bool { return r.LeftID(p) == "A1" && r.RightID(p) == "B1" })
	e := r.Explain(i)
	sum := e.Prior + e.Rarity
	for _, v := range e.Evidence {
		if v.Field == SexField && (v.Bits >= 0 || v.Words != "different") {
			t.Errorf("%+v", v)
		}
		sum += v.Bits
	}
	if !strings.Contains(e.Sentence, "birth date") || !strings.Contains(e.Sentence, "the sexes contradict") || e.Pattern == "" || sum < e.Pair.Bits {
		t.Errorf("%q, bars %.1f, bits %.1f", e.Sentence, sum, e.Pair.Bits)
	}
	now, without := r.Forecast(0), r.Forecast(SetOf(GateSex))
	if now.Automatic != r.Summary.Automatic || now.Review != r.Summary.Review || without.Automatic != now.Automatic+1 || without.Review != now.Review-1 {
		t.Errorf("now %+v, without the gate %+v, summary %d and %d", now, without, r.Summary.Automatic, r.Summary.Review)
	}
	if q := r.Queue(); !slices.Contains(q, i) || len(q) != r.Summary.Review+r.Summary.Blocked {
		t.Errorf("queue %v", q)
	}
	if p := r.Patterns(); len(p) == 0 || len(p[0].Pairs) == 0 {
		t.Error("no patterns")
	}
}

func TestErrorEstimate(t *testing.T) {
	samples := make([]Sample, 100)
	for i := range samples {
		samples[i].Answer = ActSame
	}
	// Clopper and Pearson: 0 of 100 is at most 3.62 %, 3 of 100 is 0.62 to 8.52 %.
	if e := EstimateError(samples); e.Low != 0 || e.High < 0.0361 || e.High > 0.0363 {
		t.Errorf("%+v", e)
	}
	samples[0].Answer, samples[1].Answer, samples[2].Answer = ActDifferent, ActDifferent, ActUnsure
	if e := EstimateError(samples); e.Rate != 0.03 || e.Low < 0.0062 || e.Low > 0.0063 || e.High < 0.0851 || e.High > 0.0853 {
		t.Errorf("%+v", e)
	}
	r := among(t, nil, nil, Options{})
	one, two := r.DrawSample(0.05, 9), r.DrawSample(0.05, 9)
	if len(one) != 30 || one[0].Pair.Left != two[0].Pair.Left || one[29].Pair.Right != two[29].Pair.Right {
		t.Errorf("%d drawn", len(one))
	}
}

func TestPace(t *testing.T) {
	at := time.Unix(0, 0)
	p := PaceOf([]time.Time{at, at.Add(10 * time.Second), at.Add(20 * time.Second), at.Add(time.Hour), at.Add(time.Hour + 10*time.Second)}, 6)
	if p.PerHour != 360 || p.Left != time.Minute {
		t.Errorf("%+v", p)
	}
}

func TestSafeCells(t *testing.T) {
	for id, want := range map[string]string{"0042": "0042", "-12": "-12", "-A12": "-A12", "=1+1": "'=1+1", "@x": "'@x", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "": ""} {
		if got := safeCell(id); got != want {
			t.Errorf("%q: %q", id, got)
		}
	}
}

func TestSpec(t *testing.T) {
	s, err := ParseSpec(strings.NewReader("left: {columns: {a: id}}\ngates: {sex-conflict: false}\nthreshold: 0.9999\n"))
	if err != nil {
		t.Fatal(err)
	}
	if o, err := s.Options(); err != nil || o.Off != SetOf(GateSex) || o.Threshold != 0.9999 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, bad := range []string{"gates: {training: false}", "gates: {twinz: false}", "threshold: 0.5", "leftt: {}", "left: {dates: X}"} {
		if _, err := ParseSpec(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
