package deidentify

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Leak is a value of the original that stands in the copy. It does not hold the value.
type Leak struct {
	Kind   string // "name", "identifier", "date", "telephone" or "e-mail"
	Offset int    // in the copy, in bytes
	Length int
	Place  string // where it stands, as "OBX-5", read roughly; "" if that cannot be told
	From   string // where the original has it
}

func (l Leak) String() string {
	place := l.Place
	if place == "" {
		place = "outside of segments"
	}
	return fmt.Sprintf("a %s of %s stands at byte %d (%s)", l.Kind, l.From, l.Offset, place)
}

// Check searches a copy for everything in the original that may identify a person: names of three letters and more,
// identifiers, telephone numbers, e-mail addresses and dates (all of them for Safe Harbor, else dates of birth), in several
// spellings. It works on bytes that were split at separators, with places and rules of its own, and shares nothing with
// Scrubber. A pseudonym or a code can be the same as an original by chance, so a leak is a place to look at.
func Check(original, copied []byte, safeHarbor bool) []Leak {
	f := finder{safeHarbor: safeHarbor, wanted: map[string]wanted{}}
	f.gather(original)
	return f.search(copied)
}

type wanted struct{ kind, from string }

type finder struct {
	safeHarbor bool
	wanted     map[string]wanted // by word in lower case, or digits
	coded      map[[3]int]bool   // repetitions that hold a code of a system
}

// The places of names, identifiers, telephone numbers, addresses and dates of birth, after the rule's list of 18.
var (
	namePlaces    = places("PID-5 PID-6 PID-9 PD1-4 NK1-2 NK1-26 NK1-30 GT1-3 GT1-4 GT1-16 GT1-42 GT1-45 IN1-6 IN1-16 IN1-30 IN2-3 IN2-7 IN2-9 IN2-22 IN2-40 IN2-49 IN2-52 MRG-7 PV1-7 PV1-8 PV1-9 PV1-17 PV1-52 OBR-10 OBR-16 OBR-28 OBR-32 OBR-33 OBR-34 OBR-35 ORC-10 ORC-11 ORC-12 ORC-19 OBX-16 OBX-25 TXA-5 TXA-9 TXA-10 TXA-11 SCH-12 SCH-16 SCH-20 AIP-3 EVN-5 ROL-4 FT1-20 FT1-21 FT1-24 DG1-16 PR1-8 PR1-11 PR1-12 RXA-10 QRD-8 CTD-2 PRD-2")
	idPlaces      = places("PID-2 PID-3 PID-4 PID-18 PID-19 PID-20 PID-21 PV1-5 PV1-19 PV1-50 MRG-1 MRG-2 MRG-3 MRG-4 MRG-5 MRG-6 NK1-12 NK1-33 NK1-37 GT1-2 GT1-12 GT1-19 GT1-29 IN1-8 IN1-10 IN1-36 IN1-49 IN2-1 IN2-2 IN2-6 IN2-8 IN2-10 IN2-26 IN2-61 BLG-3 DB1-3 ORC-2 ORC-3 ORC-4 OBR-2 OBR-3 SCH-1 SCH-2 TXA-12 FT1-2 FT1-23 AUT-6 SPM-2")
	addressPlaces = places("PID-11 NK1-4 NK1-32 GT1-5 GT1-17 IN1-19 IN1-44 ROL-11 ACC-11")
	phonePlaces   = places("PID-13 PID-14 PID-40 NK1-5 NK1-6 NK1-31 GT1-6 GT1-7 GT1-18 GT1-46 IN1-7 IN2-63 IN2-64 OBR-17 ORC-14 SCH-13")
	birthPlaces   = places("PID-7 NK1-16 GT1-8 IN1-18")
)

func places(s string) map[string]bool {
	m := map[string]bool{}
	for _, p := range strings.Fields(s) {
		m[p] = true
	}
	return m
}

// stopWords stand in those places without naming anybody, or are words of the standard, of addresses and of titles.
var stopWords = places("street road avenue lane drive court place way apt suite unit box usa the and for van von der den del los las " +
	"esq phd jun sen prof miss mrs test unknown none baby boy girl male female null self home work " +
	"iii iv jr sr md do np pa dds dvm dpm mph msn crna pharmd lab " +
	"iso npi upin dea ssn lic prn mrn mod visit account medical record number nist")

// codeSystem are the names of systems of codes, public or of one place: the numbers beside them are codes.
var codeSystem = regexp.MustCompile(`^(?:L|LN|LOINC|SCT|SNM|SNOMED.*|I9\w*|I10\w*|ICD.*|C4|CPT\w*|HCPCS|CVX|MVX|NDC|RXN\w*|UCUM|HL7\d*|99\w+|CLIA|CDC\w*|PHIN\w*|\w*_LEG_\w*|2\.16\.840\.1\.\d[\d.]*)$`)

var (
	wordRun   = regexp.MustCompile(`[\pL\pM'’]+`)
	emailRun  = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`)
	idRun     = regexp.MustCompile(`[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*`)
	spelledOn = regexp.MustCompile(`\b(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})\b`)
)

// gather collects what must not stand in the copy, line by line: all pieces of a giant message together would take many
// times its size.
func (f *finder) gather(b []byte) {
	f.coded = map[[3]int]bool{}
	var line []chunk
	finish := func() {
		for _, c := range line {
			f.chunk(c)
		}
		clear(line)
		line = line[:0]
		clear(f.coded)
	}
	for c := range rawChunks(b) {
		if len(line) > 0 && line[0].line != c.line {
			finish()
		}
		line = append(line, c)
		if c.part >= 3 && codeSystem.MatchString(strings.ToUpper(strings.TrimSpace(c.text))) {
			f.coded[c.repetition()] = true
		}
	}
	finish()
}

// chunk is what stands between two separators.
type chunk struct {
	line, field int // field 0: the line is no segment that can be read
	repeat      int // repetition within the field, from 0
	part        int // place within its repetition, from 1
	place       string
	offset      int
	text        string
}

func (c chunk) repetition() [3]int { return [3]int{c.line, c.field, c.repeat} }

// rawChunks splits at line ends and at the separators that the first header names, |^~& otherwise.
func rawChunks(b []byte) func(yield func(chunk) bool) {
	field, others := byte('|'), "^~&"
	if i := bytes.Index(b, []byte("MSH")); i >= 0 && i+8 <= len(b) && !isWordByte(b[i+3]) {
		field, others = b[i+3], string([]byte{b[i+4], b[i+5], b[i+7]})
	}
	return func(yield func(chunk) bool) {
		line, number, repeat, part, start := 1, 0, 0, 1, 0
		segment := ""
		emit := func(end int) bool {
			if end > start {
				c := chunk{line: line, field: number, repeat: repeat, part: part, offset: start, text: string(b[start:end])}
				if segment != "" {
					c.place = fmt.Sprintf("%s-%d", segment, number)
				}
				return yield(c)
			}
			return true
		}
		for i := 0; i <= len(b); i++ {
			end := i == len(b) || b[i] == '\r' || b[i] == '\n'
			switch {
			case end:
				if !emit(i) {
					return
				}
				line, number, repeat, part, start, segment = line+1, 0, 0, 1, i+1, ""
			case b[i] == field:
				if !emit(i) {
					return
				}
				if number == 0 {
					segment = rawSegment(b[:i])
					if segment == "MSH" || segment == "BHS" || segment == "FHS" {
						number = 1 // field 1 is the separator
					}
				}
				number++
				repeat, part, start = 0, 1, i+1
			case strings.IndexByte(others, b[i]) >= 0:
				if !emit(i) {
					return
				}
				switch b[i] {
				case others[1]: // a repetition
					repeat, part = repeat+1, 1
				case others[0]:
					part++
				}
				start = i + 1
			}
		}
	}
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '\r' || c == '\n'
}

// rawSegment is the last three characters before the first separator of a line.
func rawSegment(b []byte) string {
	if len(b) < 3 {
		return ""
	}
	id := strings.ToUpper(string(b[len(b)-3:]))
	for i := range 3 {
		if !isWordByte(id[i]) || id[i] < '0' {
			return ""
		}
	}
	return id
}

func (f *finder) want(text, kind, from string) {
	if _, ok := f.wanted[text]; !ok {
		f.wanted[text] = wanted{kind, from}
	}
}

func (f *finder) chunk(c chunk) {
	lower := strings.ToLower(strings.TrimSpace(c.text))
	from := c.place
	if from == "" {
		from = fmt.Sprintf("line %d", c.line)
	}
	if strings.Contains(c.text, "@") {
		for _, e := range emailRun.FindAllString(c.text, -1) {
			f.want(strings.ToLower(e), "e-mail", from)
		}
	}
	switch {
	case namePlaces[c.place] && c.part <= 4 || addressPlaces[c.place] && (c.part <= 3 || c.part == 9):
		f.words(c, from)
	case idPlaces[c.place] && (c.part == 1 || c.field == 0):
		if countDigits(lower) >= 3 && utf8.RuneCountInString(lower) >= 4 && strings.Trim(lower, "0-") != "" {
			f.want(lower, "identifier", from)
		}
	}
	if namePlaces[c.place] && c.part == 1 && countDigits(lower) >= 4 && strings.Trim(lower, "0-") != "" { // the ID of a person
		f.want(lower, "identifier", from)
	}
	if phonePlaces[c.place] && countDigits(c.text) >= 7 {
		f.want(digitsOf(c.text), "telephone", from)
	}
	if len(lower) >= 8 && countDigits(lower[:8]) == 8 && (f.safeHarbor && !f.coded[c.repetition()] || birthPlaces[c.place]) {
		f.date(lower[:8], from)
		return
	}
	f.numbers(c, from)
}

func (f *finder) words(c chunk, from string) {
	for _, w := range wordRun.FindAllString(c.text, -1) {
		w = strings.ToLower(w)
		if utf8.RuneCountInString(w) >= 3 && !stopWords[w] && strings.ContainsFunc(w, unicode.IsLetter) {
			f.want(w, "name", from)
		}
	}
}

// numbers takes long numbers wherever they stand, but for codes, dates and the places of numbers that are no one's.
func (f *finder) numbers(c chunk, from string) {
	if len(c.text) < 7 {
		return
	}
	for _, w := range idRun.FindAllString(c.text, -1) {
		digits := digitsOf(w)
		if len(digits) < 7 || len(digits) > 15 || len(w)-len(digits) > 4 || f.coded[c.repetition()] || strings.Trim(digits, "0") == "" || plausibleDate(digits) || strings.Contains(c.text, ".") {
			continue
		}
		f.want(strings.ToLower(w), "identifier", from)
	}
}

func plausibleDate(d string) bool {
	return len(d) >= 8 && d[:4] >= "1850" && d[:4] <= "2199" && d[4:6] >= "01" && d[4:6] <= "12" && d[6:8] >= "01" && d[6:8] <= "31"
}

func (f *finder) date(d, from string) {
	if plausibleDate(d) {
		f.want("date "+d, "date", from)
	}
}

func digitsOf(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func countDigits(s string) int { return len(digitsOf(s)) }
