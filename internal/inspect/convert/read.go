package convert

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

// Read yields the items of a stream of HL7 v2 in any of the formats, which it recognises. It holds one item at a time.
// All bytes of a stream of ER7 are in its items, framing included. An error ends the sequence; none holds what stands in
// a message.
func Read(r io.Reader) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		br := bufio.NewReaderSize(r, format.HeadSize)
		head, err := br.Peek(format.HeadSize)
		if err != nil && !errors.Is(err, io.EOF) {
			yield(Item{}, err)
			return
		}
		switch g := format.Detect(head); {
		case g.Kind.IsHL7v2():
			readER7(br, yield)
		case g.Kind == format.HL7v2XML || g.Kind == format.XML:
			readXML(br, yield)
		case g.Kind == format.JSON || g.Kind == format.NDJSON:
			readJSON(br, yield)
		default:
			yield(Item{}, fmt.Errorf("holds no HL7 v2 message, in JSON or XML neither: %s", g.Kind.Words()))
		}
	}
}

// tap keeps what was read and not yet given away, so that the framing between two items is at hand.
type tap struct {
	r      io.Reader
	kept   []byte
	offset int64 // of kept in the stream
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.kept = append(t.kept, p[:n]...)
	return n, err
}

// until gives the bytes up to an offset and forgets them.
func (t *tap) until(offset int64) []byte {
	n := min(max(0, int(offset-t.offset)), len(t.kept))
	out := append([]byte(nil), t.kept[:n]...)
	t.drop(n)
	return out
}

func (t *tap) drop(n int) {
	t.kept = t.kept[n:]
	t.offset += int64(n)
	if cap(t.kept) > 4<<10 && len(t.kept) < cap(t.kept)/4 {
		t.kept = append([]byte(nil), t.kept...)
	}
}

func readER7(r io.Reader, yield func(Item, error) bool) {
	t := &tap{r: r}
	for p, err := range format.Split(t, format.Options{}) {
		if err != nil {
			yield(Item{}, err)
			return
		}
		before := t.until(p.Offset)
		t.drop(min(len(p.Bytes), len(t.kept)))
		if int64(len(p.Bytes)) != p.Length {
			yield(Item{}, fmt.Errorf("the piece at byte %d is larger than %d MB and is not converted", p.Offset, format.DefaultMaxPiece>>20))
			return
		}
		if !yield(Item{Before: before, Bytes: p.Bytes}, nil) {
			return
		}
	}
	if len(t.kept) > 0 {
		yield(Item{Before: t.kept}, nil)
	}
}

// readJSON reads objects one after the other, or an array of them.
func readJSON(r *bufio.Reader, yield func(Item, error) bool) {
	dec := json.NewDecoder(r)
	array := false
	if head, _ := r.Peek(r.Buffered()); firstByte(head) == '[' {
		array = true
		if _, err := dec.Token(); err != nil {
			yield(Item{}, plainJSON(err))
			return
		}
	}
	for n := 1; !array || dec.More(); n++ {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if !array && errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(Item{}, jsonReadError(err))
			return
		}
		d, err := documentOfJSON(raw)
		if !yieldDocument(d, err, jsonShaper, n, yield) {
			return
		}
	}
	if _, err := dec.Token(); err != nil {
		yield(Item{}, plainJSON(err))
	}
}

// jsonReadError keeps an error of the reader below and takes the text out of one of the syntax.
func jsonReadError(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
		return plainJSON(err)
	}
	return err
}

func yieldDocument(d *document, err error, sh shaper, n int, yield func(Item, error) bool) bool {
	var b []byte
	if err == nil {
		b, err = d.er7(sh)
	}
	if err != nil {
		yield(Item{}, fmt.Errorf("message %d: %w", n, err))
		return false
	}
	return yield(Item{Before: d.before, Bytes: b}, nil)
}

func firstByte(b []byte) byte {
	for _, c := range b {
		if c > ' ' && c < 0x7F { // not a byte order mark
			return c
		}
	}
	return 0
}

func readXML(r io.Reader, yield func(Item, error) bool) {
	dec := xml.NewDecoder(r)
	for n := 0; ; {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) && n > 0 {
			return
		}
		if err != nil {
			yield(Item{}, plainXML(dec, err))
			return
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		n++
		if e.Name.Space == namespaceOwn && e.Name.Local == "messages" {
			continue // the messages are its children
		}
		d, err := documentOfXML(dec, e)
		if err == nil && len(d.segments) == 0 && d.whole == nil && len(d.before) == 0 {
			err = errors.New("this XML holds no segments; it is not in the XML encoding of HL7 v2")
		}
		if !yieldDocument(d, err, xmlShaper, n, yield) {
			return
		}
	}
}

// Message is the item parsed.
func (it Item) Message() *hl7.Message { return hl7.Parse(it.Bytes) }
