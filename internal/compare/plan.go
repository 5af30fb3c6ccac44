package compare

import (
	"context"
	"hash/maphash"
	"math"

	"trestle/internal/hl7"
)

// plan reads both sets once and says which messages belong together.
func (s *setRun) plan(ctx context.Context) ([]couple, error) {
	if err := s.readBoth(ctx); err != nil {
		return nil, err
	}
	switch s.o.Pairing {
	case ByOrder:
		return s.inOrder(), nil
	case BySimilarity:
		return s.similar(ctx)
	}
	plan, paired := s.byKey()
	s.keyCounts()
	few := min(len(s.index[0]), len(s.index[1]))
	// One message on each side is a pair whatever its control ID says.
	if len(s.o.Key) == 0 && len(s.index[0]) == 1 && len(s.index[1]) == 1 {
		if paired == 0 {
			s.sum.Pairing = ByOrder
		}
		return []couple{{0, 0, false}}, nil
	}
	if len(s.o.Key) > 0 || few == 0 || 2*paired >= few {
		return plan, nil
	}
	if s.sum.Translation != nil && !s.key.file && s.names[0] != nil && s.names[1] != nil {
		return s.again(ctx, []string{FileKey})
	}
	suggestions, err := SuggestKeys(ctx, s.sources[0], s.sources[1])
	if err != nil {
		return nil, err
	}
	if len(suggestions) == 0 || suggestions[0].Paired <= 2*paired {
		return plan, nil
	}
	return s.again(ctx, suggestions[0].Key)
}

// again reads both sets once more and pairs by another key.
func (s *setRun) again(ctx context.Context, texts []string) (plan []couple, err error) {
	if s.key, err = readKey(texts); err != nil {
		return nil, err
	}
	s.sum.Key, s.sum.Suggested = texts, true
	s.index, s.done = [2][]indexed{}, 0
	s.sum.Messages, s.sum.Skipped, s.sum.NoKey, s.sum.Repeated, s.failed = [2]int{}, [2]int{}, [2]int{}, [2]int{}, [2]int{}
	if err := s.readBoth(ctx); err != nil {
		return nil, err
	}
	plan, _ = s.byKey()
	s.keyCounts()
	return plan, nil
}

// readBoth indexes both sides, the one beside the other.
func (s *setRun) readBoth(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	right := make(chan error, 1)
	go func() { right <- s.readSide(ctx, 1) }()
	err := s.readSide(ctx, 0)
	if err != nil {
		cancel()
	}
	if other := <-right; err == nil {
		err = other
	}
	s.report(int64(len(s.index[0]) + len(s.index[1])))
	return err
}

func (s *setRun) readSide(ctx context.Context, side int) error {
	var m hl7.Message
	var buf []byte
	for e, err := range s.sources[side].Messages(ctx) {
		if err != nil {
			return err
		}
		if n := int(e.Ref.File); e.Name != "" && n >= len(s.names[side]) {
			for len(s.names[side]) <= n {
				s.names[side] = append(s.names[side], "")
			}
		}
		if e.Name != "" {
			s.names[side][e.Ref.File] = e.Name
		}
		if e.Skip {
			s.sum.Skipped[side]++
			continue
		}
		if len(s.index[side]) == math.MaxInt32 {
			return errTooMany
		}
		if e.Untranslated {
			s.failed[side]++
		}
		x := indexed{ref: e.Ref, doc: IsDocument(e.Kind)}
		ok := true
		if x.doc {
			name := e.Name
			if s.sum.Translation != nil {
				name = stem(name)
			}
			text := name
			if !s.key.file {
				text, _ = documentKey(e.Bytes, name)
			}
			buf = append(buf[:0], text...)
			ok = text != ""
		} else if s.o.Pairing == ByKey {
			m.Reset(e.Bytes)
			buf, ok = s.key.append(buf[:0], &m, e.Name)
		}
		if ok && s.o.Pairing == ByKey {
			x.hash = maphash.Bytes(seed, buf) | 1
		}
		s.index[side] = append(s.index[side], x)
		s.sum.Messages[side]++
	}
	return nil
}

// byKey pairs messages of one key: the first with the first, the second with the second. What has no key, or more of a
// key than the other side, stays alone.
func (s *setRun) byKey() (plan []couple, paired int) {
	left, right := s.index[0], s.index[1]
	first := make(map[uint64]int32, len(right)) // the next free one of each key
	after := make([]int32, len(right))          // the one after it with the same key
	last := make(map[uint64]int32, 16)
	for j := len(right) - 1; j >= 0; j-- {
		h := right[j].hash
		if h == 0 {
			continue
		}
		if at, ok := first[h]; ok {
			after[j] = at
			last[h]++
		} else {
			after[j] = -1
		}
		first[h] = int32(j)
	}
	seen := make(map[uint64]struct{}, len(left))
	taken := make([]bool, len(right))
	plan = make([]couple, 0, max(len(left), len(right)))
	for i := range left {
		c := couple{left: int32(i), right: -1}
		if h := left[i].hash; h != 0 {
			_, again := seen[h]
			seen[h] = struct{}{}
			c.duplicate = again || last[h] > 0
			if j, ok := first[h]; ok && j >= 0 {
				c.right, taken[j] = j, true
				first[h] = after[j]
				paired++
			}
		}
		plan = append(plan, c)
	}
	for j := range right {
		if !taken[j] {
			_, again := seen[right[j].hash]
			plan = append(plan, couple{-1, int32(j), right[j].hash != 0 && (again || last[right[j].hash] > 0)})
		}
	}
	return plan, paired
}

// keyCounts counts messages without a key and those whose key stood before.
func (s *setRun) keyCounts() {
	for side := range s.index {
		seen := make(map[uint64]struct{}, len(s.index[side]))
		for _, x := range s.index[side] {
			if x.hash == 0 {
				s.sum.NoKey[side]++
				continue
			}
			if _, again := seen[x.hash]; again {
				s.sum.Repeated[side]++
			}
			seen[x.hash] = struct{}{}
		}
	}
}

func (s *setRun) inOrder() []couple {
	n, m := len(s.index[0]), len(s.index[1])
	plan := make([]couple, max(n, m))
	for i := range plan {
		plan[i] = couple{int32(i), int32(i), false}
		if i >= n {
			plan[i].left = -1
		}
		if i >= m {
			plan[i].right = -1
		}
	}
	return plan
}
