package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trestle/internal/dictionary"
	"trestle/internal/format"
	"trestle/internal/hl7"
	core "trestle/internal/inspect"
	"trestle/internal/inspect/batch"
	"trestle/internal/inspect/convert"
	"trestle/internal/job"
	"trestle/internal/present/message"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// Shape is what messages are written as.
type Shape int

// The shapes.
const (
	ShapeBatch  Shape = iota // FHS, BHS, the messages, BTS, FTS
	ShapeSingle              // one after the other, byte for byte
	ShapeFiles               // each into a file of its own
	ShapeJSON
	ShapeXML // the XML encoding of HL7 v2
	ShapeCSV // the values at paths
)

// ShapeNames are the shapes in words, by Shape.
var ShapeNames = []string{"A batch: FHS, BHS … BTS, FTS", "HL7, one after the other", "HL7, a file each", "JSON", "XML of HL7 v2", "CSV of chosen paths"}

// ShapeFile is a name for a file of a shape; "" for one that needs a folder.
func ShapeFile(s Shape) string {
	return [...]string{"batch.hl7", "messages.hl7", "", "messages.jsonl", "messages.xml", "values.csv"}[s]
}

// WriteOrder says what is written, and how.
type WriteOrder struct {
	IDs    []int64
	Shape  Shape
	Pretty bool   // indents of JSON and XML
	Paths  string // of CSV, separated by commas or spaces
	Size   int    // messages of a batch at most, 0 for all
}

// paths reads the paths of CSV.
func (o *WriteOrder) paths() ([]hl7.Path, error) {
	var paths []hl7.Path
	for _, text := range strings.FieldsFunc(o.Paths, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		p, err := hl7.ParsePath(text)
		if err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	if len(paths) == 0 {
		return nil, errors.New("write the paths of the columns, such as PID-3.1, PID-5.1, PV1-2")
	}
	return paths, nil
}

// Check says what keeps the order from being carried out.
func (o *WriteOrder) Check() error {
	if len(o.IDs) == 0 {
		return errors.New("there is no message to write")
	}
	if o.Shape == ShapeCSV {
		_, err := o.paths()
		return err
	}
	return nil
}

// messageWriter writes messages one by one.
type messageWriter interface {
	write(row *workspace.Row, raw []byte) error
	close() error
}

// writer is the writer of an order onto w.
func (o *WriteOrder) writer(w io.Writer, now time.Time) (messageWriter, error) {
	switch o.Shape {
	case ShapeBatch:
		return batchWriter{batch.NewWriter(w, batch.Options{Size: o.Size, Time: now})}, nil
	case ShapeJSON, ShapeXML:
		f := convert.JSON
		if o.Shape == ShapeXML {
			f = convert.XML
		}
		c, err := convert.NewWriter(w, f, convert.Options{Pretty: o.Pretty})
		return convertWriter{c}, err
	case ShapeCSV:
		paths, err := o.paths()
		if err != nil {
			return nil, err
		}
		t, err := convert.NewTable(w, []string{"source", "message"}, paths, convert.TableOptions{Guard: true})
		return tableWriter{t}, err
	}
	return plainWriter{w}, nil
}

type batchWriter struct{ *batch.Writer }

func (w batchWriter) write(_ *workspace.Row, raw []byte) error { return w.Write(raw) }
func (w batchWriter) close() error                             { return w.Close() }

type convertWriter struct{ *convert.Writer }

func (w convertWriter) write(_ *workspace.Row, raw []byte) error {
	return w.Write(convert.Item{Bytes: raw})
}
func (w convertWriter) close() error { return w.Close() }

type tableWriter struct{ *convert.Table }

func (w tableWriter) write(row *workspace.Row, raw []byte) error {
	return w.Add([]string{row.Source, fmt.Sprint(row.ID)}, hl7.Parse(raw))
}
func (w tableWriter) close() error { return w.Close() }

// plainWriter writes messages as they are; the next one begins a line.
type plainWriter struct{ io.Writer }

func (w plainWriter) write(_ *workspace.Row, raw []byte) error {
	_, err := w.Write(raw)
	if n := len(raw); err == nil && n > 0 && raw[n-1] != '\r' && raw[n-1] != '\n' {
		_, err = w.Write([]byte("\r"))
	}
	return err
}
func (w plainWriter) close() error { return nil }

// filesWriter writes each message into a file of its own, byte for byte. A file that is there is never replaced.
type filesWriter struct {
	folder string
	number int
}

func (w *filesWriter) write(row *workspace.Row, raw []byte) error {
	base := strings.TrimSuffix(filepath.Base(filepath.ToSlash(row.Source)), filepath.Ext(row.Source))
	base = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '-'
		}
		return r
	}, base)
	if base == "" || base == "." {
		base = "message"
	}
	w.number++
	f, err := os.OpenFile(filepath.Join(w.folder, fmt.Sprintf("%s-%06d.hl7", base, w.number)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return plainError(err)
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Close())
}
func (w *filesWriter) close() error { return nil }

// previewLimit is how much of a preview is shown, in bytes.
const previewLimit = 64 << 10

// PreviewWrite hands over what the first message of an order looks like when it is written.
func (m *Model) PreviewWrite(o WriteOrder, then func(text screen.Text, err error)) {
	if err := o.Check(); err != nil {
		then(nil, err)
		return
	}
	ids := o.IDs[:min(len(o.IDs), 50)] // the first of them that is a message
	job.StartLatest(m.ctx, m.runner, &m.previewing, func(ctx context.Context) (screen.Text, error) {
		var b bytes.Buffer
		w, err := o.writer(&b, time.Now())
		if err != nil {
			return nil, err
		}
		for msg, err := range m.store.Messages(ctx, ids) {
			if err != nil {
				return nil, err
			}
			if msg.Format == string(format.HL7v2) {
				if err := w.write(&msg.Row, msg.Bytes); err != nil {
					return nil, err
				}
				break
			}
		}
		err = w.close()
		return previewOf(b.Bytes(), o.Shape <= ShapeFiles), err
	}, func(text screen.Text, err error) {
		if !errors.Is(err, context.Canceled) {
			then(text, err)
		}
	})
}

// previewOf is the beginning of what is written, as the raw view shows it.
func previewOf(b []byte, isHL7 bool) screen.Text {
	b = b[:min(len(b), previewLimit)]
	if !isHL7 {
		return screen.NewBytes(b, screen.BytesOptions{})
	}
	parsed := hl7.Parse(b)
	v, _ := dictionary.For("")
	return (&message.Drawing{Bytes: b, IsHL7: true, Message: parsed, Version: v}).Raw(false)
}

// written is what became of an order.
type written struct{ messages, others int }

// WriteMessages carries an order out: into the file path, or, for ShapeFiles, into that folder. What is no HL7 v2 message
// is left out. The access log says so before the first byte; a file that could not be written whole is removed.
func (m *Model) WriteMessages(o WriteOrder, path string) {
	name := filepath.Base(path)
	title := "write " + Messages(len(o.IDs))
	m.say(NoticeText{})
	job.Track(m.ctx, m.runner, title, func(ctx context.Context, p *job.Progress) (written, error) {
		p.SetTotal(int64(len(o.IDs)))
		what := "messages as " + strings.ToLower(ShapeNames[o.Shape])
		if o.Shape == ShapeCSV {
			what = "values of messages at " + o.Paths
		}
		if err := m.store.LogExport(ctx, what, len(o.IDs), name); err != nil {
			return written{}, err
		}
		if o.Shape == ShapeFiles {
			return m.writeAll(ctx, &o, &filesWriter{folder: path}, p)
		}
		var done written
		err := writeWhole(path, func(f *os.File) error {
			w, err := o.writer(f, time.Now())
			if err == nil {
				done, err = m.writeAll(ctx, &o, w, p)
			}
			return err
		})
		return done, err
	}, func(done written, err error) {
		switch {
		case errors.Is(err, context.Canceled) && o.Shape == ShapeFiles:
			m.say(NoticeText{Tone: Caution, Text: "Writing stopped: the files that were written stay."})
		case errors.Is(err, context.Canceled):
			m.say(NoticeText{Tone: Caution, Text: "Writing stopped: no file is written."})
		case err != nil:
			m.fail("Could not write the messages", err)
		default:
			m.say(NoticeText{Tone: Success, Text: Messages(done.messages) + " written to " + name + leftOut(done.others) + ". The access log says so."})
		}
	})
}

func leftOut(others int) string {
	if others == 0 {
		return ""
	}
	return "; " + screen.Plural(others, "piece") + " that " + isAre(others) + " no HL7 v2 message left out"
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// writeAll writes the messages of an order.
func (m *Model) writeAll(ctx context.Context, o *WriteOrder, w messageWriter, p *job.Progress) (done written, err error) {
	for msg, err := range m.store.Messages(ctx, o.IDs) {
		if err != nil {
			return done, err
		}
		p.Add(1)
		if msg.Format != string(format.HL7v2) {
			done.others++
			continue
		}
		switch err := w.write(&msg.Row, msg.Bytes); {
		case errors.Is(err, batch.ErrNoMessage):
			done.others++ // no MSH: a receiver of the batch would lose it
		case err != nil:
			return done, err
		default:
			done.messages++
		}
	}
	if done.messages == 0 {
		return done, errors.New("none of the messages is HL7 v2 with an MSH segment")
	}
	return done, w.close()
}

// ReadBack makes HL7 v2 messages of JSON and XML: of what WriteMessages wrote, byte for byte, and of the XML encoding of
// other programs. They are stored as new messages; what they were made from stays.
func (m *Model) ReadBack(ids []int64) {
	m.say(NoticeText{})
	job.Track(m.ctx, m.runner, "make HL7 v2 of "+screen.Plural(len(ids), "piece"), func(ctx context.Context, p *job.Progress) (core.Result, error) {
		p.SetTotal(int64(len(ids)))
		made := 0
		result, err := m.importMade(ctx, "made from JSON or XML", func(w io.Writer) error {
			for msg, err := range m.store.Messages(ctx, ids) {
				if err != nil {
					return err
				}
				p.Add(1)
				if k := format.Kind(msg.Format); k.IsHL7v2() {
					continue
				}
				for it, err := range convert.Read(bytes.NewReader(msg.Bytes)) {
					if err != nil {
						return fmt.Errorf("piece %d: %w", msg.ID, err)
					}
					if err := (plainWriter{w}).write(&msg.Row, it.Bytes); err != nil {
						return err
					}
					made++
				}
			}
			if made == 0 {
				return errors.New("none of it is HL7 v2 as JSON or XML")
			}
			return nil
		})
		return result, err
	}, func(r core.Result, err error) {
		switch {
		case errors.Is(err, context.Canceled):
			m.say(NoticeText{Tone: Caution, Text: "Stopped: no message is made."})
		case err != nil:
			m.fail("Could not make HL7 v2 of it", err)
		default:
			m.say(NoticeText{Tone: Success, Text: Messages(r.Messages) + " made. What they were made from stays.", Undo: "Remove them"})
			m.undo = func() { m.remove(r.IDs, "The messages that were made are removed.") }
			m.openNow(r.First)
		}
	})
}

// CanReadBack says whether the open piece may be HL7 v2 as JSON or XML.
func (m *Model) CanReadBack() bool {
	if m.fixed {
		return false
	}
	switch format.Kind(m.open.kind) {
	case format.JSON, format.NDJSON, format.HL7v2XML, format.XML:
		return m.open.id != 0 && !m.fixed
	}
	return false
}
