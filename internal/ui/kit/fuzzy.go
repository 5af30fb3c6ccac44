package kit

import (
	"slices"
	"strings"
	"unicode"
)

// match scores how well the letters of query are found in text in order, and says at which runes. A higher score is
// better; letters at the beginning of a word and letters that follow each other count more.
func match(query, text string) (score int, at []int, ok bool) {
	want := []rune(strings.ToLower(query))
	if len(want) == 0 {
		return 0, nil, true
	}
	letters := []rune(text)
	folded := make([]rune, len(letters))
	for i, r := range letters {
		folded[i] = unicode.ToLower(r)
	}
	// A whole occurrence beats scattered letters.
	if i := indexRunes(folded, want); i >= 0 {
		for k := range want {
			at = append(at, i+k)
		}
		if i == 0 || !isWord(letters[i-1]) {
			return 160 + 8*len(want) - i, at, true
		}
		return 7*len(want) - min(i, 6), at, true // in the middle of a word: worth less than beginnings of words
	}
	last := -2
	for i := 0; i < len(folded) && len(at) < len(want); i++ {
		w := want[len(at)]
		if w == ' ' { // a space only separates words
			at = append(at, -1)
			i--
			continue
		}
		if folded[i] != w {
			continue
		}
		switch {
		case last == i-1:
			score += 6
		case i == 0 || !isWord(letters[i-1]):
			score += 10
		default:
			score -= min(i-last, 4)
		}
		at, last = append(at, i), i
	}
	if len(at) < len(want) {
		return 0, nil, false
	}
	return score, slices.DeleteFunc(at, func(i int) bool { return i < 0 }), true
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func indexRunes(in, what []rune) int {
	for i := 0; i+len(what) <= len(in); i++ {
		if slices.Equal(in[i:i+len(what)], what) {
			return i
		}
	}
	return -1
}
