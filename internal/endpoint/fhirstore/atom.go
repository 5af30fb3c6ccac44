package fhirstore

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"trestle/internal/fhir"
)

// atom is a value of a resource as a search parameter sees it. Ranges are from lo to before hi, or the point lo if both are equal:
// of numbers as they are, of times in milliseconds since 1970.
type atom struct {
	system, code string // of a token; the unit of a quantity
	text         string // of a string, a uri or a reference
	lo, hi       float64
	kind         atomKind
}

type atomKind uint8

const (
	atomToken    atomKind = iota + 1
	atomText              // what a token is called, for :text
	atomOfType            // an identifier by the type of it: system and code of the type, value in text
	atomString            // and uri
	atomRef               // Type/id, or an absolute address
	atomRefIdent          // the identifier of a reference: system and code
	atomRange
)

// atoms takes a value apart, by the type of the parameter and its own.
func atoms(parameter string, n *fhir.Node, typ string, add func(atom)) {
	switch parameter {
	case "token":
		tokenAtoms(n, typ, add)
	case "reference":
		referenceAtoms(n, typ, add)
	case "string":
		stringAtoms(n, typ, add)
	case "uri":
		if n.IsPrimitive() {
			add(atom{kind: atomString, text: n.Text})
		}
	case "date":
		dateAtoms(n, typ, add)
	case "number":
		if v, err := strconv.ParseFloat(n.String(), 64); err == nil {
			add(atom{kind: atomRange, lo: v, hi: v})
		}
	case "quantity":
		quantityAtoms(n, typ, add)
	}
}

func tokenAtoms(n *fhir.Node, typ string, add func(atom)) {
	switch {
	case n.IsPrimitive():
		add(atom{kind: atomToken, code: n.Text})
	case typ == "CodeableConcept":
		for c := range n.All("coding") {
			codingAtoms(c, add)
		}
		if t := n.Member("text").String(); t != "" {
			add(atom{kind: atomText, text: t})
		}
	case typ == "Coding":
		codingAtoms(n, add)
	case typ == "Identifier":
		value := n.Member("value").String()
		add(atom{kind: atomToken, system: n.Member("system").String(), code: value})
		if t := n.Find("type", "text").String(); t != "" {
			add(atom{kind: atomText, text: t})
		}
		for c := range n.All("type", "coding") {
			add(atom{kind: atomOfType, system: c.Member("system").String(), code: c.Member("code").String(), text: value})
		}
	case typ == "ContactPoint":
		add(atom{kind: atomToken, code: n.Member("value").String()})
	}
}

func codingAtoms(n *fhir.Node, add func(atom)) {
	if code := n.Member("code").String(); code != "" {
		add(atom{kind: atomToken, system: n.Member("system").String(), code: code})
	}
	if t := n.Member("display").String(); t != "" {
		add(atom{kind: atomText, text: t})
	}
}

func referenceAtoms(n *fhir.Node, typ string, add func(atom)) {
	if n.IsPrimitive() { // canonical and uri
		add(atom{kind: atomRef, text: n.Text})
		if url, _, ok := strings.Cut(n.Text, "|"); ok {
			add(atom{kind: atomRef, text: url})
		}
		return
	}
	if typ != "Reference" {
		return
	}
	if text := n.Member("reference").String(); text != "" && text[0] != '#' {
		text, _, _ = strings.Cut(text, "/_history/")
		add(atom{kind: atomRef, text: text})
	}
	if i := n.Member("identifier"); i != nil {
		add(atom{kind: atomRefIdent, system: i.Member("system").String(), code: i.Member("value").String()})
	}
}

func stringAtoms(n *fhir.Node, typ string, add func(atom)) {
	if n.IsPrimitive() {
		add(atom{kind: atomString, text: n.Text})
		return
	}
	var names []string
	switch typ {
	case "HumanName":
		names = []string{"text", "family", "given", "prefix", "suffix"}
	case "Address":
		names = []string{"text", "line", "city", "district", "state", "postalCode", "country"}
	case "CodeableConcept":
		names = []string{"text"}
	}
	for _, name := range names {
		for v := range n.All(name) {
			if v.IsPrimitive() {
				add(atom{kind: atomString, text: v.Text})
			}
		}
	}
}

func dateAtoms(n *fhir.Node, typ string, add func(atom)) {
	switch {
	case n.IsPrimitive():
		if lo, hi, ok := dateRange(n.Text); ok {
			add(atom{kind: atomRange, lo: lo, hi: hi})
		}
	case typ == "Period":
		addPeriod(n, add)
	case typ == "Timing":
		if b := n.Find("repeat", "boundsPeriod"); b != nil {
			addPeriod(b, add)
		}
		lo, hi, any := math.Inf(1), math.Inf(-1), false
		for e := range n.All("event") {
			if l, h, ok := dateRange(e.String()); ok {
				lo, hi, any = min(lo, l), max(hi, h), true
			}
		}
		if any {
			add(atom{kind: atomRange, lo: lo, hi: hi})
		}
	}
}

// addPeriod adds a period; an end that is not given lies infinitely far away.
func addPeriod(n *fhir.Node, add func(atom)) {
	a := atom{kind: atomRange, lo: math.Inf(-1), hi: math.Inf(1)}
	lo, _, start := dateRange(n.Member("start").String())
	_, hi, end := dateRange(n.Member("end").String())
	if start {
		a.lo = lo
	}
	if end {
		a.hi = hi
	}
	if start || end {
		add(a)
	}
}

func quantityAtoms(n *fhir.Node, typ string, add func(atom)) {
	number := func(n *fhir.Node) (float64, bool) {
		v, err := strconv.ParseFloat(n.Member("value").String(), 64)
		return v, err == nil
	}
	both := func(unit *fhir.Node, lo, hi float64) {
		system, code := unit.Member("system").String(), unit.Member("code").String()
		if typ == "Money" {
			system, code = "urn:iso:std:iso:4217", unit.Member("currency").String()
		}
		a := atom{kind: atomRange, lo: lo, hi: hi, system: system, code: code}
		a.text = unit.Member("unit").String()
		add(a)
	}
	if typ == "Range" {
		lo, low := number(n.Member("low"))
		hi, high := number(n.Member("high"))
		unit := n.Member("low")
		if !low {
			lo, unit = math.Inf(-1), n.Member("high")
		}
		if !high {
			hi = math.Inf(1)
		}
		if low || high {
			both(unit, lo, hi)
		}
		return
	}
	if v, ok := number(n); ok {
		lo, hi := v, v
		switch n.Member("comparator").String() {
		case "<", "<=":
			lo = math.Inf(-1)
		case ">", ">=":
			hi = math.Inf(1)
		}
		both(n, lo, hi)
	}
}

var dateForms = []struct {
	length int
	form   string
}{
	{4, "2006"}, {7, "2006-01"}, {10, "2006-01-02"}, {16, "2006-01-02T15:04"}, {19, "2006-01-02T15:04:05"},
}

// dateRange gives the first millisecond of a date or time as far as it is given, and the first after it. Without a zone it is UTC.
func dateRange(text string) (lo, hi float64, ok bool) {
	zone, rest := time.UTC, text
	if i := strings.IndexByte(text, 'T'); i > 0 {
		tail := text[i:]
		if j := strings.LastIndexAny(tail, "Z+-"); j > 0 {
			rest = text[:i+j]
			if z := tail[j:]; z != "Z" {
				t, err := time.Parse("-07:00", z)
				if err != nil {
					return 0, 0, false
				}
				_, off := t.Zone()
				zone = time.FixedZone("", off)
			}
		}
	}
	fraction := 0
	if i := strings.IndexByte(rest, '.'); i == 19 {
		fraction = len(rest) - i - 1
		t, err := time.ParseInLocation("2006-01-02T15:04:05", rest, zone)
		if err != nil || fraction == 0 {
			return 0, 0, false
		}
		lo = float64(t.UnixMicro()) / 1000
		return lo, lo + 1000*math.Pow(10, -float64(min(fraction, 6))), true
	}
	for _, f := range dateForms {
		if len(rest) != f.length {
			continue
		}
		t, err := time.ParseInLocation(f.form, rest, zone)
		if err != nil {
			return 0, 0, false
		}
		end := t
		switch f.length {
		case 4:
			end = t.AddDate(1, 0, 0)
		case 7:
			end = t.AddDate(0, 1, 0)
		case 10:
			end = t.AddDate(0, 0, 1)
		case 16:
			end = t.Add(time.Minute)
		case 19:
			end = t.Add(time.Second)
		}
		return float64(t.UnixMilli()), float64(end.UnixMilli()), true
	}
	return 0, 0, false
}

// fold makes a text comparable as the search of strings asks for it: without case, accents, and with one blank where there are
// several.
func fold(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c >= 'A' && c <= 'Z' || c == '\t' || c == '\n' || c == ' ' && (i == 0 || s[i-1] == ' ') {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	blank := true
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsSpace(r):
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		default:
			b.WriteRune(unicode.ToLower(r))
			blank = false
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// ParseTime reads a date or time as far as it is given: its first moment, and the first after it. Without a zone it is UTC.
func ParseTime(text string) (from, to time.Time, err error) {
	lo, hi, ok := dateRange(strings.ReplaceAll(text, " ", "+"))
	if !ok {
		return from, to, errors.New("a date is written 2026, 2026-03, 2026-03-02 or 2026-03-02T10:14:00Z")
	}
	return time.UnixMicro(int64(math.Round(lo * 1000))).UTC(), time.UnixMicro(int64(math.Round(hi * 1000))).UTC(), nil
}

// Fold is how the search of strings compares: without case and accents, and with one blank where there are several.
func Fold(s string) string { return fold(s) }
