package endpoint

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"

	"trestle/internal/check"
	"trestle/internal/endpoint/rules"
	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// turn is one frame on its way through the listener. Turns are reused.
type turn struct {
	l       *Listener
	t       *mllp.Turn
	k       *client
	program *rules.Program
	message hl7.Message
	read    *hl7.Message // message, in the character set that is forced
	e       Exchange
	reply   []byte // in the turn's own buffer; nil sends nothing
	later   []onward
	plan    plan
}

// onward is an application acknowledgement that goes out as an exchange of its own.
type onward struct {
	payload      []byte
	to           string // host:port, empty for the connection of the message
	after        time.Duration
	conversation string
	code         mllp.Code
}

// serve answers one event of a connection.
func (l *Listener) serve(t *mllp.Turn) {
	w := l.pool.Get().(*turn)
	w.t, w.k, w.program = t, l.clientOf(t.Conn()), l.program.Load()
	ev := &t.Event
	w.e = Exchange{
		Endpoint: l.config.Name, Direction: Inbound, Connection: t.Conn().ID(), Peer: w.k.peer, TLS: w.k.tls, FirstByte: ev.FirstByte, LastByte: ev.LastByte,
		Request: ev.Bytes, Findings: deviations(ev),
	}
	l.counters.bytesIn.Add(ev.Length)
	switch ev.Kind {
	case mllp.WholeFrame, mllp.CutFrame:
		if len(ev.Bytes) > 0 {
			w.frame()
			return
		}
	case mllp.OversizeFrame:
		w.plan.closeBefore = true
	}
	w.stray()
}

// release gives the turn back.
func (w *turn) release() {
	w.t, w.k, w.program, w.read, w.reply = nil, nil, nil, nil, nil
	w.e = Exchange{}
	w.later = w.later[:0]
	w.plan = plan{}
	w.l.pool.Put(w)
}

// stray journals what is no message. Nothing is answered: there is nobody to correlate it with.
func (w *turn) stray() {
	w.e.Kind, w.e.Outcome, w.e.Decided = KindBytes, OutcomeRefused, time.Now()
	if len(w.e.Findings) > 0 {
		w.e.Detail = w.e.Findings[0].Text
	}
	if ev := &w.t.Event; ev.Kind == mllp.CommitAck || ev.Kind == mllp.CommitNak {
		w.e.Outcome = OutcomeSilent
	}
	w.store()
}

// frame answers a frame.
func (w *turn) frame() {
	now := time.Now()
	w.l.counters.message(now)
	w.e.Kind = KindMessage
	if batch, is := mllp.SplitBatch(w.t.Event.Bytes); is {
		w.batch(&batch)
	} else {
		w.l.counters.in.Add(1)
		w.one(w.t.Event.Bytes, &w.e)
		if code := w.answer(w.t.Event.Bytes, &w.e); code != mllp.None {
			w.e.Code = string(code)
		}
	}
	if w.e.Conversation == "" {
		w.e.Conversation = w.ownConversation()
	}
	w.e.Decided = time.Now()
	w.applyToBytes()
	// What follows may give the turn away, to another goroutine even.
	l, c, read := w.l, w.t.Conn(), w.plan.read
	w.store()
	if read > 0 {
		l.pause(c, read)
	}
}

// ownConversation names an exchange that has no control ID to be known by.
func (w *turn) ownConversation() string {
	return w.l.config.Name + " " + strconv.FormatUint(w.t.Conn().ID(), 10) + " " + strconv.FormatInt(w.t.Event.Offset, 10) + " " + strconv.FormatInt(w.e.FirstByte.UnixMicro(), 36)
}

// one reads one message, and what the journal keeps of it.
func (w *turn) one(b []byte, e *Exchange) {
	w.message.Reset(b)
	w.read = &w.message
	if w.l.charset != nil && bytes.ContainsFunc(b, func(r rune) bool { return r >= utf8.RuneSelf }) {
		w.read = inCharset(b, w.l.charset)
	}
	if w.l.commits != nil || w.l.feed.watched() {
		e.facts(w.read)
	}
}

// inCharset is a message in UTF-8 that says so, made of one in another character set.
func inCharset(b []byte, set encoding.Encoding) *hl7.Message {
	text, err := set.NewDecoder().Bytes(b)
	if err != nil {
		return hl7.Parse(b)
	}
	m := hl7.Parse(text)
	if said, err := m.SetRaw(hl7.MustPath("MSH-18"), []byte("UNICODE UTF-8")); err == nil {
		return said
	}
	return m
}

// answer decides about the message in w.message and makes its reply.
func (w *turn) answer(b []byte, e *Exchange) mllp.Code {
	h := mllp.ReadHeader(b)
	found := w.findings(e)
	if w.l.config.Check {
		found()
	}
	d := w.program.Decide(&rules.Subject{
		Message: w.read, Type: string(h.Type()), Trigger: string(h.Trigger()), Client: w.k.address, Time: w.l.options.Now(), Findings: found,
	})
	w.plan.add(d.Faults)
	if h.IsAck() && e.Kind == KindMessage {
		e.Kind = KindAck
		if c := h.AckCode(); c != mllp.None && !c.Accept() {
			e.Kind = KindApplication
		}
	}
	if d.Rule != nil {
		e.Rule, e.Sentence = d.Name(), w.program.Sentence(d.Index)
	}
	for _, f := range d.Faults {
		e.Faults = append(e.Faults, string(f.Kind))
	}
	if w.down(e) || h.IsAck() && h.AckCode() == mllp.None {
		e.Outcome = OutcomeSilent
		return mllp.None
	}
	m := making{w: w, h: &h, action: &d.Action, e: e}
	return m.make()
}

// findings returns how rules ask for findings: once, and only if they do.
func (w *turn) findings(e *Exchange) func() []check.Finding {
	if !w.program.NeedsFindings() && !w.l.config.Check {
		return nil
	}
	var list []check.Finding
	asked := false
	return func() []check.Finding {
		if !asked {
			asked = true
			list = w.l.options.Check(&w.message)
			for _, f := range list {
				e.Findings = append(e.Findings, Finding{Code: f.Code, Severity: f.Severity, Path: f.Path, Offset: int64(f.Offset), Length: f.Length, Text: f.Text})
			}
		}
		return list
	}
}

// down says whether the message falls into a time in which the endpoint plays dead.
func (w *turn) down(e *Exchange) bool {
	for {
		n := w.l.down.Load()
		if n <= 0 {
			return false
		}
		if w.l.down.CompareAndSwap(n, n-1) {
			e.Faults = append(e.Faults, string(rules.DownMessages))
			e.Detail = "the endpoint plays dead: " + strconv.FormatInt(n-1, 10) + " more messages to come"
			w.plan = plan{resetBefore: true}
			return true
		}
	}
}

// batch answers a frame of several messages by one batch of replies, never by one positive acknowledgement for all.
func (w *turn) batch(batch *mllp.Batch) {
	w.e.Kind = KindBatch
	w.l.counters.in.Add(int64(len(batch.Messages)))
	var replies [][]byte
	worst := mllp.None
	for i, b := range batch.Messages {
		part := Exchange{Kind: KindMessage}
		w.one(b, &part)
		w.reply = nil
		code := w.answer(b, &part)
		if w.reply != nil {
			replies = append(replies, append([]byte(nil), w.reply...))
		}
		if i == 0 {
			w.e.Type, w.e.Trigger, w.e.ControlID, w.e.MRN, w.e.Account = part.Type, part.Trigger, part.ControlID, part.MRN, part.Account
			w.e.Conversation = part.Conversation
		}
		if rank(code) > rank(worst) {
			worst = code
		}
		if w.e.Rule == "" {
			w.e.Rule, w.e.Sentence = part.Rule, part.Sentence
		}
		w.e.Faults = append(w.e.Faults, part.Faults...)
		w.e.Findings = append(w.e.Findings, part.Findings...)
	}
	w.reply = nil
	if len(replies) > 0 {
		w.reply = w.l.builder.AppendBatch(w.t.Buffer(), batch, replies)
	}
	w.e.Code, w.e.Outcome = string(worst), outcomeOf(worst)
	w.e.Detail = strconv.Itoa(len(batch.Messages)) + " messages in one frame, " + strconv.Itoa(len(replies)) + " replies"
}

// rank orders codes from the best to the worst.
func rank(c mllp.Code) int {
	switch c {
	case mllp.None:
		return 0
	case mllp.AA, mllp.CA:
		return 1
	case mllp.AE, mllp.CE:
		return 2
	}
	return 3
}

// store journals the exchange and then finishes the turn.
func (w *turn) store() {
	w.e.Reply = w.reply
	if w.l.commits == nil {
		w.e.RequestSize, w.e.ReplySize = int64(len(w.e.Request)), int64(len(w.e.Reply))
		w.finish()
		return
	}
	w.e.Seal(!w.l.config.DropPayloads)
	w.l.commits.Append(&w.e, w.stored)
}

// stored is told whether the exchange is durable. A message that could not be kept is never answered positively.
func (w *turn) stored(err error) {
	if err != nil {
		w.notStored()
	}
	w.finish()
}

// notStored replaces the reply by a refusal.
func (w *turn) notStored() {
	w.later, w.plan = w.later[:0], plan{}
	w.e.ID, w.e.Outcome, w.e.Code = 0, OutcomeRejected, ""
	w.e.Detail = "the journal could not store the exchange: look at the disk"
	w.reply, w.e.Reply = nil, nil
	if w.t.Event.Kind != mllp.WholeFrame || w.e.Kind == KindBytes {
		return
	}
	h := mllp.ReadHeader(w.t.Event.Bytes)
	code := w.l.settings.Decide(&h, mllp.StateRefused).InPlace()
	if code == mllp.None {
		return
	}
	w.e.Code = string(code)
	w.reply = w.l.builder.Append(w.t.Buffer(), &h, mllp.Reply{Code: code, Text: "the message could not be stored", Errors: []mllp.Error{{
		Condition: "207", Diagnostic: "the receiver could not store the message; send it again later"}}})
	w.e.Reply, w.e.ReplySize = w.reply, int64(len(w.reply))
}
