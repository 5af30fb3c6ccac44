package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// Usual settings of a sender.
const (
	DefaultTimeout   = 30 * time.Second // for a reply
	DefaultConnect   = 10 * time.Second
	DefaultFirstWait = time.Second // before the first retry; it doubles from there
	DefaultMostWait  = time.Minute
	// endGrace is how long messages that are under way may still be answered after a sender was told to end.
	endGrace = 5 * time.Second
)

// SendConfig says where messages go and how.
type SendConfig struct {
	Endpoint string // its name in the journal
	Run      string // of this set of messages; empty for none
	To       string // host:port
	TLS      *tls.Config
	Framing  mllp.Framing // zero is that of MLLP
	Release2 bool

	// Connections are used side by side; 0 is one. Window is how many messages are under way on each; 0 is one, and then a message is
	// sent only after the reply to the one before. Only one connection with a window of one keeps the order of messages.
	Connections, Window int
	PerMessage          bool          // a connection of its own for each message
	Rate                float64       // messages a second at most, over all connections; 0 is no limit
	Count               int64         // messages in all, beginning anew at the end of the source; 0 is each once
	Loop                bool          // begin anew until told to end
	Timeout             time.Duration // for a reply
	Connect             time.Duration
	Retry               Retry
	// NewIDs gives every message a new MSH-10 and MSH-7. Without it messages go out byte for byte.
	NewIDs bool
	// Expect are the acknowledgement codes that count as success where a message does not bring its own; none is AA and CA. If an
	// application code is expected and the reply is a commit acknowledgement, the application acknowledgement is waited for.
	Expect       []mllp.Code
	DropPayloads bool // the journal keeps sizes, times and hashes only
}

// Retry says when and how often a message is sent again. It is the same message, with the same control ID.
type Retry struct {
	Times       int           // after the first try; 0 is never
	Forever     bool          // whatever Times says
	First, Most time.Duration // waits: the first, doubling up to the most
	Rejected    bool          // also after AR, CR and CE, not only without an answer
}

// Outgoing is a message to be sent.
type Outgoing struct {
	Bytes  []byte
	Name   string      // where it comes from, such as a file
	Index  int         // its place there, from 0
	Expect []mllp.Code // overrides those of the sender
	// MaybeTwice says that an earlier program may have sent it already.
	MaybeTwice bool
	Attempt    int // tries before this program's
}

// Messages is a source of messages that can be read more than once, unless its error says otherwise.
type Messages = iter.Seq2[Outgoing, error]

// Sender sends messages and compares what comes back with what was expected.
type Sender struct {
	config   SendConfig
	journal  Journal
	counters counters
	feed     Feed
	commits  *Committer
	mu       sync.Mutex // of the running Run: results come one at a time
}

// NewSender checks the settings. journal may be nil.
func NewSender(c SendConfig, journal Journal) (*Sender, error) {
	if _, port, err := net.SplitHostPort(c.To); err != nil || port == "" {
		return nil, fmt.Errorf("%q must be host:port, as in 127.0.0.1:2575", c.To)
	}
	if c.Connections < 0 || c.Window < 0 || c.Rate < 0 || c.Count < 0 || c.Retry.Times < 0 || c.Timeout < 0 {
		return nil, errors.New("counts, rates and times cannot be negative")
	}
	if err := c.Framing.Validate(); err != nil {
		return nil, err
	}
	for _, code := range c.Expect {
		if !code.Valid() {
			return nil, fmt.Errorf("%q is no acknowledgement code: expect AA, AE, AR, CA, CE or CR", string(code))
		}
	}
	c.Connections, c.Window = max(c.Connections, 1), max(c.Window, 1)
	if c.PerMessage {
		c.Window = 1
	}
	set := func(d *time.Duration, usual time.Duration) {
		if *d == 0 {
			*d = usual
		}
	}
	set(&c.Timeout, DefaultTimeout)
	set(&c.Connect, DefaultConnect)
	set(&c.Retry.First, DefaultFirstWait)
	set(&c.Retry.Most, DefaultMostWait)
	s := &Sender{config: c, journal: journal}
	s.counters.since = time.Now()
	return s, nil
}

// Config is the configuration with the usual values filled in.
func (s *Sender) Config() SendConfig { return s.config }

// Stats are the live numbers.
func (s *Sender) Stats() Stats { return s.counters.stats() }

// Subscribe looks on: see [Subscription].
func (s *Sender) Subscribe(size int) *Subscription { return s.feed.Subscribe(size) }

// job is one message on its way to a connection.
type job struct {
	Outgoing
	n int64 // its number in this run, from 1
}

// Run sends the messages and calls each with every result, one at a time, in the order in which they are known. When ctx ends nothing
// more is sent, and the replies of what is under way are still taken in. The error is that of the source or of the journal; a message
// that failed is a result.
func (s *Sender) Run(ctx context.Context, messages Messages, each func(*Result)) (Summary, error) {
	began := time.Now()
	if s.journal != nil {
		s.commits = NewCommitter(s.journal)
		defer func() {
			s.commits.Close()
			s.commits = nil
		}()
	}
	sum := &Summary{}
	jobs := make(chan job)
	var journalErr error
	take := func(r *Result) {
		s.mu.Lock()
		defer s.mu.Unlock()
		sum.Add(r)
		if each != nil {
			each(r)
		}
	}
	// What is under way when ctx ends may still be answered for a moment.
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stopGrace := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(min(endGrace, s.config.Timeout), cancel)
		context.AfterFunc(hard, func() { t.Stop() })
	})
	defer stopGrace()
	var workers sync.WaitGroup
	for range s.config.Connections {
		ln := newLine(s, hard)
		var users sync.WaitGroup
		for range s.config.Window {
			users.Add(1)
			workers.Add(1)
			go func() {
				defer workers.Done()
				defer users.Done()
				for j := range jobs {
					if ctx.Err() != nil {
						continue // handed out in the moment of the end, and not begun
					}
					r, err := ln.deliver(ctx, &j)
					take(r)
					if err != nil {
						s.mu.Lock()
						journalErr = errors.Join(journalErr, err)
						s.mu.Unlock()
					}
				}
			}()
		}
		workers.Add(1)
		go func() {
			defer workers.Done()
			users.Wait()
			ln.close()
		}()
	}
	err := s.feedJobs(ctx, messages, jobs)
	close(jobs)
	workers.Wait()
	sum.end(time.Since(began), &s.counters)
	return *sum, errors.Join(err, journalErr)
}

// feedJobs hands out the messages at the rate that is wanted.
func (s *Sender) feedJobs(ctx context.Context, messages Messages, jobs chan<- job) error {
	began := time.Now()
	pace := time.NewTimer(0)
	defer pace.Stop()
	<-pace.C
	n := int64(0)
	for {
		round := n
		for m, err := range messages {
			if err != nil {
				return err
			}
			if s.config.Count > 0 && n >= s.config.Count {
				return nil
			}
			if s.config.Rate > 0 {
				due := began.Add(time.Duration(float64(n) / s.config.Rate * float64(time.Second)))
				if wait := time.Until(due); wait > 0 {
					pace.Reset(wait)
					select {
					case <-pace.C:
					case <-ctx.Done():
						return nil
					}
				}
			}
			n++
			select {
			case jobs <- job{m, n}:
			case <-ctx.Done():
				return nil
			}
		}
		if n == round || !s.config.Loop && (s.config.Count == 0 || n >= s.config.Count) {
			return nil
		}
	}
}

// stamp gives the message a new control ID and time, in its own delimiters and of a length that every version takes.
func stamp(b []byte, id, at string) ([]byte, error) {
	m, err := hl7.Parse(b).Set(hl7.MustPath("MSH-10"), id)
	if err == nil {
		m, err = m.Set(hl7.MustPath("MSH-7"), at)
	}
	if err != nil {
		return b, fmt.Errorf("the message cannot get a new control ID: %w", err)
	}
	return m.Bytes(), nil
}

// stampTime is MSH-7 for new messages.
func stampTime(t time.Time) string { return t.Format("20060102150405") }

// expected says whether a code is among those that count as success.
func (s *Sender) expected(o *Outgoing) []mllp.Code {
	if len(o.Expect) > 0 {
		return o.Expect
	}
	return s.config.Expect
}

func passes(expect []mllp.Code, code mllp.Code) bool {
	if len(expect) == 0 {
		return code.Positive()
	}
	return slices.Contains(expect, code)
}

// wantsApplication says that an application code is expected.
func wantsApplication(expect []mllp.Code) bool {
	return slices.ContainsFunc(expect, func(c mllp.Code) bool { return !c.Accept() })
}

// ParseCodes reads "AA" or "AA,CA".
func ParseCodes(text string) ([]mllp.Code, error) {
	var list []mllp.Code
	for word := range strings.SplitSeq(text, ",") {
		c := mllp.Code(strings.ToUpper(strings.TrimSpace(word)))
		if !c.Valid() {
			return nil, fmt.Errorf("%q is no acknowledgement code: give AA, AE, AR, CA, CE or CR, several joined with commas", word)
		}
		list = append(list, c)
	}
	return list, nil
}
