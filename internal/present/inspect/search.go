package inspect

import (
	"context"
	"errors"
	"strings"
	"time"

	"trestle/internal/inspect/query"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

// Query is the query's text and what is wrong with it, or "".
func (m *Model) Query() (text, problem string) { return m.list.text, m.list.problem }

// QueryHint says what a query that is being typed still needs, "" for nothing.
func (m *Model) QueryHint() string { return m.list.hint }

// SetQuery filters the list. A query that cannot be read leaves the list as it is and says why.
func (m *Model) SetQuery(text string) {
	if m.readQuery(text) {
		m.reload(0)
	}
}

// readQuery takes a query's text, and says whether it can be read.
func (m *Model) readQuery(text string) bool {
	l := &m.list
	l.text, l.hint = text, ""
	q, err := query.Parse(text)
	if err == nil {
		var index workspace.Query
		if index, l.exact, err = workspace.Indexed(q); err == nil {
			if index.Sort == "" {
				index.Sort, index.Descending = l.index.Sort, l.index.Descending
			}
			if !m.fixed || index.Sort == "" {
				l.query, l.index, l.problem = q, index, ""
				l.looks = !l.exact
				if s, ok := m.store.(*fileStore); ok { // it has no index but its own
					l.exact, l.looks = !m.Filtered() || s.Answers(q), m.Filtered()
				}
				return true
			}
			err = errFileOrder
		}
	}
	l.problem = err.Error()
	m.Changed(List)
	return false
}

// errFileOrder says that a file that is read in place has an order of its own.
var errFileOrder = errors.New("a file that is read in place keeps its own order: leave sort out, or import it")

// typingPause is how long the user must stop typing before the list is searched.
const typingPause = 150 * time.Millisecond

// TypeQuery is SetQuery for a text that is being typed: it waits for a pause. What needs a look into each message waits for
// SubmitQuery.
func (m *Model) TypeQuery(text string) {
	m.list.text = text
	job.StartLatest(m.ctx, m.runner, &m.list.typing, func(ctx context.Context) (struct{}, error) {
		select {
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		case <-time.After(typingPause):
			return struct{}{}, nil
		}
	}, func(_ struct{}, err error) {
		switch {
		case err != nil || !m.readQuery(text):
		case m.list.exact:
			m.reload(0)
		default:
			m.list.hint = "Enter looks into the messages for this."
			m.Changed(List)
		}
	})
}

// SubmitQuery is SetQuery for a text that is complete: if the open message is not among those found, the first is opened.
func (m *Model) SubmitQuery(text string) {
	m.ShowFile(false) // it is asked of the project
	m.list.typing.Cancel()
	m.list.first = true
	m.SetQuery(text)
}

// answer is what a search brings back.
type answer struct {
	ids   []int64
	total int
}

// reload runs the query. It then selects the message keep, else the first one where none was open.
func (m *Model) reload(keep int64) {
	l := &m.list
	q, index, exact, looks, filtered := l.query, l.index, l.exact, l.looks, m.Filtered()
	find := func(ctx context.Context, p *job.Progress) (answer, error) {
		ids, err := m.store.IDs(ctx, index)
		if err != nil {
			return answer{}, err
		}
		if looks {
			p.SetTotal(int64(len(ids)))
			if ids, err = m.store.Matching(ctx, q, ids, func() { p.Add(1) }); err != nil {
				return answer{}, err
			}
		}
		if !filtered {
			return answer{ids, len(ids)}, nil
		}
		total, err := m.store.Count(ctx, workspace.Query{})
		return answer{ids, total}, err
	}
	done := func(a answer, err error) { m.found(a, keep, err) }
	if exact {
		job.StartLatest(m.ctx, m.runner, &l.search, func(ctx context.Context) (answer, error) { return find(ctx, nil) }, done)
		return
	}
	l.search.Cancel()
	l.scan++
	scan := l.scan
	if l.scanning != nil {
		l.scanning.Cancel()
	}
	l.scanning = job.Track(m.ctx, m.runner, "look into the messages", find, func(a answer, err error) {
		if scan == l.scan { // no later one has been asked for
			l.scanning = nil
			done(a, err)
		}
	})
}

// found shows what a search has brought back.
func (m *Model) found(a answer, keep int64, err error) {
	l := &m.list
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			m.fail("Could not read the list", err)
		}
		return
	}
	l.take(a, keep)
	m.Changed(List)
	if l.selected < 0 && len(l.ids) > 0 && (m.open.id == 0 || l.first) {
		m.Select(0)
	}
	if len(l.ids) == 0 && m.open.id != 0 && (l.first || m.Filtered()) { // what is shown is none of those that were found
		m.close()
	}
	l.first = false
}

// Filtered says whether a query may hide messages.
func (m *Model) Filtered() bool { return strings.TrimSpace(m.list.text) != "" }
