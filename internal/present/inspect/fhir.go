package inspect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/hl7"
	core "trestle/internal/inspect"
	"trestle/internal/inspect/query"
	"trestle/internal/inspect/resource"
	"trestle/internal/job"
	"trestle/internal/present/inspect/fhirview"
	"trestle/internal/workspace"
)

// visit is a place from which a reference was followed.
type visit struct {
	id     int64
	offset int
}

// maxVisits is how many places one can go back to.
const maxVisits = 100

// newFHIR returns what shows FHIR resources, with the place's cursor as its own.
func (m *Model) newFHIR() *fhirview.Model {
	f := fhirview.New(m.ctx, m.runner)
	f.Go, f.Leave, f.Visit, f.Fail = m.MoveTo, m.openResource, m.visit, m.fail
	return f
}

// FHIR is what shows FHIR resources. It is open where the open message is one.
func (m *Model) FHIR() *fhirview.Model { return m.fhir }

// checkedAtOnce is up to how many bytes a resource is checked before it is shown: that takes no longer than to read it.
const checkedAtOnce = 256 << 10

// examineResource is examine for a FHIR resource. A large one is shown before it is checked.
func examineResource(ctx context.Context, msg workspace.Message, masked bool) loaded {
	l := loaded{message: msg, parsed: hl7.Parse(nil), findings: slices.Clone(msg.Container)}
	l.version, _ = dictionary.For("")
	d := resource.Read(msg.Bytes)
	p := fhirview.Prepare(d, masked)
	l.fhir = &p
	if len(msg.Bytes) <= checkedAtOnce {
		l.findings, l.checked = core.ResourceFindings(ctx, d, msg.Container), true
	}
	return l
}

// showResource shows the resource that was read, or none; one that is not checked yet is checked in the background.
func (m *Model) showResource(l loaded) {
	if m.validity != nil {
		m.validity.Cancel()
		m.validity = nil
	}
	if l.fhir == nil {
		m.fhir.Close()
		return
	}
	m.fhir.SetMasked(m.masked) // before anything of it shows
	m.fhir.Open(*l.fhir)
	m.fhir.SetFindings(l.findings)
	if l.checked {
		return
	}
	id, doc := m.open.id, m.fhir.Document()
	var mine *job.Job
	mine = job.Track(m.ctx, m.runner, "check the resource", func(ctx context.Context, _ *job.Progress) ([]check.Finding, error) {
		found := core.ResourceFindings(ctx, doc, l.message.Container)
		return found, ctx.Err()
	}, func(found []check.Finding, err error) {
		if m.validity == mine {
			m.validity = nil
		}
		if m.open.id != id || m.fhir.Document() != doc {
			return
		}
		if err != nil {
			if m.ctx.Err() == nil {
				m.say(NoticeText{Tone: Caution, Text: "The check of the resource was stopped: its findings are not complete. Open it again to check it."})
			}
			return
		}
		m.open.findings, m.open.counts = found, check.Count(found)
		m.findings.selected = -1
		m.findings.follow()
		m.fhir.SetFindings(found)
		m.Changed(Message | Findings | Cursor)
	})
	m.validity = mine
}

// CheckingResource says whether the open resource is being checked.
func (m *Model) CheckingResource() bool { return m.validity != nil }

// land is where the cursor is put in a message that has been opened: where a reference leads back to, else offset.
func (m *Model) land(id int64, offset int) int {
	if at := m.landing; at.id == id {
		offset = at.offset
	}
	m.landing = visit{}
	return offset
}

// visit remembers where the cursor is.
func (m *Model) visit() {
	m.visits = append(m.visits, visit{m.open.id, m.open.cursor})
	if len(m.visits) > maxVisits {
		m.visits = slices.Delete(m.visits, 0, 1)
	}
}

// CanGoBack says whether a reference was followed.
func (m *Model) CanGoBack() bool { return len(m.visits) > 0 }

// Back goes to where the last reference was followed from.
func (m *Model) Back() {
	if len(m.visits) == 0 {
		return
	}
	to := m.visits[len(m.visits)-1]
	m.visits = m.visits[:len(m.visits)-1]
	if to.id == m.open.id {
		m.MoveTo(to.offset)
		return
	}
	m.landing = to
	m.openID(to.id)
}

// openID opens a message, and selects its row if it is listed.
func (m *Model) openID(id int64) {
	if row := slices.Index(m.list.ids, id); row >= 0 {
		m.Select(row)
		return
	}
	m.load(id)
}

// openResource opens the resource of a type and id that the project has, and says so if it has none.
func (m *Model) openResource(typ, id string) {
	job.Track(m.ctx, m.runner, "look for the resource", func(ctx context.Context, _ *job.Progress) ([]int64, error) {
		if !m.fixed {
			return m.store.IDs(ctx, workspace.Query{Type: typ, ControlID: id})
		}
		q, err := query.Parse("type = " + query.Quote(typ) + " and control = " + query.Quote(id))
		if err != nil {
			return nil, err
		}
		return m.store.Matching(ctx, q, nil, func() {})
	}, func(ids []int64, err error) {
		if len(ids) == 0 {
			m.visits = m.visits[:max(0, len(m.visits)-1)]
		}
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			m.fail("Could not look for the resource", err)
		case len(ids) == 0:
			name := typ + "/" + id
			if m.masked {
				name = "such " + typ
			}
			m.say(NoticeText{Tone: Caution, Text: "There is no " + name + " here. Import it to follow the reference."})
		default:
			m.openID(ids[len(ids)-1]) // the one that came last
		}
	})
}

// FollowReference goes to what the reference at the cursor leads to, and says why where it does not.
func (m *Model) FollowReference() {
	if problem := m.fhir.FollowReference(); problem != "" {
		m.say(NoticeText{Tone: Caution, Text: problem})
	}
}

var errNotFHIR = errors.New("open a FHIR resource first, and take the mask off")

// SaveConverted writes the open resource to a file in the other format, JSON or XML. The access log says so before.
func (m *Model) SaveConverted(path string) {
	doc, id, name := m.fhir.Document(), m.open.id, filepath.Base(path)
	if doc == nil || m.masked {
		m.fail("Could not save", errNotFHIR)
		return
	}
	format := "XML"
	if doc.XML {
		format = "JSON"
	}
	job.Track(m.ctx, m.runner, "save the resource as "+format, func(ctx context.Context, _ *job.Progress) (int, error) {
		b, err := fhirview.Convert(doc)
		if err != nil {
			return 0, err
		}
		if err := m.store.LogExport(ctx, fmt.Sprintf("message %d as %s", id, format), 1, name); err != nil {
			return 0, err
		}
		return len(b), writeWhole(path, func(f *os.File) error { _, err := f.Write(b); return err })
	}, func(n int, err error) {
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			m.fail("Could not save the resource", err)
		default:
			m.say(NoticeText{Tone: Success, Text: bytesWords(n) + " written to " + name + ". The access log says so."})
		}
	})
}
