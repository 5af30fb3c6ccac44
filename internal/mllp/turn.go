package mllp

import (
	"errors"
	"io"
	"time"
)

// Turn is the place of one event in the order of replies of its connection.
// It is finished by exactly one of Reply, ReplyRaw, Refuse, Do and Done, at once
// or later and from any goroutine; after that neither the Turn nor its Event may
// be used (Event.Detach keeps the bytes). An unfinished turn holds back the
// replies to later events, as the order of acknowledgements demands.
type Turn struct {
	Event Event

	conn      *Conn
	state     turnState
	size      int
	header    Header
	hasHeader bool
	buf       []byte // for the handler
	reply     []byte // framed, until its turn comes
	do        func(*Conn) error
	onWritten written
}

type turnState uint8

const (
	turnOpen turnState = iota
	turnReady
	turnDo
	turnActing
)

func (t *Turn) reset() {
	t.Event.reset()
	*t = Turn{Event: t.Event, conn: t.conn, buf: small(t.buf), reply: small(t.reply)}
}

// capacity is how many bytes the turn holds for its next use.
func (t *Turn) capacity() int {
	const fixed = 2 << 10 // about the Turn itself
	return fixed + cap(t.Event.Bytes) + cap(t.buf) + cap(t.reply)
}

// small returns the buffer empty, or nil if it is not worth keeping.
func small(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b[:0]
}

// Conn returns the connection.
func (t *Turn) Conn() *Conn { return t.conn }

// Header returns the header of the event's bytes, read once.
func (t *Turn) Header() *Header {
	if !t.hasHeader {
		t.header, t.hasHeader = ReadHeader(t.Event.Bytes), true
	}
	return &t.header
}

// Buffer returns an empty buffer that belongs to the turn, to build the reply
// in.
func (t *Turn) Buffer() []byte {
	if t.buf == nil {
		t.buf = make([]byte, 0, 512)
	}
	return t.buf[:0]
}

// Reply sends each payload in a frame when the turn comes; with release 2 the
// commit byte goes before.
func (t *Turn) Reply(payloads ...[]byte) {
	c := t.conn
	c.mu.Lock()
	if c.head(t) {
		c.out = t.commit(c.out)
		for _, p := range payloads {
			c.out = c.framing.Append(c.out, p)
		}
	} else {
		t.reply = t.commit(t.reply)
		for _, p := range payloads {
			t.reply = c.framing.Append(t.reply, p)
		}
	}
	c.complete(t, turnReady)
}

// commit appends the commit acknowledgement of release 2.
func (t *Turn) commit(dst []byte) []byte {
	if t.conn.server.Release2 && t.Event.Kind == WholeFrame {
		dst = t.conn.framing.Append(dst, []byte{CommitByte})
	}
	return dst
}

// ReplyRaw sends the bytes as they are when the turn comes, without a frame and
// without a commit byte.
func (t *Turn) ReplyRaw(b []byte) {
	c := t.conn
	c.mu.Lock()
	t.reply = append(t.reply, b...)
	c.complete(t, turnReady)
}

// Refuse sends the negative commit (15) of release 2 where that is on, else
// nothing.
func (t *Turn) Refuse() {
	c := t.conn
	c.mu.Lock()
	if c.server.Release2 {
		t.reply = c.framing.Append(t.reply, []byte{RefuseByte})
	}
	c.complete(t, turnReady)
}

// Done finishes the turn without a reply; with release 2 a whole frame is
// committed all the same.
func (t *Turn) Done() {
	c := t.conn
	c.mu.Lock()
	t.reply = t.commit(t.reply)
	c.complete(t, turnReady)
}

// Do runs f when the turn comes, on a goroutine that may block: it may write any
// bytes to the connection, wait, close or reset it. Replies of later turns wait.
// An error of f ends the connection. The Turn may not be used in f.
func (t *Turn) Do(f func(c *Conn) error) {
	c := t.conn
	c.mu.Lock()
	t.do = f
	c.complete(t, turnDo)
}

// OnWritten calls f once the reply was handed to the system, or could not be;
// for Do once its function has ended. Call it before the turn is finished. f must
// not block.
func (t *Turn) OnWritten(f func(at time.Time, err error)) { t.onWritten = f }

// head reports whether everything before the turn is done.
func (c *Conn) head(t *Turn) bool {
	return c.first < len(c.turns) && c.turns[c.first] == t
}

// complete marks a turn as finished and sees that what is ready goes out. It
// gives up the lock.
func (c *Conn) complete(t *Turn, state turnState) {
	if t.state != turnOpen {
		c.mu.Unlock()
		panic("mllp: a turn was finished twice")
	}
	if c.err != nil {
		f, err := t.onWritten, c.err
		t.state = state
		c.mu.Unlock()
		if f != nil {
			f(time.Now(), err)
		}
		return
	}
	t.state = state
	// The goroutine that reads writes what is ready before it waits for bytes,
	// so a handler that answers at once needs no other goroutine.
	soon := t == c.current
	c.advance()
	if c.first < len(c.turns) && c.turns[c.first].state == turnDo || !soon && c.due() || len(c.notify) > 0 && len(c.out) == 0 {
		c.kick()
	}
	if c.first == len(c.turns) || !soon {
		c.changed.Broadcast()
	}
	c.mu.Unlock()
}

// isEnd reports whether a stream ended in good order.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, errStopped) || errors.Is(err, ErrIdle) || errors.Is(err, ErrClosed)
}
