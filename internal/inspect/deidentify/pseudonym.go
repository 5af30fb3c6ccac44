package deidentify

import (
	"strings"
	"unicode"
)

// token replaces an identifier by one of the same form: digits by digits, letters by letters of the same case, leading
// zeros and everything else as they are. It is a permutation of all identifiers of a form, so that different ones stay
// different: a Feistel network over the characters (as in NIST SP 800-38G, with addition character by character), and
// walked on until the first digit is no zero if it was none.
func (s *Scrubber) token(value string) string {
	runes := []rune(value)
	var at []int // places that are replaced
	leading := true
	form := make([]rune, len(runes))
	for i, r := range runes {
		form[i] = r
		switch {
		case r == '0' && leading:
		case r >= '0' && r <= '9':
			form[i] = '9'
			at = append(at, i)
			leading = false
		case r >= 'a' && r <= 'z':
			form[i] = 'a'
			at = append(at, i)
			leading = false
		case unicode.IsNumber(r): // of another script
			form[i], runes[i] = '9', '0'+rune(s.pick("digit", string(r), 10))
			at = append(at, i)
			leading = false
		case unicode.IsLetter(r):
			leading = false
			form[i], runes[i] = 'A', 'A'+(r-'A')%26
			if r < 'A' || r > 'Z' { // a letter beyond ASCII gives up its place in the alphabet
				runes[i] = 'A' + rune(s.pick("letter", string(r), 26))
			}
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return value
	}
	first := runes[at[0]]
	for range 64 {
		s.round(runes, at, string(form))
		if first < '1' || first > '9' || runes[at[0]] != '0' {
			break
		}
	}
	return string(runes)
}

// rounds of the Feistel network; SP 800-38G has ten.
const rounds = 10

func (s *Scrubber) round(runes []rune, at []int, form string) {
	half := len(at) / 2
	for r := range rounds {
		change, read := at[:half], at[half:]
		if r%2 == 0 {
			change, read = read, change
		}
		var b strings.Builder
		b.WriteString(form)
		b.WriteByte(byte(r))
		for _, i := range read {
			b.WriteRune(runes[i])
		}
		stream := s.digest("token", b.String())
		for k, i := range change {
			if k > 0 && k%16 == 0 {
				stream = s.digest("more", string(stream[:]))
			}
			n := int(stream[2*(k%16)])<<8 | int(stream[2*(k%16)+1])
			runes[i] = add(runes[i], n)
		}
	}
}

func add(r rune, n int) rune {
	switch {
	case r <= '9':
		return '0' + (r-'0'+rune(n%10))%10
	case r >= 'a':
		return 'a' + (r-'a'+rune(n%26))%26
	}
	return 'A' + (r-'A'+rune(n%26))%26
}

// The invented names: each family name is two halves, so that it is hardly anybody's.
var (
	familyHeads = words("Alder Ash Birch Bramble Briar Brook Cedar Clover Copper Dapple Elder Ember Fallow Fern Flint Gorse Harrow Hazel Heather Holly Juniper Kestrel Larch Linden Maple Marl Moss Nettle Oaken Osier Pebble Quill Reed Rowan Sedge Sorrel Tansy Thistle Willow Yarrow")
	familyTails = words("acre bank barrow brake comb croft dale fell fold garth gate holm hurst lea mere mund ridge shaw stead thwaite wick wold worth yard")
	givenNames  = words("Alba Amaro Arlo Avis Bexley Blaise Calder Caspian Cleo Corwin Dara Delphi Elio Elowen Ender Fable Faro Galen Greer Halden Ilara Indra Isolde Jora Jovan Kael Kerensa Larkin Liora Lumen Maren Nadir Nova Odell Orla Pax Perrin Quilla Quinlan Rafe Rhoswen Sable Severin Tamsin Teague Ula Valen Verity Wren Xanthe Yael Yorick Zephyr Zora")
	streets     = words("Larkspur Foxglove Bluebell Snowdrop Primrose Cowslip Harebell Speedwell Campion Woodruff Celandine Bryony")
	cities      = words("Newbrook Eastmere Westfold Southgarth Northwick Midholm Oldstead Highcroft Lowdale Farcomb")
)

func words(s string) []string { return strings.Fields(s) }

func plainName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func (s *Scrubber) family(value string) string {
	v := plainName(value)
	if v == "" {
		return ""
	}
	name := familyHeads[s.pick("family head", v, len(familyHeads))] + familyTails[s.pick("family tail", v, len(familyTails))]
	if strings.EqualFold(name, v) {
		name += "son"
	}
	return sameCase(name, value)
}

func (s *Scrubber) given(value string) string {
	v := plainName(value)
	if v == "" {
		return ""
	}
	i := s.pick("given", v, len(givenNames))
	name := givenNames[i]
	if strings.EqualFold(name, v) {
		name = givenNames[(i+1)%len(givenNames)]
	}
	if n := []rune(strings.TrimSuffix(v, ".")); len(n) == 1 { // an initial stays an initial
		name = name[:1]
	}
	return sameCase(name, value)
}

// sameCase writes name in capitals if the original was.
func sameCase(name, like string) string {
	if like == strings.ToUpper(like) {
		return strings.ToUpper(name)
	}
	return name
}

func (s *Scrubber) street(value string) string {
	v := plainName(value)
	return sameCase(number(1+s.pick("house", v, 99))+" "+streets[s.pick("street", v, len(streets))]+" Way", value)
}

func (s *Scrubber) city(value string) string {
	return sameCase(cities[s.pick("city", plainName(value), len(cities))], value)
}

// phone keeps what is between the digits; the number is one of those that are kept free for fiction (555-0100 to -0199).
func (s *Scrubber) phone(value string) string {
	digits := onlyDigits(value)
	n := s.pick("phone", digits, 100)
	fake := "555555" + "01" + string(rune('0'+n/10)) + string(rune('0'+n%10))
	if len(digits) > 10 {
		fake = strings.Repeat("1", len(digits)-10) + fake
	}
	fake = fake[max(0, len(fake)-len(digits)):]
	var b strings.Builder
	for _, r := range value {
		switch {
		case unicode.IsDigit(r):
			if fake != "" {
				b.WriteByte(fake[0])
				fake = fake[1:]
			}
		case strings.ContainsRune("()+-./ ", r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (s *Scrubber) email(value string) string {
	d := s.digest("e-mail", plainName(value))
	const letters = "abcdefghjkmnpqrstuvwxyz"
	name := make([]byte, 8)
	for i := range name {
		name[i] = letters[int(d[i])%len(letters)]
	}
	return string(name) + "@example.org"
}

// ssn is a number in the range that the Social Security Administration does not give out (900 and above).
func (s *Scrubber) ssn(value string) string {
	d := []byte(s.token(strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) && (r < '0' || r > '9') || unicode.IsLetter(r) {
			return -1
		}
		return r
	}, value)))
	for i, c := range d {
		if c >= '0' && c <= '9' {
			d[i] = '9'
			break
		}
	}
	return string(d)
}

// organisation names an employer or another organisation.
func (s *Scrubber) organisation(value string) string {
	return sameCase(s.family(strings.ToLower(value)+" organisation")+" Company", value)
}

func (s *Scrubber) site(value string) string {
	return strings.ToUpper(familyHeads[s.pick("site", plainName(value), len(familyHeads))]) + number(10+s.pick("site number", plainName(value), 90))
}

func number(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return number(n/10) + string(rune('0'+n%10))
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// restrictedZIP3 are the areas of 20,000 people or fewer, by the censuses of 2000 and of 2010 together, which is wider
// than either. 45 CFR 164.514(b)(2)(i)(B).
var restrictedZIP3 = func() map[string]bool {
	m := map[string]bool{}
	for _, z := range words("036 059 063 102 202 203 204 205 369 556 692 753 772 790 821 823 830 831 878 879 884 890 893") {
		m[z] = true
	}
	return m
}()

// zip leaves the first three digits of a ZIP code of a large enough area, 000 of another, nothing of other postal codes.
func zip(value string) string {
	v := strings.TrimSpace(value)
	digits := onlyDigits(v)
	if len(digits) != 5 && len(digits) != 9 && len(digits) != 3 || strings.Trim(v, "0123456789- ") != "" {
		return ""
	}
	if restrictedZIP3[digits[:3]] {
		return "000"
	}
	return digits[:3]
}

// checkDigit computes the check digit of an identifier by a scheme of table 0061, false for a scheme that is not known.
// HL7 v2.5.1 section 2.A.14.3: M10 doubles every other digit from the right; M11 weighs them 2 to 7 from the right.
func checkDigit(id, scheme string) (string, bool) {
	digits := onlyDigits(id)
	if digits == "" || digits != id {
		return "", false
	}
	sum := 0
	switch scheme {
	case "M10":
		for i := range len(digits) {
			d := int(digits[len(digits)-1-i] - '0')
			if i%2 == 0 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum += d
		}
		return number((10 - sum%10) % 10), true
	case "M11":
		for i := range len(digits) {
			sum += int(digits[len(digits)-1-i]-'0') * (2 + i%6)
		}
		d := (11 - sum%11) % 11
		if d == 10 {
			d = 0
		}
		return number(d), true
	}
	return "", false
}
