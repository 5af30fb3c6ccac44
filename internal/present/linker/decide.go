package linker

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// pace is when this session's decisions were made.
type pace struct{ times []time.Time }

func duration(d time.Duration) string {
	d = d.Round(time.Minute)
	if d >= time.Hour {
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d min", max(int(d.Minutes()), 1))
}

// Decide decides the open case and opens the next one. It is on its way to the disk before this returns, and nothing is
// undone by a crash but what the disk has not taken in yet.
func (m *Model) Decide(a linkage.Action) {
	d := m.desk()
	c := &d.cases
	if d.running != nil {
		m.Say(screen.News{Text: "The rosters are being compared: decide when that is done, or stop it (F5)."}, nil)
		return
	}
	if c.at < 0 || c.at >= len(c.shown) {
		return
	}
	i := c.shown[c.at]
	if c.filter == SecondReview {
		m.answer(i, a)
		return
	}
	x, err := d.decide(i, a)
	if err == nil {
		err = d.ledger.Allow(x)
	}
	if err != nil {
		m.Say(screen.News{Text: err.Error(), Bad: true}, nil)
		return
	}
	if m.News().Bad {
		m.Dismiss()
	}
	m.keep(d, x)
	m.goOn(d, i)
}

// decide is the line of the ledger about a case.
func (d *desk) decide(i item, a linkage.Action) (linkage.Decision, error) {
	x := linkage.Decision{Kind: d.kind, Action: a, Model: linkage.ModelVersion, Files: [2]string{d.sides[0].stored.Hash, d.sides[1].stored.Hash}}
	left, _ := d.ids(i)
	switch i.form {
	case pairCase:
		x.Candidate = d.patients.Candidate(d.patients.Pairs[i.index])
	case duplicateCase:
		if a == linkage.ActCreateNew {
			return x, fmt.Errorf("both records are of one system: say whether they are the same (s) or different (d) people")
		}
		if a == linkage.ActSame {
			x.Action = linkage.ActDuplicate
		}
		p := d.patients.Duplicates[i.index]
		list := d.roster(p.Side)
		x.Side = p.Side
		x.Candidate = linkage.Candidate{Left: list.ID(int(p.A)), Right: list.ID(int(p.B)), LeftHash: list.ContentHash(int(p.A)), RightHash: list.ContentHash(int(p.B)), Probability: p.Probability, Pattern: d.reason(i)}
	case twinCase:
		p := d.plans.Duplicates[i.index]
		pair := d.planPair(i)
		if a == linkage.ActCreateNew {
			return x, fmt.Errorf("both plans are of one list: say whether they are the same (s) or different (d)")
		}
		if a == linkage.ActSame {
			x.Action = linkage.ActDuplicate
		}
		x.Side, x.Model = p.Side, plan.ModelVersion
		x.Candidate = linkage.Candidate{Left: p.A, Right: p.B, LeftHash: planHash(pair[0]), RightHash: planHash(pair[1]), Probability: p.Probability, Pattern: d.reason(i)}
	case planCase, createCase:
		x.Model = plan.ModelVersion
		x.Candidate = d.planCandidate(i)
		if i.form == createCase && a != linkage.ActCreateNew {
			return x, fmt.Errorf("this plan has no counterpart: confirm that it is created (n), or open a candidate below")
		}
	case conflictCase:
		return x, fmt.Errorf("take the wrong one of these decisions back (Ctrl+Z); then the record can be decided")
	case ledgerCase:
		return x, fmt.Errorf("this stands since an earlier run: take it back first (Ctrl+Z)")
	default:
		return x, fmt.Errorf("this must be mended in the system that has it: one identifier stands for two people. It keeps their links from being automatic")
	}
	if a == linkage.ActCreateNew {
		if old, ok := d.cases.linked[0][left]; ok {
			return x, fmt.Errorf("the record has an accepted link (decision %d): take that back first (z)", old.Seq)
		}
		x.Right, x.RightHash = "", ""
	}
	return x, nil
}

// keep puts decisions into the ledger and on their way to the disk.
func (m *Model) keep(d *desk, list ...linkage.Decision) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	var taught []linkage.Alias
	for i := range list {
		m.seq++
		list[i].Seq, list[i].At, list[i].Kind, list[i].Who = m.seq, now, d.kind, m.store.Linkage().User()
		d.ledger.Add(list[i])
		taught = append(taught, d.teaches(list[i])...)
	}
	if list[0].Bulk == 0 && list[0].Action != linkage.ActUndo {
		d.pace.times = append(d.pace.times, now)
	}
	m.keepOnDisk(list, taught)
	d.weigh()
}

// writer is what is on its way to the disk. One job at a time takes all that waits, so that the order stays and locking the
// window ends only when everything is written.
type writer struct {
	mu      sync.Mutex
	running bool
	waiting []linkage.Decision
	aliases []linkage.Alias  // taught by them
	samples []linkage.Sample // answers of the second review
}

// take gives what waits, nothing when there is no more: then the job ends.
func (w *writer) take() (batch []linkage.Decision, taught []linkage.Alias, answers []linkage.Sample) {
	w.mu.Lock()
	defer w.mu.Unlock()
	batch, taught, answers = w.waiting, w.aliases, w.samples
	w.waiting, w.aliases, w.samples = nil, nil, nil
	if len(batch)+len(answers) == 0 {
		w.running = false
	}
	return batch, taught, answers
}

// add leaves decisions to be written and says whether a job must be started for them.
func (w *writer) add(list []linkage.Decision, taught []linkage.Alias, answers []linkage.Sample) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting, w.aliases, w.samples = append(w.waiting, list...), append(w.aliases, taught...), append(w.samples, answers...)
	start := !w.running
	w.running = true
	return start
}

// drop forgets what waits after an error: the disk is what counts then.
func (w *writer) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting, w.aliases, w.samples, w.running = nil, nil, nil, false
}

// write writes until nothing waits.
func (w *writer) write(ctx context.Context, store workspace.LinkStore) error {
	for {
		batch, taught, answers := w.take()
		if len(batch)+len(answers) == 0 {
			return nil
		}
		first, err := store.Append(ctx, batch...)
		if err == nil && len(batch) > 0 && first != batch[0].Seq {
			err = fmt.Errorf("another window has decided too; what it decided is read now")
		}
		for _, a := range taught {
			if err == nil {
				_, err = store.SaveAlias(ctx, a)
			}
		}
		if err == nil && len(answers) > 0 {
			_, err = store.SaveSamples(ctx, answers)
		}
		if err != nil {
			w.drop()
			return err
		}
	}
}

// keepOnDisk writes decisions beside the screen.
func (m *Model) keepOnDisk(list []linkage.Decision, taught []linkage.Alias, answers ...linkage.Sample) {
	if !m.writer.add(list, taught, answers) {
		return
	}
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		// What was decided is written even when the window is being locked.
		return struct{}{}, m.writer.write(context.WithoutCancel(ctx), m.store.Linkage())
	}, func(_ struct{}, err error) {
		if err != nil {
			m.Fail("A decision was not stored", err)
			m.reread()
		}
	})
}

// reread takes the ledger from the disk, which is what counts.
func (m *Model) reread() {
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]linkage.Decision, error) {
		var all []linkage.Decision
		for d, err := range m.store.Linkage().Decisions(ctx, "", 0) {
			if err != nil {
				return nil, err
			}
			all = append(all, d)
		}
		return all, nil
	}, func(all []linkage.Decision, err error) {
		if err != nil {
			m.Fail("The decisions could not be read", err)
			return
		}
		for _, d := range m.desks {
			d.ledger = &linkage.Ledger{}
			for _, x := range all {
				if x.Kind == d.kind {
					d.ledger.Add(x)
				}
				m.seq = x.Seq
			}
			d.cases.cards = map[item]*Card{}
			d.weigh()
			d.filter()
			d.first()
		}
		m.Changed(All)
	})
}

// goOn opens the case after the one that was decided.
func (m *Model) goOn(d *desk, decided item) {
	c := &d.cases
	at := c.at
	clear(c.cards) // histories and rivals have changed
	if c.filter == ToDecide {
		before := c.shown
		d.filter()
		// The next one of the list as it was that still waits.
		for _, next := range append(slices.Clone(before[min(at+1, len(before)):]), before[:min(at, len(before))]...) {
			if row := slices.Index(c.shown, next); row >= 0 {
				at = row
				break
			}
		}
	} else {
		d.filter()
		if at < len(c.shown) && c.shown[at] == decided {
			at++
		}
	}
	c.at = min(at, len(c.shown)-1)
	d.open()
	m.preload(d)
	m.Changed(Cases | Open)
}

// Undo takes the last decision back, or all that were made with it. It opens the case again.
func (m *Model) Undo() {
	d := m.desk()
	if d.cases.filter == SecondReview {
		m.unanswer()
		return
	}
	last, ok := d.ledger.Last()
	if !ok {
		m.Say(screen.News{Text: "There is no decision to take back."}, nil)
		return
	}
	m.takeBack(d, last)
}

// TakeBack takes the decision about the open case back, however long ago it was made.
func (m *Model) TakeBack() {
	d := m.desk()
	if d.cases.at < 0 || d.cases.at >= len(d.cases.shown) {
		return
	}
	i := d.cases.shown[d.cases.at]
	if i.form == conflictCase {
		conflicts := d.ledger.Conflicts()
		if int(i.index) < len(conflicts) {
			list := conflicts[i.index].Decisions
			m.takeBack(d, list[len(list)-1])
		}
		return
	}
	x, ok := d.decision(i)
	if !ok {
		m.Say(screen.News{Text: "Nobody has decided this case."}, nil)
		return
	}
	m.takeBack(d, x)
}

func (m *Model) takeBack(d *desk, last linkage.Decision) {
	list := []linkage.Decision{last}
	if last.Bulk != 0 {
		list = nil
		for x := range d.ledger.InForce() {
			if x.Bulk == last.Bulk {
				list = append(list, x)
			}
		}
	}
	undo := make([]linkage.Decision, len(list))
	for i, x := range list {
		undo[i] = linkage.Decision{Action: linkage.ActUndo, Undoes: x.Seq, Candidate: x.Candidate, Side: x.Side, Model: x.Model, Files: x.Files}
	}
	if len(undo) == 0 {
		return
	}
	m.keep(d, undo...)
	if n := len(d.pace.times); n > 0 && last.Bulk == 0 {
		d.pace.times = d.pace.times[:n-1]
	}
	if len(list) > 1 {
		m.Say(screen.News{Text: fmt.Sprintf("%s of one pattern taken back.", screen.Plural(len(list), "decision"))}, nil)
	}
	clear(d.cases.cards)
	d.filter()
	at := min(max(d.cases.at, 0), len(d.cases.shown)-1)
	for row, i := range d.cases.shown {
		if left, right := d.ids(i); left == last.Left && (right == last.Right || last.Right == "") {
			at = row
			break
		}
	}
	d.cases.at = at
	d.open()
	m.Changed(Cases | Open)
}
