package mapping

import (
	"fmt"
	"strings"

	"trestle/internal/fhir"
)

// contactSystems is table 0202 in FHIR; contactUses table 0201.
var (
	contactSystems = map[string]string{"PH": "phone", "FX": "fax", "MD": "other", "CP": "phone", "SAT": "phone", "BP": "pager", "Internet": "email", "X.400": "email", "TDD": "other", "TTY": "other"}
	contactUses    = map[string]string{"PRN": "home", "ORN": "home", "WPN": "work", "VHN": "home", "ASN": "", "EMR": "", "NET": "", "BPN": "work", "PRS": "mobile"}
)

func (c *call) contactPoint(p parts) *fhir.Node {
	r, n := c.run, c.run.object()
	equipment, use := p.text(3), p.text(2)
	system := contactSystems[equipment]
	if system == "" && use == "NET" {
		system = "email"
	}
	number := ""
	if system == "email" {
		if number = p.text(4); number == "" {
			number = p.text(1)
		}
	}
	if number == "" {
		number = phoneOf(p)
	}
	if number == "" {
		return nil
	}
	if system == "" {
		system = "phone"
		if strings.Contains(number, "@") {
			system = "email"
		}
	}
	r.addText(n, "system", system)
	r.addText(n, "value", number)
	if equipment == "CP" {
		r.addText(n, "use", "mobile")
	} else {
		r.addText(n, "use", contactUses[use])
	}
	if order := plainNumber(p.text(18)); order != "" && order != "0" && allDigits(order) {
		rank := r.node()
		rank.Kind, rank.Name, rank.Text = fhir.Number, "rank", order
		r.attach(n, rank)
	}
	r.add(n, "period", c.period(p.text(13), p.text(14)))
	return n
}

// phoneOf is the number of XTN: unformatted (12), of its parts (5 to 8), or as text (1), the oldest form.
func phoneOf(p parts) string {
	if s := p.text(12); s != "" {
		return s
	}
	country, area, local, extension := p.text(5), p.text(6), p.text(7), p.text(8)
	if local == "" {
		return p.text(1)
	}
	var b strings.Builder
	if country != "" {
		b.WriteString("+" + strings.TrimPrefix(country, "+") + " ")
	}
	if area != "" {
		b.WriteString(area + " ")
	}
	if len(local) == 7 && allDigits(local) {
		local = local[:3] + " " + local[3:]
	}
	b.WriteString(local)
	if extension != "" {
		b.WriteString(" ext. " + extension)
	}
	return b.String()
}

// formatPhone writes ten digits in the North American way and leaves everything else: a wrong guess would lose the number.
func formatPhone(s string) string {
	d := phoneSigns.Replace(s)
	if len(d) == 11 && d[0] == '1' {
		d = d[1:]
	}
	if len(d) != 10 || !allDigits(d) || d[0] < '2' || d[3] < '2' {
		return s
	}
	return fmt.Sprintf("(%s) %s-%s", d[:3], d[3:6], d[6:])
}
