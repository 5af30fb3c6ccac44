package linkage

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// Reasons says in words that a program can read why a pair is where it is: the gates that stopped it, or what agrees.
func (r *Result) Reasons(p Pair) string {
	if p.Band != Automatic {
		return strings.Join(p.Gates.Names(), ";")
	}
	var agree []string
	for f := range Field(Fields) {
		if f != Household && p.Pattern.Level(f) == Exact {
			agree = append(agree, f.String())
		}
	}
	for _, part := range []struct {
		level Level
		name  string
	}{{p.Pattern.Surname(), "surname"}, {p.Pattern.Address(), "address"}, {p.Pattern.Contact(), "home phone or member id"}} {
		if part.level == Exact {
			agree = append(agree, part.name)
		}
	}
	return strings.Join(agree, ";")
}

// WriteLinks writes the pairs of some bands as CSV: left_id, right_id, probability, band, reasons.
func (r *Result) WriteLinks(w io.Writer, bands ...Band) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"left_id", "right_id", "probability", "band", "reasons"}); err != nil {
		return err
	}
	for _, p := range r.Pairs {
		for _, b := range bands {
			if p.Band != b {
				continue
			}
			if err := c.Write([]string{safeCell(r.LeftID(p)), safeCell(r.RightID(p)), figure(p.Probability), string(p.Band), r.Reasons(p)}); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}

// WriteDuplicates writes the duplicates inside each system as CSV: system, id_a, id_b, probability.
func (r *Result) WriteDuplicates(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"system", "id_a", "id_b", "probability"}); err != nil {
		return err
	}
	for _, d := range r.Duplicates {
		list := r.Left
		if d.Side == Right {
			list = r.Right
		}
		if err := c.Write([]string{string(d.Side), safeCell(list.ID(int(d.A))), safeCell(list.ID(int(d.B))), figure(d.Probability)}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// WriteSummary writes the summary and the report of the training as JSON.
func (r *Result) WriteSummary(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Summary
		Training Training `json:"training"`
	}{r.Summary, r.Training})
}

// figure writes a probability with six digits after the point; what is not certain is never written as 1.
func figure(p float64) string {
	if p < 1 && p > 0.999999 {
		p = 0.999999
	}
	return strconv.FormatFloat(p, 'f', 6, 64)
}

// safeCell keeps a spreadsheet from taking an identifier for a formula (OWASP, CSV injection): an apostrophe goes before
// one that begins like a formula. Signed numbers, and identifiers that go on with letters, digits and dashes alone, cannot
// do anything and stay as they are, so that other programs find them again.
func safeCell(id string) string {
	if id == "" {
		return id
	}
	switch id[0] {
	case '=', '@', '\t', '\r', '\n':
		return "'" + id
	case '+', '-':
		for _, c := range id[1:] {
			if !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '.') {
				return "'" + id
			}
		}
	}
	return id
}
