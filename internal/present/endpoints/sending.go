package endpoints

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirclient"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// sending is what is to be sent, and how far it is.
type sending struct {
	m       *Model
	refs    []string // messages of the project
	paths   []string // files and folders
	given   *given   // a message of another place
	series  string   // such as "5 A01 A08 A03"
	whole   bool     // a batch goes out as it is
	queued  bool     // messages of the project go through the queue, which outlives the program
	waiting int64    // in the queue of the chosen sender
	job     *job.Job
	to      string // the endpoint that sends
	done    int64
	failed  int64
	summary string
	bad     bool
}

// given is a message that another place holds; it need not be in the project.
type given struct {
	name  string
	bytes []byte
}

// OfferMessages proposes messages of the project to be sent, by their ids.
func (m *Model) OfferMessages(ids []int64) {
	refs := make([]string, len(ids))
	for i, id := range ids {
		refs[i] = workspace.MessageRef(id)
	}
	m.offer(sending{refs: refs})
}

// OfferExchange proposes the request of the open exchange to be sent again; false where the project has nothing that could.
func (m *Model) OfferExchange() bool {
	e := &m.open.exchange
	if m.open.id != 0 && isHTTP(e) {
		base := "/fhir"
		if p := m.named(e.Endpoint); p != nil && p.fhir != nil {
			base = p.fhir.path()
		} else if p != nil && p.rest != nil {
			if u, err := url.Parse(p.rest.Base); err == nil {
				base = u.Path
			}
		}
		r, err := fhirclient.FromWire(e.Request, base)
		if err != nil {
			m.Fail("The request cannot be sent again", err)
			return true
		}
		return m.offerRequest(r)
	}
	if !m.HasSender() {
		return false
	}
	if m.open.id != 0 {
		m.offer(sending{refs: []string{workspace.ExchangeRef(m.open.id)}})
	}
	return true
}

// OfferMessage proposes a message that another place shows, under the name that it has there.
func (m *Model) OfferMessage(name string, b []byte) { m.offer(sending{given: &given{name, b}}) }

// OfferFiles proposes the messages of files and folders.
func (m *Model) OfferFiles(paths []string) { m.offer(sending{paths: paths}) }

// OfferSeries proposes messages about invented people: "5 A01 A08 A03", with a seed or with one that is drawn and said.
func (m *Model) OfferSeries(text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		m.offer(sending{})
		return nil
	}
	series, err := endpoint.ParseSeries(text)
	if err != nil {
		return err
	}
	if series.Seed == 0 { // it is shown, so that the same people can be had again
		series.Seed = uint64(rand.IntN(9000) + 1000)
	}
	m.offer(sending{series: series.String()})
	return nil
}

// offer takes what is to be sent, and goes to a sender if none is chosen.
func (m *Model) offer(s sending) {
	old := &m.send
	s.m, s.job, s.to, s.whole, s.queued, s.waiting = m, old.job, old.to, old.whole, old.queued, old.waiting
	m.send = s
	if p := m.current(); p == nil || p.kind != Sender {
		for i, p := range m.points {
			if p.kind == Sender {
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
		return screen.Plural(len(s.refs), "message") + " of this project"
	case s.given != nil:
		return s.given.name
	case len(s.paths) == 1:
		return filepath.Base(s.paths[0])
	case len(s.paths) > 1:
		return screen.Plural(len(s.paths), "file")
	case s.series != "":
		return "generated: " + s.series
	}
	return ""
}

// Series is the series that is to be sent, with its seed, "" where something else is.
func (m *Model) Series() string { return m.send.series }

// SetWhole lets files that are batches go out as they are, in one frame.
func (m *Model) SetWhole(on bool) {
	m.send.whole = on
	m.Changed(Sending)
}

// Whole says whether files are to be sent, and whether batches among them go out in one frame.
func (m *Model) Whole() (files, on bool) { return len(m.send.paths) > 0, m.send.whole }

// Queued says whether messages of the project go through a queue, and how many wait in that of the chosen sender.
func (m *Model) Queued() (on bool, waiting int64) { return m.send.queued, m.send.waiting }

// SetQueued lets messages of the project go through a queue: it goes on until the partner has taken all, also when the partner
// is away for a while, and after the program has ended.
func (m *Model) SetQueued(on bool) {
	m.send.queued = on
	m.Changed(Sending)
}

// countQueue reads how many messages wait for the chosen sender.
func (m *Model) countQueue() {
	p := m.current()
	m.send.waiting = 0
	if p == nil || p.kind != Sender {
		return
	}
	name := p.name
	job.StartLatest(m.ctx, m.runner, &m.counting, func(ctx context.Context) (endpoint.QueueCounts, error) {
		return m.store.Queues().Counts(ctx, name)
	}, func(c endpoint.QueueCounts, err error) {
		if err == nil {
			m.send.waiting = c.Waiting + c.InFlight
			m.Changed(Sending)
		}
	})
}

// GoOn sends what waits in the queue of the chosen sender.
func (m *Model) GoOn() {
	if p := m.current(); p != nil && p.kind == Sender && m.send.job == nil {
		m.sendQueue(p, nil)
	}
}

// sendQueue adds messages to the queue of a sender and sends until it is empty.
func (m *Model) sendQueue(p *point, refs []string) {
	config, err := p.sender.config(p.name, time.Now().Format("2006-01-02 15:04:05"))
	if err != nil {
		m.Fail("Could not send", err)
		return
	}
	s, secure := &m.send, p.sender.TLS
	s.to, s.done, s.failed, s.summary, s.bad = p.name, 0, 0, "", false
	s.job = job.Track(m.ctx, m.runner, "queue of "+p.name, func(ctx context.Context, progress *job.Progress) (sum endpoint.Summary, err error) {
		// Who stops the sending does not mean that the messages shall be forgotten.
		if err := m.store.Queues().Enqueue(context.WithoutCancel(ctx), config.Endpoint, refs); err != nil {
			return sum, err
		}
		keeper, err := m.openJournal(ctx)
		if err != nil {
			return sum, err
		}
		if secure {
			if config.TLS, err = m.clientTLS(ctx, config.Endpoint, config.To); err != nil {
				return sum, err
			}
		}
		q := endpoint.Queue{Name: config.Endpoint, Store: m.store.Queues(), Source: m.store.Source(), Config: config, Log: keeper}
		told := time.Time{}
		err = q.Run(ctx, func(r *endpoint.Result) {
			sum.Messages++
			if r.Passed {
				sum.Passed++
			}
			if r.MaybeTwice {
				sum.MaybeTwice++
			}
			progress.Add(1)
			if time.Since(told) > pace {
				told = time.Now()
				done, failed := sum.Messages, sum.Messages-sum.Passed
				m.runner.Post(func() { m.sendingNow(config.Endpoint, done, failed, endpoint.Stats{Out: done, Failed: failed}) })
			}
		})
		return sum, err
	}, func(sum endpoint.Summary, err error) {
		m.sent(config.Endpoint, sum, err)
		m.countQueue()
	})
	m.Changed(Sending | Chosen)
}

// HasSender says whether the project has a sender at all.
func (m *Model) HasSender() bool {
	for _, p := range m.points {
		if p.kind == Sender {
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
	case s.given != nil:
		return endpoint.OneMessage(endpoint.Outgoing{Bytes: s.given.bytes, Name: s.given.name}), nil
	case len(s.paths) > 0:
		return endpoint.Files(s.paths, s.whole), nil
	case s.series != "":
		series, err := endpoint.ParseSeries(s.series)
		series.Begin = time.Now()
		return endpoint.Messages(series.Messages()), err
	}
	return nil, errors.New("choose first what is to be sent")
}

// Send sends what was offered through the chosen sender. Every message is an exchange of the journal, in a run of its own.
func (m *Model) Send() {
	p, s := m.current(), &m.send
	if p == nil || p.kind != Sender || s.job != nil {
		return
	}
	if m.Offered() == "" {
		m.Say(screen.News{Text: "Choose first what is to be sent: messages in Inspect, files, or a generated series.", Bad: true}, nil)
		return
	}
	if s.queued && len(s.refs) > 0 {
		m.sendQueue(p, s.refs)
		return
	}
	run := time.Now().Format("2006-01-02 15:04:05")
	config, err := p.sender.config(p.name, run)
	if err != nil {
		m.Fail("Could not send", err)
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
		if config.TLS, err = m.clientTLS(ctx, config.Endpoint, config.To); err != nil {
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
	tell := func() {
		d, f, stats := done, failed, sender.Stats()
		m.runner.Post(func() { m.sendingNow(config.Endpoint, d, f, stats) })
	}
	defer tell() // the last numbers
	return sender.Run(ctx, messages, func(r *endpoint.Result) {
		done++
		if !r.Passed {
			failed++
		}
		progress.Add(1)
		if time.Since(told) > pace {
			told = time.Now()
			tell()
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
	parts := []string{screen.Plural(int(sum.Messages), "message") + " sent"}
	if sum.Messages > 0 {
		parts = append(parts, screen.Count(int(sum.Passed))+" as expected")
	}
	if n := sum.Failed(); n > 0 {
		parts = append(parts, screen.Count(int(n))+" not")
	}
	if sum.Retries > 0 {
		retries := screen.Plural(int(sum.Retries), "retry")
		if sum.Retries > 1 {
			retries = screen.Count(int(sum.Retries)) + " retries"
		}
		parts = append(parts, retries)
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
		m.Fail("Sending ended early", err)
	}
	if p := m.named(name); p != nil && p == m.current() {
		m.journal.follow()
	}
	m.Changed(Sending | List | Chosen)
}
