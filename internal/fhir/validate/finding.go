package validate

import "fmt"

// Severity says what a finding means for a receiver.
type Severity uint8

// The severities, lowest first. They are those of findings on HL7 v2.
const (
	Information Severity = iota // harmless, or not checked
	Warning                     // against good practice
	Error                       // refused by a receiver that follows the standard
	Fatal                       // cannot be read as FHIR
)

var severityNames = [...]string{"information", "warning", "error", "fatal"}

// String returns the name used in JSON, on the command line and in reports.
func (s Severity) String() string { return severityNames[min(int(s), len(severityNames)-1)] }

// MarshalText writes the severity's name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing worth telling about a resource.
type Finding struct {
	Code     string   `json:"code"` // stable, in kebab case
	Severity Severity `json:"severity"`
	Path     string   `json:"path"`   // FHIRPath from the root, such as Patient.name[0].family
	Offset   int      `json:"offset"` // in bytes
	Length   int      `json:"length"`
	Text     string   `json:"text"` // one plain sentence that names the cause
}

// Codes of findings.
const (
	CodeSyntax       = "syntax"          // the text is no JSON or XML
	CodeForm         = "json-form"       // JSON that people read and parsers refuse
	CodeNoResource   = "no-resource"     // there is no resource, or none that is known
	CodeDuplicate    = "duplicate-name"  // a member is there twice
	CodeUnknown      = "unknown-element" // FHIR does not define it
	CodeList         = "list"            // a list where none may be, none where one must be, or an empty one
	CodeEmpty        = "empty"           // an element without value, extension or content
	CodeMissing      = "missing"         // less than the minimum
	CodeTooMany      = "too-many"        // more than the maximum
	CodeType         = "type"            // a value of another type
	CodeValue        = "value"           // a value that does not follow its type's rules
	CodeBinding      = "binding"         // a code that is not in a required set
	CodeFixed        = "fixed"           // a value that differs from what is prescribed
	CodeInvariant    = "invariant"       // a rule of the definitions is broken; the text begins with its key
	CodeReference    = "reference"       // a reference that leads nowhere, or to what it may not
	CodeNarrative    = "narrative"       // XHTML that a narrative may not have
	CodeExtension    = "extension"       // an extension that its definition forbids here
	CodeBundle       = "bundle"          // a rule for Bundles is broken
	CodeProfile      = "profile"         // a rule of a profile is broken: a slice, a pattern
	CodeNotChecked   = "not-checked"     // nobody can tell here
	CodeTooManyFound = "limit"           // there are more findings of a kind than are listed
)

// Valid says whether no finding is an error.
func Valid(list []Finding) bool {
	for _, f := range list {
		if f.Severity >= Error {
			return false
		}
	}
	return true
}

// perCode is how many findings of a code are listed by default.
const perCode = 50

// place is where a finding lies.
type place struct {
	path      string
	off, size int
}

func (v *validator) report(code string, s Severity, at place, format string, args ...any) {
	f := Finding{code, s, at.path, at.off, at.size, fmt.Sprintf(format, args...)}
	if v.found[f] { // a profile repeats what its type says
		return
	}
	v.found[f] = true
	v.counts[code]++
	if v.counts[code] > v.limit {
		v.left = true
		v.worst = max(v.worst, s)
		return
	}
	v.list = append(v.list, f)
}
