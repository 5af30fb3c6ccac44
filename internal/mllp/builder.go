package mllp

import (
	"strconv"
	"sync/atomic"
	"time"

	"trestle/internal/hl7"
)

// Location is a place in a message as ERR-1 and ERR-2 name it. Zero numbers
// are left out.
type Location struct {
	Segment                                              string
	Sequence, Field, Repetition, Component, Subcomponent int
}

// Error is what one ERR segment says.
type Error struct {
	Locations  []Location // several where values are wrong in combination
	Condition  string     // ERR-3.1, table 0357: "101"; "" means "207", an application error
	Severity   string     // ERR-4: E, W, I or F; "" means E, or I where Condition is "0"
	AppCode    string     // ERR-5.1, table 0533
	Diagnostic string     // ERR-7
	UserText   string     // ERR-8
}

// conditions are the codes of table 0357.
var conditions = map[string]string{
	"0": "Message accepted", "100": "Segment sequence error", "101": "Required field missing", "102": "Data type error",
	"103": "Table value not found", "104": "Value too long", "198": "Non-conformant cardinality", "199": "Other HL7 error",
	"200": "Unsupported message type", "201": "Unsupported event code", "202": "Unsupported processing id",
	"203": "Unsupported version id", "204": "Unknown key identifier", "205": "Duplicate key identifier",
	"206": "Application record locked", "207": "Application error",
}

// Reply is the content of an acknowledgement.
type Reply struct {
	Code     Code
	Text     string // MSA-3
	Sequence string // MSA-4, only with the sequence number protocol
	Errors   []Error
	// AcceptWanted is MSH-15 of an application acknowledgement that is an
	// exchange of its own; "" outside of enhanced mode.
	AcceptWanted string
	// Enhanced makes an application acknowledgement that of enhanced mode:
	// MSH-16 is NE.
	Enhanced bool
}

// Builder writes acknowledgements. The zero Builder works; its methods may be
// called by several goroutines.
type Builder struct {
	Clock func() time.Time        // MSH-7; nil = time.Now
	NewID func(dst []byte) []byte // appends MSH-10; nil = NextID
	// Application and Facility are our own name for MSH-3 and MSH-4, as raw
	// bytes; empty means MSH-5 and MSH-6 of the message.
	Application, Facility string
}

var (
	idPrefix  = strconv.FormatInt(time.Now().UnixMilli(), 36)
	idCounter atomic.Uint64
)

// NextID appends a control ID that this process has not used: its time of
// start and a counter, at most 20 characters of 0-9 and a-z.
func NextID(dst []byte) []byte {
	dst = append(dst, idPrefix...)
	dst = append(dst, '-')
	return strconv.AppendUint(dst, idCounter.Add(1), 36)
}

// Append appends the acknowledgement of the message to dst: MSH, MSA and an
// ERR in the form of the message's version, with the message's delimiters.
// Nothing is invented: what the message lacks stays empty. HL7 v2.9.1 section
// 2.8 and chapter 2, MSA and ERR.
func (b *Builder) Append(dst []byte, h *Header, r Reply) []byte {
	w := ackWriter{dst: dst, h: h, minor: h.minor()}
	w.delimiters()
	from := len(dst)
	w.msh(b, r)
	w.msa(r)
	w.errors(r.Errors)
	if w.foreign {
		return append(w.dst[:from], inCharset(w.dst[from:], r, w.minor)...)
	}
	return w.dst
}

// ackWriter writes one acknowledgement.
type ackWriter struct {
	dst                      []byte
	h                        *Header
	minor                    int // of version 2.minor
	sep, comp, rep, esc, sub []byte
	foreign                  bool // a text was left out because it is not ASCII
}

var standardMarks = []byte(`|^~\&`)

// delimiters takes those of the message, or the usual ones if it has no header.
func (w *ackWriter) delimiters() {
	h := w.h
	w.sep, w.comp, w.rep, w.esc, w.sub = h.sep, h.comp, h.rep, h.esc, h.sub
	if len(h.sep) == 0 {
		s := standardMarks
		w.sep, w.comp, w.rep, w.esc, w.sub = s[0:1], s[1:2], s[2:3], s[3:4], s[4:5]
	}
}

func (w *ackWriter) raw(b []byte)   { w.dst = append(w.dst, b...) }
func (w *ackWriter) word(s string)  { w.dst = append(w.dst, s...) }
func (w *ackWriter) fields(n int)   { w.repeat(w.sep, n) }
func (w *ackWriter) end()           { w.dst = append(w.dst, CarriageReturn) }
func (w *ackWriter) field(b []byte) { w.raw(w.sep); w.raw(b) }
func (w *ackWriter) value(s string) { w.raw(w.sep); w.text(s) }
func (w *ackWriter) number(n int)   { w.dst = strconv.AppendInt(w.dst, int64(n), 10) }
func (w *ackWriter) ours(own string, theirs []byte) {
	w.raw(w.sep)
	if own != "" {
		w.word(own)
		return
	}
	w.raw(theirs)
}

func (w *ackWriter) repeat(b []byte, n int) {
	for ; n > 0; n-- {
		w.raw(b)
	}
}

// timeForm is the form of MSH-7, to the second with the zone.
const timeForm = "20060102150405-0700"

func (w *ackWriter) msh(b *Builder, r Reply) {
	h := w.h
	w.word("MSH")
	w.raw(w.sep)
	if h.present {
		w.raw(h.Field(2))
	} else {
		w.raw(standardMarks[1:])
	}
	w.ours(b.Application, h.Field(5))
	w.ours(b.Facility, h.Field(6))
	w.field(h.Field(3))
	w.field(h.Field(4))
	w.raw(w.sep)
	if b.Clock != nil {
		w.dst = b.Clock().AppendFormat(w.dst, timeForm)
	} else {
		w.dst = time.Now().AppendFormat(w.dst, timeForm)
	}
	w.fields(2)
	w.kind()
	w.raw(w.sep)
	if b.NewID != nil {
		w.dst = b.NewID(w.dst)
	} else {
		w.dst = NextID(w.dst)
	}
	w.field(h.Field(11))
	w.field(h.Field(12))
	w.tail(r)
	w.end()
}

// kind writes MSH-9: ACK^event^ACK from 2.4 on, ACK before.
func (w *ackWriter) kind() {
	w.word("ACK")
	if w.minor >= 4 && len(w.comp) > 0 && w.h.present {
		if event := w.h.Trigger(); len(event) > 0 {
			w.raw(w.comp)
			w.raw(event)
			w.raw(w.comp)
			w.word("ACK")
		}
	}
}

// tail writes MSH-15, MSH-16 and MSH-18 as far as they are valued.
func (w *ackWriter) tail(r Reply) {
	application := ""
	if r.Enhanced && !r.Code.Accept() {
		application = "NE"
	}
	charset := w.h.Field(18)
	switch {
	case len(charset) > 0:
		w.fields(3)
		w.word(r.AcceptWanted)
		w.raw(w.sep)
		w.word(application)
		w.fields(2)
		w.raw(charset)
	case r.AcceptWanted != "" || application != "":
		w.fields(3)
		w.word(r.AcceptWanted)
		if application != "" {
			w.raw(w.sep)
			w.word(application)
		}
	}
}

func (w *ackWriter) msa(r Reply) {
	w.word("MSA")
	w.raw(w.sep)
	w.word(string(r.Code))
	w.field(w.h.ControlID())
	if r.Text != "" || r.Sequence != "" {
		w.value(r.Text)
	}
	if r.Sequence != "" {
		w.value(r.Sequence)
	}
	w.end()
}

// errors writes ERR-1 before 2.5, in one segment; from 2.5 on one segment for
// each error, which repeats ERR-1 up to 2.6.
func (w *ackWriter) errors(all []Error) {
	if len(all) == 0 {
		return
	}
	if w.minor < 5 {
		w.word("ERR")
		w.raw(w.sep)
		for i, e := range all {
			w.oldLocations(e, i > 0)
		}
		w.end()
		return
	}
	for _, e := range all {
		w.word("ERR")
		w.raw(w.sep)
		if w.minor < 7 {
			w.oldLocations(e, false)
		}
		w.raw(w.sep)
		for i, l := range e.Locations {
			if i > 0 {
				w.raw(w.rep)
			}
			w.parts(l.Segment, l.Sequence, l.Field, l.Repetition, l.Component, l.Subcomponent)
		}
		w.explain(e)
		w.end()
	}
}

func (e Error) condition() string {
	if e.Condition == "" {
		return "207"
	}
	return e.Condition
}

func (e Error) severity() string {
	switch {
	case e.Severity != "":
		return e.Severity
	case e.condition() == "0":
		return "I"
	}
	return "E"
}

// oldLocations writes ERR-1: segment ID ^ sequence ^ field position ^ code, once
// for each place.
func (w *ackWriter) oldLocations(e Error, more bool) {
	places := e.Locations
	if len(places) == 0 {
		places = []Location{{}}
	}
	for i, l := range places {
		if more || i > 0 {
			w.raw(w.rep)
		}
		w.text(l.Segment)
		if len(w.comp) == 0 {
			continue
		}
		w.raw(w.comp)
		w.positive(l.Sequence)
		w.raw(w.comp)
		w.positive(l.Field)
		w.raw(w.comp)
		w.text(e.condition())
	}
}

func (w *ackWriter) positive(n int) {
	if n > 0 {
		w.number(n)
	}
}

// parts writes ERR-2 without empty components at its end.
func (w *ackWriter) parts(segment string, numbers ...int) {
	w.text(segment)
	if len(w.comp) == 0 {
		return
	}
	last := 0
	for i, n := range numbers {
		if n > 0 {
			last = i + 1
		}
	}
	for _, n := range numbers[:last] {
		w.raw(w.comp)
		w.positive(n)
	}
}

// explain writes ERR-3 to ERR-8.
func (w *ackWriter) explain(e Error) {
	w.value(e.condition())
	if name := conditions[e.condition()]; name != "" && len(w.comp) > 0 {
		w.raw(w.comp)
		w.word(name)
		w.raw(w.comp)
		w.word("HL70357")
	}
	w.value(e.severity())
	switch {
	case e.UserText != "":
		w.value(e.AppCode)
		w.fields(1)
		w.value(e.Diagnostic)
		w.value(e.UserText)
	case e.Diagnostic != "":
		w.value(e.AppCode)
		w.fields(1)
		w.value(e.Diagnostic)
	case e.AppCode != "":
		w.value(e.AppCode)
	}
}

// text writes a value with its delimiters escaped. A delimiter that cannot be
// escaped, because the message declares no escape character, becomes a blank.
// Text that is not ASCII is left for inCharset.
func (w *ackWriter) text(s string) {
	if !ascii(s) {
		w.foreign = true
		return
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := byte(0)
		switch {
		case is(w.sep, c):
			letter = 'F'
		case is(w.comp, c):
			letter = 'S'
		case is(w.rep, c):
			letter = 'R'
		case is(w.esc, c):
			letter = 'E'
		case is(w.sub, c):
			letter = 'T'
		case c >= ' ' && c != 0x7F:
			w.dst = append(w.dst, c)
			continue
		}
		switch {
		case len(w.esc) == 0:
			w.dst = append(w.dst, ' ')
		case letter == 0:
			const hex = "0123456789ABCDEF"
			w.raw(w.esc)
			w.dst = append(w.dst, 'X', hex[c>>4], hex[c&15])
			w.raw(w.esc)
		default:
			w.raw(w.esc)
			w.dst = append(w.dst, letter)
			w.raw(w.esc)
		}
	}
}

func is(mark []byte, c byte) bool { return len(mark) == 1 && mark[0] == c }

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// inCharset sets the texts that are not ASCII, in the character set that the
// acknowledgement has from the message. A character that the set lacks becomes a
// question mark: the acknowledgement matters more than its text.
func inCharset(ack []byte, r Reply, minor int) []byte {
	m := hl7.Parse(ack)
	set := func(path, s string) {
		if s == "" || ascii(s) {
			return
		}
		p := hl7.MustPath(path)
		next, err := m.Set(p, s)
		if err != nil {
			next, err = m.Set(p, questioned(s))
		}
		if err == nil {
			m = next
		}
	}
	set("MSA-3", r.Text)
	set("MSA-4", r.Sequence)
	if minor >= 5 {
		for i, e := range r.Errors {
			at := "ERR[" + strconv.Itoa(i+1) + "]-"
			set(at+"5.1", e.AppCode)
			set(at+"7", e.Diagnostic)
			set(at+"8", e.UserText)
		}
	}
	return m.Bytes()
}

func questioned(s string) string {
	out := make([]byte, 0, len(s))
	for _, c := range s {
		if c >= 0x80 {
			c = '?'
		}
		out = append(out, byte(c))
	}
	return string(out)
}
