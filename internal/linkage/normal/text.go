package normal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold writes text in lower case without marks and punctuation; words are parted by one blank. An apostrophe joins
// (O'Brien, obrien), other punctuation parts. Letters of all scripts are kept; Latin ones lose their marks.
func Fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return foldMarks(s)
		}
	}
	// Most cells are clean already, or differ in case only: look before building.
	clean, n := true, len(s)
	for i := 0; i < n && clean; i++ {
		c := s[i]
		clean = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == ' ' && i > 0 && i < n-1 && s[i-1] != ' '
	}
	if clean {
		return s
	}
	b := make([]byte, 0, n)
	for i := range n {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z':
			b = append(b, c+'a'-'A')
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b = append(b, c)
		case c == '\'' || c == '`':
		case len(b) > 0 && b[len(b)-1] != ' ':
			b = append(b, ' ')
		}
	}
	if len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return string(b)
}

// special letters have no decomposition in Unicode.
var special = strings.NewReplacer("ß", "ss", "ẞ", "ss", "æ", "ae", "Æ", "ae", "œ", "oe", "Œ", "oe", "ø", "o", "Ø", "o", "ð", "d",
	"Ð", "d", "þ", "th", "Þ", "th", "ł", "l", "Ł", "l", "đ", "d", "Đ", "d", "ı", "i", "’", "", "‘", "", "ʼ", "")

func foldMarks(s string) string {
	s = norm.NFKD.String(special.Replace(s))
	var b strings.Builder
	gap := false
	for _, c := range s {
		switch {
		case unicode.Is(unicode.Mn, c) || c == '\'' || c == '`':
		case unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.Mc, c):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(unicode.ToLower(c))
		default:
			gap = true
		}
	}
	return b.String()
}

// nothing are words that stand where a value is not known.
var nothing = map[string]bool{
	"unknown": true, "unk": true, "none": true, "null": true, "n a": true, "na": true, "nan": true, "not provided": true,
	"not available": true, "not known": true, "no name": true, "noname": true, "no address": true, "test": true,
	"zztest": true, "zzztest": true, "refused": true, "declined": true, "nfn": true, "nln": true, "fnu": true,
	"lnu": true, "nmi": true, "nmn": true, "xxx": true, "xxxx": true, "xxxxx": true, "x": true, "same": true, "tbd": true, "missing": true,
	"homeless": true, "general delivery": true, "unidentified": true, "doe": false,
}

// Nothing reports whether a folded text stands for a missing value, as "unknown" does.
func Nothing(folded string) bool { return folded == "" || nothing[folded] }

// Given folds given names. middle is what stands behind the first word of a double entry such as "MARY ANN" or "JOHN Q";
// first is empty where the name is a placeholder. newborn is whether the name is one for a child that has none yet, such
// as BABY BOY or "BG SMITH".
func Given(s string) (first, middle string, newborn bool) {
	f := Fold(s)
	if IsNewborn(f) {
		return f, "", true
	}
	if Nothing(f) {
		return "", "", false
	}
	first, middle, _ = strings.Cut(f, " ")
	return first, middle, false
}

// IsNewborn reports whether folded given names are a stand-in for those of a newborn.
func IsNewborn(f string) bool {
	if len(f) < 2 {
		return false
	}
	switch f[0] {
	case 'b', 'n', 'i', 'm', 'f', 't', 'g':
	default:
		return false
	}
	word, rest, _ := strings.Cut(f, " ")
	switch word {
	case "baby", "babyboy", "babygirl", "newborn", "infant", "nb", "bb", "bg", "babya", "babyb":
		return true
	case "boy", "girl", "male", "female", "twin":
		return rest == "" || rest == "a" || rest == "b" || rest == "1" || rest == "2" || rest == "baby" || rest == "newborn" || rest == "infant"
	}
	return false
}

// particles join the word after them: "de la Cruz" is one surname, "dela cruz" the same.
var particles = map[string]bool{
	"de": true, "la": true, "del": true, "della": true, "da": true, "do": true, "dos": true, "das": true, "di": true, "van": true, "von": true, "der": true,
	"den": true, "ter": true, "le": true, "el": true, "al": true, "bin": true, "ibn": true, "st": true, "san": true, "santa": true, "mc": true, "mac": true, "o": true, "las": true, "los": true,
}

// Surname folds a surname. Its parts come as main, the whole without blanks, and last, the second of two surnames
// ("Garcia Lopez", "Smith-Jones") or "". suffix is a generational suffix that stood in it.
func Surname(s string) (main, first, last, suffix string) {
	f := Fold(s)
	if Nothing(f) {
		return "", "", "", ""
	}
	if !strings.Contains(f, " ") {
		return f, f, "", ""
	}
	words := strings.Fields(f)
	if n := len(words); n > 1 {
		if x, ok := generation(words[n-1]); ok {
			suffix, words = x, words[:n-1]
		}
	}
	var parts []string
	joined := ""
	for i, w := range words {
		joined += w
		if particles[w] && i < len(words)-1 {
			continue
		}
		parts = append(parts, joined)
		joined = ""
	}
	main = strings.Join(parts, "")
	if len(parts) > 1 {
		return main, parts[0], parts[len(parts)-1], suffix
	}
	return main, main, "", suffix
}
