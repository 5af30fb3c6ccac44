package endpoints

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Purge is what is about to be removed from the journal, as it was counted.
type Purge struct {
	Title, Text string
	preview     workspace.ExchangePurgePreview
}

// CountPurge counts what of the chosen endpoint's journal is older than a number of days; empty is all of it. Nothing is removed. An error
// is about the number; then is called with what was counted, unless there is nothing.
func (m *Model) CountPurge(days string, then func(Purge)) error {
	p := m.current()
	if p == nil {
		return nil
	}
	rule := workspace.ExchangePurge{Endpoint: p.name}
	if days = strings.TrimSpace(days); days != "" {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36500 {
			return fmt.Errorf("write a number of days, such as 30, or nothing for all")
		}
		rule.Before = time.Now().AddDate(0, 0, -n)
	}
	name := p.name
	job.Start(m.ctx, m.runner, func(ctx context.Context) (workspace.ExchangePurgePreview, error) {
		return m.store.PreviewExchangePurge(ctx, rule)
	}, func(found workspace.ExchangePurgePreview, err error) {
		switch {
		case err != nil:
			m.Fail("Could not count what would go", err)
		case found.Exchanges == 0:
			m.Say(screen.News{Text: "Nothing in the journal of " + name + " is that old."}, nil)
		default:
			then(purgeOf(name, found))
		}
	})
	return nil
}

// purgeOf says what goes and what stays.
func purgeOf(name string, found workspace.ExchangePurgePreview) Purge {
	const day = "2006-01-02 15:04"
	return Purge{
		Title: "Remove " + screen.Plural(int(found.Exchanges), "exchange") + " of " + name + "?",
		Text: fmt.Sprintf("From %s to %s, with their messages. %s of the project's journal stay. It cannot be taken back; older copies may still be in backups. The access log says that it was done.",
			found.Oldest.Local().Format(day), found.Newest.Local().Format(day), screen.Plural(int(found.Kept), "exchange")),
		preview: found,
	}
}

// RemovePurged removes what was counted; what has come since stays.
func (m *Model) RemovePurged(p Purge) {
	job.Track(m.ctx, m.runner, "remove from the journal", func(ctx context.Context, progress *job.Progress) (int64, error) {
		return m.store.PurgeExchanges(ctx, p.preview, func(done, total int64) {
			progress.SetTotal(total)
			progress.Set(done)
		})
	}, func(removed int64, err error) {
		m.open.none()
		m.journal.reload()
		m.Changed(Open)
		if err != nil {
			m.Fail("Removed "+screen.Plural(int(removed), "exchange")+", then", err)
			return
		}
		m.Say(screen.News{Text: screen.Plural(int(removed), "exchange") + " removed from the journal."}, nil)
	})
}
