package inspect

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	core "trestle/internal/inspect"
	"trestle/internal/inspect/inplace"
	"trestle/internal/inspect/query"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// ErrInPlace says that what is read where it lies stays as it is.
var ErrInPlace = errors.New("the file is read where it lies and stays as it is: import the message into the project to change it or to write about it")

// fileStore shows a file that is read in place as the list of a project does. The id of a message is its place in the file,
// from 1. Saved filters and the access log are those of the project; nothing else of it is touched.
type fileStore struct {
	Store   // of the project
	file    *inplace.File
	again   func() // opens the file anew
	arrived func() // says that the project may have more messages

	mu  sync.Mutex
	ids []int64 // 1, 2, 3 …; never changed, only made longer
}

// all are the ids of what is indexed by now.
func (s *fileStore) all() []int64 {
	n := s.file.Len()
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(s.ids) < n {
		s.ids = slices.Grow(s.ids, max(n, 2*len(s.ids))-len(s.ids))
	}
	for len(s.ids) < n {
		s.ids = append(s.ids, int64(len(s.ids)+1))
	}
	return s.ids[:n:n]
}

func indexes(ids []int64) []int {
	out := make([]int, len(ids))
	for i, id := range ids {
		out[i] = int(id - 1)
	}
	return out
}

// Count implements Store.
func (s *fileStore) Count(context.Context, workspace.Query) (int, error) { return s.file.Len(), nil }

// IDs implements Store: all, in the order of the file. What a query asks for, Matching finds.
func (s *fileStore) IDs(context.Context, workspace.Query) ([]int64, error) { return s.all(), nil }

// Answers says whether a query is answered without reading the file.
func (s *fileStore) Answers(q *query.Query) bool { return s.file.Answers(q) }

// Matching implements Store. It looks into the whole file.
func (s *fileStore) Matching(ctx context.Context, q *query.Query, _ []int64, progress func()) ([]int64, error) {
	var mu sync.Mutex
	told := 0
	found, err := s.file.Find(ctx, q, func(done, _ int) {
		mu.Lock()
		defer mu.Unlock()
		for ; told < done; told++ {
			progress()
		}
	})
	ids := make([]int64, len(found))
	for i, k := range found {
		ids[i] = int64(k + 1)
	}
	return ids, err
}

func (s *fileStore) row(r *core.Record) workspace.Row {
	return workspace.Row{ID: int64(r.Index + 1), Source: r.Source, Index: r.Index, Summary: r.Summary, Counts: r.Counts, Size: r.Length}
}

// Rows implements Store.
func (s *fileStore) Rows(ctx context.Context, ids []int64) ([]workspace.Row, error) {
	records, err := s.file.Glance(ctx, indexes(ids))
	if err != nil {
		return nil, err
	}
	rows := make([]workspace.Row, len(records))
	for i := range records {
		rows[i] = s.row(&records[i])
	}
	return rows, nil
}

// Types is Rows for what the index knows: format, type and trigger. Only pieces in doubt are read.
func (s *fileStore) Types(ctx context.Context, ids []int64) ([]workspace.Row, error) {
	rows := make([]workspace.Row, 0, len(ids))
	for _, id := range ids {
		format, typ, trigger, sure := s.file.Kind(int(id - 1))
		if !sure {
			more, err := s.Rows(ctx, []int64{id})
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
			continue
		}
		rows = append(rows, workspace.Row{ID: id, Summary: core.Summary{Format: format, Type: typ, Trigger: trigger}})
	}
	return rows, nil
}

// Message implements Store.
func (s *fileStore) Message(_ context.Context, id int64) (workspace.Message, error) {
	p, err := s.file.Piece(int(id - 1))
	if err != nil {
		return workspace.Message{}, err
	}
	r := core.Alone(s.file.Name(), p, core.Options{SkipChecks: true})
	return workspace.Message{Row: s.row(&r), Offset: r.Offset, Bytes: r.Bytes, Container: s.file.Container(p)}, nil
}

// Messages implements Store.
func (s *fileStore) Messages(ctx context.Context, ids []int64) iter.Seq2[workspace.Message, error] {
	return func(yield func(workspace.Message, error) bool) {
		for r, err := range s.file.Read(ctx, indexes(ids)) {
			if err != nil {
				yield(workspace.Message{}, err)
				return
			}
			if !yield(workspace.Message{Row: s.row(&r), Offset: r.Offset, Bytes: r.Bytes}, nil) {
				return
			}
		}
	}
}

// Setting implements Store: columns and lines as the project shows them, and no drafts.
func (s *fileStore) Setting(ctx context.Context, key string) (value string, ok bool, err error) {
	if key == settingDrafts {
		return "", false, nil
	}
	return s.Store.Setting(ctx, key)
}

// SetSetting implements Store: the project keeps its own choices. The key of pseudonyms is one for all.
func (s *fileStore) SetSetting(ctx context.Context, key, value string) error {
	if key == settingScrubKey {
		return s.Store.SetSetting(ctx, key, value)
	}
	return workspace.ErrReadOnly
}

// LogExport implements Store.
func (s *fileStore) LogExport(ctx context.Context, what string, count int, destination string) error {
	return s.Store.LogExport(ctx, what+", of a file of "+screen.Plural(s.file.Len(), "piece")+" read in place", count, destination)
}

// Note implements Store.
func (s *fileStore) Note(context.Context, int64) (string, error) { return "", nil }

// SetNote implements Store.
func (s *fileStore) SetNote(context.Context, int64, string) error { return ErrInPlace }

// SetTags implements Store.
func (s *fileStore) SetTags(context.Context, int64, []string) error { return ErrInPlace }

// AddMessages implements Store.
func (s *fileStore) AddMessages(context.Context, []core.Record) ([]int64, error) {
	return nil, ErrInPlace
}

// DeleteMessagesProgress implements Store.
func (s *fileStore) DeleteMessagesProgress(context.Context, []int64, func(done, total int)) error {
	return ErrInPlace
}
