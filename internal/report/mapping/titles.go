package mappaper

import (
	"regexp"
	"strings"
	"unicode"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

// role is what a column of a sheet of pairs holds.
type role int

const (
	noRole role = iota
	roleBlock
	roleMakes
	rolePer
	roleOnly
	roleKey
	roleRule
	roleTarget
	roleEach
	roleSource
	roleSegment
	roleField
	roleComponent
	roleCondition
	roleFunctions
	roleWords
	roleFormula
	roleConstant
	roleLookup
	roleDefault
	roleStatus
	roleOwner
	roleNote
	roleSourceKind
	roleTargetKind
	roleInside
	roleIgnored // of our own workbook: what follows from the rest
)

// titles are the words that people write over columns, in small letters without signs.
var titles = map[string]role{}

func init() {
	for r, names := range map[role][]string{
		roleBlock: {titleBlock}, roleMakes: {titleMakes, "resource"}, rolePer: {titlePer}, roleOnly: {titleOnly}, roleKey: {titleKey},
		roleRule:      {titleRule, "rule id", "id", "no", "nr", "#", "row"},
		roleTarget:    {titleTarget, "target field", "target path", "target element", "to", "destination", "destination field", "destination path", "fhir", "fhir path", "fhir element", "fhir attribute", "outbound", "outbound field", "output", "output field", "receiver field", "receiving field", "maps to", "mapped to", "map to", "our field", "new field", "redox", "redox field", "json path"},
		roleEach:      {titleEach},
		roleSource:    {titleSource, "source field", "source path", "source element", "from", "hl7", "hl7 field", "hl7 path", "hl7 element", "hl7 location", "v2", "v2 field", "v2 path", "inbound", "inbound field", "input", "input field", "sender field", "sending field", "old field", "field path", "epic field", "ehr field"},
		roleSegment:   {"segment", "seg", "hl7 segment", "segment id"},
		roleField:     {"field", "field no", "field number", "seq", "sequence", "element", "position", "field seq"},
		roleComponent: {"component", "comp", "component no", "subfield", "sub field"},
		roleCondition: {titleCondition, "conditions", "when", "if", "only if", "computable condition"},
		roleFunctions: {titleFunctions, "function"},
		roleWords:     {"transform", "transformation", "translation", "logic", "mapping logic", "mapping rule", "conversion", "business rule", "transform logic", "processing"},
		roleFormula:   {titleFormula}, roleConstant: {titleConstant, "fixed value", "hard coded", "hardcoded", "hard coded value", "literal", "constant value"},
		roleLookup: {titleLookup, "lookup", "lookup table", "crosswalk", "translation table", "value map"}, roleDefault: {titleDefault, "default value"},
		roleStatus: {titleStatus, "state", "agreed"}, roleOwner: {titleOwner, "responsible", "assigned to", "who"},
		roleNote:       {titleNote, "notes", "comment", "comments", "remark", "remarks", "description", "details"},
		roleSourceKind: {titleSourceKind}, roleTargetKind: {titleTargetKind}, roleInside: {titleInside},
		roleIgnored: {titleTargetName, titleTargetType, titleTargetCard, titleSourceName, titleSourceUsage, titleWords, titlePopulated, titleBefore, titleAfter},
	} {
		for _, name := range names {
			titles[folded(name)] = r
		}
	}
}

// folded writes a title in small letters, its words apart by one blank.
func folded(s string) string {
	if strings.TrimSpace(s) == "#" {
		return "#"
	}
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// head is the row of titles.
type head struct {
	row     int // from 0
	columns map[role]int
	more    map[role][]int // further columns of words and notes: people write Description and Comments
}

// all are the cells of a row in all columns of a role.
func (h head) all(row []string, r role) (texts []string) {
	if text := h.get(row, r); text != "" {
		texts = append(texts, text)
	}
	for _, c := range h.more[r] {
		if text := cellText(row, c); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// add takes a column for a role. It is false where the role has one already, and is none of those that may have several.
func (h *head) add(r role, column int) bool {
	if !h.has(r) {
		h.columns[r] = column
		return true
	}
	if r != roleWords && r != roleNote {
		return false
	}
	if h.more == nil {
		h.more = map[role][]int{}
	}
	h.more[r] = append(h.more[r], column)
	return true
}

// get is a cell of a row.
func (h head) get(row []string, r role) string {
	i, ok := h.columns[r]
	if !ok {
		return ""
	}
	return cellText(row, i)
}

func cellText(row []string, i int) string {
	if i >= len(row) {
		return ""
	}
	return strings.TrimSpace(strings.ReplaceAll(row[i], "\u00a0", " "))
}

func (h head) has(r role) bool { _, ok := h.columns[r]; return ok }

// maxHead is how many rows may stand before the titles.
const maxHead = 40

// findHead finds the row of titles: the first that names a target, and a source or a segment with a field number.
func findHead(g *grid) (head, bool) {
	for i, row := range g.cells[:min(len(g.cells), maxHead)] {
		h := head{row: i, columns: map[role]int{}}
		for c, title := range row {
			switch r := titles[folded(title)]; r {
			case noRole, roleIgnored, roleRule:
			default:
				h.add(r, c)
			}
		}
		h.findRule(row, g.cells[i+1:])
		if at, ok := h.columns[roleField]; ok && !h.has(roleSource) && !h.has(roleSegment) {
			h.columns[roleSource] = at // the whole path stands under Field
		}
		if h.has(roleTarget) && (h.has(roleSource) || h.has(roleSegment) && h.has(roleField)) {
			return h, true
		}
	}
	return head{}, false
}

// findRule finds the column of the rules' identifiers. Others write what is to be done under such a title, as M->male, which
// must not get lost as an identifier.
func (h *head) findRule(titleRow []string, rows [][]string) {
	ours := h.has(roleBlock) || h.has(roleSourceKind)
	for c, title := range titleRow {
		if titles[folded(title)] != roleRule {
			continue
		}
		if ours || h.identifies(rows, c, folded(title) == folded(titleRule)) {
			h.add(roleRule, c) // a second numbering is of no use
			continue
		}
		h.add(roleWords, c)
	}
}

// ruleIdentifier is what identifiers look like: short, without blanks.
var ruleIdentifier = regexp.MustCompile(`^#?[\p{L}\p{N}][\p{L}\p{N}._#/-]{0,23}\)?$`)

// identifies says whether what stands in a column are identifiers: most of it looks so. Where the title may mean other things
// as well, all of it does, has a digit, is no function and stands once.
func (h *head) identifies(rows [][]string, column int, doubtful bool) bool {
	seen := map[string]bool{}
	good, bad := 0, 0
	for _, row := range rows {
		text := cellText(row, column)
		if text == "" || h.get(row, roleTarget) == "" { // nothing, or the heading of a section
			continue
		}
		_, function := parseSteps(text)
		switch {
		case !ruleIdentifier.MatchString(text):
			bad++
		case doubtful && (function || seen[text] || !strings.ContainsFunc(text, unicode.IsDigit)):
			bad++
		default:
			good++
		}
		seen[text] = true
	}
	return bad == 0 || !doubtful && good >= bad
}

// withoutHead reads a table without titles as pairs, the source first, if most of its rows begin with a path of HL7 v2 or
// FHIR, or have one second.
func withoutHead(g *grid) (head, bool) {
	rows, paths := 0, 0
	for _, row := range g.cells {
		if empty(row) {
			continue
		}
		rows++
		if len(row) >= 2 && (isPath(row[0]) || isPath(row[1])) && strings.TrimSpace(row[1]) != "" {
			paths++
		}
	}
	return head{row: -1, columns: map[role]int{roleSource: 0, roleTarget: 1, roleNote: 2}}, rows > 0 && paths*2 > rows
}

func isPath(text string) bool {
	text = strings.TrimSpace(text)
	if _, err := hl7.ParsePath(text); err == nil && strings.ContainsAny(text, "0123456789") {
		return true
	}
	resource, _, dotted := strings.Cut(text, ".")
	return dotted && fhir.R4().IsResource(resource)
}
