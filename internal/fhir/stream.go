package fhir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

// Record is one resource of a stream.
type Record struct {
	Index  int   // from 0
	Offset int64 // of Bytes in the stream; places in the trees count from there
	Bytes  []byte
	Root   *Node // the resource; of an entry without one nil; of an envelope the Bundle without its entries
	Entry  *Node // the entry of a Bundle that the resource lies in, nil if it stands alone
	// Envelope marks what a Bundle holds beside its entries. It comes after them.
	Envelope bool
}

// StreamOptions say how a stream is read.
type StreamOptions struct {
	Limits
	// WholeBundles makes a Bundle one record, entries and all.
	WholeBundles bool
}

// Resources reads resources one by one: NDJSON or several JSON values in a row, the entries of Bundles of any size, a
// single resource, or one resource in XML. In JSON, memory is bounded by the largest resource, not by the stream; limits
// hold for each. A Bundle whose entries come before its resourceType is read at once, and so is XML. It ends with the
// first error, which is a [*SyntaxError] with its place in the stream, the reader's or the context's.
func (d *Definitions) Resources(ctx context.Context, r io.Reader, o StreamOptions) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		s := stream{r: r, limits: o.Limits, whole: o.WholeBundles, buf: make([]byte, 0, 64<<10), d: d, ctx: ctx}
		s.yield = func(rec Record) bool {
			rec.Index = s.index
			s.index++
			s.stopped = !yield(rec, nil)
			return !s.stopped
		}
		if err := s.run(); err != nil && !s.stopped {
			yield(Record{Index: s.index}, err)
		}
	}
}

// stream finds the bounds of values without making trees of them: it knows strings and brackets.
type stream struct {
	r       io.Reader
	buf     []byte // read and not consumed yet: buf[at:]
	at      int
	base    int64 // of buf[0] in the stream
	lines   int   // line ends before buf[0]
	column  int   // characters between the last of them and buf[0]
	limits  Limits
	whole   bool
	d       *Definitions
	ctx     context.Context
	yield   func(Record) bool
	index   int
	stopped bool
}

var errStopped = errors.New("stopped")

// fill reads more behind what is there; io.EOF if there is no more.
func (s *stream) fill() error {
	if s.at == len(s.buf) {
		if i := bytes.LastIndexByte(s.buf, '\n'); i >= 0 {
			s.lines += bytes.Count(s.buf, []byte{'\n'})
			s.column = characters(s.buf[i+1:])
		} else {
			s.column += characters(s.buf)
		}
		s.base += int64(len(s.buf))
		s.buf, s.at = s.buf[:0], 0
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if len(s.buf) == cap(s.buf) {
		s.buf = append(s.buf, 0)[:len(s.buf)]
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// characters counts the bytes that begin one: a character may lie across two reads.
func characters(b []byte) int {
	n := 0
	for _, c := range b {
		if utf8.RuneStart(c) {
			n++
		}
	}
	return n
}

func (s *stream) offset() int64 { return s.base + int64(s.at) }

func (s *stream) run() error {
	if err := s.begin(); err != nil {
		if err == io.EOF {
			return nil
		}
		return err
	}
	for {
		c, err := s.peek()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if c == '{' {
			err = s.object()
		} else {
			err = s.plain()
		}
		if err == errStopped {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// begin passes a byte order mark, and hands XML over.
func (s *stream) begin() error {
	for len(s.buf) < 3 {
		if err := s.fill(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	if bytes.HasPrefix(s.buf, []byte("\xEF\xBB\xBF")) {
		s.at = 3
	}
	c, err := s.peek()
	if err != nil || c != '<' {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(io.MultiReader(bytes.NewReader(s.buf[s.at:]), s.r), int64(s.limits.bytes())+1))
	if err != nil {
		return err
	}
	if len(data) > s.limits.bytes() {
		return s.tooLong()
	}
	s.r = bytes.NewReader(nil)
	from := s.offset()
	s.buf, s.at = s.buf[:0], 0
	root, err := s.d.ParseXML(data)
	if err != nil {
		return err
	}
	if !s.yield(Record{Offset: from, Bytes: data, Root: root}) {
		return errStopped
	}
	return io.EOF
}

func (s *stream) tooLong() error {
	line, column := s.place()
	return &SyntaxError{Off: int(s.offset()), Line: line, Column: column, What: fmt.Sprintf("a resource has more than %d bytes", s.limits.bytes())}
}

func (s *stream) place() (line, column int) {
	before := s.buf[:s.at]
	if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
		return s.lines + bytes.Count(before, []byte{'\n'}) + 1, characters(before[i+1:]) + 1
	}
	return s.lines + 1, s.column + characters(before) + 1
}

func (s *stream) fail(what string) error {
	line, column := s.place()
	return &SyntaxError{Off: int(s.offset()), Line: line, Column: column, What: what}
}

// peek returns the next byte that is no blank.
func (s *stream) peek() (byte, error) {
	for {
		for s.at < len(s.buf) {
			if c := s.buf[s.at]; !isSpace(c) {
				return c, nil
			}
			s.at++
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// need is peek where the text must go on.
func (s *stream) need() (byte, error) {
	c, err := s.peek()
	if err == io.EOF {
		return 0, s.fail("the text ends within a value")
	}
	return c, err
}

// raw appends the next value as it is written.
func (s *stream) raw(dst []byte) ([]byte, error) {
	first, err := s.need()
	if err != nil {
		return dst, err
	}
	most := s.limits.bytes()
	depth, inString := 0, false
	scalar := first != '{' && first != '[' && first != '"'
	for {
		from := s.at
		for s.at < len(s.buf) {
			c := s.buf[s.at]
			switch {
			case inString && c == '\\':
				if s.at+1 == len(s.buf) {
					if err := s.fill(); err != nil && err != io.EOF {
						return dst, err
					}
				}
				s.at++
			case c == '"':
				inString = !inString
			case inString:
			case scalar && (c == ',' || c == ']' || c == '}' || isSpace(c)):
				return append(dst, s.buf[from:s.at]...), nil
			case c == '{' || c == '[':
				depth++
			case c == '}' || c == ']':
				depth--
			}
			s.at = min(s.at+1, len(s.buf))
			if !scalar && depth <= 0 && !inString {
				if dst = append(dst, s.buf[from:s.at]...); len(dst) > most {
					return dst, s.tooLong()
				}
				return dst, nil
			}
		}
		dst = append(dst, s.buf[from:s.at]...)
		if len(dst) > most {
			return dst, s.tooLong()
		}
		if err := s.fill(); err == io.EOF && scalar {
			return dst, nil
		} else if err == io.EOF {
			return dst, s.fail("the text ends within a value")
		} else if err != nil {
			return dst, err
		}
	}
}

// parse makes a tree of a piece; its errors get their place in the stream.
func (s *stream) parse(data []byte, offset int64, line, column int) (*Node, error) {
	n, err := s.limits.ParseJSON(data)
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		moved := *syntax
		moved.Off += int(offset)
		if moved.Line == 1 {
			moved.Column += column - 1
		}
		moved.Line += line - 1
		return nil, &moved
	}
	return n, err
}

// plain reads a value that is no object; it stands for itself, so that its reader can say what it is.
func (s *stream) plain() error {
	from := s.offset()
	line, column := s.place()
	data, err := s.raw(nil)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		return s.fail("a value should begin here")
	}
	n, err := s.parse(data, from, line, column)
	if err != nil {
		return err
	}
	if !s.yield(Record{Offset: from, Bytes: data, Root: n}) {
		return errStopped
	}
	return nil
}

// object reads an object member by member. Once it is known to be a Bundle, its entries are handed out as they come.
func (s *stream) object() error {
	from := s.offset()
	line, column := s.place()
	s.at++
	whole := []byte{'{'}
	bundle, members := false, 0
	for {
		before := s.offset() - from
		c, err := s.need()
		if err != nil {
			return err
		}
		// Blanks are kept, so that places in the tree are those of the text; of a Bundle they would only cost memory.
		if !bundle {
			whole = pad(whole, s.offset()-from-before)
		}
		if c == '}' {
			s.at++
			whole = append(whole, '}')
			break
		}
		if c == ',' {
			s.at++
			whole = append(whole, ',')
			continue
		}
		if c != '"' {
			return s.fail("the name of a member should stand here")
		}
		at := len(whole)
		if whole, err = s.raw(whole); err != nil {
			return err
		}
		name := string(whole[at:])
		if c, err = s.need(); err != nil {
			return err
		}
		if c != ':' {
			return s.fail("a colon should follow the name of a member")
		}
		s.at++
		whole = append(whole, ':')
		if c, err = s.need(); err != nil {
			return err
		}
		if bundle && name == `"entry"` && c == '[' {
			if err := s.entries(); err != nil {
				return err
			}
			whole = append(whole[:at], `"entry":[]`...)
			continue
		}
		valueAt := len(whole)
		if whole, err = s.raw(whole); err != nil {
			return err
		}
		if len(whole) > s.limits.bytes() {
			return s.tooLong()
		}
		bundle = bundle || !s.whole && members == 0 && name == `"resourceType"` && string(whole[valueAt:]) == `"Bundle"`
		members++
	}
	return s.finish(whole, from, line, column, bundle)
}

// pad adds as many blanks as were passed.
func pad(dst []byte, n int64) []byte {
	for range min(n, 1<<16) {
		dst = append(dst, ' ')
	}
	return dst
}

func (s *stream) finish(whole []byte, from int64, line, column int, bundle bool) error {
	n, err := s.parse(whole, from, line, column)
	if err != nil {
		return err
	}
	if bundle {
		n.Remove("entry")
	}
	if !s.yield(Record{Offset: from, Bytes: whole, Root: n, Envelope: bundle}) {
		return errStopped
	}
	return nil
}

// entries hands out the entries of a Bundle.
func (s *stream) entries() error {
	s.at++
	for first := true; ; first = false {
		c, err := s.need()
		if err != nil {
			return err
		}
		switch {
		case c == ']':
			s.at++
			return nil
		case c == ',' && !first:
			s.at++
			if c, err = s.need(); err != nil {
				return err
			}
			if c == ']' || c == ',' {
				return s.fail("an entry should stand here")
			}
		case !first:
			return s.fail("a comma or ] should stand here")
		}
		from := s.offset()
		line, column := s.place()
		data, err := s.raw(nil)
		if err != nil {
			return err
		}
		n, err := s.parse(data, from, line, column)
		if err != nil {
			return err
		}
		if !s.yield(Record{Offset: from, Bytes: data, Root: n.Member("resource"), Entry: n}) {
			return errStopped
		}
	}
}
