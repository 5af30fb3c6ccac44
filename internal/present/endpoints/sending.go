package endpoints

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// sending is what is to be sent, and how far it is.
type sending struct {
	m       *Model
	refs    []string // messages of the project
	paths   []string // files and folders
	series  string   // such as "5 A01 A08 A03"
	whole   bool     // a batch goes out as it is
	job     *job.Job
	to      string // the endpoint that sends
	done    int64
	failed  int64
	summary string
	bad     bool
}

// OfferMessages proposes messages of the project to be sent, by their ids.
func (m *Model) OfferMessages(ids []int64) {
	refs := make([]string, len(ids))
	for i, id := range ids {
		refs[i] = workspace.MessageRef(id)
	}
	m.offer(sending{refs: refs})
}

// OfferExchange proposes the request of the open exchange to be sent again.
func (m *Model) OfferExchange() {
	if m.open.id != 0 {
		m.offer(sending{refs: []string{workspace.ExchangeRef(m.open.id)}})
	}
}

// OfferFiles proposes the messages of files and folders.
func (m *Model) OfferFiles(paths []string) { m.offer(sending{paths: paths}) }

// OfferSeries proposes messages about invented people: "5 A01 A08 A03".
func (m *Model) OfferSeries(text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		m.offer(sending{})
		return nil
	}
	if _, err := endpoint.ParseSeries(text); err != nil {
		return err
	}
	m.offer(sending{series: text})
	return nil
}

// offer takes what is to be sent, and goes to a sender if none is chosen.
func (m *Model) offer(s sending) {
	old := &m.send
	s.m, s.job, s.to, s.whole = m, old.job, old.to, old.whole
	m.send = s
	if p := m.current(); p == nil || !p.isSender() {
		for i, p := range m.points {
			if p.isSender() {
				m.Choose(i)
				break
			}
		}
	}
	m.Changed(Sending)
}

// Offered is what is to be sent, in words, "" for nothing.
func (m *Model) Offered() string {
	s := &m.send
	switch {
	case len(s.refs) > 0:
		return plural(len(s.refs), "message") + " of this project"
	case len(s.paths) == 1:
		return filepath.Base(s.paths[0])
	case len(s.paths) > 1:
		return plural(len(s.paths), "file")
	case s.series != "":
		return "generated: " + s.series
	}
	return ""
}

// SetWhole lets files that are batches go out as they are, in one frame.
func (m *Model) SetWhole(on bool) { m.send.whole = on }

// HasSender says whether the project has a sender at all.
func (m *Model) HasSender() bool {
	for _, p := range m.points {
		if p.isSender() {
			return true
		}
	}
	return false
}

// IsSending says whether messages are on their way.
func (m *Model) IsSending() bool { return m.send.job != nil }

// SendLine says how far it is, or how it ended.
func (m *Model) SendLine() (text string, bad bool) {
	s := &m.send
	if s.job != nil {
		text = screen.Count(int(s.done)) + " sent"
		if s.failed > 0 {
			text += ", " + screen.Count(int(s.failed)) + " not as expected"
		}
		return text, s.failed > 0
	}
	return s.summary, s.bad
}

// CancelSending stops after what is under way.
func (m *Model) CancelSending() {
	if j := m.send.job; j != nil {
		j.Cancel()
	}
}

// messages are what is to be sent.
func (s *sending) messages(ctx context.Context) (endpoint.Messages, error) {
	switch {
	case len(s.refs) > 0:
		source := s.m.store.Source()
		return func(yield func(endpoint.Outgoing, error) bool) {
			for i, ref := range s.refs {
				b, err := source.Message(ctx, ref)
				if !yield(endpoint.Outgoing{Bytes: b, Name: ref, Index: i}, err) {
					return
				}
			}
		}, nil
	case len(s.paths) > 0:
		return endpoint.Files(s.paths, s.whole), nil
	case s.series != "":
		series, err := endpoint.ParseSeries(s.series)
		series.Seed, series.Begin = uint64(time.Now().UnixNano()), time.Now()
		return endpoint.Messages(series.Messages()), err
	}
	return nil, errors.New("choose first what is to be sent")
}

// Send sends what was offered through the chosen sender. Every message is an exchange of the journal, in a run of its own.
func (m *Model) Send() {
	p, s := m.current(), &m.send
	if p == nil || !p.isSender() || s.job != nil {
		return
	}
	if m.Offered() == "" {
		m.say(News{Text: "Choose first what is to be sent: messages in Inspect, files, or a generated series.", Bad: true}, nil)
		return
	}
	run := time.Now().Format("2006-01-02 15:04:05")
	config, err := p.sender.config(p.name, run)
	if err != nil {
		m.fail("Could not send", err)
		return
	}
	what, secure := *s, p.sender.TLS
	s.to, s.done, s.failed, s.summary, s.bad = p.name, 0, 0, "", false
	s.job = job.Track(m.ctx, m.runner, "send to "+p.name, func(ctx context.Context, progress *job.Progress) (endpoint.Summary, error) {
		return m.sendAll(ctx, config, secure, what, progress)
	}, func(sum endpoint.Summary, err error) { m.sent(config.Endpoint, sum, err) })
	m.Changed(Sending | Chosen)
}

// sendAll is the work of Send, off the goroutine of the screen.
func (m *Model) sendAll(ctx context.Context, config endpoint.SendConfig, secure bool, what sending, progress *job.Progress) (endpoint.Summary, error) {
	keeper, err := m.openJournal(ctx)
	if err != nil {
		return endpoint.Summary{}, err
	}
	if secure {
		if config.TLS, err = m.clientTLS(ctx, config.To); err != nil {
			return endpoint.Summary{}, err
		}
	}
	sender, err := endpoint.NewSender(config, keeper)
	if err != nil {
		return endpoint.Summary{}, err
	}
	messages, err := what.messages(ctx)
	if err != nil {
		return endpoint.Summary{}, err
	}
	if n := len(what.refs); n > 0 {
		progress.SetTotal(int64(n))
	}
	told := time.Now()
	done, failed := int64(0), int64(0)
	return sender.Run(ctx, messages, func(r *endpoint.Result) {
		done++
		if !r.Passed {
			failed++
		}
		progress.Add(1)
		if time.Since(told) > pace {
			told = time.Now()
			d, f, stats := done, failed, sender.Stats()
			m.runner.Post(func() { m.sendingNow(config.Endpoint, d, f, stats) })
		}
	})
}

// sendingNow shows how far a run is.
func (m *Model) sendingNow(name string, done, failed int64, stats endpoint.Stats) {
	m.send.done, m.send.failed = done, failed
	what := Sending
	if p := m.named(name); p != nil {
		p.stats = stats
		what |= List | Chosen
		if p == m.current() {
			m.journal.follow()
		}
	}
	m.Changed(what)
}

// sent says how a run has ended.
func (m *Model) sent(name string, sum endpoint.Summary, err error) {
	s := &m.send
	s.job = nil
	s.bad = err != nil || sum.Passed < sum.Messages
	parts := []string{plural(int(sum.Messages), "message") + " sent"}
	if sum.Messages > 0 {
		parts = append(parts, screen.Count(int(sum.Passed))+" as expected")
	}
	if n := sum.Failed(); n > 0 {
		parts = append(parts, screen.Count(int(n))+" not")
	}
	if sum.Retries > 0 {
		parts = append(parts, plural(int(sum.Retries), "retry"))
	}
	if sum.MaybeTwice > 0 {
		parts = append(parts, screen.Count(int(sum.MaybeTwice))+" may have arrived twice")
	}
	if sum.Messages > 1 {
		parts = append(parts, fmt.Sprintf("%s a second, p50 %s, p99 %s", rate(sum.Rate), short(sum.P50), short(sum.P99)))
	}
	s.summary = strings.Join(parts, "  ·  ")
	switch {
	case errors.Is(err, context.Canceled):
		s.summary = "Stopped  ·  " + s.summary
	case err != nil:
		m.fail("Sending ended early", err)
	}
	if p := m.named(name); p != nil && p == m.current() {
		m.journal.follow()
	}
	m.Changed(Sending | List | Chosen)
}
