package check

import (
	"fmt"
	"strings"

	"trestle/internal/hl7"
)

// Severity says what a finding means for a receiver.
type Severity uint8

// The severities, lowest first, so that they compare and index arrays.
const (
	Information Severity = iota // allowed or harmless; a receiver must ignore it
	Warning                     // read differently by different receivers, or partly lost
	Error                       // refused by a receiver that follows the standard
	Fatal                       // cannot be read as an HL7 v2 message
)

// Severities is the number of severities, the length of a count array.
const Severities = 4

var severityNames = [Severities]string{"information", "warning", "error", "fatal"}

// String returns the name used in JSON, on the command line and in reports.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// ParseSeverity reads a severity's name, in any case. It also knows "info".
func ParseSeverity(text string) (Severity, error) {
	name := strings.ToLower(strings.TrimSpace(text))
	if name == "info" {
		return Information, nil
	}
	for i, n := range severityNames {
		if n == name {
			return Severity(i), nil
		}
	}
	return Information, fmt.Errorf("severity %q is not known: use information, warning, error or fatal", text)
}

// MarshalText writes the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Severity) UnmarshalText(text []byte) error {
	parsed, err := ParseSeverity(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Repair is one edit that mends what a finding names. It is never applied by
// itself: Apply makes a changed copy.
type Repair struct {
	Title       string // what it does, for a button: "Write M"
	Offset      int    // in bytes of the message
	Length      int    // bytes replaced; 0 inserts
	Replacement []byte
}

// Apply returns a copy of b with the edit made. A repair whose place lies
// outside b changes nothing.
func (r Repair) Apply(b []byte) []byte {
	if r.Offset < 0 || r.Length < 0 || r.Offset > len(b) || r.Length > len(b)-r.Offset {
		return append([]byte(nil), b...)
	}
	out := make([]byte, 0, len(b)-r.Length+len(r.Replacement))
	out = append(out, b[:r.Offset]...)
	out = append(out, r.Replacement...)
	return append(out, b[r.Offset+r.Length:]...)
}

// Finding is one thing worth telling about a message.
type Finding struct {
	Code     string   `json:"code"` // stable, in kebab case; see Codes
	Severity Severity `json:"severity"`
	Path     string   `json:"path"`   // canonical, such as PID-3[2].4.1; empty for the message as a whole
	Offset   int      `json:"offset"` // in bytes of the message
	Length   int      `json:"length"` // in bytes; 0 marks a place between two bytes
	Text     string   `json:"text"`   // one plain sentence that names the cause
	Repair   *Repair  `json:"-"`      // nil where no single edit is certain
}

// DefaultLimit is how many findings of one code are listed before the rest is
// counted in one line.
const DefaultLimit = 50

// Options choose what is looked at.
type Options struct {
	Limit   int      // findings per code; 0 is DefaultLimit
	Minimum Severity // findings below are left out
	Version string   // dictionary version to check against; empty takes MSH-12

	// Rules are what sender and receiver agreed on top of the standard, such as a
	// profile. Nil: the standard alone.
	Rules Rules

	// Truncated says that the bytes end before the message does, as CutOff finds
	// out. Then nothing is said about what is missing or broken at their end.
	Truncated bool

	careful bool // tests only: without the first, quick reading
}

// Rules are an agreement on top of the standard. A profile is one.
type Rules interface {
	// Apply returns what m does against the rules.
	Apply(m *hl7.Message) []Finding
	// Agrees reports whether the rules allow what a finding of the standard names,
	// so that it is left out. The finding has code, path and place, and no text.
	Agrees(m *hl7.Message, f Finding) bool
}

// Description explains a code, for help, documentation and filters.
type Description struct {
	Code      string
	Catalogue string // the id of the malformation catalogue, such as "L1"
	Severity  Severity
	Text      string // one sentence

	root  bool // explains other findings, so it is listed before them
	index int  // in the order of declaration
}

// Count returns the number of findings of each severity.
func Count(findings []Finding) (counts [Severities]int) {
	for _, f := range findings {
		counts[f.Severity]++
	}
	return counts
}
