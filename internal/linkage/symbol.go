package linkage

import (
	"math/bits"
	"slices"
	"sync"

	"trestle/internal/linkage/lexicon"
	"trestle/internal/linkage/similar"
)

// symbol stands for a normal form; zero is none. Symbols are only ever compared for equality: their numbers depend on
// which goroutine came first, and no result may.
type symbol uint32

const shardBits = 5

// symbols gives strings numbers, from many goroutines.
type symbols struct {
	shards [1 << shardBits]struct {
		sync.Mutex
		number map[string]symbol
		names  []string
	}
}

func newSymbols() *symbols {
	s := &symbols{}
	for i := range s.shards {
		s.shards[i].number = map[string]symbol{}
		s.shards[i].names = []string{""}
	}
	return s
}

func (s *symbols) add(name string) symbol {
	if name == "" {
		return 0
	}
	i := hash(1, name) & (1<<shardBits - 1)
	sh := &s.shards[i]
	sh.Lock()
	n, ok := sh.number[name]
	if !ok {
		n = symbol(len(sh.names))<<shardBits | symbol(i)
		sh.names = append(sh.names, name)
		sh.number[name] = n
	}
	sh.Unlock()
	return n
}

// name returns the string of a symbol. Nothing may be added at the same time.
func (s *symbols) name(n symbol) string {
	return s.shards[n&(1<<shardBits-1)].names[n>>shardBits]
}

// limit returns a number above those of all symbols.
func (s *symbols) limit() int {
	most := 0
	for i := range s.shards {
		most = max(most, len(s.shards[i].names))
	}
	return most << shardBits
}

// hash is FNV-1a with a seed and a final mix. It is the same in every run and on every machine.
func hash(seed uint64, s string) uint64 {
	h := uint64(14695981039346656037) ^ seed*0x9e3779b97f4a7c15
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// about holds, per symbol of a given name or surname, what comparing and blocking need again and again.
type about struct {
	roots   []uint16 // of a given name: see lexicon.Roots
	head    uint16   // its own number plus one, if it has nicknames
	soundex uint32
	letters uint32 // which letters it has, as bits of their code points modulo 32
	length  uint8  // in letters
	name    bool   // of a given name: it is listed, or more than one row has it
}

// describe computes what is known about each name, once per name and not once per record.
func (s *symbols) describe(given bool) []about {
	all := make([]about, s.limit())
	for i := range s.shards {
		for n, name := range s.shards[i].names {
			if name == "" {
				continue
			}
			a := &all[n<<shardBits|i]
			if given {
				a.roots = lexicon.Roots(name)
				if n, ok := lexicon.Head(name); ok {
					a.head = n + 1
				}
			}
			for _, r := range name {
				a.letters |= 1 << (r & 31)
				if a.length < 255 {
					a.length++
				}
			}
			if code := similar.Soundex(name); code != "" {
				a.soundex = uint32(code[0])<<24 | uint32(code[1])<<16 | uint32(code[2])<<8 | uint32(code[3])
			} else {
				a.soundex = uint32(hash(2, name))
			}
		}
	}
	return all
}

// mayBeAlike rules out, from the letters alone, that two names are one edit apart or have a Jaro–Winkler similarity of 0.9:
// that needs a Jaro similarity of 5/6 at least, and so m/|a| + m/|b| >= 1.5 for m common letters.
func mayBeAlike(a, b *about) bool {
	onlyA, onlyB := bits.OnesCount32(a.letters&^b.letters), bits.OnesCount32(b.letters&^a.letters)
	if onlyA <= 1 && onlyB <= 1 {
		return true
	}
	m := min(float64(a.length)-float64(onlyA), float64(b.length)-float64(onlyB))
	return m/float64(a.length)+m/float64(b.length) >= 1.499
}

// nickname says that one of two given names is a nickname of the other. Two nicknames of a third name are only alike.
func nickname(a, b *about) bool {
	return a.head != 0 && slices.Contains(b.roots, a.head-1) || b.head != 0 && slices.Contains(a.roots, b.head-1)
}

// countNames tells given names from slips of the finger.
func (t *tables) countNames(rosters ...*people) {
	seen := make([]bool, len(t.aboutGiven))
	for i := range t.aboutGiven {
		t.aboutGiven[i].name = len(t.aboutGiven[i].roots) > 0
	}
	for _, p := range rosters {
		for i := range p.list {
			n := p.list[i].first
			t.aboutGiven[n].name = t.aboutGiven[n].name || seen[n]
			seen[n] = true
		}
	}
}
