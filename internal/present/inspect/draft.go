package inspect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"trestle/internal/check"
	"trestle/internal/dictionary"
	"trestle/internal/hl7"
	core "trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

// draft is a message with changes that are not stored as a message yet. What was stored stays as it came.
type draft struct {
	states []draftState // the first is the message as it is stored
	at     int
}

// draftState is the message after a change.
type draftState struct {
	bytes  []byte
	cursor int    // where the change was made
	did    string // the change, for Undo and Redo
}

const (
	// maxUndo bounds what is kept to be undone, in bytes of all states together.
	maxUndo = 64 << 20
	// maxLive is the largest message in bytes that is checked while the user waits; a larger one is checked beside.
	maxLive = 256 << 10
	// maxKept bounds the drafts that are kept in the project until they are stored, in bytes.
	maxKept = 8 << 20
	// keepPause is how long after a change the drafts are written down.
	keepPause = 300 * time.Millisecond
)

func (d *draft) now() draftState { return d.states[d.at] }

// changed says whether there is anything to store.
func (d *draft) changed() bool { return d != nil && d.at > 0 }

// add takes a change up; what was undone before is gone. Letters that are typed one behind the other are one change.
func (d *draft) add(s draftState, joins bool) {
	if joins && d.at > 0 && d.at == len(d.states)-1 && d.now().did == s.did {
		d.states[d.at] = s
		return
	}
	d.states = append(d.states[:d.at+1:d.at+1], s)
	d.at++
	size := 0
	for i := len(d.states) - 1; i > 1; i-- {
		if size += len(d.states[i].bytes); size > maxUndo { // the message as it is stored is always kept
			d.states = append(d.states[:1:1], d.states[i:]...)
			d.at = len(d.states) - 1
			return
		}
	}
}

// Edited says whether the open message has changes that are not stored.
func (m *Model) Edited() bool { return m.drafts[m.open.id].changed() }

// Changes says how many changes can be undone and what the last of them was, and how many redone and what the next is.
func (m *Model) Changes() (undo int, did string, redo int, next string) {
	d := m.drafts[m.open.id]
	if d == nil {
		return 0, "", 0, ""
	}
	if d.at > 0 {
		did = d.now().did
	}
	if redo = len(d.states) - 1 - d.at; redo > 0 {
		next = d.states[d.at+1].did
	}
	return d.at, did, redo, next
}

// Undo takes the last change back.
func (m *Model) Undo() {
	if d := m.drafts[m.open.id]; d.changed() {
		cursor := d.now().cursor
		d.at--
		m.showDraft(cursor)
	}
}

// Redo makes the change again that was taken back last.
func (m *Model) Redo() {
	if d := m.drafts[m.open.id]; d != nil && d.at+1 < len(d.states) {
		d.at++
		m.showDraft(d.now().cursor)
	}
}

// Discard forgets all changes of the open message.
func (m *Model) Discard() {
	if m.Edited() {
		m.drafts[m.open.id].at = 0
		m.showDraft(m.open.cursor)
		delete(m.drafts, m.open.id)
		m.Changed(Message)
	}
}

// change makes b of the open message, on a draft.
func (m *Model) change(did string, b []byte, cursor int, joins bool) {
	if m.open.id == 0 || m.fixed || bytes.Equal(b, m.open.bytes) {
		return
	}
	if m.drafts == nil {
		m.drafts = map[int64]*draft{}
	}
	d := m.drafts[m.open.id]
	if d == nil {
		d = &draft{states: []draftState{{bytes: m.open.bytes}}}
		m.drafts[m.open.id] = d
	}
	d.add(draftState{b, cursor, did}, joins)
	m.settled()
	m.showDraft(cursor)
}

// showDraft shows the open message as its draft is now, and writes the drafts down.
func (m *Model) showDraft(cursor int) {
	m.takeDraft(m.drafts[m.open.id].now().bytes)
	m.place(cursor)
	m.tree.follow()
	m.findings.reset()
	m.findings.follow()
	m.keepDrafts()
	m.Changed(Message | Tree | Findings | Cursor | List)
}

// takeDraft makes b the bytes of the open message, and checks them: at once, or beside where that takes long.
func (m *Model) takeDraft(b []byte) {
	o := &m.open
	o.bytes, o.message, o.findings = b, hl7.Parse(b), nil
	version := ""
	if v, err := o.message.GetString("MSH-12.1"); err == nil {
		version = v.Text()
	}
	o.version, o.exact = dictionary.For(version)
	m.readCards()
	m.checking.Cancel()
	if len(b) <= maxLive {
		m.foundInDraft(check.Message(o.message, check.Options{Rules: m.rules()}))
		return
	}
	m.foundInDraft(nil)
	parsed, rules := hl7.Parse(b), m.rules()
	job.StartLatest(m.ctx, m.runner, &m.checking, func(context.Context) ([]check.Finding, error) {
		return check.Message(parsed, check.Options{Rules: rules}), nil
	}, func(found []check.Finding, err error) {
		if err == nil && len(m.open.bytes) > 0 && &m.open.bytes[0] == &b[0] { // it is still this one
			m.foundInDraft(found)
			m.findings.follow()
			m.Changed(Message | Tree | Findings)
		}
	})
}

// foundInDraft takes over what is wrong with the draft. A mask that has not heard of it yet trusts nothing.
func (m *Model) foundInDraft(found []check.Finding) {
	o := &m.open
	if !o.isHL7 {
		found = nil
	}
	o.findings, o.counts = found, check.Count(found)
	o.render(m.masked)
	if m.masked && found == nil && len(o.bytes) > maxLive {
		o.drawing.Opaque = true
		o.raw, o.hex = o.drawing.Raw(true), o.drawing.Hex(true)
	}
}

// settingDrafts keeps the drafts until they are stored, so that locking the project loses nothing.
const settingDrafts = "inspect.drafts"

// keepDrafts writes the drafts into the project, once the user pauses.
func (m *Model) keepDrafts() {
	kept := map[int64][]byte{}
	size := 0
	for id, d := range m.drafts {
		if d.changed() && size+len(d.now().bytes) <= maxKept {
			kept[id] = d.now().bytes
			size += len(d.now().bytes)
		}
	}
	job.StartLatest(m.ctx, m.runner, &m.keeping, func(ctx context.Context) (struct{}, error) {
		select {
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		case <-time.After(keepPause):
		}
		text := ""
		if len(kept) > 0 {
			b, err := json.Marshal(kept)
			if err != nil {
				return struct{}{}, err
			}
			text = string(b)
		}
		return struct{}{}, m.store.SetSetting(ctx, settingDrafts, text)
	}, func(_ struct{}, err error) {
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, workspace.ErrReadOnly) {
			m.fail("Could not keep the changes for the time when the project is locked", err)
		}
	})
}

// restoreDrafts takes up what was not stored when the project was closed.
func (m *Model) restoreDrafts(text string) {
	var kept map[int64][]byte
	if text == "" || json.Unmarshal([]byte(text), &kept) != nil {
		return
	}
	if m.drafts == nil {
		m.drafts = map[int64]*draft{}
	}
	for id, b := range kept {
		if m.drafts[id] == nil {
			m.drafts[id] = &draft{states: []draftState{{}, {bytes: b, did: "changes of before"}}, at: 1}
		}
	}
	if d := m.drafts[m.open.id]; d != nil && m.open.id != 0 {
		m.resume(d)
	}
}

// resume shows the draft of the message that has just been opened.
func (m *Model) resume(d *draft) {
	d.states[0].bytes = m.open.bytes
	if d.at > 0 {
		m.takeDraft(d.now().bytes)
		m.place(d.now().cursor)
		m.tree.follow()
		m.findings.follow()
		m.Changed(Message | Tree | Findings | Cursor)
	}
}

// SaveDraft stores the open message as it is now as a new message, and opens that. The one it was made from stays.
func (m *Model) SaveDraft() {
	if !m.Edited() {
		return
	}
	id, b, name := m.open.id, m.open.bytes, editedName(m.open.row.Source)
	job.Start(m.ctx, m.runner, func(ctx context.Context) (core.Result, error) {
		r, err := core.Import(ctx, m.store, name, bytes.NewReader(b), nil)
		if err == nil && len(r.IDs) == 0 {
			err = errors.New("nothing is left of it")
		}
		return r, err
	}, func(r core.Result, err error) {
		if err != nil {
			m.fail("Could not store the changed message", err)
			return
		}
		delete(m.drafts, id)
		m.keepDrafts()
		m.say(NoticeText{Tone: Quiet, Text: "Stored as a new message, which is open now. The one it was made from is unchanged.", Undo: "Remove the new one"})
		m.undo = func() { m.remove(r.IDs, "The new message is removed.") }
		first := r.First
		if first == 0 {
			first = r.IDs[0]
		}
		m.openNow(first)
	})
}
