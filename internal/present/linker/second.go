package linker

import (
	"context"
	"fmt"
	"time"

	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/present/screen"
)

// sampleShare is how many of the automatic links a second reviewer sees.
const sampleShare = 0.05

// SecondReview draws a sample of automatic links, or goes on with the one that was drawn, and lists it without what the
// engine thinks of it.
func (m *Model) SecondReview() {
	d := m.desk()
	if d.patients == nil || d.run == 0 {
		m.Say(screen.News{Text: "Compare the rosters of patients first (F5): the second review looks at automatic links.", Bad: true}, nil)
		return
	}
	if len(d.samples) > 0 {
		d.step = Review
		m.SetFilter(SecondReview)
		m.Changed(Desk)
		return
	}
	drawn := d.patients.DrawSample(sampleShare, d.patients.Summary.Seed)
	if len(drawn) == 0 {
		m.Say(screen.News{Text: "There are no automatic links to look at."}, nil)
		return
	}
	for i := range drawn {
		drawn[i].Run = d.run
	}
	m.saveSamples(d, drawn, func() {
		d.step = Review
		m.SetFilter(SecondReview)
		m.Changed(Desk)
	})
}

// saveSamples stores a sample that was drawn; each gets its number.
func (m *Model) saveSamples(d *desk, list []linkage.Sample, then func()) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]linkage.Sample, error) {
		return m.store.Linkage().SaveSamples(context.WithoutCancel(ctx), list)
	}, func(stored []linkage.Sample, err error) {
		if err != nil {
			m.Fail("The sample was not stored", err)
			return
		}
		d.samples = append(d.samples, stored...)
		then()
	})
}

// answer keeps what the second reviewer says. A link that is not the same person is taken apart at once.
func (m *Model) answer(i item, a linkage.Action) {
	d := m.desk()
	if a != linkage.ActSame && a != linkage.ActDifferent && a != linkage.ActUnsure {
		m.Say(screen.News{Text: "In the second review a link is the same (s), different (d) or unsure (u).", Bad: true}, nil)
		return
	}
	left, right := d.ids(i)
	for k := range d.samples {
		s := &d.samples[k]
		if s.Pair.Left != left || s.Pair.Right != right {
			continue
		}
		s.Answer, s.At, s.Who = a, time.Now().UTC(), m.store.Linkage().User()
		m.keepOnDisk(nil, nil, *s)
		if x, ok := d.ledger.Of(left, right); a != linkage.ActSame && (!ok || x.Action == linkage.ActSame) {
			x, err := d.decide(i, a)
			if err == nil {
				x.Note = "second review"
				m.keep(d, x)
			}
		}
	}
	d.filter()
	clear(d.cases.cards)
	d.first()
	if d.unanswered() == 0 {
		m.Say(screen.News{Text: "The second review is done. " + d.sampleLine()}, nil)
	}
	m.Changed(Cases | Open)
}

// unanswer takes the last answer of the second review back, with the decision that it made.
func (m *Model) unanswer() {
	d := m.desk()
	last := -1
	for i, s := range d.samples {
		if s.Answer != "" && (last < 0 || s.At.After(d.samples[last].At)) {
			last = i
		}
	}
	if last < 0 {
		m.Say(screen.News{Text: "No link of the sample has an answer."}, nil)
		return
	}
	s := &d.samples[last]
	if x, ok := d.ledger.Of(s.Pair.Left, s.Pair.Right); ok && x.Note == "second review" {
		m.keep(d, linkage.Decision{Action: linkage.ActUndo, Undoes: x.Seq, Candidate: x.Candidate, Model: x.Model, Files: x.Files})
	}
	s.Answer, s.At, s.Who = "", time.Time{}, ""
	m.keepOnDisk(nil, nil, *s)
	clear(d.cases.cards)
	d.filter()
	d.first()
	m.Changed(Cases | Open)
}

func (d *desk) unanswered() int {
	n := 0
	for _, s := range d.samples {
		if s.Answer == "" {
			n++
		}
	}
	return n
}

// sampleLine says what the second review has found.
func (d *desk) sampleLine() string {
	if len(d.samples) == 0 {
		return "no sample drawn"
	}
	e := linkage.EstimateError(d.samples)
	text := fmt.Sprintf("second review: %d of %d looked at", len(d.samples)-d.unanswered(), len(d.samples))
	if e.Reviewed > 0 {
		text += fmt.Sprintf("  ·  %d wrong, %d unsure: the error of automatic links is between %.1f and %.1f %%", e.False, e.Unsure, 100*e.Low, 100*e.High)
	}
	return text
}
