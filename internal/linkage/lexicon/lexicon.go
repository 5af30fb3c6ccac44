package lexicon

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed notices.txt
var notices string

// Notices returns the notices and licences of the word lists, which belong in the program's list of notices.
func Notices() string { return notices }

// nicknames.txt: a line is a given name and its nicknames.
//
//go:embed nicknames.txt
var nicknameList string

// streets.txt: a line is a word and its standard form of USPS Publication 28, appendix C.
//
//go:embed streets.txt
var streetList string

// states.txt: a line is a code and a name.
//
//go:embed states.txt
var stateList string

// roots maps a name to the numbers of the given names that it stands for, itself included, ascending.
var roots = sync.OnceValue(func() map[string][]uint16 {
	m := map[string][]uint16{}
	number := uint16(0)
	for line := range strings.Lines(nicknameList) {
		for _, name := range strings.Fields(line) {
			if r := m[name]; len(r) == 0 || r[len(r)-1] != number {
				m[name] = append(r, number)
			}
		}
		number++
	}
	return m
})

// heads maps a given name that has nicknames to its number.
var heads = sync.OnceValue(func() map[string]uint16 {
	m := map[string]uint16{}
	number := uint16(0)
	for line := range strings.Lines(nicknameList) {
		if name, _, ok := strings.Cut(line, " "); ok {
			m[name] = number
		}
		number++
	}
	return m
})

// Head returns the number of a given name that has nicknames itself.
func Head(name string) (number uint16, ok bool) {
	number, ok = heads()[name]
	return
}

// Roots returns numbers of the given names that name may stand for, ascending; nil for a name that is in no list. Two
// names may be the same person's if they have a number in common. The slice is shared: do not change it.
func Roots(name string) []uint16 { return roots()[name] }

// Related reports whether one name is listed as a nickname of the other, or both of a third.
func Related(a, b string) bool { return Meet(Roots(a), Roots(b)) }

// Meet reports whether two ascending lists have a number in common.
func Meet(a, b []uint16) bool {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			return true
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return false
}

var streets = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(streetList) {
		if word, standard, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			m[word] = standard
		}
	}
	// Publication 28, section 233: directionals. They are words of the street's name, so one form is enough.
	for word, standard := range map[string]string{
		"north": "n", "south": "s", "east": "e", "west": "w",
		"northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
	} {
		m[word] = standard
	}
	return m
})

// Street returns the standard form of a street's suffix or directional.
func Street(word string) (standard string, ok bool) {
	standard, ok = streets()[word]
	return
}

// unitWords come before the number of a part of a building: Publication 28, appendix C2.
var unitWords = []string{"apt", "apartment", "unit", "ste", "suite", "rm", "room", "lot", "spc", "space", "bldg", "building", "fl", "floor", "trlr", "trailer", "no"}

// IsUnit reports whether word introduces a part of a building, as "apt" does.
func IsUnit(word string) bool { return slices.Contains(unitWords, word) }

var states = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(stateList) {
		if code, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			m[code], m[name] = code, code
		}
	}
	return m
})

// State returns the two-letter code of a state of the USA, given by name or code.
func State(name string) (code string, ok bool) {
	code, ok = states()[name]
	return
}

// suffixes that belong to a person, not to the surname. A roman V alone is more often an initial: see [Suffix].
var suffixes = map[string]string{
	"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr",
	"ii": "ii", "2nd": "ii", "iii": "iii", "3rd": "iii", "iv": "iv", "4th": "iv", "v": "v", "vi": "vi",
}

// Suffix returns the standard form of a generational suffix without its full stop. It takes "v" too, which only a field
// for suffixes should ask for.
func Suffix(word string) (standard string, ok bool) {
	standard, ok = suffixes[word]
	return
}
