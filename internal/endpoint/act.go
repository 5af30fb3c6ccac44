package endpoint

import (
	"bytes"
	"time"
	"unicode/utf16"

	"trestle/internal/endpoint/rules"
	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// plan is what the faults of one message make of its reply.
type plan struct {
	faults []rules.Fault // those that change bytes, in order

	read, before, during, after time.Duration
	late, swap                  time.Duration // late, or after the next reply
	dribble                     time.Duration
	times                       int // how often the reply is sent, 0 is once

	noAck, noStart, noEnd, noCR, cut, silent bool
	closeBefore, closeAfter                  bool
	resetBefore, resetAfter                  bool
	refuse, downTime                         time.Duration
	downMessages                             int
}

// add puts faults on top of those that are there; of two of one kind the longer counts.
func (p *plan) add(list []rules.Fault) {
	for _, f := range list {
		d := f.Duration()
		switch f.Kind {
		case rules.DelayReading:
			p.read = max(p.read, d)
		case rules.DelayBefore:
			p.before = max(p.before, d)
		case rules.DelayDuring:
			p.during = max(p.during, d)
		case rules.DelayAfter:
			p.after = max(p.after, d)
		case rules.LateAck:
			p.late = max(p.late, d)
		case rules.OutOfOrder:
			p.swap = max(p.swap, d)
		case rules.Dribble:
			p.dribble = max(p.dribble, d)
		case rules.DuplicateAck:
			p.times = max(p.times, f.Number())
		case rules.NoAck:
			p.noAck = true
		case rules.NoStart:
			p.noStart = true
		case rules.NoEnd:
			p.noEnd = true
		case rules.NoCR:
			p.noCR = true
		case rules.Truncate:
			p.cut = true
		case rules.Silent:
			p.silent = true
		case rules.CloseBefore:
			p.closeBefore = true
		case rules.CloseAfter:
			p.closeAfter = true
		case rules.ResetBefore:
			p.resetBefore = true
		case rules.ResetAfter:
			p.resetAfter = true
		case rules.Refuse:
			p.refuse = max(p.refuse, d)
		case rules.DownTime:
			p.downTime = max(p.downTime, d)
		case rules.DownMessages:
			p.downMessages = max(p.downMessages, f.Number())
		case rules.WrongCode, rules.WrongControlID, rules.Corrupt, rules.WrongCharset:
			p.faults = append(p.faults, f)
		}
	}
}

// plain says that the reply goes out as it is and nothing follows.
func (p *plan) plain() bool {
	return p.read|p.before|p.during|p.after|p.late|p.swap|p.dribble|p.refuse|p.downTime == 0 && p.times < 2 && p.downMessages == 0 &&
		!p.noAck && !p.noStart && !p.noEnd && !p.noCR && !p.cut && !p.silent && !p.closeBefore && !p.closeAfter && !p.resetBefore && !p.resetAfter
}

// withoutReply says that the reply is never written.
func (p *plan) withoutReply() bool { return p.noAck || p.silent || p.closeBefore || p.resetBefore }

// applyToBytes spoils the reply itself, before it is journaled, so that the journal has what was sent.
func (w *turn) applyToBytes() {
	if w.reply == nil {
		return
	}
	for _, f := range w.plan.faults {
		switch f.Kind {
		case rules.WrongCode:
			w.reply = edit(w.reply, "MSA-1", wrongCode(w.e.Code, f.Value))
		case rules.WrongControlID:
			w.reply = edit(w.reply, "MSA-2", string(ids.next([]byte("X"))))
		case rules.Corrupt:
			w.reply = corrupt(w.reply)
		case rules.WrongCharset:
			w.reply = wrongCharset(w.reply, f.Word())
		}
	}
	if w.plan.withoutReply() {
		w.reply = nil
		w.e.Outcome = OutcomeSilent
	}
}

// edit sets one value of a reply; a reply without that segment stays as it is.
func edit(b []byte, path, text string) []byte {
	m, err := hl7.Parse(b).Set(hl7.MustPath(path), text)
	if err != nil {
		return b
	}
	return m.Bytes()
}

// wrongCode is another code than the right one: what is given, or the opposite.
func wrongCode(right, given string) string {
	if given != "" {
		return given
	}
	switch mllp.Code(right) {
	case mllp.AA:
		return "AE"
	case mllp.CA:
		return "CE"
	case mllp.CE, mllp.CR:
		return "CA"
	}
	return "AA"
}

// corrupt turns the lowest bit of some bytes after the header over, so that the frame stays whole and the text does not. Bytes that
// mean something to the framing or end a segment are left alone, and none becomes one.
func corrupt(b []byte) []byte {
	out := bytes.Clone(b)
	start := bytes.IndexByte(out, '\r') + 1
	for i := start; i < len(out); i += 7 {
		if c := out[i] ^ 1; out[i] > ' ' && c > ' ' {
			out[i] = c
		}
	}
	return out
}

// wrongCharset writes the reply in another character set than its MSH-18 says: Latin-1 text where it says UTF-8, or all of it in
// UTF-16, which no MLLP frame can carry.
func wrongCharset(b []byte, set string) []byte {
	if set == "utf-16" {
		units := utf16.Encode([]rune(string(b)))
		out := make([]byte, 0, 2*len(units))
		for _, u := range units {
			out = append(out, byte(u), byte(u>>8))
		}
		return out
	}
	m, err := hl7.Parse(b).SetRaw(hl7.MustPath("MSH-18"), []byte("UNICODE UTF-8"))
	if err != nil {
		return b
	}
	m, err = m.SetRaw(hl7.MustPath("MSA-3"), []byte("accus\xe9 de r\xe9ception"))
	if err != nil {
		return b
	}
	return m.Bytes()
}

// finish does what was planned, once the exchange is kept. It may run on the committer's goroutine and does not block.
func (w *turn) finish() {
	l, p := w.l, w.plan
	l.counters.outcome(w.e.Outcome)
	if p.downMessages > 0 {
		l.down.Store(int64(p.downMessages))
	}
	done := w.written()
	switch {
	case p.plain() && w.reply == nil:
		if ev := &w.t.Event; l.config.Release2 && (ev.Kind == mllp.WholeFrame && w.e.ID == 0 && l.commits != nil) {
			w.t.Refuse()
		} else {
			w.t.Done()
		}
		done(time.Time{}, nil)
	case p.plain():
		w.t.OnWritten(done)
		w.t.Reply(w.reply)
	case w.reply != nil && (p.late > 0 || p.swap > 0) && !p.withoutReply():
		w.postpone(&p, done)
	default:
		w.perform(&p, done)
	}
	w.release()
}

// written returns what happens when the reply is out: counters, the journal's completion, the live list, and the application
// acknowledgements. It takes what it needs out of the turn, which is reused.
func (w *turn) written() func(at time.Time, err error) {
	l, k, conn := w.l, w.k, w.t.Conn()
	row, last, id, committed, size := w.e.row(), w.e.LastByte, w.e.ID, w.e.Committed, int64(len(w.reply))
	later := append([]onward(nil), w.later...)
	endpointKeeps := l.commits != nil && id != 0
	return func(at time.Time, err error) {
		c := Completion{ID: id, Committed: committed}
		if err != nil {
			c.Outcome, c.Detail = OutcomeFailed, "the reply could not be written: the client was gone"
			row.Outcome, row.Detail = c.Outcome, c.Detail
			l.counters.failed.Add(1)
		} else if !at.IsZero() && size > 0 {
			c.ReplyWritten = at
			row.Latency = max(0, at.Sub(last))
			l.counters.latency.Add(row.Latency)
			l.counters.bytesO.Add(size)
		}
		if endpointKeeps {
			l.commits.Complete(c)
		}
		l.feed.publish(row)
		if len(later) > 0 {
			l.sendOnward(conn, k, later)
		}
		if size > 0 {
			k.next()
		}
	}
}

// wire is the reply with its framing, less what the faults take away.
func (l *Listener) wire(p *plan, reply []byte) []byte {
	whole := l.framing.Append(nil, reply)
	start := bytes.Index(whole, reply)
	end := len(whole) - start - len(reply)
	if len(reply) == 0 {
		return whole
	}
	if p.cut {
		return whole[:start+len(reply)/2]
	}
	tail := whole[start+len(reply):]
	switch {
	case p.noEnd && end > 1:
		tail = tail[end-1:] // the CR alone
	case p.noEnd:
		tail = nil
	case p.noCR && end > 1:
		tail = tail[:end-1]
	}
	out := whole[:start+len(reply)]
	if p.noStart {
		out = out[start:]
	}
	return append(bytes.Clone(out), tail...)
}

// perform writes the reply as the plan has it when its turn comes, and does what follows.
func (w *turn) perform(p *plan, done func(time.Time, error)) {
	l := w.l
	plan := *p
	var out []byte
	if w.reply != nil && !plan.withoutReply() {
		one := l.wire(&plan, w.reply)
		for range max(plan.times, 1) {
			out = append(out, one...)
		}
	}
	acted := false
	w.t.OnWritten(func(_ time.Time, err error) {
		if !acted { // the connection was gone before the turn came
			done(time.Time{}, err)
		}
	})
	w.t.Do(func(c *mllp.Conn) error {
		acted = true
		err := plan.act(l, c, out, done)
		plan.aftermath(l)
		return err
	})
}

// act is the part of a plan that concerns the reply.
func (p *plan) act(l *Listener, c *mllp.Conn, out []byte, done func(time.Time, error)) error {
	if p.before > 0 {
		l.pause(c, p.before)
	}
	switch {
	case p.silent:
		done(time.Time{}, nil)
		l.hush(c)
		return nil
	case p.closeBefore:
		done(time.Time{}, nil)
		return c.Close()
	case p.resetBefore:
		done(time.Time{}, nil)
		return c.Reset()
	case len(out) == 0:
		done(time.Time{}, nil)
		return nil
	}
	err := p.write(l, c, out)
	done(time.Now(), err)
	if err != nil {
		return err
	}
	if p.after > 0 {
		l.pause(c, p.after)
	}
	switch {
	case p.resetAfter:
		return c.Reset()
	case p.closeAfter:
		return c.Close()
	}
	return nil
}

// write writes the reply at once, in two halves, or byte by byte.
func (p *plan) write(l *Listener, c *mllp.Conn, out []byte) error {
	switch {
	case p.dribble > 0:
		for i := range out {
			if i > 0 {
				l.pause(c, p.dribble)
			}
			if _, err := c.Write(out[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	case p.during > 0:
		half := len(out) / 2
		if _, err := c.Write(out[:half]); err != nil {
			return err
		}
		l.pause(c, p.during)
		_, err := c.Write(out[half:])
		return err
	}
	_, err := c.Write(out)
	return err
}

// aftermath is what a plan does to the endpoint as a whole.
func (p *plan) aftermath(l *Listener) {
	if p.refuse > 0 {
		l.gate.Load().shutFor(p.refuse)
	}
	if p.downTime > 0 {
		l.gate.Load().shutFor(p.downTime)
		l.resetAll()
	}
}

// postpone gives the turn back without a reply and sends it later: after a time, or after the next reply of the connection.
func (w *turn) postpone(p *plan, done func(time.Time, error)) {
	l, k, c, plan := w.l, w.k, w.t.Conn(), *p
	out := l.wire(&plan, w.reply)
	release := c.Hold()
	send := func() {
		defer release()
		done(time.Now(), plan.write(l, c, out))
		plan.aftermath(l)
	}
	var next <-chan struct{}
	if plan.late == 0 {
		next = k.hold() // before the next reply can go out
	}
	w.t.Done()
	l.work.Add(1)
	go func() {
		defer l.work.Done()
		if plan.late > 0 {
			l.pause(c, plan.late)
			send()
			return
		}
		t := time.NewTimer(plan.swap)
		defer t.Stop()
		select {
		case <-next:
		case <-t.C:
		case <-l.stop.Done():
		case <-c.Context().Done():
		}
		send()
	}()
}

// hold returns a channel that is closed after the next reply of the connection.
func (k *client) hold() <-chan struct{} {
	ch := make(chan struct{})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held = append(k.held, func() { close(ch) })
	return ch
}

// next lets go what waits for a reply.
func (k *client) next() {
	k.mu.Lock()
	list := k.held
	k.held = nil
	k.mu.Unlock()
	for _, f := range list {
		f()
	}
}
