package comparing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"trestle/internal/compare"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// OfferPaths takes files or folders: two of them start a comparison at once, one fills the side that is still open.
func (m *Model) OfferPaths(paths []string) {
	file := func(p string) Side { return Side{Kind: Files, Paths: []string{p}} }
	switch {
	case len(paths) == 2:
		m.Start([2]Side{file(paths[0]), file(paths[1])}, Pairing{})
	case len(paths) > 2:
		m.Say(screen.News{Text: fmt.Sprintf("Drop two files or two folders: these are %d. Put those of each side into a folder.", len(paths)), Bad: true}, nil)
	case len(paths) == 1 && m.sides[0].Kind != None && m.sides[1].Kind == None:
		m.Start([2]Side{m.sides[0], file(paths[0])}, m.pairing)
	case len(paths) == 1:
		m.forget()
		m.sides = [2]Side{file(paths[0])}
		m.Say(screen.News{Text: "This is the left side. Drop the right one, or choose it."}, nil)
		m.Changed(All)
	}
}

// OfferMessages compares two messages of the project.
func (m *Model) OfferMessages(ids []int64) {
	if len(ids) != 2 {
		m.Say(screen.News{Text: fmt.Sprintf("Select two messages in Inspect to compare them; %s selected.", are(len(ids))), Bad: true}, nil)
		return
	}
	m.Start([2]Side{{Kind: Chosen, IDs: ids[:1:1]}, {Kind: Chosen, IDs: ids[1:]}}, Pairing{})
}

func are(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}

// Start compares two sides.
func (m *Model) Start(sides [2]Side, p Pairing) {
	m.forget()
	m.sides, m.pairing = sides, p
	m.serial++
	serial := m.serial
	m.Say(screen.News{}, nil)
	m.work = job.Track(m.ctx, m.runner, "open what is compared", func(ctx context.Context, _ *job.Progress) (*inputs, error) {
		return m.openInputs(ctx, sides)
	}, func(i *inputs, err error) {
		if serial != m.serial || m.ctx.Err() != nil {
			if i != nil {
				i.close()
			}
			return
		}
		m.work = nil
		if err != nil {
			m.Fail("Nothing was compared", err)
			m.Changed(Sides)
			return
		}
		m.inputs = i
		if i.rules != nil {
			if m.pairing.Way == compare.ByKey && len(m.pairing.Key) == 0 {
				m.pairing.Way = i.rules.way()
			}
			m.rules.take(i.rules, i.home)
		} else if m.rules.home != projectRules {
			m.rules.leave()
		}
		m.compare()
	})
	m.Changed(All)
}

// forget ends the comparison under way and drops what was found.
func (m *Model) forget() {
	m.Cancel()
	m.serial++
	m.dropInputs()
	m.found = nil
	m.open.clear()
}

// Swap exchanges the sides.
func (m *Model) Swap() {
	if m.Ready() {
		m.Start([2]Side{m.sides[1], m.sides[0]}, m.pairing)
	}
}

// Again compares the same sides once more, from their beginning.
func (m *Model) Again() {
	if m.Ready() {
		m.Start(m.sides, m.pairing)
	}
}

// Ready says whether both sides are chosen.
func (m *Model) Ready() bool { return m.sides[0].Kind != None && m.sides[1].Kind != None }

// Sides are what is compared, and how they are paired.
func (m *Model) Sides() ([2]Side, Pairing) { return m.sides, m.pairing }

// Cancel ends the comparison under way. What it has found so far stays.
func (m *Model) Cancel() {
	if m.work != nil {
		m.work.Cancel()
	}
}

// IsRunning says whether a comparison is under way.
func (m *Model) IsRunning() bool { return m.work != nil }

// newsPause is how often at most new pairs are shown.
const newsPause = 250 * time.Millisecond

// compare compares what the sides hold by the rules that are there now. What was found before stays on the screen until the
// first new pairs come; pairs keep their numbers, so that what is open stays open.
func (m *Model) compare() {
	if m.inputs == nil {
		return
	}
	m.Cancel()
	m.serial++
	serial, in, rules := m.serial, m.inputs, m.rules.active()
	in.users++
	fresh := newResults(rules)
	o := compare.Options{Pairing: m.pairing.Way, Key: m.pairing.Key, Rules: rules}
	take := func(c *chunk) {
		if serial != m.serial {
			return
		}
		first := m.found != fresh
		fresh.add(c)
		if first {
			m.replace(fresh)
		}
		m.Changed(Results | Sides)
	}
	m.work = job.Track(m.ctx, m.runner, "compare", func(ctx context.Context, p *job.Progress) (*compare.Summary, error) {
		g := newGatherer()
		o.Report = func(done, total int64) { p.SetTotal(total); p.Set(done) }
		o.Begin = func(s *compare.Summary) error { return emptySide(s) }
		last := time.Now()
		summary, err := compare.Sets(ctx, in.sources[0], in.sources[1], o, func(pair *compare.Pair) error {
			g.add(pair)
			if time.Since(last) > newsPause {
				c := g.cut()
				m.runner.Post(func() { take(c) })
				last = time.Now()
			}
			return nil
		})
		if c := g.cut(); len(c.pairs) > 0 {
			m.runner.Post(func() { take(c) })
		}
		return summary, err
	}, func(s *compare.Summary, err error) {
		in.release()
		if serial != m.serial {
			return
		}
		m.work = nil
		m.ended(fresh, s, err)
	})
	m.Changed(Sides)
}

// emptySide refuses to compare with nothing: "no difference" would be a lie.
func emptySide(s *compare.Summary) error {
	for i, n := range s.Messages {
		if n == 0 {
			return fmt.Errorf("the %s side holds no message", sideNames[i])
		}
	}
	return nil
}

// replace shows new results in the place of the old. The filter stays.
func (m *Model) replace(fresh *results) {
	if old := m.found; old != nil {
		fresh.filter = old.filter
		fresh.refilter()
	}
	m.found = fresh
}

func (m *Model) ended(fresh *results, s *compare.Summary, err error) {
	switch {
	case errors.Is(err, context.Canceled):
		if m.ctx.Err() == nil {
			m.Say(screen.News{Text: "The comparison was cancelled; what is shown is not all.", Offer: "Compare again"}, m.Again)
		}
	case err != nil:
		m.Fail("The comparison has ended", err)
	default:
		if m.found != fresh {
			m.replace(fresh)
		}
		fresh.summary = s
		fresh.refilter()
		if t := s.Translation; t != nil && s.Total() == 1 {
			m.Say(screen.News{Text: strings.TrimSpace(arrival(t) + " " + unread(t))}, nil)
		}
		if s.Suggested {
			m.Say(screen.News{Text: "Hardly any message has its MSH-10 on the other side: paired by " + strings.Join(s.Key, ", ") + ", as the data suggest."}, nil)
		}
		switch {
		case m.open.index >= 0 && m.open.index < len(fresh.pairs):
			m.open.read()
		case len(fresh.pairs) == 1:
			m.OpenIndex(0)
		}
	}
	m.Changed(All)
}
