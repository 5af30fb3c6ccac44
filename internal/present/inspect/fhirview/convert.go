package fhirview

import (
	"context"
	"errors"
	"fmt"

	"trestle/internal/fhir"
	"trestle/internal/inspect/resource"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// maxShown is the longest resource in bytes whose other format is shown; a longer one can be saved in it.
const maxShown = 16 << 20

// converted is the resource in the other format.
type converted struct {
	doc     *resource.Document
	shown   screen.Text
	problem string // why there is none
}

// span is where the element of a path stands in the other format.
func (c *converted) span(path string) (from, to int, ok bool) {
	if c.doc == nil {
		return 0, 0, false
	}
	e, ok := c.doc.Find(path)
	if !ok || e.Node == nil {
		return 0, 0, false
	}
	return e.Node.Off, e.Node.End, true
}

// convert makes the other format in the background, when it is shown and not there yet.
func (m *Model) convert() {
	if !m.converted() || m.other.doc != nil || m.other.problem != "" {
		return
	}
	doc, masked := m.doc, m.masked
	if len(doc.Bytes) > maxShown {
		m.other.problem = fmt.Sprintf("The resource has %d MB. It is shown as it came; save it to have it in the other format.", len(doc.Bytes)>>20)
		return
	}
	job.StartLatest(m.ctx, m.runner, &m.turning, func(context.Context) (c converted, err error) {
		b, err := Convert(doc)
		if err != nil {
			return c, err
		}
		c.doc = resource.Read(b)
		if c.shown = textOf(c.doc); masked {
			c.shown = veil(c.doc)
		}
		return c, nil
	}, func(c converted, err error) {
		switch {
		case m.doc != doc || m.masked != masked || errors.Is(err, context.Canceled):
			return
		case err != nil:
			m.other.problem = "It cannot be written in the other format: " + err.Error() + "."
		default:
			m.other = c
		}
		m.Changed(Text | Cursor)
	})
}

// errNoTree says that there is nothing to convert.
var errNoTree = errors.New("the text cannot be read as a resource")

// Convert writes a resource in the format that it is not in, with indents. Comments of XML have no place in JSON.
func Convert(doc *resource.Document) ([]byte, error) {
	if doc.Tree == nil {
		return nil, errNoTree
	}
	if doc.XML {
		return append(fhir.AppendIndentedJSON(nil, doc.Tree, "  "), '\n'), nil
	}
	return doc.Definitions.AppendXML(nil, doc.Tree, "  ")
}

// Problem says why the text that was asked for is not shown, "" where it is.
func (m *Model) Problem() string {
	if m.converted() {
		return m.other.problem
	}
	return ""
}
