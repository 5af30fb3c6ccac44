package dictionary

// stray is a segment out of order, with the place where it belongs and the
// instance of the group in which to look for its neighbours.
type stray struct {
	deviation, segment int
	place              int16
	instance           int32
}

// maxStrays bounds how many strays get neighbours: each can cost a table of the
// structure's places, and nobody reads more.
const maxStrays = 1000

// placeStrays says of each segment out of order what it belongs after, or else
// before: the nearest segment of the same group that stands on the wrong side of
// it. That takes the whole message, so it comes last.
func (f *follower) placeStrays() {
	if len(f.strays) == 0 {
		return
	}
	f.strays = f.strays[:min(len(f.strays), maxStrays)]
	// For each group instance with strays: where its places stand in the message,
	// first and last.
	type span struct{ first, last int32 }
	spans := map[int32][]span{}
	for _, s := range f.strays {
		spans[s.instance] = nil
	}
	for i, place := range f.filled {
		if place == startPlace {
			continue
		}
		for at := f.inside[i]; ; at = f.instances[at].parent {
			if list, wanted := spans[at]; wanted {
				if list == nil {
					list = make([]span, len(f.grammar.places))
					spans[at] = list
				}
				if list[place].last == 0 {
					list[place].first = int32(i) + 1
				}
				list[place].last = int32(i) + 1
			}
			if at == 0 {
				break
			}
		}
	}
	for _, s := range f.strays {
		list, d, here := spans[s.instance], &f.Deviations[s.deviation], int32(s.segment)+1
		if list == nil {
			continue
		}
		for p := s.place - 1; p > startPlace && d.After == ""; p-- {
			if list[p].last > here {
				d.After = f.grammar.places[p].node.Name
			}
		}
		for p := s.place + 1; p < f.grammar.end() && d.After == "" && d.Before == ""; p++ {
			if list[p].first > 0 && list[p].first < here {
				d.Before = f.grammar.places[p].node.Name
			}
		}
	}
}

// join makes one deviation of a segment that is out of order and the same
// segment that is missing where it belongs: the missing one is dropped.
func (f *follower) join() {
	loose := map[string]int{}
	for _, d := range f.Deviations {
		if d.Kind == OutOfOrder {
			loose[d.Name]++
		}
	}
	if len(loose) == 0 {
		return
	}
	kept := f.Deviations[:0]
	for _, d := range f.Deviations {
		if d.Kind == Missing && takeOne(loose, d.Expected) {
			continue
		}
		kept = append(kept, d)
	}
	f.Deviations = kept
}

// takeOne uses up one loose segment of any of the names.
func takeOne(loose map[string]int, names []string) bool {
	for _, name := range names {
		if loose[name] > 0 {
			loose[name]--
			return true
		}
	}
	return false
}
