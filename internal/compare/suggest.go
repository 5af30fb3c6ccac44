package compare

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"

	"trestle/internal/hl7"
)

// Suggestion is a key and how well it pairs two sets.
type Suggestion struct {
	Key      []string
	Paired   int // messages of the left whose key the right has once, as the left does
	Repeated int // messages, of both sides, whose key an earlier one has
	Empty    int // messages, of both sides, without a value there
	Looked   int // messages of the left that were looked at
}

// candidates are keys that identify messages in practice, from the most exact.
var candidates = [][]string{
	{"MSH-10"}, {"MSH-9.1", "MSH-9.2", "OBR-3.1"}, {"MSH-9.1", "MSH-9.2", "OBR-2.1"}, {"MSH-9.1", "MSH-9.2", "ORC-2.1"}, {"MSH-9.1", "MSH-9.2", "ORC-3.1"},
	{"MSH-9.1", "MSH-9.2", "TXA-12.1"}, {"MSH-9.1", "MSH-9.2", "SCH-1.1"}, {"MSH-9.1", "MSH-9.2", "SCH-2.1"}, {"MSH-9.1", "MSH-9.2", "FT1-2.1"},
	{"MSH-9.1", "MSH-9.2", "PV1-19.1", "EVN-2"}, {"MSH-9.1", "MSH-9.2", "PID-3.1", "EVN-2"}, {"MSH-9.1", "MSH-9.2", "PID-3.1", "MSH-7"},
	{"MSH-9.1", "MSH-9.2", "PV1-19.1"}, {"MSH-9.1", "MSH-9.2", "PID-18.1"}, {"MSH-9.1", "MSH-9.2", "PID-3.1"}, {"PID-3.1"}, {"PID-5", "PID-7"}, {FileKey},
}

// maxLooked is how many messages of each side a suggestion looks at.
const maxLooked = 20_000

// SuggestKeys looks at two sets and returns the keys that pair any messages, the best first: it pairs most, and repeats
// least.
func SuggestKeys(ctx context.Context, left, right Source) ([]Suggestion, error) {
	keys := make([]key, len(candidates))
	for i, c := range candidates {
		k, err := readKey(c)
		if err != nil {
			return nil, err
		}
		keys[i] = k
	}
	out := make([]Suggestion, len(candidates))
	counts := make([]map[uint64][2]int32, len(candidates))
	for i := range counts {
		counts[i] = map[uint64][2]int32{}
		out[i].Key = candidates[i]
	}
	for side, s := range []Source{left, right} {
		n := 0
		var m hl7.Message
		var buf []byte
		for e, err := range s.Messages(ctx) {
			if err != nil {
				return nil, err
			}
			if e.Skip || IsDocument(e.Kind) {
				continue
			}
			if n++; n > maxLooked {
				break
			}
			m.Reset(e.Bytes)
			for i := range keys {
				var whole bool
				if buf, whole = keys[i].whole(buf[:0], &m, e.Name); !whole {
					out[i].Empty++
					continue
				}
				h := maphash.Bytes(seed, buf)
				c := counts[i][h]
				if c[side]++; c[side] > 1 {
					out[i].Repeated++
				}
				counts[i][h] = c
			}
		}
		if side == 0 {
			for i := range out {
				out[i].Looked = min(n, maxLooked)
			}
		}
	}
	for i := range out {
		for _, c := range counts[i] {
			if c[0] == 1 && c[1] == 1 {
				out[i].Paired++
			}
		}
	}
	out = slices.DeleteFunc(out, func(s Suggestion) bool { return s.Paired == 0 })
	slices.SortStableFunc(out, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Paired, a.Paired), cmp.Compare(a.Repeated, b.Repeated))
	})
	return out, nil
}

// whole is append for keys of which the part that tells messages apart must have a value: the type alone tells nothing.
func (k *key) whole(b []byte, m *hl7.Message, name string) ([]byte, bool) {
	if n := len(k.paths); n > 0 && m.Get(k.paths[n-1]).State() != hl7.Valued {
		return b, false
	}
	return k.append(b, m, name)
}
