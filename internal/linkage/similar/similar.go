package similar

import "unicode/utf8"

// letter is what strings are compared by: bytes where they are ASCII, code points otherwise.
type letter interface{ byte | rune }

// longest is the length in letters beyond which strings are only equal or not: names are shorter, and the marks of
// what was matched fit a fixed array.
const longest = 64

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// JaroWinkler returns the similarity of Jaro with the prefix bonus of Winkler (1990): 0.1 for each of up to four equal
// letters at the start, where the similarity is at least 0.7. It is symmetric. Strings of more than 64 letters are 1 if
// equal and else 0.
func JaroWinkler(a, b string) float64 {
	if a == b {
		return 1
	}
	if ascii(a) && ascii(b) {
		var x, y [longest]byte
		if len(a) > longest || len(b) > longest {
			return 0
		}
		return jaroWinkler(x[:copy(x[:], a)], y[:copy(y[:], b)])
	}
	return jaroWinkler([]rune(a), []rune(b))
}

func jaroWinkler[T letter](a, b []T) float64 {
	j := jaro(a, b)
	if j < 0.7 {
		return j
	}
	n := 0
	for n < min(4, len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return j + 0.1*float64(n)*(1-j)
}

func jaro[T letter](a, b []T) float64 {
	if len(a) == 0 || len(b) == 0 || len(a) > longest || len(b) > longest {
		return 0
	}
	// The greedy choice of matches depends on which string leads; the shorter one does, so that it is symmetric for
	// different lengths, and the lesser one for equal lengths.
	if len(a) > len(b) || len(a) == len(b) && less(b, a) {
		a, b = b, a
	}
	window := max(len(b)/2-1, 0)
	var inA, inB [longest]bool
	matches := 0
	for i := range a {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if !inB[j] && a[i] == b[j] {
				inA[i], inB[j] = true, true
				matches++
				break
			}
		}
	}
	if matches == 0 {
		return 0
	}
	swapped, j := 0, 0
	for i := range a {
		if !inA[i] {
			continue
		}
		for !inB[j] {
			j++
		}
		if a[i] != b[j] {
			swapped++
		}
		j++
	}
	m := float64(matches)
	return (m/float64(len(a)) + m/float64(len(b)) + (m-float64(swapped)/2)/m) / 3
}

func less[T letter](a, b []T) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// OneEdit reports whether a and b differ by exactly one insertion, deletion, substitution or exchange of neighbours.
func OneEdit(a, b string) bool {
	if ascii(a) && ascii(b) {
		return oneEdit(a, b)
	}
	return oneEditOf([]rune(a), []rune(b))
}

func oneEdit(a, b string) bool {
	if len(a)-len(b) > 1 || len(b)-len(a) > 1 {
		return false
	}
	var x, y [longest]byte
	if len(a) > longest || len(b) > longest {
		return false
	}
	return oneEditOf(x[:copy(x[:], a)], y[:copy(y[:], b)])
}

func oneEditOf[T letter](a, b []T) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return equal(a[i:], b[i+1:])
	}
	if i == len(a) {
		return false
	}
	if equal(a[i+1:], b[i+1:]) {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && equal(a[i+2:], b[i+2:])
}

func equal[T letter](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Soundex returns the code of American Soundex (US National Archives, GIL 55) of a folded lower-case name: the first
// letter and three digits. Names that do not begin with a letter a to z give "".
func Soundex(name string) string {
	if name == "" || name[0] < 'a' || name[0] > 'z' {
		return ""
	}
	const codes = "01230120022455012623010202" // a to z
	code := [4]byte{name[0], '0', '0', '0'}
	n, last := 1, codes[name[0]-'a']
	for i := 1; i < len(name) && n < 4; i++ {
		c := name[i]
		if c < 'a' || c > 'z' {
			continue
		}
		d := codes[c-'a']
		if d != '0' && d != last {
			code[n] = d
			n++
		}
		if c != 'h' && c != 'w' { // they do not part equal codes; vowels do
			last = d
		}
	}
	return string(code[:])
}
