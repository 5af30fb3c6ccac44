package retention

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Store is what the page needs of a project's store. A *workspace.Workspace is one.
type Store interface {
	PurgePreview(ctx context.Context, r workspace.PurgeRule) (workspace.PurgePreview, error)
	Purge(ctx context.Context, r workspace.PurgeRule, expected int, progress func(done, total int)) (int, error)
}

// Model is the state of the page. Make it with New.
type Model struct {
	Changed func()
	// Removed is told that messages are gone, so that lists are read again.
	Removed func()

	runner  *job.Runner
	store   Store
	ctx     context.Context
	end     context.CancelFunc
	doing   string
	rule    workspace.PurgeRule
	preview *workspace.PurgePreview // of rule; nil before it is known
	notice  string
	bad     bool
}

// New returns the page over a project's store. Close ends its work.
func New(runner *job.Runner, store Store) *Model {
	m := &Model{runner: runner, store: store, Changed: func() {}, Removed: func() {}}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// Close ends the work that the page has under way.
func (m *Model) Close() { m.end(); m.Changed, m.Removed = func() {}, func() {} }

// Doing is what is under way, "" for nothing.
func (m *Model) Doing() string { return m.doing }

// Notice is news, and whether it is bad.
func (m *Model) Notice() (text string, bad bool) { return m.notice, m.bad }

// Dismiss takes the news away.
func (m *Model) Dismiss() { m.say("", false) }

func (m *Model) say(text string, bad bool) {
	m.doing, m.notice, m.bad = "", text, bad
	m.Changed()
}

// Forget takes the preview back, because the conditions were changed.
func (m *Model) Forget() {
	if m.preview != nil {
		m.preview = nil
		m.Changed()
	}
}

// Preview counts what would go: messages that came in before a day (2026-01-31, UTC), with a tag, from a file, as far as given.
func (m *Model) Preview(before, tag, source string) {
	if m.doing != "" {
		return
	}
	m.preview = nil
	m.rule = workspace.PurgeRule{Tag: strings.TrimSpace(tag), Source: strings.TrimSpace(source)}
	if before = strings.TrimSpace(before); before != "" {
		t, err := time.Parse(time.DateOnly, before)
		if err != nil {
			m.say("Write the day as 2026-01-31.", true)
			return
		}
		m.rule.Before = t
	}
	if m.rule == (workspace.PurgeRule{}) {
		m.say("Say which messages are to go: by day, tag or file.", true)
		return
	}
	rule := m.rule
	m.begin("Counting what would go")
	job.Start(m.ctx, m.runner, func(ctx context.Context) (workspace.PurgePreview, error) {
		return m.store.PurgePreview(ctx, rule)
	}, func(p workspace.PurgePreview, err error) {
		if err != nil {
			m.say(err.Error(), true)
			return
		}
		m.preview = &p
		m.say("", false)
	})
}

func (m *Model) begin(doing string) {
	m.doing, m.notice = doing, ""
	m.Changed()
}

// Lines say what would go and what would stay; none before the preview is known.
func (m *Model) Lines() []string {
	p := m.preview
	if p == nil {
		return nil
	}
	if p.Messages == 0 {
		return []string{"No message is to go."}
	}
	lines := []string{
		fmt.Sprintf("%s would go, %s would stay.", screen.Plural(p.Messages, "message"), screen.Count(p.Kept)),
		fmt.Sprintf("They came in from %s to %s.", p.Oldest.UTC().Format(time.DateOnly), p.Newest.UTC().Format(time.DateOnly)),
		fmt.Sprintf("%d of them have a note, %d a tag.", p.Noted, p.Tagged),
	}
	for i, s := range p.Sources {
		if i == 8 {
			lines = append(lines, fmt.Sprintf("… and from %d more files", len(p.Sources)-i))
			break
		}
		lines = append(lines, fmt.Sprintf("%s from %s", screen.Count(s.Messages), s.Name))
	}
	return lines
}

// Count is how many messages would go; 0 before that is known.
func (m *Model) Count() int {
	if m.preview == nil {
		return 0
	}
	return m.preview.Messages
}

// Purge removes exactly what the preview counted. If the number is another by now, nothing is removed.
func (m *Model) Purge() {
	if m.doing != "" || m.Count() == 0 {
		return
	}
	rule, n := m.rule, m.Count()
	m.begin("Removing messages")
	job.Track(m.ctx, m.runner, "purge", func(ctx context.Context, p *job.Progress) (int, error) {
		return m.store.Purge(ctx, rule, n, func(done, total int) {
			p.SetTotal(int64(total))
			p.Set(int64(done))
		})
	}, func(n int, err error) {
		m.preview = nil
		switch {
		case errors.Is(err, context.Canceled):
			m.say("Stopped; "+removed(n)+".", true)
		case err != nil:
			m.say(err.Error(), true)
		default:
			m.say(removed(n)+". Backups and exports still hold what is gone, and the medium may keep old encrypted blocks; the access log stays as it is.", false)
		}
		m.Removed()
	})
}

func removed(n int) string {
	if n == 1 {
		return "1 message was removed"
	}
	return screen.Plural(n, "message") + " were removed"
}

// Going is how many messages would go, in words.
func (m *Model) Going() string { return screen.Plural(m.Count(), "message") }
