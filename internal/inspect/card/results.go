package card

import (
	"fmt"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/inspect/deidentify"
)

// Panel is an order with its results: an OBR and the OBX and NTE after it. Results before any OBR have a Panel without a path.
type Panel struct {
	Title string // OBR-4
	Path  string
	Lines []Line
	Rows  []Result
	Notes []Line
}

// Result is one OBX.
type Result struct {
	Path     string // of the segment
	Name     string // OBX-3
	Value    string // OBX-5, repetitions on lines of their own; a document only by its kind
	Patient  bool   // Value is patient data: it is text, not a number or a code
	Units    string // OBX-6
	Range    string // OBX-7
	Flag     string // OBX-8 as sent
	Meaning  string // of the flag, in words
	Abnormal bool
	Status   string // OBX-11 in words
	Time     string // OBX-14
	Notes    []Line
}

// normalFlags are interpretations that do not call for attention. Table 0078.
var normalFlags = map[string]bool{"": true, "N": true, "NEG": true, "ND": true, "NR": true, "S": true}

func (r *reader) results() []Panel {
	var panels []Panel
	last := func() *Panel {
		if len(panels) == 0 {
			panels = append(panels, Panel{})
		}
		return &panels[len(panels)-1]
	}
	about := "" // the segment that a note belongs to
	for s := range r.m.Segments() {
		switch s.Name() {
		case "OBR":
			c := r.card(s, coded(r, s.Field(4)), facts{
				{"Placer's number", 2, identifier}, {"Filler's number", 3, identifier}, {"Collected", 7, moment}, {"Received", 14, moment}, {"Reported", 22, moment},
				{"Status", 25, coded}, {"Ordered by", 16, person}, {"Reason", 31, coded},
			})
			panels = append(panels, Panel{Title: c.Title, Path: c.Path, Lines: c.Lines})
			about = "OBR"
		case "OBX":
			p := last()
			p.Rows = append(p.Rows, r.result(s))
			about = "OBX"
		case "NTE":
			p := last()
			c := r.card(s, "", facts{{"Note", 3, wholeText}})
			switch {
			case about == "OBX" && len(p.Rows) > 0:
				row := &p.Rows[len(p.Rows)-1]
				row.Notes = append(row.Notes, c.Lines...)
			case about == "OBR":
				p.Notes = append(p.Notes, c.Lines...)
			}
		default:
			about = ""
		}
		if len(panels) == 1 && panels[0].Path == "" && len(panels[0].Rows) == 0 {
			panels = nil // a note that is about something else opened it
		}
	}
	return panels
}

// wholeText is a value with whatever is in it, separators too.
func wholeText(_ *reader, v hl7.Value) string {
	if v.State() != hl7.Valued {
		return ""
	}
	return strings.TrimSpace(v.Text())
}

func (r *reader) result(s hl7.Segment) Result {
	out := Result{
		Path: segmentPath(s), Name: coded(r, s.Field(3)), Units: part(s.Field(6), 1), Range: wholeText(r, s.Field(7)), Status: coded(r, s.Field(11)), Time: moment(r, s.Field(14)),
	}
	dataType := part(s.Field(2), 1)
	var values []string
	for rep := s.Field(5).Repetition(1); rep.IsPresent(); rep = rep.Next() {
		if v := r.observed(rep, dataType); v != "" {
			values = append(values, v)
		}
	}
	out.Value = strings.Join(values, "\n")
	switch dataType {
	case "NM", "SN", "CE", "CWE", "CNE", "ID", "IS":
	default:
		out.Patient = deidentify.Identifies("OBX", 5)
	}
	var flags, meanings []string
	for rep := s.Field(8).Repetition(1); rep.IsPresent(); rep = rep.Next() {
		flag := part(rep, 1)
		if flag == "" {
			continue
		}
		flags = append(flags, flag)
		meanings = append(meanings, flagMeaning(r, rep, flag))
		out.Abnormal = out.Abnormal || !normalFlags[strings.ToUpper(flag)]
	}
	out.Flag, out.Meaning = strings.Join(flags, ", "), strings.Join(meanings, ", ")
	return out
}

func flagMeaning(r *reader, v hl7.Value, flag string) string {
	if m := r.meaning(v, flag); m != "" {
		return m
	}
	return flag
}

// observed is a value of OBX-5 for a person.
func (r *reader) observed(v hl7.Value, dataType string) string {
	switch dataType {
	case "ED", "RP":
		return "(document)"
	case "CE", "CWE", "CNE", "CF":
		return coded(r, v)
	case "SN": // comparator, number, separator, number
		return join(" ", part(v, 1)+part(v, 2), part(v, 3), part(v, 4))
	case "TS", "DT", "DTM":
		return moment(r, v)
	case "XPN", "PN":
		return name(r, v)
	case "XCN", "CN":
		return person(r, v)
	case "CX", "CK":
		return identifier(r, v)
	}
	t := wholeText(r, v)
	if len(t) > longText {
		return fmt.Sprintf("(%d characters)", len(t))
	}
	return t
}

// longText is the longest text that a table of results shows; a longer one is a document.
const longText = 4000
