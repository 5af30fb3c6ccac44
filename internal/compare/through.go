package compare

import (
	"cmp"
	"context"
	"iter"
	"path"
	"slices"
	"strings"

	"trestle/internal/format"
)

// Translator turns a message into another form, as a mapping turns HL7 v2 into FHIR.
type Translator interface {
	// Translate returns what becomes of a message.
	Translate(ctx context.Context, b []byte) ([]byte, error)
	// Origins says which paths of the message each value of its translation comes from, by the path of that value, and which
	// populated paths of the message nothing reads.
	Origins(ctx context.Context, b []byte) (from map[string]string, unread []string, err error)
}

// Through is a source whose messages are compared as what a translator makes of them: each difference then says where in the message
// the value came from, and the summary what arrived, what was changed and what was lost. What cannot be translated
// is compared as it came, and counted.
func Through(s Source, t Translator) Source { return &translated{s, t} }

type translated struct {
	Source
	by Translator
}

// Messages implements Source.
func (t *translated) Messages(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range t.Source.Messages(ctx) {
			if err == nil && !e.Skip {
				if b, failed := t.by.Translate(ctx, e.Bytes); failed == nil {
					e.Bytes = b
					if e.Kind = format.Detect(b).Kind; e.Kind.IsHL7v2() {
						e.Kind = ""
					}
				} else if err = ctx.Err(); err == nil {
					e.Untranslated = true
				}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Read implements Source.
func (t *translated) Read(ctx context.Context, ref Ref, buf []byte) ([]byte, error) {
	b, err := t.Source.Read(ctx, ref, buf)
	if err != nil {
		return nil, err
	}
	out, err := t.by.Translate(ctx, b)
	if err != nil {
		return b, ctx.Err()
	}
	return out, nil
}

// Translation sums up what became of values that a translator made from messages.
type Translation struct {
	Failed                         int // messages that could not be translated and were compared as they came
	Values, Arrived, Changed, Lost int // of the pairs that have both sides
	Unread                         []Unread
}

// Unread is a path that is populated in messages and that the translator does not read.
type Unread struct {
	Path     string
	Messages int
}

// origins fills in where the values of a side of a pair come from, and counts what became of them.
func (t *translated) origins(ctx context.Context, ref Ref, r *Result, side int) (*fate, error) {
	b, err := t.Source.Read(ctx, ref, nil)
	if err != nil {
		return nil, err
	}
	from, unread, err := t.by.Origins(ctx, b)
	if err != nil {
		return nil, ctx.Err()
	}
	f := &fate{unread: unread, values: len(from)}
	paths := make([]string, 0, len(from))
	for at := range from {
		paths = append(paths, at)
	}
	slices.Sort(paths)
	gone := map[string]bool{}
	for i := range r.Differences {
		d := &r.Differences[i]
		of := [...]*Side{&d.Left, &d.Right}[side]
		if d.Kind == [...]Change{Added, Removed}[side] || of.Path == "" {
			continue
		}
		var texts []string
		for _, at := range within(paths, of.Path) {
			if text := from[at]; !slices.Contains(texts, text) && len(texts) < 8 {
				texts = append(texts, text)
			}
			if d.Verdict == Ignored || d.Verdict == Implied || gone[at] {
				continue
			}
			switch d.Kind {
			case Changed:
				gone[at] = true
				f.changed++
			case Added, Removed:
				gone[at] = true
				f.lost++
			}
		}
		of.From = strings.Join(texts, ", ")
	}
	return f, nil
}

// Origins fills in where the values of one side of a comparison come from: 0 is the left, 1 the right. It does nothing where
// the side is not made by [Through], or where there is no result.
func Origins(ctx context.Context, s Source, m Member, r *Result, side int) error {
	t, ok := s.(*translated)
	if !ok || r == nil || m.Index < 0 {
		return nil
	}
	_, err := t.origins(ctx, m.Ref, r, side)
	return err
}

// within are the paths, of a sorted list, at a place and below it.
func within(paths []string, at string) (found []string) {
	i, _ := slices.BinarySearch(paths, at)
	for ; i < len(paths) && strings.HasPrefix(paths[i], at); i++ {
		if rest := paths[i][len(at):]; rest == "" || rest[0] == '.' || rest[0] == '[' {
			found = append(found, paths[i])
		}
	}
	return found
}

// fate is what became of the values of one pair.
type fate struct {
	values, changed, lost int
	unread                []string
}

func (s *setRun) countFate(f *fate) {
	t := s.sum.Translation
	t.Values += f.values
	t.Changed += f.changed
	t.Lost += f.lost
	t.Arrived += f.values - f.changed - f.lost
	for _, at := range f.unread {
		s.unread[at]++
	}
}

func (s *setRun) finishTranslation() {
	t := s.sum.Translation
	t.Failed = s.failed[0] + s.failed[1]
	for at, n := range s.unread {
		t.Unread = append(t.Unread, Unread{at, n})
	}
	slices.SortFunc(t.Unread, func(a, b Unread) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Path, b.Path))
	})
}

// stem is the name of a file without its ending: what goes through a mapping has another one.
func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }
