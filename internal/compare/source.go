package compare

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

// Source is one side of a comparison of sets: files, a query of the workspace, a run of an endpoint. It is read twice:
// once from beginning to end, then message by message, so that the set need not be in memory.
type Source interface {
	// Messages iterates over the messages in their order. The bytes of an entry are valid until the next one. After an
	// error it ends.
	Messages(ctx context.Context) iter.Seq2[Entry, error]
	// Read returns the bytes of a message again, in buf if it is large enough. Several goroutines call it at once.
	Read(ctx context.Context, ref Ref, buf []byte) ([]byte, error)
}

// Ref says where a message is in its source.
type Ref struct {
	File   int32 // number of the file, or whatever the source makes of it
	Length int32 // bytes
	Offset int64 // place in the file, or an id
}

// Entry is one message of a source.
type Entry struct {
	Ref          Ref
	Name         string // of the file, for people; empty if it has none
	Bytes        []byte
	Kind         format.Kind // empty is HL7 v2
	Untranslated bool        // of a source made by [Through]: as it came
	Skip         bool        // no message: an envelope, or bytes of another kind; it is counted and not compared
}

// Slice is a source that is in memory.
type Slice [][]byte

// Messages implements Source.
func (s Slice) Messages(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for i, b := range s {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, err)
				return
			}
			e := Entry{Ref: Ref{Offset: int64(i), Length: int32(len(b))}, Bytes: b}
			if guess := format.Detect(b); !guess.Kind.IsHL7v2() {
				e.Kind = guess.Kind
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Read implements Source.
func (s Slice) Read(_ context.Context, ref Ref, _ []byte) ([]byte, error) {
	if ref.Offset < 0 || int(ref.Offset) >= len(s) {
		return nil, fmt.Errorf("there is no message %d", ref.Offset)
	}
	return s[ref.Offset], nil
}

// key reads what identifies messages of a set.
type key struct {
	paths []hl7.Path
	texts []string
	file  bool // the name of the file
}

// DefaultKey is the message control ID.
const DefaultKey = "MSH-10"

// FileKey as a key pairs by the names of the files.
const FileKey = "file"

// readKey reads the paths of a key; none is the default one.
func readKey(texts []string) (key, error) {
	if len(texts) == 0 {
		texts = []string{DefaultKey}
	}
	k := key{texts: slices.Clone(texts)}
	for _, text := range texts {
		if text == FileKey {
			k.file = true
			continue
		}
		p, err := hl7.ParsePath(text)
		if err != nil {
			return k, fmt.Errorf("key: %w", err)
		}
		if p.Field == 0 {
			return k, fmt.Errorf("key: %s names no field; write for example PID-3.1", text)
		}
		k.paths = append(k.paths, p)
	}
	return k, nil
}

// append writes the key of a message; false if all of its parts are empty.
func (k *key) append(b []byte, m *hl7.Message, name string) ([]byte, bool) {
	found := false
	if k.file {
		b, found = append(b, name...), name != ""
	}
	for i, p := range k.paths {
		if i > 0 || k.file {
			b = append(b, ' ')
		}
		v := m.Get(p)
		raw := v.Raw()
		found = found || v.State() == hl7.Valued
		if plainText(raw) {
			b = append(b, raw...)
		} else {
			b = append(b, v.Text()...)
		}
	}
	return b, found
}

func plainText(raw []byte) bool {
	for _, c := range raw {
		if c < ' ' || c >= 0x80 || c == '\\' {
			return false
		}
	}
	return true
}

// CheckKey says what is wrong with the paths of a key.
func CheckKey(paths []string) error {
	_, err := readKey(paths)
	return err
}
