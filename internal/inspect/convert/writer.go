package convert

import (
	"fmt"
	"io"

	"trestle/internal/hl7"
)

// Format is what a Writer writes.
type Format string

const (
	JSON Format = "json" // one object a message: JSON lines, or indented
	XML  Format = "xml"  // the HL7 v2 XML encoding
	ER7  Format = "er7"  // pipes and hats: the bytes of the messages as they were
)

// Formats lists the formats of a Writer.
func Formats() []Format { return []Format{JSON, XML, ER7} }

// Item is a message or envelope segment of a stream, or bytes that belong to none.
type Item struct {
	Before []byte // framing bytes that stand before it in the stream
	Bytes  []byte // ER7; none for an item that only carries Before
}

// Options choose how a Writer writes.
type Options struct {
	Pretty bool // indent JSON and XML
}

// Writer writes the items of a stream. It holds no more than two of them.
type Writer struct {
	w       io.Writer
	format  Format
	options Options
	count   int
	held    *Item // XML: the first item, until it is known whether it is the only one
}

// NewWriter returns a Writer. Close ends what it writes.
func NewWriter(w io.Writer, f Format, o Options) (*Writer, error) {
	switch f {
	case JSON, XML, ER7:
		return &Writer{w: w, format: f, options: o}, nil
	}
	return nil, fmt.Errorf("messages cannot be written as %.20q; choose json, xml or er7", string(f))
}

// Write writes one item. The item's bytes may be kept until the next call.
func (w *Writer) Write(it Item) error {
	w.count++
	switch w.format {
	case ER7:
		return w.put(it.Before, it.Bytes)
	case JSON:
		j := jsonWriter{pretty: w.options.Pretty, spill: spill{to: w.w}}
		j.message(hl7.Parse(it.Bytes), it.Before)
		return j.endLine()
	}
	switch {
	case w.count == 1:
		w.held = &it
		return w.put([]byte(xmlDeclaration))
	case w.held != nil:
		first := *w.held
		w.held = nil
		if err := w.put([]byte(messagesStart)); err != nil {
			return err
		}
		if err := w.xml(first, false); err != nil {
			return err
		}
	}
	return w.xml(it, false)
}

const (
	xmlDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	messagesStart  = `<t:messages xmlns="` + namespaceV2 + `" xmlns:t="` + namespaceOwn + "\">\n"
	messagesEnd    = "</t:messages>\n"
)

func (w *Writer) xml(it Item, only bool) error {
	depth := 0
	if !only {
		depth = 1
	}
	x := xmlWriter{pretty: w.options.Pretty, depth: depth, spill: spill{to: w.w}}
	x.message(hl7.Parse(it.Bytes), it.Before, only)
	return x.endLine()
}

// Close ends the output. It does not close the writer below.
func (w *Writer) Close() error {
	if w.format != XML {
		return nil
	}
	switch {
	case w.held != nil:
		return w.xml(*w.held, true)
	case w.count == 0:
		return w.put([]byte(xmlDeclaration), []byte(messagesStart), []byte(messagesEnd))
	}
	return w.put([]byte(messagesEnd))
}

func (w *Writer) put(parts ...[]byte) error {
	for _, p := range parts {
		if len(p) == 0 {
			continue
		}
		if _, err := w.w.Write(p); err != nil {
			return err
		}
	}
	return nil
}
