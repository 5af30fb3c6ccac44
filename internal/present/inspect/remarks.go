package inspect

import (
	"context"
	"strings"

	"trestle/internal/job"
)

// Note is the note on the open message.
func (m *Model) Note() string { return m.open.note }

// Tags are the open message's tags, as one line to edit.
func (m *Model) Tags() string { return strings.Join(m.open.row.Tags, ", ") }

// SetNote keeps a note on the open message.
func (m *Model) SetNote(text string) {
	id := m.open.id
	if id == 0 || m.fixed || text == m.open.note {
		return
	}
	m.remark("note", func(ctx context.Context) error { return m.store.SetNote(ctx, id, text) }, func() {
		if m.open.id == id {
			m.open.note = text
		}
	})
}

// SetTags replaces the open message's tags; commas and spaces separate them.
func (m *Model) SetTags(text string) {
	id := m.open.id
	tags := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
	if id == 0 || m.fixed || strings.Join(tags, ", ") == m.Tags() {
		return
	}
	m.remark("tags", func(ctx context.Context) error { return m.store.SetTags(ctx, id, tags) }, func() {
		if m.open.id == id {
			m.open.row.Tags = tags
		}
	})
}

// remark stores a note or tags and then takes them over on the screen.
func (m *Model) remark(what string, store func(context.Context) error, taken func()) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, store(ctx)
	}, func(_ struct{}, err error) {
		if err != nil {
			m.fail("Could not keep the "+what, err)
			return
		}
		taken()
		m.Changed(Remarks)
		m.Reload()
	})
}
