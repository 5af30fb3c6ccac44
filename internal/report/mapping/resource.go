package mappaper

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"
	"unicode"

	"trestle/internal/mapping"
)

// narrative is the text of a resource for people (R4, 2.4).
type narrative struct {
	Status string `json:"status"`
	Div    string `json:"div"`
}

func generated(content string) *narrative {
	return &narrative{"generated", `<div xmlns="http://www.w3.org/1999/xhtml">` + content + "</div>"}
}

// conformance is what every conformance resource that we write says of itself.
type conformance struct {
	ResourceType string     `json:"resourceType"`
	ID           string     `json:"id"`
	Text         *narrative `json:"text,omitempty"`
	URL          string     `json:"url"`
	Version      string     `json:"version,omitempty"`
	Name         string     `json:"name"`
	Title        string     `json:"title"`
	Status       string     `json:"status"`
	Experimental bool       `json:"experimental"`
	Date         string     `json:"date,omitempty"`
	Publisher    string     `json:"publisher,omitempty"`
	Description  string     `json:"description,omitempty"`
	Purpose      string     `json:"purpose,omitempty"`
}

// conformance names a resource of a kind. agreed says whether all that it is made of has been agreed on.
func (s Spec) conformance(kind, id, title string, agreed bool) conformance {
	c := conformance{ResourceType: kind, ID: fhirID(id), Version: s.Version, Name: computable(id), Title: title, Status: "draft", Publisher: s.Author}
	if agreed {
		c.Status = "active"
	}
	if !s.Made.IsZero() {
		c.Date = s.Made.Format("2006-01-02")
	}
	c.URL = s.canonical(kind, id)
	return c
}

// canonical is the URL of a resource: below the address that was given, or a UUID that follows from the names.
func (s Spec) canonical(kind, id string) string {
	if s.URL != "" {
		return strings.TrimSuffix(s.URL, "/") + "/" + kind + "/" + fhirID(id)
	}
	b := sha256.Sum256([]byte("trestle\x00" + kind + "\x00" + id + "\x00" + s.Mapping.Seed))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // version 8 of RFC 9562: of our own making
	x := hex.EncodeToString(b[:16])
	return fmt.Sprintf("urn:uuid:%s-%s-%s-%s-%s", x[:8], x[8:12], x[12:16], x[16:20], x[20:])
}

// name is what the mapping is called in identifiers.
func (s Spec) name() string {
	switch {
	case s.Mapping.ID != "":
		return s.Mapping.ID
	case s.Mapping.Title != "":
		return s.Mapping.Title
	}
	return "mapping"
}

// fhirID writes a name as FHIR's id: letters, digits, - and . in at most 64.
func fhirID(name string) string {
	id := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)), r == '-', r == '.':
			return r
		}
		return '-'
	}, name), "-")
	if id == "" {
		return "mapping"
	}
	return id[:min(64, len(id))]
}

// computable writes a name as the names of conformance resources: a capital, then letters, digits and _.
func computable(name string) string {
	var b strings.Builder
	up := true
	for _, r := range name {
		if r >= 0x80 || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			up = true
			continue
		}
		if up {
			r = unicode.ToUpper(r)
		}
		up = false
		b.WriteRune(r)
	}
	text := b.String()
	if text == "" || !unicode.IsLetter(rune(text[0])) {
		text = "M" + text
	}
	return text[:min(200, len(text))]
}

// agreedOn says whether all rules for which use holds are agreed on.
func agreedOn(f *mapping.File, use func(*mapping.Rule) bool) bool {
	some, all := false, true
	f.Walk(func(b *mapping.Block) {
		for i := range b.Rules {
			if r := &b.Rules[i]; r.Status != mapping.OutOfScope && use(r) {
				some = true
				all = all && r.Status == mapping.Agreed
			}
		}
	})
	return some && all
}

// writeJSON writes a resource with indents.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing FHIR: %w", err)
	}
	return nil
}

func escaped(s string) string { return html.EscapeString(s) }
