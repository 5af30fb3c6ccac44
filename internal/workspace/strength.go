package workspace

import (
	_ "embed"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Strength is an estimate of how hard a passphrase is to guess.
type Strength struct {
	Bits   float64 // of guessing by somebody who tries common words and patterns first; each doubles the work
	Word   string  // "too short", "very weak", "weak", "fair", "strong"
	Advice string  // one sentence, empty where nothing needs to be said
}

//go:embed common.txt
var commonText string

// common are words that guessers try first, most frequent first, with their rank.
var common = func() map[string]int {
	m := map[string]int{}
	for _, word := range strings.Fields(commonText) {
		if _, ok := m[word]; !ok {
			m[word] = len(m) + 1
		}
	}
	return m
}()

// rows of keyboards, in which neighbours are easy to type and so to guess.
var keyboards = []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiopü", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "1234567890", "!@#$%^&*()", "1qaz2wsx3edc4rfv", "qazwsxedcrfv"}

const (
	maxRated  = 200 // characters that are looked at; the work grows with their square
	wordCost  = 12  // bits of a word that is in no list but looks like one
	minCommon = 3   // characters of a common word inside a longer passphrase
)

// Rate estimates a passphrase. It knows a small list of common passwords and words, repetition, sequences, rows of the
// keyboard, dates and letters exchanged for digits; it takes the cheapest way to put the passphrase together from these and from random
// characters. It knows nothing of the person, so names of pets and songs count for more than they are worth. The estimate is of the
// guesses needed; each one costs an attacker what it costs to open the workspace.
func Rate(passphrase []byte) Strength {
	text := normalise(passphrase)
	defer clear(text)
	if n := utf8.RuneCount(text); n < MinPassphrase {
		return Strength{Bits: bitsOf(text), Word: "too short", Advice: "Use at least 8 characters; four or more words that do not belong together are easier to remember."}
	}
	if _, like := readRecoveryCode(passphrase); like {
		return Strength{Bits: 160, Word: "strong", Advice: "This has the form of a recovery code, which cannot be a passphrase."}
	}
	b := bitsOf(text)
	s := Strength{Bits: math.Round(b)}
	switch {
	case b < 28:
		s.Word, s.Advice = "very weak", "This can be guessed in minutes; use four or more words that do not belong together."
	case b < 45:
		s.Word, s.Advice = "weak", "This can be guessed by somebody with a good computer; add a word or two that do not belong to it."
	case b < 60:
		s.Word, s.Advice = "fair", "Another word would make it strong."
	default:
		s.Word = "strong"
	}
	return s
}

// bitsOf finds the cheapest way to put a text together: least[i] is what its first i characters cost.
func bitsOf(text []byte) float64 {
	r := []rune(string(text))
	defer clear(r)
	r = r[:min(len(r), maxRated)]
	lower := make([]rune, len(r))
	defer clear(lower)
	for i, c := range r {
		lower[i] = unicode.ToLower(c)
	}
	least := make([]float64, len(r)+1)
	for i := 1; i <= len(r); i++ {
		least[i] = least[i-1] + perCharacter(r[i-1])
		for j := max(0, i-32); j < i; j++ {
			if c, ok := pattern(r[j:i], lower[j:i]); ok && least[j]+c < least[i] {
				least[i] = least[j] + c
			}
		}
		for n := 1; n <= i/2; n++ { // the same once more: aaa, abcabc
			if string(lower[i-2*n:i-n]) == string(lower[i-n:i]) {
				least[i] = min(least[i], least[i-n]+1)
			}
		}
	}
	return least[len(r)]
}

// perCharacter is what one random character of a class is worth.
func perCharacter(c rune) float64 {
	switch {
	case c >= '0' && c <= '9':
		return math.Log2(10)
	case unicode.IsLower(c):
		return math.Log2(26)
	case unicode.IsUpper(c):
		return math.Log2(26) + 0.6
	case c == ' ':
		return 1 // between words it is where one expects it
	case c < utf8.RuneSelf:
		return math.Log2(33)
	}
	return 8
}

// pattern is what a piece costs as something that guessers know.
func pattern(r, lower []rune) (bits float64, ok bool) {
	n := len(r)
	best := math.Inf(1)
	if n >= minCommon {
		word := string(lower)
		for _, w := range []string{word, unleet(word)} {
			if rank, found := common[w]; found {
				b := math.Log2(float64(rank)) + 1 + capitals(r)
				if w != word {
					b += 2
				}
				best = min(best, b)
			}
		}
		if sequence(lower) || keyboard(string(lower)) {
			best = min(best, 5+math.Log2(float64(n)))
		}
		if n == 4 && year(string(lower)) {
			best = min(best, 7)
		}
	}
	if n >= 5 && wordlike(lower) {
		best = min(best, wordCost+capitals(r)+float64(max(0, n-8)))
	}
	return best, !math.IsInf(best, 1)
}

// capitals is what upper case adds: little where one expects it.
func capitals(r []rune) float64 {
	n := 0
	for _, c := range r {
		if unicode.IsUpper(c) {
			n++
		}
	}
	switch {
	case n == 0:
		return 0
	case n == len(r) || n == 1 && unicode.IsUpper(r[0]):
		return 1
	}
	return float64(min(n, len(r)-n)) + 1
}

var leet = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "@", "a", "$", "s", "5", "s", "7", "t", "!", "i")

func unleet(s string) string { return leet.Replace(s) }

// sequence reports whether characters follow each other by the same small step: abc, 9753, zzzz.
func sequence(r []rune) bool {
	step := r[1] - r[0]
	if step < -2 || step > 2 {
		return false
	}
	for i := 2; i < len(r); i++ {
		if r[i]-r[i-1] != step {
			return false
		}
	}
	return true
}

func keyboard(s string) bool {
	back := []rune(s)
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	for _, row := range keyboards {
		if strings.Contains(row, s) || strings.Contains(row, string(back)) {
			return true
		}
	}
	return false
}

func year(s string) bool {
	return s >= "1900" && s <= "2099" && strings.Trim(s, "0123456789") == ""
}

// wordlike reports whether letters look like a word of a language: vowels and consonants, never many of one in a row.
func wordlike(r []rune) bool {
	vowels, row, last := 0, 0, false
	for i, c := range r {
		if !unicode.IsLetter(c) {
			return false
		}
		v := strings.ContainsRune("aeiouyäöüáéíóúàèâêîôû", c)
		if v {
			vowels++
		}
		if i > 0 && v == last {
			row++
		} else {
			row = 1
		}
		if last = v; row > 3 {
			return false
		}
	}
	return vowels*5 >= len(r) && vowels < len(r)
}
