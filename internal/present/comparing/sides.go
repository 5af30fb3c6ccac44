package comparing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"trestle/internal/compare"
	"trestle/internal/inspect/query"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// SideKind says where the messages of a side come from.
type SideKind uint8

// The kinds of sides.
const (
	None     SideKind = iota // not chosen yet
	Files                    // files and folders
	Messages                 // messages of the project, by a condition as in Inspect
	Journal                  // what an endpoint sent or received, all or one run of it
	Baseline                 // a set that was kept in the project, with its rules
	Chosen                   // messages of the project that were chosen one by one
)

// Kinds are the kinds that can be chosen in a dialog, with their words.
var Kinds = []struct {
	Kind  SideKind
	Words string
}{{Files, "Files or a folder"}, {Messages, "Messages of this project"}, {Journal, "A run, or a journal"}, {Baseline, "A baseline"}}

// Side is one side of a comparison.
type Side struct {
	Kind     SideKind
	Paths    []string // of Files
	Query    string   // of Messages; empty is all of them
	Endpoint string   // of Journal
	Run      string   // of Journal; empty is all that the endpoint exchanged
	Replies  bool     // of Journal: the answers instead of the messages
	Name     string   // of Baseline
	IDs      []int64  // of Chosen
	Through  string   // the mapping that its messages go through first: of [Choices], or a file; empty for none
}

// Words names a side for people.
func (s Side) Words() string { return s.messages() + s.throughWords() }

// messages names where the messages of a side come from.
func (s Side) messages() string {
	switch s.Kind {
	case Files:
		if len(s.Paths) == 1 {
			return filepath.Base(s.Paths[0])
		}
		return screen.Plural(len(s.Paths), "file")
	case Messages:
		if s.Query == "" {
			return "all messages of the project"
		}
		return "messages: " + s.Query
	case Journal:
		words := s.Endpoint
		if s.Run != "" {
			words += ", run " + s.Run
		}
		if s.Replies {
			words += ", replies"
		}
		return words
	case Baseline:
		return "baseline " + s.Name
	case Chosen:
		if len(s.IDs) == 1 {
			return fmt.Sprintf("message %d of the project", s.IDs[0])
		}
		return screen.Plural(len(s.IDs), "chosen message")
	}
	return "not chosen yet"
}

// mayNamePatient says whether the words of a side may say something about a person.
func (s Side) mayNamePatient() bool {
	return s.Kind == Files || s.Kind == Messages && s.Query != ""
}

// inputs are the sources of a comparison. They are closed when nobody reads them any more; it belongs to the goroutine of
// the screen.
type inputs struct {
	sources [2]compare.Source
	closers []func() error
	rules   *setup // those of a baseline, nil if none is one
	home    home   // where they were read from
	users   int
	stale   bool
}

func (i *inputs) release() {
	if i == nil {
		return
	}
	if i.users--; i.users <= 0 && i.stale {
		i.close()
	}
}

func (i *inputs) close() {
	for _, c := range i.closers {
		c() // they were read only
	}
	i.closers = nil
}

// retire closes the sources as soon as nobody reads them.
func (i *inputs) retire() {
	if i.stale = true; i.users == 0 {
		i.close()
	}
}

func (m *Model) dropInputs() {
	if m.inputs != nil {
		m.inputs.retire()
		m.inputs = nil
	}
}

// openInputs opens both sides. On an error what was opened is closed.
func (m *Model) openInputs(ctx context.Context, sides [2]Side) (*inputs, error) {
	i := &inputs{}
	for n, s := range sides {
		source, err := m.openSide(ctx, s, i)
		if err == nil && s.Through != "" {
			source, err = through(source, s.Through)
		}
		if err != nil {
			i.close()
			return nil, fmt.Errorf("the %s side: %w", sideNames[n], err)
		}
		i.sources[n] = source
	}
	return i, nil
}

var sideNames = [2]string{"left", "right"}

func (m *Model) openSide(ctx context.Context, s Side, i *inputs) (compare.Source, error) {
	switch s.Kind {
	case Files:
		f, err := compare.OpenFiles(s.Paths...)
		if err != nil {
			return nil, err
		}
		i.closers = append(i.closers, f.Close)
		if i.rules == nil && len(s.Paths) == 1 {
			return f, i.folderRules(s.Paths[0])
		}
		return f, nil
	case Messages:
		ids, err := m.idsOf(ctx, s.Query)
		return m.store.CompareMessages(ids), err
	case Journal:
		return m.store.CompareExchanges(workspace.ExchangeQuery{Endpoint: s.Endpoint, Run: s.Run}, s.Replies), nil
	case Chosen:
		return m.store.CompareMessages(s.IDs), nil
	case Baseline:
		if i.rules == nil {
			where := home{workspace.DocumentBaseline, s.Name}
			stored, err := m.readSetup(ctx, where)
			if err != nil {
				return nil, err
			}
			if stored != nil {
				i.rules, i.home = stored, where
			}
		}
		return m.store.CompareSet(s.Name), nil
	}
	return nil, errors.New("choose what is compared")
}

// folderRules reads the rules of a folder that is a baseline.
func (i *inputs) folderRules(folder string) error {
	b, err := os.ReadFile(filepath.Join(folder, compare.BaselineRules))
	if err != nil {
		return nil // a file, or a folder without rules
	}
	r, err := compare.ParseRules(b)
	if err != nil {
		return fmt.Errorf("%s: %w", compare.BaselineRules, err)
	}
	i.rules, i.home = &setup{Rules: r}, home{name: filepath.Base(folder)}
	return nil
}

// idsOf finds the messages that a condition of Inspect holds for, in the order in which they came.
func (m *Model) idsOf(ctx context.Context, text string) ([]int64, error) {
	q, err := query.Parse(text)
	if err != nil {
		return nil, err
	}
	index, exact, err := workspace.Indexed(q)
	if err != nil {
		return nil, err
	}
	ids, err := m.store.IDs(ctx, index)
	if err != nil || exact {
		return ids, err
	}
	return m.store.Matching(ctx, q, ids, nil)
}

// CheckQuery says what is wrong with a condition on messages.
func CheckQuery(text string) error {
	_, err := query.Parse(text)
	return err
}
