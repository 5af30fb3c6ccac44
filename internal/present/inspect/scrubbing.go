package inspect

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"trestle/internal/format"
	"trestle/internal/hl7"
	core "trestle/internal/inspect"
	"trestle/internal/inspect/deidentify"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// ScrubOrder says how messages are copied without what identifies people.
type ScrubOrder struct {
	IDs        []int64
	SafeHarbor bool   // by 45 CFR 164.514(b)(2); else dates are shifted
	Days       string // how far dates are moved at most, "" for the default
	Weekday    bool   // by whole weeks
	Staff      deidentify.Policy
	Sites      deidentify.Policy
	Locations  deidentify.Policy
	ScrubText  bool   // keep free text, without what is known of people
	Allow      string // fields to keep as they are, separated by commas or spaces
}

// PolicyNames are the policies in words, by deidentify.Policy.
var PolicyNames = []string{"Pseudonyms", "Keep", "Remove"}

// ShiftWarning is what is said of every copy that is not made by Safe Harbor.
const ShiftWarning = "Dates are shifted, per person, and not reduced to the year. That is not Safe Harbor (45 CFR 164.514(b)(2)): such a copy is a limited data set."

// TextWarning is what is said where free text is kept.
const TextWarning = "Free text is kept, without what the other fields say of people. Names that stand in no field remain in it."

// Warnings are what a person must know before the copy is handed on.
func (o *ScrubOrder) Warnings() (out []string) {
	if !o.SafeHarbor {
		out = append(out, ShiftWarning)
	}
	if o.ScrubText {
		out = append(out, TextWarning)
	}
	if o.Staff == deidentify.Keep || o.Sites == deidentify.Keep || o.Locations == deidentify.Keep || strings.TrimSpace(o.Allow) != "" {
		out = append(out, "What is kept as it is may tell who somebody is, together with other things.")
	}
	return out
}

// options are those of the scrubber.
func (o *ScrubOrder) options(key []byte) (deidentify.Options, error) {
	out := deidentify.Options{Key: key, SafeHarbor: o.SafeHarbor, Staff: o.Staff, Sites: o.Sites, Locations: o.Locations, ScrubText: o.ScrubText}
	if !o.SafeHarbor {
		out.KeepWeekday = o.Weekday
		if days := strings.TrimSpace(o.Days); days != "" {
			if n, err := fmt.Sscan(days, &out.ShiftDays); n != 1 || err != nil || out.ShiftDays < 1 {
				return out, errors.New("write the days as a number, such as 30")
			}
		}
	}
	out.Allow = strings.FieldsFunc(o.Allow, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
	return out, nil
}

// Check says what keeps the order from being carried out.
func (o *ScrubOrder) Check() error {
	if len(o.IDs) == 0 {
		return errors.New("there is no message to copy")
	}
	options, err := o.options(make([]byte, deidentify.MinKey))
	if err == nil {
		_, err = deidentify.New(options)
	}
	return err
}

// settingScrubKey is the key of the project's pseudonyms. It stands in the encrypted file only.
const settingScrubKey = "deidentify.key"

// scrubKey is the key of this project, made when it is first needed: the same person has the same pseudonym in every copy.
func (m *Model) scrubKey(ctx context.Context) ([]byte, error) {
	text, ok, err := m.store.Setting(ctx, settingScrubKey)
	if err != nil {
		return nil, err
	}
	if key, err := hex.DecodeString(text); ok && err == nil && len(key) >= deidentify.MinKey {
		return key, nil
	}
	key := make([]byte, 2*deidentify.MinKey)
	rand.Read(key) // it never returns an error
	return key, m.store.SetSetting(ctx, settingScrubKey, hex.EncodeToString(key))
}

func (m *Model) scrubber(ctx context.Context, o *ScrubOrder) (*deidentify.Scrubber, error) {
	key, err := m.scrubKey(ctx)
	if err != nil {
		return nil, err
	}
	options, err := o.options(key)
	if err != nil {
		return nil, err
	}
	return deidentify.New(options)
}

// PreviewScrub hands over the first message of an order as it is and as its copy will be.
func (m *Model) PreviewScrub(o ScrubOrder, then func(before, after screen.Text, err error)) {
	if err := o.Check(); err != nil {
		then(nil, nil, err)
		return
	}
	ids := o.IDs[:min(len(o.IDs), 50)]
	job.StartLatest(m.ctx, m.runner, &m.previewing, func(ctx context.Context) (pair [2]screen.Text, err error) {
		s, err := m.scrubber(ctx, &o)
		if err != nil {
			return pair, err
		}
		for msg, err := range m.store.Messages(ctx, ids) {
			if err != nil {
				return pair, err
			}
			if msg.Format == string(format.HL7v2) {
				copied, _ := s.Message(hl7.Parse(msg.Bytes))
				return [2]screen.Text{previewOf(msg.Bytes, true), previewOf(copied.Bytes(), true)}, nil
			}
		}
		return pair, errors.New("none of the first messages is HL7 v2")
	}, func(pair [2]screen.Text, err error) {
		if !errors.Is(err, context.Canceled) {
			then(pair[0], pair[1], err)
		}
	})
}

// Scrubbed is what became of an order: counts, and what the checker found. It holds nothing of a patient.
type Scrubbed struct {
	Messages, Others int
	Where            string // the file's name, or "the project"
	Rows             []deidentify.Row
	Leaks            []string // the first of them in words
	AllLeaks         int
	Warnings         []string
}

// Verdict says in a sentence what the checker found.
func (s *Scrubbed) Verdict() string {
	if s.AllLeaks == 0 {
		return "The check, which shares nothing with the replacing, found nothing of the originals in the copy."
	}
	return fmt.Sprintf("The check found %s of the originals in the copy to look at. Some may be chance: a pseudonym or a code that is the same.", screen.Plural(s.AllLeaks, "value"))
}

// maxLeaks is how many of the checker's findings are listed.
const maxLeaks = 100

var scrubColumns = []screen.Column{
	{ID: "place", Title: "Field", Width: 90, Mono: true, Fixed: true},
	{ID: "action", Title: "What was done", Width: 180, Flex: true, Fixed: true},
	{ID: "count", Title: "Values", Width: 90, Right: true, Fixed: true},
}

type scrubGrid []deidentify.Row

// Grid is what was done, by field.
func (s *Scrubbed) Grid() screen.Grid { return scrubGrid(s.Rows) }

func (g scrubGrid) Columns() []screen.Column { return scrubColumns }
func (g scrubGrid) Len() int                 { return len(g) }
func (g scrubGrid) Cell(row, col int) screen.Cell {
	switch scrubColumns[col].ID {
	case "place":
		return screen.Cell{Text: g[row].Place}
	case "action":
		return screen.Cell{Text: string(g[row].Action)}
	}
	return screen.Cell{Text: screen.Count(g[row].Count)}
}

// Scrub copies the messages of an order, without what identifies people, into a file, or, with no path, into the project,
// and checks each copy. then is told what was done; a failure comes as a notice.
func (m *Model) Scrub(o ScrubOrder, path string, then func(Scrubbed)) {
	result := Scrubbed{Where: "the project", Warnings: o.Warnings()}
	if path != "" {
		result.Where = filepath.Base(path)
	}
	m.say(NoticeText{})
	job.Track(m.ctx, m.runner, "de-identify "+Messages(len(o.IDs)), func(ctx context.Context, p *job.Progress) (Scrubbed, error) {
		p.SetTotal(int64(len(o.IDs)))
		s, err := m.scrubber(ctx, &o)
		if err != nil {
			return result, err
		}
		if path == "" {
			err = m.scrubIntoProject(ctx, s, &o, &result, p)
			return result, err
		}
		if err := m.store.LogExport(ctx, "messages, de-identified", len(o.IDs), result.Where); err != nil {
			return result, err
		}
		err = writeWhole(path, func(f *os.File) error { return m.scrubAll(ctx, s, &o, f, &result, p) })
		return result, err
	}, func(result Scrubbed, err error) {
		switch {
		case errors.Is(err, context.Canceled):
			m.say(NoticeText{Tone: Caution, Text: "De-identifying was stopped: there is no copy."})
		case err != nil:
			m.fail("Could not de-identify", err)
		default:
			tone, words := Success, Messages(result.Messages)+" copied to "+result.Where+leftOut(result.Others)+". "
			if result.AllLeaks > 0 {
				tone = Caution
			}
			m.say(NoticeText{Tone: tone, Text: words + result.Verdict()})
			if path == "" {
				m.reload(m.open.id)
			}
			then(result)
		}
	})
}

// scrubIntoProject stores the copies as messages of the project.
func (m *Model) scrubIntoProject(ctx context.Context, s *deidentify.Scrubber, o *ScrubOrder, result *Scrubbed, p *job.Progress) error {
	_, err := m.importMade(ctx, "de-identified copies", func(w io.Writer) error { return m.scrubAll(ctx, s, o, w, result, p) })
	return err
}

// importMade stores what write writes as messages of the project: all of them or none, also when the work is stopped.
func (m *Model) importMade(ctx context.Context, name string, write func(io.Writer) error) (core.Result, error) {
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() { // it ends with the last message, or when the reading end is closed
		err := write(w)
		w.CloseWithError(err)
		ended <- err
	}()
	project := m.store
	if s, ok := m.store.(*fileStore); ok { // a file that is read in place takes nothing
		project = s.Store
		defer m.runner.Post(s.arrived)
	}
	stored, err := core.Import(ctx, project, name, r, nil)
	r.CloseWithError(errNotRead)
	if made := <-ended; made != nil && !errors.Is(made, errNotRead) {
		err = made
	}
	if err != nil && len(stored.IDs) > 0 {
		err = errors.Join(err, project.DeleteMessagesProgress(context.WithoutCancel(ctx), stored.IDs, nil))
	}
	return stored, err
}

// errNotRead ends the making of copies that nobody takes any more.
var errNotRead = errors.New("the copies are not read any more")

// scrubAll writes the copies and checks each.
func (m *Model) scrubAll(ctx context.Context, s *deidentify.Scrubber, o *ScrubOrder, w io.Writer, result *Scrubbed, p *job.Progress) error {
	var report deidentify.Report
	out := plainWriter{w}
	for msg, err := range m.store.Messages(ctx, o.IDs) {
		if err != nil {
			return err
		}
		p.Add(1)
		if msg.Format != string(format.HL7v2) {
			result.Others++
			continue
		}
		copied, done := s.Message(hl7.Parse(msg.Bytes))
		report.Add(done)
		for _, l := range deidentify.Check(msg.Bytes, copied.Bytes(), o.SafeHarbor) {
			if result.AllLeaks++; len(result.Leaks) < maxLeaks {
				result.Leaks = append(result.Leaks, fmt.Sprintf("copy of message %d: a %s of %s, at byte %s (%s)", result.Messages+1, l.Kind, l.From, screen.Count(l.Offset), placeWords(l.Place)))
			}
		}
		if err := out.write(&msg.Row, copied.Bytes()); err != nil {
			return err
		}
		result.Messages++
	}
	if result.Messages == 0 {
		return errors.New("none of the messages is HL7 v2")
	}
	result.Rows = report.Rows()
	return nil
}

func placeWords(place string) string {
	if place == "" {
		return "outside of segments"
	}
	return place
}
