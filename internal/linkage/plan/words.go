package plan

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed data/words.txt
var wordsText string

// shortened gives what a short form stands for. A word that says nothing of the plan stands for none.
var shortened = sync.OnceValue(func() map[string][]string {
	forms := map[string][]string{}
	for line := range strings.Lines(wordsText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if fields := strings.Fields(line); len(fields) > 0 {
			forms[fields[0]] = fields[1:]
		}
	}
	return forms
})

// generic words stand in the names of many insurers: agreeing on them alone is no agreement.
var generic = wordSet(`HEALTH PLAN CARE INSURANCE COMPANY GROUP MEDICAL NETWORK LIFE MUTUAL NATIONAL AMERICAN COMMUNITY SERVICES BENEFIT
ADMINISTRATORS ASSOCIATION MARKETPLACE EXCHANGE FROM PROGRAM HEALTHY INDIVIDUAL FAMILY COMMERCIAL OTHER ALL CONTRACTED NON CHOICE
SELECT PREFERRED STANDARD BASIC VALUE PLUS SENIOR FIRST ALLIANCE PHYSICIANS PROVIDER`)

// hollow words never tell two plans of one insurer apart.
var hollow = wordSet(`HEALTH PLAN CARE INSURANCE COMPANY GROUP NETWORK SERVICES BENEFIT ASSOCIATION MARKETPLACE EXCHANGE FROM PROGRAM
INDIVIDUAL COMMERCIAL A ON ADMINISTRATORS PART`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// fold gives text in upper case without accents.
func fold(text string) string {
	plain := true
	for i := range len(text) {
		if text[i] >= 0x80 {
			plain = false
			break
		}
	}
	if plain {
		return strings.ToUpper(text)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}

// split cuts a name into upper-case words: letters and digits, with the thousands of an amount joined ("$6 350" and
// "1 000" too, which is what is left of "$6,350" where commas are not allowed), initials joined ("H.S.A.", "H S A") and apostrophes
// dropped. A plus sign is the word "+", because it tells a rider from the plan itself.
func split(name string) []string {
	var words []string
	var word strings.Builder
	amount := false // the word follows a dollar sign
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	runes := []rune(fold(name))
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word.WriteRune(r)
		case r == '\'' || r == '’':
		case r == '$':
			flush()
			amount = true
			continue
		case (r == ',' || r == ' ' && (amount || i+1 < len(runes) && runes[i+1] == '0')) && isThousands(runes, i):
		case r == '-' && word.String() == "MEDI" && i+2 < len(runes) && string(runes[i+1:i+3]) == "CA":
			word.Reset() // Medi-Cal is no medical plan
			flush()
			words = append(words, "MEDICAL-CALIFORNIA")
			for i+1 < len(runes) && unicode.IsLetter(runes[i+1]) {
				i++
			}
		case r == '+':
			flush()
			words = append(words, "+")
			amount = false
		case r == '&':
			flush()
			words = append(words, "AND")
			amount = false
		default:
			flush()
			amount = false
		}
	}
	flush()
	return joinInitials(joinNames(words))
}

// isThousands says whether a separator at i stands between one to three digits and exactly three.
func isThousands(runes []rune, i int) bool {
	if i == 0 || !unicode.IsDigit(runes[i-1]) {
		return false
	}
	n := 0
	for i+1+n < len(runes) && unicode.IsDigit(runes[i+1+n]) {
		n++
	}
	return n == 3
}

// joinNames puts together what stands for one thing.
func joinNames(words []string) []string {
	for i := 0; i+1 < len(words); i++ {
		if words[i] == "MEDI" && words[i+1] == "CAL" {
			words[i] = "MEDICAL-CALIFORNIA"
			words = append(words[:i+1], words[i+2:]...)
		}
	}
	return words
}

// joinInitials joins runs of single letters: H S A is HSA. A letter that stands alone stays: Part B, Plan G.
func joinInitials(words []string) []string {
	single := func(w string) bool { return len(w) == 1 && w[0] >= 'A' && w[0] <= 'Z' }
	out := words[:0:0]
	for i := 0; i < len(words); {
		j := i
		for j < len(words) && single(words[j]) {
			j++
		}
		switch {
		case j-i >= 2:
			out = append(out, strings.Join(words[i:j], ""))
			i = j
		default:
			out = append(out, words[i])
			i++
		}
	}
	return out
}

// expand replaces short forms, and leaves out what says nothing.
func expand(words []string) []string {
	forms := shortened()
	var out []string
	for _, w := range words {
		if w == "+" {
			continue
		}
		if full, ok := forms[w]; ok {
			out = append(out, full...)
		} else {
			out = append(out, w)
		}
	}
	return out
}

// expandCut is expand for a name whose last word may be cut: "EMP" may be what is left of Empower.
func expandCut(words []string, cut bool) []string {
	if !cut || len(words) == 0 {
		return expand(words)
	}
	last := len(words) - 1
	if full := shortened()[words[last]]; len(full) == 1 && isNumber(full[0]) {
		return expand(words)
	}
	return append(expand(words[:last]), words[last])
}

// Normal gives a name as it is compared: upper case, short forms written out, words that say nothing left out.
func Normal(name string) string { return strings.Join(expand(split(name)), " ") }

func isNumber(w string) bool { return w != "" && strings.Trim(w, "0123456789") == "" }

func hasDigit(w string) bool {
	for i := range len(w) {
		if w[i] >= '0' && w[i] <= '9' {
			return true
		}
	}
	return false
}
