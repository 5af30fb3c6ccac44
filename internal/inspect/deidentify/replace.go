package deidentify

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"trestle/internal/hl7"
)

// replace says what stands in the place of a leaf.
func (c *copier) replace(v string, w what) (string, Action) {
	staff := fields[c.place] == ruleStaff
	switch w {
	case code:
		return keepIf(v, c.isCode(v))
	case coded:
		return keepIf(v, c.isMeaning(v))
	case edition:
		return keepIf(v, looksLikeCode(v) && len(onlyDigits(v)) <= 8)
	case quantity:
		return c.quantity(v)
	case affix:
		return keepIf(v, usualAffixes[strings.ToUpper(strings.Trim(strings.ReplaceAll(v, ".", ""), " "))])
	case state:
		return keepIf(v, len(v) <= 20 && !strings.ContainsAny(v, "0123456789@\r\n"))
	case site:
		return c.siteName(v)
	case spot:
		return byPolicy(c.o.Locations, v, c.give("location", v, c.token), Tokenised)
	case token, family, given, check, company:
		if utf8.RuneCountInString(v) > 250 || strings.ContainsFunc(v, unicode.IsControl) { // no identifier or name is like that
			return "", Blanked
		}
		if staff && c.o.Staff != Pseudonym {
			return byPolicy(c.o.Staff, v, "", Tokenised)
		}
		return c.person(v, w)
	case ssn:
		if c.o.SafeHarbor {
			return "", Removed
		}
		return c.give("SSN", v, c.ssn), Tokenised
	case date:
		return c.dated(v)
	case street, city:
		if c.o.SafeHarbor {
			return "", Removed
		}
		if w == street {
			return c.give("street", v, c.street), Invented
		}
		return c.give("city", v, c.city), Invented
	case postal:
		return zip(v), Generalised
	case phone, email, area, local:
		return c.contact(v, w)
	case text:
		return c.freeText(v)
	}
	return "", Blanked
}

func keepIf(v string, ok bool) (string, Action) {
	if ok {
		return v, Kept
	}
	return "", Blanked
}

func byPolicy(p Policy, v, fake string, a Action) (string, Action) {
	switch p {
	case Keep:
		return v, Kept
	case Remove:
		return "", Removed
	}
	return fake, a
}

// give makes a pseudonym and tells Options.Pseudonym.
func (c *copier) give(kind, v string, f func(string) string) string {
	to := c.remembered(kind, v, f)
	if c.o.Pseudonym != nil && !c.dry {
		c.o.Pseudonym(kind, v, to)
	}
	return to
}

func (c *copier) person(v string, w what) (string, Action) {
	switch w {
	case family:
		return c.give("family name", v, c.family), Invented
	case given:
		return c.give("given name", v, c.given), Invented
	case company:
		if c.place == "IN1-4" || c.place == "ORC-21" || c.place == "PD1-3" { // a payer or a facility, no employer
			return c.siteName(v)
		}
		return c.give("organisation", v, c.organisation), Invented
	case check:
		// The check digit follows the new identifier, by the scheme that the next component names.
		id := c.repeats.Component(1).Text()
		scheme := c.repeats.Component(3).Text()
		if fieldIsPerson := c.repeats.Component(12).Text(); scheme != "M10" && scheme != "M11" {
			id, scheme = c.repeats.Component(1).Text(), fieldIsPerson
		}
		if d, ok := checkDigit(c.Scrubber.token(strings.TrimSpace(id)), scheme); ok {
			return d, Tokenised
		}
		return "", Blanked
	}
	return c.give("identifier", strings.TrimSpace(v), c.Scrubber.token), Tokenised
}

// universalKinds are kinds of universal IDs (table 0301).
var universalKinds = map[string]struct{}{"ISO": {}, "DNS": {}, "GUID": {}, "UUID": {}, "URI": {}, "HCD": {}, "HL7": {}, "CLIA": {}, "NPI": {}, "X400": {}, "X500": {}}

// isCode reports whether a value of a coded field is a code.
func (c *copier) isCode(v string) bool {
	switch {
	case c.inTable(v) || c.place == "MSH-12" && versionLike.MatchString(v):
		return true
	case c.place == "OBX-2":
		_, ok := c.version.Type(v)
		return ok || len(v) <= 3 && looksLikeCode(v)
	case c.hasSystem():
		return utf8.RuneCountInString(v) <= 20 && !strings.ContainsAny(v, "@ \r\n")
	}
	if aboutPeople[c.segment.Name()] && c.place != "IN1-2" && (utf8.RuneCountInString(v) > 5 || longDigits(v, 5)) {
		return usualWords[strings.ToLower(v)] // a name that slipped into a field beside its own looks like a code
	}
	return looksLikeCode(v) && !longDigits(v, 6)
}

// isMeaning reports whether a value is the text of the code beside it. In segments about people it must be the one of a public
// system or of the field's table.
func (c *copier) isMeaning(v string) bool {
	first := strings.TrimSpace(c.repeats.Component(1).Text())
	if first == "" || !c.isCode(first) || utf8.RuneCountInString(v) > 250 || strings.ContainsAny(v, "@\r\n") {
		return false
	}
	if !aboutPeople[c.segment.Name()] || c.place == "IN1-2" && !longDigits(v, 5) {
		return true
	}
	if c.hasSystem() {
		return !strings.ContainsAny(v, "0123456789")
	}
	display, ok := c.display(first)
	return ok && strings.EqualFold(display, strings.TrimSpace(v)) || usualWords[strings.ToLower(v)]
}

// aboutPeople are the segments in which names stand; a code there is of its table or short.
var aboutPeople = map[string]bool{"PID": true, "PD1": true, "NK1": true, "GT1": true, "MRG": true, "IN1": true, "IN2": true, "IN3": true, "CTD": true, "PRD": true, "ROL": true}

// usualWords are what systems write there instead of a code.
var usualWords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range words("female unknown married single divorced widowed separated spouse parent mother father sibling friend english spanish employer active inactive primary secondary") {
		m[w] = true
	}
	return m
}()

var versionLike = regexp.MustCompile(`^2(\.\d){1,3}$`)

// structural reports whether a value says how the message is to be read. It is kept even if somebody is called so.
func (c *copier) structural(v string) bool {
	switch c.place {
	case "MSH-12":
		return versionLike.MatchString(v)
	case "MSH-9":
		_, ok := c.version.Structure(v)
		return ok || len(v) <= 3
	case "OBX-2", "MSH-11", "MSH-18":
		_, ok := c.version.Type(v)
		return ok || len(v) <= 2 || c.inTable(v)
	}
	return false
}

// hasSystem reports whether a coded value names the system of its codes, so that a long number is a code: one that everybody
// knows, or any system in the fields that name tests, diagnoses, drugs and specimens.
func (c *copier) hasSystem() bool {
	if !isCoded(c.kind) {
		return false
	}
	for _, n := range []int{3, 6} {
		v := c.repeats.Component(n)
		if v.State() == hl7.Valued && (catalogues[c.place] || knownSystem.MatchString(v.Text())) {
			return true
		}
	}
	return false
}

func (c *copier) siteName(v string) (string, Action) {
	switch c.o.Sites {
	case Keep:
		return keepIf(v, utf8.RuneCountInString(v) <= 250)
	case Remove:
		return "", Removed
	}
	if strings.Trim(v, "0123456789.") == "" && strings.Contains(v, ".") { // an OID says whose it is, and has no pseudonym
		return "", Removed
	}
	if _, ok := universalKinds[strings.ToUpper(v)]; ok {
		return v, Kept
	}
	return c.give("site", v, c.site), Tokenised
}

func (c *copier) quantity(v string) (string, Action) {
	t := strings.TrimSpace(v)
	most := 9
	switch {
	case c.kind == "SI" || aboutPeople[c.segment.Name()]:
		most = 4
	case c.place != "OBX-5":
		most = 6
	}
	if !isQuantity(t) || len(onlyDigits(t)) > most {
		return "", Blanked
	}
	if c.o.SafeHarbor && c.place == "OBX-5" && c.isAge() {
		if whole, _, _ := strings.Cut(strings.TrimLeft(t, "+0<>="), "."); len(whole) > 2 || whole >= "90" && len(whole) == 2 {
			return "90", Generalised
		}
	}
	return v, Kept
}

var ageWord = regexp.MustCompile(`(?i)\bage\b`)

// isAge reports whether the observation is the age of a person.
func (c *copier) isAge() bool {
	what := c.segment.Field(3)
	return ageCodes[what.Component(1).Text()] || ageWord.MatchString(what.Component(2).Text()) || ageWord.MatchString(what.Component(1).Text())
}

func (c *copier) dated(v string) (string, Action) {
	if c.o.SafeHarbor && over89(strings.TrimSpace(v), c.m.Get(pathTime).Text()) {
		return "", Generalised
	}
	if c.place == "TQ1-4" { // a time of day
		return "", Removed
	}
	to, ok := c.Scrubber.date(strings.TrimSpace(v), c.shifts[c.segment.Index()])
	if !ok {
		return "", Blanked
	}
	if c.o.SafeHarbor {
		return to, Generalised
	}
	return to, Shifted
}

func (c *copier) contact(v string, w what) (string, Action) {
	if c.o.SafeHarbor && c.repeats.Component(3).Text() == "FX" {
		return "", Removed
	}
	switch {
	case w == email || strings.Contains(v, "@"):
		return c.give("e-mail", v, c.email), Invented
	case w == area:
		return strings.Repeat("5", min(3, len(onlyDigits(v)))), Invented
	case onlyDigits(v) == "":
		return "", Blanked
	}
	return c.give("telephone", v, c.phone), Invented
}

func (c *copier) freeText(v string) (string, Action) {
	t := strings.TrimSpace(v)
	name := c.segment.Name()
	if len(t) <= 4 && isNumber(t) || name == "OBX" && (c.place == "OBX-5" || c.place == "OBX-7") && usualResult(t) {
		if c.isAge() && c.o.SafeHarbor && c.place == "OBX-5" {
			return c.quantity(t)
		}
		return v, Kept
	}
	if c.o.ScrubText && fields[c.place] == ruleText || c.o.ScrubText && c.place == "OBX-5" {
		return c.scrubbed(v), Scrubbed
	}
	if fields[c.place] == ruleText || c.place == "OBX-5" {
		return textRemoved, Blanked
	}
	return "", Blanked
}

// usualResult reports whether a result in words is a number, a range or a usual word.
func usualResult(t string) bool {
	if usualResults[strings.ToLower(t)] {
		return true
	}
	return len(t) <= 20 && strings.Trim(t, "0123456789.,<>=+-:/% ") == "" && !longDigits(t, 5) && len(onlyDigits(t)) < 7 && !dateLike.MatchString(t)
}

var (
	emailLike = regexp.MustCompile(`[^\s^&|~<>]+@[^\s^&|~<>]+`)
	urlLike   = regexp.MustCompile(`(?i)\b(?:https?://|www\.)\S+`)
	dateLike  = regexp.MustCompile(`\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}`)
	wordLike  = regexp.MustCompile(`[\pL\pN][\pL\pN'’]*`)
)

// scrubbed takes what is known of people out of text, and what has the form of a number, date or address.
func (c *copier) scrubbed(t string) string {
	t = emailLike.ReplaceAllString(t, "[e-mail]")
	t = urlLike.ReplaceAllString(t, "[address]")
	t = dateLike.ReplaceAllString(t, "[date]")
	return wordLike.ReplaceAllStringFunc(t, func(w string) string {
		switch {
		case c.known[plainName(w)]:
			return "[removed]"
		case longDigits(w, 3) || len(onlyDigits(w)) >= 4:
			return "[number]"
		}
		return w
	})
}

// collect remembers names and identifiers, which must not stand in any other field.
func (c *copier) collect(v string, w what) {
	if fields[c.place] == ruleStaff && c.o.Staff == Keep {
		return
	}
	switch w {
	case family, given:
		for _, word := range wordLike.FindAllString(v, -1) {
			if utf8.RuneCountInString(word) >= 3 {
				c.known[plainName(word)] = true
			}
		}
	case token, ssn, phone, local:
		if t := plainName(v); len(onlyDigits(t)) >= 4 {
			c.known[t] = true
			if d := onlyDigits(t); len(d) >= 5 {
				c.known[d] = true
			}
		}
	}
}

// mentions reports whether a value that would be kept holds a name or identifier of the message.
func (c *copier) mentions(v string) bool {
	if c.structural(v) {
		return false
	}
	if c.known[plainName(v)] {
		return true
	}
	for _, w := range wordLike.FindAllString(v, -1) {
		if c.known[plainName(w)] {
			return true
		}
	}
	return false
}

// inTable reports whether the value is a code of the field's table.
func (c *copier) inTable(v string) bool {
	_, ok := c.display(v)
	return ok
}

// display is the meaning of a code in the field's table.
func (c *copier) display(v string) (string, bool) {
	f, ok := c.version.FieldAt(c.segment.Name(), fieldOf(c.place), 0, 0)
	if !ok || f.Table == "" {
		return "", false
	}
	t, ok := c.version.Table(f.Table)
	if !ok {
		return "", false
	}
	found, ok := t.Code(v)
	return found.Display, ok
}

func fieldOf(place string) int {
	n := 0
	for _, r := range place[strings.IndexByte(place, '-')+1:] {
		n = 10*n + int(r-'0')
	}
	return n
}

// looksLikeCode reports whether a value can be a code: short, of one or two words, and nothing in it has the form of an
// e-mail address, a date or a telephone number. Long numbers are codes only where they cannot be one of the others (SNOMED
// CT has up to 18 digits); which they are is told by mentions.
func looksLikeCode(v string) bool {
	v = strings.TrimSpace(v)
	if utf8.RuneCountInString(v) > 20 || strings.ContainsAny(v, "@\n\r") || strings.Count(v, " ") > 1 || dateLike.MatchString(v) {
		return false
	}
	if n := len(onlyDigits(v)); n == 10 && strings.ContainsAny(v, "()- ") || n == 9 && strings.Count(v, "-") == 2 {
		return false
	}
	return !strings.ContainsFunc(v, unicode.IsControl)
}

func isNumber(t string) bool { return t != "" && strings.Trim(t, "0123456789") == "" }

func isQuantity(t string) bool {
	return t != "" && strings.Trim(t, "0123456789.,+-<>= ") == "" && len(t) <= 24 && onlyDigits(t) != "" && strings.Count(t, "-") <= 1
}

// longDigits reports whether there are n digits in a row.
func longDigits(t string, n int) bool {
	run := 0
	for _, r := range t {
		if r < '0' || r > '9' {
			run = 0
			continue
		}
		if run++; run >= n {
			return true
		}
	}
	return false
}
