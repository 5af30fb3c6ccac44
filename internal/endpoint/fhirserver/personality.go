package fhirserver

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"trestle/internal/endpoint/fhirstore"
)

//go:embed personalities/*.json
var personalityFiles embed.FS

// Personality is what a vendor's server does, by the capability statement that the vendor publishes: what is not in it is refused.
// Statements change several times a year; Captured says of when this one is.
type Personality struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Captured string `json:"captured_date"` // when the statement was published or read
	Software struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"software"`
	Format       []string                `json:"format"`
	PatchFormats []string                `json:"patchFormat"`
	MockPath     string                  `json:"mockPath"` // with {variable} parts
	System       []string                `json:"systemInteractions"`
	Operations   []string                `json:"operations"`
	Resources    map[string]Capabilities `json:"resources"`

	// What a statement does not tell, from the vendors' documentation.
	Notes        []string `json:"-"`
	Limit        RateLimit
	NeedsIfMatch bool
	Qualified    bool     // a search needs one of the parameters that identify a patient or a resource
	Required     []string // parameters that every search needs
	Own          string   // what the names of the vendor's own search parameters begin with; they select nothing here
	MostPatients int      // how many patients a search may find; 0 is any number
	WrongTenant  int      // status of a path with another tenant in it; 0 is 404
	WholeByID    bool     // a search by _id brings everything, whatever _count says
	Paging       Paging
}

// Paging is how a server leads from page to page. The zero Paging is an opaque parameter at the service root.
type Paging struct {
	Cursor  string // name of an opaque parameter at the address of the search
	Number  string // name of a parameter that counts pages from 1
	Offsets bool   // as HAPI FHIR does: _getpages and _getpagesoffset at the service root
	Count   string // name of the page size; empty is _count
}

// Capabilities are those of one resource type.
type Capabilities struct {
	Interactions      []string          `json:"interactions"`
	Search            map[string]string `json:"search"` // type by parameter
	UpdateCreate      bool              `json:"updateCreate"`
	ConditionalCreate bool              `json:"conditionalCreate"`
	ConditionalUpdate bool              `json:"conditionalUpdate"`
	ConditionalDelete string            `json:"conditionalDelete"`
}

// RateLimit is how many requests are answered in a time; the zero RateLimit is no limit.
type RateLimit struct {
	Requests   int
	Per        time.Duration
	RetryAfter bool // 429 says when to try again
}

// quirks are what vendors document beside their statements; each note says what it is and is shown with the personality.
var quirks = map[string]func(p *Personality){
	"ecw-r4": func(p *Personality) {
		p.Limit = RateLimit{Requests: 250, Per: time.Minute}
		p.Paging.Number = "page"
		p.Notes = append(p.Notes, "250 requests a minute for a practice, then 429 without Retry-After", "pages are counted by the parameter page")
	},
	"athenahealth-r4": func(p *Personality) {
		p.Required, p.Own, p.Paging.Cursor = []string{"ah-practice"}, "ah-", "cursor"
		p.Notes = append(p.Notes, "a search needs ah-practice", "the next page is found by the parameter cursor")
	},
	"epic-r4": func(p *Personality) {
		p.MostPatients = 100
		p.Notes = append(p.Notes, "a search that finds more than 100 patients is error 4127")
	},
	"nextgen-enterprise-r4": func(p *Personality) {
		p.Paging.Count = "_maxresults"
		p.Notes = append(p.Notes, "the page size is _maxresults, not _count")
	},
	"nextgen-office-r4": func(p *Personality) {
		p.Paging.Offsets = true
		p.Notes = append(p.Notes, "pages as HAPI FHIR makes them, by _getpages and _getpagesoffset")
	},
	"advancedmd-r4": func(p *Personality) {
		p.Notes = append(p.Notes, "after a 429, wait about one minute")
	},
	"cerner-r4-open":   cernerQuirks,
	"cerner-r4-secure": cernerQuirks,
}

func cernerQuirks(p *Personality) {
	p.Qualified, p.NeedsIfMatch, p.WrongTenant, p.WholeByID = true, true, 403, true
	p.Notes = append(p.Notes, "a search needs a qualifying parameter, else 400", "JSON only, else 406", "an update needs If-Match", "a path with another tenant is 403", "_count is ignored together with _id")
}

// Personalities lists all that are ready-made, by their ids.
func Personalities() []*Personality {
	entries, err := personalityFiles.ReadDir("personalities")
	if err != nil {
		return nil // embedded: a test reads all of them
	}
	var list []*Personality
	for _, e := range entries {
		b, err := personalityFiles.ReadFile("personalities/" + e.Name())
		if err != nil {
			continue
		}
		p := &Personality{}
		if json.Unmarshal(b, p) != nil {
			continue
		}
		if quirk := quirks[p.ID]; quirk != nil {
			quirk(p)
		}
		list = append(list, p)
	}
	return list
}

// FindPersonality returns one by its id, or by the part of it that names the vendor if there is only one of it.
func FindPersonality(id string) (*Personality, error) {
	var names []string
	var found []*Personality
	for _, p := range Personalities() {
		if p.ID == id {
			return p, nil
		}
		if strings.HasPrefix(p.ID, id+"-") {
			found = append(found, p)
		}
		names = append(names, p.ID)
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, fmt.Errorf("there is no personality %q; there are %s", id, strings.Join(names, ", "))
}

var variable = regexp.MustCompile(`\{\w+\}`)

// Path is the base path as the vendor has it, its variable parts filled in.
func (p *Personality) Path() string { return variable.ReplaceAllString(p.MockPath, "demo") }

// Date is the day of the statement.
func (p *Personality) Date() string { return p.Captured[:min(10, len(p.Captured))] }

func (p *Personality) has(typ string) bool {
	_, ok := p.Resources[typ]
	return ok
}

// allows says whether the statement has an interaction; on the whole system if typ is "".
func (p *Personality) allows(typ, interaction string) bool {
	if typ == "" {
		return slices.Contains(p.System, interaction)
	}
	return slices.Contains(p.Resources[typ].Interactions, interaction)
}

// searches says whether the statement has a search parameter.
func (p *Personality) searches(typ, code string) bool {
	_, ok := p.Resources[typ].Search[code]
	return ok || code == "_id"
}

// xml says whether the server has the other form too.
func (p *Personality) xml() bool {
	return slices.ContainsFunc(p.Format, func(f string) bool { return slices.Contains(xmlTypes, f) })
}

func (p *Personality) updateCreates(typ string) bool { return p.Resources[typ].UpdateCreate }

// required refuses a search that lacks a parameter that the vendor asks for, and one that would be over everybody.
func (p *Personality) required(typ string, pairs []fhirstore.Pair) error {
	refuse := func(format string, args ...any) error {
		f := fail(400, format, args...)
		f.issues[0].code = "required"
		return f
	}
	for _, name := range p.Required {
		if !slices.ContainsFunc(pairs, func(x fhirstore.Pair) bool { return x.Name == name }) {
			return refuse("a search needs the parameter %s", name)
		}
	}
	if p.Qualified && !slices.ContainsFunc(pairs, func(x fhirstore.Pair) bool { return !strings.HasPrefix(x.Name, "_") || x.Name == "_id" }) {
		return refuse("a search for %s needs a qualifying parameter, such as patient or _id", typ)
	}
	return nil
}

// bears says whether a search may find so many.
func (p *Personality) bears(typ string, found int) error {
	if p == nil || p.MostPatients == 0 || typ != "Patient" || found <= p.MostPatients {
		return nil
	}
	f := fail(400, "the search finds more than %d patients; narrow it down", p.MostPatients)
	f.issues[0].code, f.issues[0].detail = "too-costly", "4127"
	return f
}

// own says whether a parameter selects nothing here: it is the vendor's own, or turns pages.
func (p *Personality) own(name string) bool {
	return p != nil && name != "" && (p.Own != "" && strings.HasPrefix(name, p.Own) || name == p.Paging.Cursor || name == p.Paging.Number || name == p.Paging.Count)
}

// otherTenant says whether a path is that of the vendor's service, for another tenant.
func (p *Personality) otherTenant(path string) bool {
	if p == nil || p.WrongTenant == 0 {
		return false
	}
	parts := variable.Split(p.MockPath, -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, "[^/]+") + "(/|$)").MatchString(path)
}

// Types lists the resource types, in alphabetical order.
func (p *Personality) Types() []string { return slices.Sorted(maps.Keys(p.Resources)) }

// Writes lists what can be written: create Patient.
func (p *Personality) Writes() (list []string) {
	for _, t := range p.Types() {
		for _, i := range p.Resources[t].Interactions {
			if i == "create" || i == "update" || i == "patch" || i == "delete" {
				list = append(list, i+" "+t)
			}
		}
	}
	return list
}
