package mapping

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// writtenFunctions read what people have written as one text, and check numbers that carry their own proof.
func writtenFunctions() []*Function {
	return []*Function{
		{Name: "parse_name", Group: "healthcare", Does: "a name in one text, \"Okafor, Ada N\" or \"Dr Ada N Okafor Jr\", as HumanName or, for HL7 v2, as XPN", reserved: true, make: func(*compiler, []string) (apply, error) {
			return eachWritten(func(c *call, s string) value { return c.person(parseName(s)) }), nil
		}},
		{Name: "parse_address", Group: "healthcare", Does: "an address of the United States in one text, \"12 Mill Lane, Apt 4, Harrisburg, PA 17102\", as Address or, for HL7 v2, as XAD; another as one line", reserved: true, make: func(*compiler, []string) (apply, error) {
			return eachWritten(func(c *call, s string) value { return c.place(parseAddress(s)) }), nil
		}},
		{Name: "e164", Group: "healthcare", Does: "a telephone number as +17175550123; nothing if it is neither North American nor begins with +", make: func(*compiler, []string) (apply, error) {
			return eachText(e164), nil
		}},
		{Name: "check_digit", Group: "healthcare", Arguments: "scheme", Does: "the value if its last digit is right: mod10 (Luhn), mod11, npi (the national provider number of the United States); nothing otherwise", least: 1, most: 1, make: func(_ *compiler, args []string) (apply, error) {
			check, ok := checkDigits[strings.ToLower(args[0])]
			if !ok {
				return nil, fmt.Errorf("check_digit: %q is no scheme; write mod10, mod11 or npi", shorten(args[0]))
			}
			return eachText(func(s string) string {
				if !check(s) {
					return ""
				}
				return s
			}), nil
		}},
		{Name: "with_type", Group: "healthcare", Arguments: "[type, ...]", Does: "the identifiers (CX) whose type in component 5 is one of these, as in from: PID-3[*], do: [{with_type: MR}, first]", least: 1, most: -1, whole: true, reserved: true, make: func(_ *compiler, args []string) (apply, error) {
			return func(c *call, in []value) []value {
				return slices.DeleteFunc(in, func(v value) bool { return !v.isHL7 || !slices.Contains(args, v.hl7.Component(5).First()) })
			}, nil
		}},
	}
}

func eachWritten(f func(c *call, s string) value) apply {
	return func(c *call, in []value) []value {
		kept := in[:0]
		for i := range in {
			if s := strings.Join(strings.Fields(in[i].String()), " "); s != "" {
				kept = append(kept, f(c, s))
			}
		}
		return kept
	}
}

// name is what a name consists of.
type name struct {
	family         string
	given          []string
	prefix, suffix []string
}

// Words before and after a name. They are taken as such in the first and the last place only.
var (
	namePrefixes = []string{"dr", "mr", "mrs", "ms", "miss", "prof", "rev", "sr", "sra"}
	nameSuffixes = []string{"jr", "sr", "ii", "iii", "iv", "md", "do", "phd", "rn", "np", "pa", "dds", "esq"}
	// nameParticles begin a family name of several words.
	nameParticles = []string{"van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "la", "le", "al", "el", "bin", "ibn", "st", "mac", "ter"}
)

func isOneOf(word string, list []string) bool {
	return slices.Contains(list, strings.ToLower(strings.TrimSuffix(strings.ReplaceAll(word, ".", ""), ",")))
}

// parseName takes a name apart. With a comma the family name stands before it; without, it is the last word and the particles
// before it. A comma before a suffix alone is none of these.
func parseName(s string) name {
	var n name
	before, after, comma := strings.Cut(s, ",")
	words := strings.Fields(strings.ReplaceAll(s, ",", " "))
	familyFirst := false
	if rest := strings.Fields(strings.ReplaceAll(after, ",", " ")); comma && len(rest) > 0 && !allAre(rest, nameSuffixes) {
		familyFirst = true
		words = rest
	}
	for len(words) > 1 && isOneOf(words[0], namePrefixes) {
		n.prefix, words = append(n.prefix, words[0]), words[1:]
	}
	for len(words) > 1 && isOneOf(words[len(words)-1], nameSuffixes) {
		n.suffix, words = slices.Insert(n.suffix, 0, words[len(words)-1]), words[:len(words)-1]
	}
	if familyFirst {
		own := strings.Fields(before)
		for len(own) > 1 && isOneOf(own[len(own)-1], nameSuffixes) {
			n.suffix, own = slices.Insert(n.suffix, 0, own[len(own)-1]), own[:len(own)-1]
		}
		n.family, n.given = strings.Join(own, " "), words
		return n
	}
	at := len(words) - 1
	for at > 1 && isOneOf(words[at-1], nameParticles) {
		at--
	}
	n.family, n.given = strings.Join(words[at:], " "), words[:at]
	return n
}

func allAre(words, list []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !isOneOf(w, list) })
}

// person writes a name as the target has it.
func (c *call) person(n name) value {
	if c.run.e.file.Target.Kind == HL7v2 {
		var first, more string
		if len(n.given) > 0 {
			first, more = n.given[0], strings.Join(n.given[1:], " ")
		}
		return value{parts: one(n.family, first, more, strings.Join(n.suffix, " "), strings.Join(n.prefix, " "))}
	}
	node := c.run.object()
	c.run.addText(node, "family", n.family)
	for _, list := range []struct {
		name  string
		words []string
	}{{"given", n.given}, {"prefix", n.prefix}, {"suffix", n.suffix}} {
		for _, w := range list.words {
			c.run.addListText(node, list.name, w)
		}
	}
	return nodeValue(node)
}

// writtenAddress is an address of the United States: lines, city, state, ZIP code.
type writtenAddress struct {
	lines             []string
	city, state, post string
}

var stateAndZIP = regexp.MustCompile(`^(.*?),? +([A-Za-z]{2})\.?,? +(\d{5}(?:-\d{4})?)(?:,? +(?:USA|US|United States))?$`)

// parseAddress takes an address apart at its commas, from the end: state and ZIP code, city, and the lines before it.
func parseAddress(s string) writtenAddress {
	m := stateAndZIP.FindStringSubmatch(s)
	if m == nil {
		return writtenAddress{lines: []string{s}}
	}
	a := writtenAddress{state: strings.ToUpper(m[2]), post: m[3]}
	parts := strings.Split(m[1], ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	a.city, a.lines = parts[len(parts)-1], parts[:len(parts)-1]
	return a
}

// place writes an address as the target has it.
func (c *call) place(a writtenAddress) value {
	if c.run.e.file.Target.Kind == HL7v2 {
		var line, more string
		if len(a.lines) > 0 {
			line, more = a.lines[0], strings.Join(a.lines[1:], ", ")
		}
		return value{parts: one(line, more, a.city, a.state, a.post)}
	}
	n := c.run.object()
	for _, line := range a.lines {
		c.run.addListText(n, "line", line)
	}
	c.run.addText(n, "city", a.city)
	c.run.addText(n, "state", a.state)
	c.run.addText(n, "postalCode", a.post)
	return nodeValue(n)
}

// e164 writes a number as ITU-T E.164 has it: a plus, the country and the number, at most 15 digits.
func e164(s string) string {
	s = strings.TrimSpace(s)
	if m := northAmerican.FindStringSubmatch(s); m != nil {
		return "+1" + m[1] + m[2] + m[3]
	}
	if !strings.HasPrefix(s, "+") {
		return ""
	}
	d := phoneSigns.Replace(s)
	if len(d) < 7 || len(d) > 15 || !allDigits(d) {
		return ""
	}
	return "+" + d
}

// checkDigits are schemes of table 0061, and that of the National Provider Identifier (45 CFR 162.406): Luhn's over 80840
// and the number.
var checkDigits = map[string]func(s string) bool{
	"mod10": luhn,
	"mod11": mod11,
	"npi":   func(s string) bool { return len(s) == 10 && luhn("80840"+s) },
}

// luhn is the Mod 10 scheme (ISO/IEC 7812-1): every second digit from the right is doubled.
func luhn(s string) bool {
	if len(s) < 2 || !allDigits(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// mod11 is the Mod 11 scheme of HL7 v2 (chapter 2A, CX.3): weights 2 to 7 from the right, over and over.
func mod11(s string) bool {
	if len(s) < 2 || !allDigits(s) {
		return false
	}
	sum := 0
	for i := 1; i < len(s); i++ {
		sum += int(s[len(s)-1-i]-'0') * ((i-1)%6 + 2)
	}
	digit := (11 - sum%11) % 11
	return digit < 10 && digit == int(s[len(s)-1]-'0')
}
