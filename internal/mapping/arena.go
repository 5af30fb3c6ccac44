package mapping

// arena gives out things from blocks of them, and takes them all back at once: a message makes hundreds of nodes and turns.
type arena[T any] struct {
	blocks [][]T
	at     int // the block that things are taken from
	free   []T
	taken  int // things that were given out, whole blocks counted
}

// maxKept is how many things an arena keeps for the next message; what a flood of a message took beyond is given up.
const maxKept = 1 << 14

func (a *arena[T]) next() *T {
	if len(a.free) == 0 {
		a.more(1)
	}
	p := &a.free[0]
	a.free = a.free[1:]
	return p
}

// some gives an empty list with room for n.
func (a *arena[T]) some(n int) []T {
	if len(a.free) < n {
		a.more(n)
	}
	list := a.free[:0:n]
	a.free = a.free[n:]
	return list
}

// expect prepares for so many things, so that they come of one block.
func (a *arena[T]) expect(n int) {
	if len(a.blocks) == 0 && n > 0 {
		a.free = make([]T, n)
		a.blocks = append(a.blocks, a.free)
		a.taken = n
	}
}

func (a *arena[T]) more(n int) {
	if len(a.blocks) > 0 {
		a.at++
	}
	for a.at < len(a.blocks) && len(a.blocks[a.at]) < n {
		a.at++
	}
	if a.at >= len(a.blocks) {
		a.blocks = append(a.blocks, make([]T, max(n, min(64<<len(a.blocks), 4096))))
		a.at = len(a.blocks) - 1
	}
	a.free = a.blocks[a.at]
	a.taken += len(a.free)
}

// used is how many things were given out.
func (a *arena[T]) used() int { return a.taken - len(a.free) }

// reset takes everything back. Nothing of it may be in use any more.
func (a *arena[T]) reset() {
	kept := 0
	for i, block := range a.blocks {
		if i <= a.at {
			clear(block)
		}
		if kept += len(block); kept > maxKept {
			clear(a.blocks[i:])
			a.blocks = a.blocks[:i]
			break
		}
	}
	a.at, a.free, a.taken = 0, nil, 0
	if len(a.blocks) > 0 {
		a.free = a.blocks[0]
		a.taken = len(a.free)
	}
}

// leave leaves everything to those who have it.
func (a *arena[T]) leave() { *a = arena[T]{} }
