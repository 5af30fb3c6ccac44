package deidentify

import (
	"regexp"
	"slices"
	"strings"
)

// search looks for what was gathered.
func (f *finder) search(b []byte) []Leak {
	var leaks []Leak
	for c := range rawChunks(b) {
		if c.field == 0 && c.place == "" && len(c.text) <= 3 {
			continue // a segment ID
		}
		leaks = append(leaks, f.in(c)...)
	}
	slices.SortFunc(leaks, func(a, b Leak) int {
		if a.Offset != b.Offset {
			return a.Offset - b.Offset
		}
		return b.Length - a.Length
	})
	return leaks
}

func (f *finder) in(c chunk) []Leak {
	if len(c.text) < 3 { // nothing that short is looked for
		return nil
	}
	seen := map[[2]int]bool{}
	var leaks []Leak
	found := func(w wanted, from, to int) {
		if !seen[[2]int{from, to}] {
			seen[[2]int{from, to}] = true
			leaks = append(leaks, Leak{Kind: w.kind, Offset: c.offset + from, Length: to - from, Place: c.place, From: w.from})
		}
	}
	each := func(re *regexp.Regexp, key func(string) string) {
		for _, at := range re.FindAllStringIndex(c.text, -1) {
			if w, ok := f.wanted[key(c.text[at[0]:at[1]])]; ok {
				found(w, at[0], at[1])
			}
		}
	}
	each(wordRun, strings.ToLower)
	digits := countDigits(c.text)
	if strings.Contains(c.text, "@") {
		each(emailRun, strings.ToLower)
	}
	if digits >= 3 { // no identifier that is looked for has fewer
		each(idRun, strings.ToLower)
		each(alphanumericRun, strings.ToLower)
		each(phoneRun, digitsOf)
	}
	if digits >= 8 {
		each(dateRun, func(s string) string { return "date " + s[:8] })
	}
	if digits < 6 { // 1.2.1980
		return append(leaks, f.whole(c, seen)...)
	}
	for _, at := range spelledOn.FindAllStringSubmatchIndex(c.text, -1) {
		part := func(i int) string { return c.text[at[2*i]:at[2*i+1]] }
		for _, d := range spellings(part(1), part(2), part(3)) {
			if w, ok := f.wanted["date "+d]; ok {
				found(w, at[0], at[1])
			}
		}
	}
	return append(leaks, f.whole(c, seen)...)
}

// whole is the leak of all that stands between two separators, if it is one.
func (f *finder) whole(c chunk, seen map[[2]int]bool) []Leak {
	w, ok := f.wanted[strings.ToLower(strings.TrimSpace(c.text))]
	if !ok || seen[[2]int{0, len(c.text)}] {
		return nil
	}
	return []Leak{{Kind: w.kind, Offset: c.offset, Length: len(c.text), Place: c.place, From: w.from}}
}

var (
	alphanumericRun = regexp.MustCompile(`[A-Za-z0-9]+`)
	phoneRun        = regexp.MustCompile(`\+?\(?\d[\d() ./-]{5,}\d`)
	dateRun         = regexp.MustCompile(`\d{8,14}`)
)

// spellings are the days that a date with separators can mean: year first, month first and day first.
func spellings(a, b, c string) []string {
	var days []string
	add := func(y, m, d string) {
		if len(y) == 4 && len(m) <= 2 && len(d) <= 2 {
			days = append(days, y+twoDigits(m)+twoDigits(d))
		}
	}
	add(a, b, c)
	add(c, a, b)
	add(c, b, a)
	return days
}

func twoDigits(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}
