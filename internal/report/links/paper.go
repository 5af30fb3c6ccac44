package links

import (
	"fmt"
	"strings"
	"time"

	"trestle/internal/linkage"
)

// Authority is an assigning authority, as CX.4 has it (HL7 v2.9 section 2.A.14.4).
type Authority struct {
	Namespace   string // such as LAKESIDE
	UniversalID string // such as 2.999.1.10
	Type        string // of UniversalID, such as ISO; empty without one
}

// Identifier is an ID with who gave it and of what kind it is. The same digits from two authorities are a coincidence.
type Identifier struct {
	Value     string
	Authority Authority
	Type      string // table 0203, such as MR
}

// System is one of the two sides.
type System struct {
	Name      string // of the system
	File      string // the list's file, without its folder
	SHA256    string // of that file, hexadecimal
	Rows      int
	Authority Authority // of its identifiers; HL7 messages need it
	IDType    string    // table 0203; MR if empty
	URI       string    // of its identifiers in FHIR; from the authority's OID if empty
}

// identifier gives a record's ID in this system.
func (s System) identifier(value string) Identifier {
	kind := s.IDType
	if kind == "" {
		kind = "MR"
	}
	return Identifier{value, s.Authority, kind}
}

// Link is one decided link.
type Link struct {
	linkage.Candidate
	By       string // who decided; empty for an automatic link
	At       time.Time
	Note     string
	Changed  bool // one of the records has changed since it was decided
	Many     bool // several links were chosen explicitly
	Decision int64
}

// How says how a link came about.
func (l Link) How() string {
	if l.Decision == 0 {
		return string(linkage.Automatic)
	}
	return "decided"
}

// Doubt is a pair that people looked at and did not link, with what they decided.
type Doubt struct {
	linkage.Candidate
	Action linkage.Action
	By     string
	At     time.Time
	Note   string
}

// Creation is a plan that the right system lacks, with its normalised fields in order.
type Creation struct {
	LeftID string
	By     string // who decided; empty if nothing was found and nobody was asked
	Fields []Field
	Near   string // the most similar plan that exists, which somebody should look at first
}

// Field is a named value.
type Field struct{ Name, Value string }

// Proposal is one value of one side that the other could take over. A link implies no update: this is for people.
type Proposal struct {
	Left, Right           string
	Field                 string
	LeftValue, RightValue string
	From                  linkage.Side // whose value wins
	Rule                  string       // of the scope, that says so
}

// Merge is a decided duplicate inside one system: Gone is to be merged into Kept.
type Merge struct {
	Side       linkage.Side
	Kept, Gone Identifier
	By         string
	At         time.Time
}

// Paper is all that an export says.
type Paper struct {
	Project   string
	Kind      linkage.Kind
	Left      System
	Right     System
	Settled   Settled
	Creations []Creation
	Proposals []Proposal
	Merges    []Merge
	// Method, Model, Seed, Thresholds and Gates say on the cover how the links were found.
	Method     string
	Model      string
	Seed       uint64
	Thresholds []Field
	Gates      []Field // counted reasons
	At         time.Time
	By         string
	HL7        Header
	SQL        SQLOptions
}

// Conflict is a contradiction that somebody has to resolve before anything is exported.
type Conflict struct {
	What string   // what is wrong, without identifiers
	IDs  []string // the records
}

// String names the records too: it is for the screen of who resolves it.
func (c Conflict) String() string { return c.What + ": " + strings.Join(c.IDs, ", ") }

// ConflictError refuses an export. Its text counts the conflicts and names no patient; Conflicts names the records.
type ConflictError struct {
	Conflicts []Conflict
}

func (e *ConflictError) Error() string {
	counts, order := map[string]int{}, []string{}
	for _, c := range e.Conflicts {
		if counts[c.What] == 0 {
			order = append(order, c.What)
		}
		counts[c.What]++
	}
	parts := make([]string, len(order))
	for i, what := range order {
		parts[i] = fmt.Sprintf("%d × %s", counts[what], what)
	}
	return "nothing was exported, because conflicts are open: " + strings.Join(parts, "; ") + ". Resolve them in the review, then export again."
}

// Check says why the paper cannot be exported.
func (p *Paper) Check() error {
	if len(p.Settled.Conflicts) > 0 {
		return &ConflictError{p.Settled.Conflicts}
	}
	for _, m := range p.Merges {
		if m.Kept.Authority != m.Gone.Authority || m.Kept.Type != m.Gone.Type {
			return errAcross
		}
	}
	return nil
}

// Merge makes a merge of a decided duplicate: d.Right goes into d.Left, both of one side.
func (p *Paper) Merge(side linkage.Side, d linkage.Decision) Merge {
	s := p.Left
	if side == linkage.Right {
		s = p.Right
	}
	return Merge{Side: side, Kept: s.identifier(d.Left), Gone: s.identifier(d.Right), By: d.Who, At: d.At}
}
