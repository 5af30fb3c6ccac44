package plan

import (
	"slices"
	"strings"
)

// blueKey is the brand of every Blue that has no brand of its own; which one it is, is in States and Blue.
const blueKey = "bcbs"

// word is one word of a name that tells plans apart.
type word struct {
	text    string
	company bool // it belongs to the insurer's name
	class   class
	hollow  bool // it never tells two plans of one insurer apart
}

func (w word) hasDigit() bool { return w.class == numberWord }

// Parse reads a row. It never fails: what it does not understand stays a word of the name.
func Parse(r Record, d *Dictionary) Plan { return parse(r, false, d) }

func parse(r Record, truncated bool, d *Dictionary) Plan {
	p := Plan{Record: r, Truncated: truncated}
	company, name := r.Insurer, r.Name
	p.known = []string{Normal(name), Normal(company + " " + name)}
	for _, own := range []string{name, company + " " + name} {
		if p.taught = d.taughtName(own); p.taught != "" {
			company, name = "", p.taught // what a person said stands for the whole name
			break
		}
	}
	if company == "" {
		// One column often holds both: "Ambetter from Sunshine Health - Ambetter Bronze 1".
		if head, rest, ok := strings.Cut(name, " - "); ok && namesCompany(head) {
			company, name = head, rest
		}
	}
	p.readName(split(company), split(name), d)
	p.readAddress()
	p.ownBrands = slices.DeleteFunc(slices.Clone(p.Brands), func(b string) bool { return b == blueKey })
	for _, words := range [][]word{p.words, p.allWords} {
		for i := range words {
			words[i].class, words[i].hollow = classOf(words[i]), hollow[words[i].text]
		}
	}
	p.product = p.Products.String()
	if p.Box != "" {
		p.boxKey = p.Box + " " + p.ZIP5
	}
	return p
}

// namesCompany says whether the text before a dash can be an insurer, and is no metal level, product or number.
func namesCompany(head string) bool {
	for _, w := range expand(split(head)) {
		if metals[w] == "" && productWords[w] == 0 && !hasDigit(w) && len(w) > 1 {
			return true
		}
	}
	return false
}

// token is a word on its way through the reading of a name.
type token struct {
	word
	used  bool
	brand bool // it was used for the brand
}

func (p *Plan) readName(company, name []string, d *Dictionary) {
	var tokens []token
	add := func(raw []string, isCompany bool) {
		states, used := findStates(raw)
		for _, s := range states {
			if !slices.Contains(p.States, s) {
				p.States = append(p.States, s)
			}
		}
		var rest []string
		for i, w := range raw {
			if !used[i] {
				rest = append(rest, w)
			}
		}
		part := blues(expandCut(rest, p.Truncated && !isCompany), &p.Blue)
		brands := d.find(part)
		start := len(tokens)
		for _, w := range part {
			tokens = append(tokens, token{word: word{text: w, company: isCompany}})
		}
		for _, b := range brands {
			p.addBrand(b.key, d)
			for i := b.from; i < b.to; i++ {
				tokens[start+i].used, tokens[start+i].brand, tokens[start+i].company = true, true, true
			}
		}
	}
	add(company, true)
	add(name, false)
	if p.Blue != NotBlue {
		p.addBrand(blueKey, d)
	}
	slices.Sort(p.States)
	slices.Sort(p.Brands)

	var words []string
	for _, t := range tokens {
		words = append(words, t.text)
	}
	p.readMetal(tokens)
	p.readBusiness(append(slices.Clone(company), name...), textOf(words), d)
	p.readProducts(tokens, d)
	p.readProgramme(textOf(words), tokens)
	p.keepWords(tokens)
}

func (p *Plan) addBrand(key string, d *Dictionary) {
	if slices.Contains(p.Brands, key) {
		return
	}
	p.Brands = append(p.Brands, key)
	for _, s := range d.brands[key].states {
		if !slices.Contains(p.States, s) {
			p.States = append(p.States, s)
		}
	}
}

// blues replaces the ways to write a Blue by BCBS, BC or BS, which is left out here and kept in half.
func blues(words []string, half *Blue) []string {
	var out []string
	for i := 0; i < len(words); i++ {
		w := words[i]
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		isShield := func(s string) bool { return s == "SHIELD" || s == "SHEILD" || s == "SHILD" }
		found := NotBlue
		switch {
		case w == "BCBS" || w == "BCBSA":
			found = BlueBoth
		case w == "BC" && next == "BS":
			found, i = BlueBoth, i+1
		case w == "BLUE" && next == "CROSS", w == "BLUE" && isShield(next):
			found, i = BlueCross, i+1
			if isShield(next) {
				found = BlueShield
			} else if i+1 < len(words) && isShield(words[i+1]) {
				found, i = BlueBoth, i+1
			} else if i+2 < len(words) && words[i+1] == "BLUE" && isShield(words[i+2]) {
				found, i = BlueBoth, i+2
			}
		case w == "BLUECROSS" && (next == "BLUESHIELD" || isShield(next)):
			found, i = BlueBoth, i+1
		case w == "BLUECROSS", w == "BC":
			found = BlueCross
		case w == "BLUESHIELD", w == "BS":
			found = BlueShield
		case w == "BLUECROSSBLUESHIELD":
			found = BlueBoth
		default:
			if _, glued := gluedBlue(w); glued != NotBlue {
				found = glued
			}
		}
		if found == NotBlue {
			out = append(out, w)
			continue
		}
		*half |= found
		out = append(out, map[Blue]string{BlueCross: "BC", BlueShield: "BS", BlueBoth: "BCBS"}[found])
	}
	return out
}

var metals = map[string]string{"CATASTROPHIC": "Catastrophic", "BRONZE": "Bronze", "SILVER": "Silver", "GOLD": "Gold", "PLATINUM": "Platinum"}

func (p *Plan) readMetal(tokens []token) {
	for i, t := range tokens {
		if t.used {
			continue
		}
		if p.Truncated && i == len(tokens)-1 && len(t.text) >= 3 && p.Metal == "" {
			p.Metal = cutMetal(t.text)
			tokens[i].used = p.Metal != ""
			continue
		}
		if m, ok := metals[t.text]; ok && p.Metal == "" {
			p.Metal = m
			tokens[i].used = true
		} else if ok && m == p.Metal {
			tokens[i].used = true
		}
	}
}

// cutMetal reads what is left of a metal level at the end of a cut name, or its short form.
func cutMetal(w string) string {
	for name, metal := range metals {
		if strings.HasPrefix(name, w) {
			return metal
		}
	}
	if full := shortened()[w]; len(full) == 1 {
		return metals[full[0]]
	}
	return ""
}

func (p *Plan) readBusiness(raw []string, t text, d *Dictionary) {
	private := false
	line := LineUnknown
	for _, key := range p.Brands {
		if l := d.brands[key].line; l != LineUnknown {
			line = l
		} else {
			private = true
		}
	}
	rider := LineUnknown
	rider, p.dental, p.vision = riders(raw, p.Metal)
	if named := lineOfName(t, private); named != LineUnknown {
		line = named
	} else if rider != LineUnknown {
		line = rider
	}
	p.Business = settle(line, lineOfType(p.Type))
	if p.Business == Medicare && private && !t.has("PART B", "PART A", "RAILROAD") {
		p.Business = Advantage
	}
}

var productWords = map[string]Products{
	"HMO": HMO, "PPO": PPO, "EPO": EPO, "POS": POS, "HDHP": HDHP, "HSA": HDHP, "HDP": HDHP, "INDEMNITY": Indemnity,
	"OAP": OpenAccess, "FFS": FeeForService, "DHMO": HMO, "DPPO": PPO,
}

func (p *Plan) readProducts(tokens []token, _ *Dictionary) {
	for i := range tokens {
		t := &tokens[i]
		if t.used {
			continue
		}
		if product, ok := productWords[t.text]; ok {
			p.Products |= product
			t.used = true
		} else if p.Truncated && i == len(tokens)-1 && len(t.text) <= 2 && strings.Contains(" HMO PPO EPO POS", " "+t.text) {
			t.used = true // what is left of a product where the name was cut
		}
		if i+2 < len(tokens) && t.text == "OPEN" && tokens[i+1].text == "ACCESS" && tokens[i+2].text == "PLUS" {
			p.Products |= OpenAccess
			t.used, tokens[i+1].used, tokens[i+2].used = true, true, true
		}
		if i+2 < len(tokens) && t.text == "FEE" && tokens[i+1].text == "SERVICES" {
			p.Products |= FeeForService
			t.used, tokens[i+1].used = true, true
		}
	}
	if p.Products.networks() == 0 {
		for _, w := range split(p.Type) {
			p.Products |= productWords[w]
		}
	}
}

const specialNeeds = "special needs"

// programmes are parts of an insurer's or a government's business that are handled by themselves.
var programmes = []struct {
	name    string
	phrases []string
}{
	{"FEP", []string{"FEP", "FEDERAL EMPLOYEE PROGRAM", "FEDERAL EMPLOYEE"}},
	{"Railroad", []string{"RAILROAD"}},
	{specialNeeds, []string{"DSNP", "CSNP", "ISNP", "SNP"}},
	{"BlueCard", []string{"BLUECARD", "BLUE CARD", "OUT STATE"}},
	{"PACE", []string{"PACE"}},
	{"CalPERS", []string{"CALPERS", "CAL PERS"}},
	{"student health", []string{"STUDENT HEALTH", "STUDENT"}},
}

func (p *Plan) readProgramme(t text, tokens []token) {
	for _, programme := range programmes {
		if !t.has(programme.phrases...) {
			continue
		}
		if p.Programme = programme.name; p.Programme == specialNeeds && p.Business == Dual {
			p.Programme = "" // the line of business says it
		}
		for _, phrase := range programme.phrases {
			if !t.has(phrase) {
				continue
			}
			for i := range tokens {
				if strings.Contains(" "+phrase+" ", " "+tokens[i].text+" ") {
					tokens[i].used = true
				}
			}
		}
		return
	}
}

// lineWords are what [Plan.Business] has said already. In a plan of another line they are words as any: Blue Advantage
// is no Medicare.
var lineWords = map[Line]map[string]bool{
	Commercial: wordSet("COMMERCIAL"), Exchange: wordSet("MARKETPLACE EXCHANGE COMMERCIAL"), Medicare: wordSet("MEDICARE"),
	Advantage: wordSet("MEDICARE ADVANTAGE SENIOR REPLACEMENT"), Supplement: wordSet("MEDICARE SUPPLEMENT MEDICAL"), PartD: wordSet("MEDICARE"),
	Dual: wordSet("MEDICARE MEDICAID DUAL"), Medicaid: wordSet("MEDICAID MEDICAL-CALIFORNIA"), Dental: wordSet("DENTAL"), Vision: wordSet("VISION"),
	WorkersComp: wordSet("WORKERS COMPENSATION"), Auto: wordSet("AUTO"),
}

func (p *Plan) keepWords(tokens []token) {
	seen := map[string]bool{} // of a brand's word too: Ambetter from Sunshine Health - Ambetter Bronze 1
	for i, t := range tokens {
		if t.brand && !seen[t.text] && t.text != "BC" && t.text != "BS" && t.text != "BCBS" {
			seen[t.text] = true
			p.allWords = append(p.allWords, t.word)
			continue
		}
		if t.used || seen[t.text] || t.text == "+" || t.text == "BC" || t.text == "BS" || t.text == "BCBS" {
			continue
		}
		if len(t.text) == 1 && i > 0 && !isNumber(t.text) {
			if before := tokens[i-1].text; before == "PLAN" || before == "PART" || before == "SUPPLEMENT" || before == "MEDICARE" {
				p.variant = t.text
				continue
			}
		}
		if lineWords[p.Business][t.text] {
			continue
		}
		seen[t.text] = true
		p.words = append(p.words, t.word)
		p.allWords = append(p.allWords, t.word)
	}
}

// readAddress reads the box, the ZIP code, the telephones and the payer IDs.
func (p *Plan) readAddress() {
	words := split(p.Address)
	for i, w := range words {
		if (w == "BOX" || w == "POB" || w == "POBOX") && i+1 < len(words) && hasDigit(words[i+1]) {
			p.Box = strings.TrimLeft(words[i+1], "0")
			break
		}
	}
	digits := onlyDigits(p.ZIP)
	switch {
	case len(digits) >= 9:
		p.ZIP5, p.ZIP4 = digits[:5], digits[5:9]
	case len(digits) > 0 && len(digits) <= 5:
		p.ZIP5 = strings.Repeat("0", 5-len(digits)) + digits // a spreadsheet took the zeros away
	}
	for _, t := range p.Phones {
		if tel := telephone(t); tel != "" && !slices.Contains(p.Tel, tel) {
			p.Tel = append(p.Tel, tel)
		}
	}
	for _, id := range p.PayerIDs {
		if c := id.comparable(); c != "" && !slices.Contains(p.payerIDs, c) {
			p.payerIDs = append(p.payerIDs, c)
		}
	}
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// telephone gives the ten digits of a number of North America, or "" for what is none or a placeholder.
func telephone(s string) string {
	if at := strings.IndexAny(s, "xX"); at > 0 {
		s = s[:at] // an extension
	}
	d := onlyDigits(s)
	if len(d) == 11 && d[0] == '1' {
		d = d[1:]
	}
	if len(d) != 10 || strings.Trim(d, d[:1]) == "" {
		return ""
	}
	return d
}
