package mapping

import (
	"strings"

	"trestle/internal/fhir"
)

// usCore are the extensions in which US Core (HL7 International; since 3.1.1) keeps race and ethnicity. The categories are
// those of the Office of Management and Budget of 1997, in the code system of the CDC; table 0189 has letters for ethnicity.
type usCore struct {
	url        string
	categories []string
	letters    map[string]string
	most       int // of categories
}

const (
	cdcRace    = "urn:oid:2.16.840.1.113883.6.238"
	nullFlavor = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
)

var (
	usRace = usCore{
		url:        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
		categories: []string{"1002-5", "2028-9", "2054-5", "2076-8", "2106-3"}, most: 5,
	}
	usEthnicity = usCore{
		url:        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity",
		categories: []string{"2135-2", "2186-5"}, most: 1,
		letters: map[string]string{"H": "2135-2", "N": "2186-5", "NH": "2186-5", "U": "UNK"},
	}
)

func usCoreFunctions() []*Function {
	one := func(name, does string, u *usCore) *Function {
		return &Function{Name: name, Group: "healthcare", Does: does, whole: true, reserved: true, make: func(*compiler, []string) (apply, error) {
			return func(c *call, in []value) []value {
				if n := u.extension(c, in); n != nil {
					return append(in[:0], nodeValue(n))
				}
				return in[:0]
			}, nil
		}}
	}
	return []*Function{
		one("us_core_race", "all races of PID-10 as the Extension that US Core has for them", &usRace),
		one("us_core_ethnicity", "the ethnic group of PID-22 as the Extension that US Core has for it", &usEthnicity),
	}
}

func (u *usCore) extension(c *call, in []value) *fhir.Node {
	r := c.run
	whole := r.object()
	r.addText(whole, "url", u.url)
	categories := 0
	var words []string
	for i := range in {
		p := partsOf(&in[i])
		code, display := strings.TrimSpace(p.text(1)), p.text(2)
		if known := u.letters[code]; known != "" {
			code = known
		}
		if display == "" {
			display = code
		}
		if display == "" {
			continue
		}
		words = append(words, display)
		system, kind := "", "detailed"
		switch {
		case code == "UNK" || code == "ASKU":
			system, kind = nullFlavor, "ombCategory"
		case len(code) == 6 && code[4] == '-' && allDigits(code[:4]):
			system = cdcRace
			for _, known := range u.categories {
				if code == known && categories < u.most {
					kind = "ombCategory"
				}
			}
		default:
			continue // a code of the sender's own: its words remain
		}
		if kind == "ombCategory" {
			if categories++; categories > u.most {
				continue
			}
		}
		part, coding := r.object(), r.object()
		r.addText(part, "url", kind)
		r.addText(coding, "system", system)
		r.addText(coding, "code", code)
		r.addText(coding, "display", display)
		r.add(part, "valueCoding", coding)
		r.addList(whole, "extension", part)
	}
	if len(words) == 0 {
		return nil
	}
	text := r.object()
	r.addText(text, "url", "text")
	r.addText(text, "valueString", strings.Join(words, ", "))
	r.addList(whole, "extension", text)
	return whole
}
