package batch

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"trestle/internal/hl7"
)

// Options choose what the envelopes say. Zero values take the defaults.
type Options struct {
	NoFile bool      // only BHS and BTS, without FHS and FTS around them
	Size   int       // messages of a batch at most; 0 puts all into one
	Time   time.Time // FHS-7 and BHS-7, with its offset; zero leaves them empty
	ID     string    // FHS-11 and, with the number of the batch behind a hyphen, BHS-11; "" leaves them empty
	Name   string    // FHS-9 and BHS-9
}

// ErrNoMessage is in the error of Write for bytes that do not begin with an MSH segment: in a batch they would be lost.
var ErrNoMessage = errors.New("it does not begin with an MSH segment, so a batch cannot hold it")

// Writer writes messages as a batch file. What the header segments say of sender and receiver is that of the first message
// in them (MSH-3 to MSH-6), as are their delimiters: a message with others begins a batch of its own, for a trailer is read
// with the delimiters that hold where it stands. Writer holds no message.
type Writer struct {
	w          io.Writer
	o          Options
	file, head hl7.Segment // MSH of the first message of the file and of the open batch

	messages, batches, all int // in the open batch; begun; in all of them
	err                    error
}

// NewWriter returns a Writer. Close ends what it writes; it does not close w.
func NewWriter(w io.Writer, o Options) *Writer { return &Writer{w: w, o: o} }

// Messages is how many messages have been written.
func (w *Writer) Messages() int { return w.all }

// Write adds a message, byte for byte. After an error of the writer below, every call returns it.
func (w *Writer) Write(message []byte) error {
	m := hl7.Parse(message)
	h, ok := m.Header()
	if !ok || h.Name() != "MSH" || h.Offset() != 0 || !bytes.HasPrefix(message, []byte("MSH")) || h.Delimiters().Field == "" {
		return ErrNoMessage
	}
	if h = hl7.Parse(bytes.Clone(h.Bytes())).Segment(0); w.batches == 0 {
		if w.file = h; !w.o.NoFile {
			w.put(w.header(h, "FHS", w.o.ID))
		}
	}
	if w.batches == 0 || w.o.Size > 0 && w.messages == w.o.Size || h.Delimiters() != w.head.Delimiters() {
		w.closeBatch()
		w.head = h
		w.openBatch()
	}
	w.put(message)
	if last := message[len(message)-1]; last != '\r' && last != '\n' {
		w.put([]byte("\r"))
	}
	w.messages++
	w.all++
	return w.err
}

func (w *Writer) openBatch() {
	w.batches++
	id := w.o.ID
	if id != "" {
		id += "-" + strconv.Itoa(w.batches)
	}
	w.put(w.header(w.head, "BHS", id))
	w.messages = 0
}

func (w *Writer) closeBatch() {
	if w.batches > 0 {
		w.put(w.trailer(w.head, "BTS", w.messages))
	}
}

// Close writes the trailers. Without a message nothing is written.
func (w *Writer) Close() error {
	if w.batches > 0 {
		w.closeBatch()
		if !w.o.NoFile {
			w.put(w.trailer(w.file, "FTS", w.batches))
		}
	}
	return w.err
}

func (w *Writer) put(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

// header is an FHS or BHS segment for a message with the MSH segment of: fields 1 and 2 are the delimiters, 3 to 6 sender
// and receiver, 7 the time, 9 a name, 11 the control ID.
func (w *Writer) header(of hl7.Segment, name, id string) []byte {
	d := of.Delimiters()
	stamp := ""
	if !w.o.Time.IsZero() {
		stamp = w.o.Time.Format("20060102150405-0700")
	}
	fields := []string{name + d.Field + string(of.Field(2).Raw())}
	for i := 3; i <= 6; i++ {
		fields = append(fields, string(of.Field(i).Raw()))
	}
	fields = append(fields, stamp, "", escape(d, w.o.Name), "", escape(d, id))
	return []byte(strings.TrimRight(strings.Join(fields, d.Field), d.Field) + "\r")
}

func (w *Writer) trailer(of hl7.Segment, name string, count int) []byte {
	return []byte(name + of.Delimiters().Field + strconv.Itoa(count) + "\r")
}

// escape writes a text so that none of it is read as a delimiter. HL7 v2.9.1 section 2.7.1.
func escape(d hl7.Delimiters, text string) string {
	pairs := []string{"\r", " ", "\n", " "}
	for _, p := range [][2]string{{d.Escape, "E"}, {d.Field, "F"}, {d.Component, "S"}, {d.Subcomponent, "T"}, {d.Repetition, "R"}} {
		if p[0] != "" && d.Escape != "" {
			pairs = append(pairs, p[0], d.Escape+p[1]+d.Escape)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
