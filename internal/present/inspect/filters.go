package inspect

import (
	"context"
	"errors"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/inspect/query"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

// Completion is what could be written at the cursor of the query line. The word there stands from From to To, in bytes.
type Completion struct {
	From, To int
	All      []query.Suggestion
}

// Complete proposes what could be written at a cursor, a place in bytes of the text. Names of segments and codes are those
// of the open message's version. Under the mask nothing is proposed: what fits would tell what was typed.
func (m *Model) Complete(text string, cursor int) Completion {
	if m.masked {
		return Completion{}
	}
	from, all := query.Complete(text, cursor, m.open.version)
	typed := text[from:min(cursor, len(text))]
	if len(all) == 1 && strings.EqualFold(all[0].Text, typed) {
		all = nil // it stands there already
	}
	return Completion{from, min(cursor, len(text)), all}
}

// Apply writes a proposal into the text, and gives the place behind it. A space follows unless more of the same word is to
// come, as the number of a field behind PID-.
func (c Completion) Apply(text string, choice int) (with string, cursor int) {
	if choice < 0 || choice >= len(c.All) {
		return text, c.To
	}
	word := c.All[choice].Text
	if !strings.HasPrefix(word, `"`) && strings.ContainsRune(word, ' ') {
		word = query.Quote(word)
	}
	rest := text[c.To:]
	if !strings.HasSuffix(word, "-") && !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, ")") {
		word += " "
	}
	return text[:c.From] + word + rest, c.From + len(word)
}

// Filter is a query that is kept in the project under a name.
type Filter struct {
	Name, Query string

	revision int64
}

// filters are the saved ones, by name.
type filters struct {
	all []Filter
}

// Filters lists the saved filters by name. Under the mask there are none: a name or a query may hold a patient's.
func (m *Model) Filters() []Filter {
	if m.masked {
		return nil
	}
	return m.saved.all
}

// loadFilters reads the saved filters.
func (m *Model) loadFilters() {
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]Filter, error) {
		documents, err := m.store.Documents(ctx, workspace.DocumentFilter)
		if err != nil {
			return nil, err
		}
		all := make([]Filter, 0, len(documents))
		for _, d := range documents {
			whole, err := m.store.Document(ctx, workspace.DocumentFilter, d.Name)
			if errors.Is(err, workspace.ErrNotFound) {
				continue // deleted meanwhile
			}
			if err != nil {
				return nil, err
			}
			all = append(all, Filter{whole.Name, string(whole.Bytes), whole.Revision})
		}
		return all, nil
	}, func(all []Filter, err error) {
		switch {
		case errors.Is(err, workspace.ErrReadOnly): // an older project that is only read has none
		case err != nil && m.ctx.Err() == nil:
			m.fail("Could not read the saved filters", err)
		case err == nil:
			m.saved.all = all
			m.Changed(List)
		}
	})
}

// ErrNoFilter says that the query line is empty.
var ErrNoFilter = errors.New("write a filter first: an empty one would show all messages")

// SaveFilter keeps the present query under a name; one that has this name already is replaced. It says at once what is
// wrong with the name or the query; what the project says comes as a notice.
func (m *Model) SaveFilter(name string) error {
	text, name := strings.TrimSpace(m.list.text), strings.TrimSpace(name)
	if name == "" {
		return errors.New("give the filter a name")
	}
	if text == "" {
		return ErrNoFilter
	}
	if _, err := query.Parse(text); err != nil {
		return err
	}
	revision := int64(0)
	for _, f := range m.saved.all {
		if strings.EqualFold(f.Name, name) {
			revision = f.revision
		}
	}
	m.changeFilters("Could not save the filter", "Filter "+name+" is saved in this project.", func(ctx context.Context) error {
		_, err := m.store.PutDocument(ctx, workspace.DocumentFilter, name, []byte(text), revision)
		return err
	})
	return nil
}

// DeleteFilter removes a saved filter.
func (m *Model) DeleteFilter(f Filter) {
	m.changeFilters("Could not delete the filter", "Filter "+f.Name+" is deleted.", func(ctx context.Context) error {
		return m.store.DeleteDocument(ctx, workspace.DocumentFilter, f.Name, f.revision)
	})
}

func (m *Model) changeFilters(doing, done string, change func(context.Context) error) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, change(ctx)
	}, func(_ struct{}, err error) {
		if err != nil {
			m.fail(doing, err)
		} else {
			m.say(NoticeText{Tone: Success, Text: done})
		}
		m.loadFilters()
	})
}

// longestFilterValue is the longest value in bytes that a filter by a value is offered for.
const longestFilterValue = 200

// FilterHere is the query for all messages that have the value at the cursor in its field: of any segment of that name and
// any repetition. There is none outside a field, and for values that are too long to be looked for.
func (m *Model) FilterHere() (f Similar, ok bool) {
	o := &m.open
	p := o.path
	if o.id == 0 || p.Segment == "" || p.Field == 0 {
		return f, false
	}
	v := o.message.Get(p)
	name := filterPath(p)
	switch v.State() {
	case hl7.Null:
		return Similar{"Show messages with \"\" in " + name, name + " null"}, true
	case hl7.Valued:
	default:
		return Similar{"Show messages with nothing in " + name, name + " empty"}, true
	}
	text := filterText(v)
	if len(v.Raw()) > longestFilterValue || text == "" {
		return f, false
	}
	shown := text
	if m.masked {
		shown = "this value"
	} else if len([]rune(shown)) > 40 {
		shown = string([]rune(shown)[:40]) + "…"
	}
	return Similar{"Show messages with " + name + " = " + shown, name + " = " + query.Quote(text)}, true
}

// filterPath is a path as a query names it: in all segments and repetitions.
func filterPath(p hl7.Path) string {
	p.Occurrence, p.Repetition, p.Groups = 0, 0, nil
	return p.String()
}

// filterText is what a query compares with a value: that of a single part decoded, one of several as it stands.
func filterText(v hl7.Value) string {
	if v.Repetitions() > 1 {
		v = v.Repetition(1)
	}
	return v.Text()
}

// Choose filters by a query that was offered and opens the first message that it finds.
func (m *Model) Choose(f Similar) { m.SubmitQuery(f.Query) }

// AndQuery narrows the list further: what the query line holds and the condition must both hold. Where it cannot be read
// the condition stands alone.
func (m *Model) AndQuery(condition string) {
	text := strings.TrimSpace(m.list.text)
	if q, err := query.Parse(text); text == "" || err != nil || q.All() {
		m.SubmitQuery(condition)
		return
	}
	if strings.Contains(strings.ToLower(text), " or ") {
		text = "(" + text + ")"
	}
	m.SubmitQuery(text + " and " + condition)
}
