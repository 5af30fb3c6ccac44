package mapping

import "strings"

// File is a mapping as it is written: blocks that each make one thing of the target, with a row for every rule.
type File struct {
	ID, Title, Note string
	Direction       Direction // which way the data flows, seen from us; "" = not said
	Source, Target  End
	Zone            string // IANA name of the time zone of times that give none, such as America/New_York; "" = not known
	Seed            string // what identifiers are derived from beside the message; another seed gives other identifiers
	Tables          []Table
	Blocks          []Block
	LeftOut         []LeftOut

	comments comments
}

// Kind names what a source or target is.
type Kind string

// The kinds of sources and targets.
const (
	HL7v2 Kind = "hl7v2"
	FHIR  Kind = "fhir"
	JSON  Kind = "json"
	XML   Kind = "xml"
	CSV   Kind = "csv"
	// FixedWidth is a file of records whose fields stand at fixed places, which a layout beside the mapping says.
	FixedWidth Kind = "fixed-width"
)

// Direction is the way data flows, seen from our side.
type Direction string

// In: from the partner to us. Out: from us to the partner.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// End says what one end of a mapping is.
type End struct {
	Kind    Kind
	Version string   // of HL7 v2, such as 2.5.1; of FHIR 4.0.1
	Message string   // HL7 v2: the message structure, such as ADT_A01; it is looked up by MSH-9 if not given
	Root    string   // FHIR: Bundle or the one resource that is made; XML: the name of the root element
	Bundle  string   // FHIR: the type of the Bundle: collection if not given. Entries of a transaction or batch get their requests
	Keep    bool     // HL7 v2 to HL7 v2: what no rule writes stays as it came
	Columns []string // CSV: the columns in their order; those of the rules if not given

	NoHeader  bool    // CSV: no line of names; then Columns names the columns, and those beyond are "column 7"
	Delimiter string  // CSV: the sign between cells; "" = comma, "tab"
	Encoding  string  // CSV and fixed width: such as windows-1252; "" = utf-8
	Layout    string  // fixed width: path of the layout, relative to the mapping
	Fields    *Layout // what it says
	Schema    string  // JSON: path of a JSON Schema that says what the target must be, relative to the mapping
	Shape     *Schema // what it says

	Line     int
	comments comments
}

// Table is a lookup table, kept as CSV beside the mapping. Its first line names the columns.
type Table struct {
	Name  string
	File  string // path of the CSV file, relative to the mapping
	Key   string // the column to look in; the first if not given
	Value string // the column that holds the answer; the second if not given
	// System and Display name the columns, if any, with the code system and the words of the answer.
	System, Display string
	Missing         Missing
	Rows            Rows

	Line     int
	comments comments
}

// Missing says what becomes of a value that a table does not hold.
type Missing struct {
	Policy   Policy
	Use      string // with Use: what stands for it
	Warn     bool
	comments comments
}

// Policy is one of the ways to treat a failed lookup. Each of them is counted ([Result.Failed]).
type Policy string

// The policies. A table that says nothing leaves the value empty and warns.
const (
	UseDefault  Policy = "default"
	PassThrough Policy = "pass"
	LeaveEmpty  Policy = "empty"
	Refuse      Policy = "error"
)

// Block makes one thing of the target: a resource, a segment, an object or a row. It does so for every turn of its loop.
type Block struct {
	ID   string
	Make string // Patient, PID, an object's path, row
	Per  string // what the loop runs over: a segment, group, field or path; "" = once
	When string // the condition for a turn to make anything
	// Key are the sources that identify what is made: the identifier of a FHIR resource is derived from them, so that two
	// messages about one patient give one Patient, and two doctors in one message that are one person one Practitioner.
	// Without keys, or where they are empty, it is derived from the message.
	Key  []string
	Drop bool   // HL7 v2 with Keep: the segment is taken out
	Data string // the kind of data for the project's scope, where Make does not say it
	Note string
	// Rules write below what is made, in order. Blocks are made inside each turn.
	Rules  []Rule
	Blocks []Block

	Line     int
	comments comments
}

// Rule is one row of the mapping.
type Rule struct {
	ID      string
	To      string   // where the value goes, relative to what the block makes
	Each    string   // a field, segment or path: one value of the target for each repetition
	From    []string // the sources; their values are taken in order
	Inputs  []Input  // names for a formula
	Formula string   // CEL over the inputs
	Value   string   // a constant
	Do      []Step
	When    string
	Default string // what stands where nothing came out
	Status  Status
	Owner   string
	Note    string

	Line     int
	comments comments
}

// Input is a source with the name that a formula knows it by.
type Input struct{ Name, Path string }

// Step is a function with its arguments: trim, lookup: sex, pad: [8, "0"].
type Step struct {
	Name string
	Args []string
}

// String writes the step for a person.
func (s Step) String() string {
	if len(s.Args) == 0 {
		return s.Name
	}
	quoted := make([]string, len(s.Args))
	for i, a := range s.Args {
		quoted[i] = quote(a)
	}
	return s.Name + "(" + strings.Join(quoted, ", ") + ")"
}

// Status is how far a rule has been agreed on.
type Status string

// The states of a rule. OutOfScope rules are kept and not run.
const (
	Draft      Status = "draft"
	Question   Status = "question"
	Agreed     Status = "agreed"
	OutOfScope Status = "out-of-scope"
)

// LeftOut is a source that is deliberately not mapped, with the reason.
type LeftOut struct {
	Path, Reason string

	Line     int
	comments comments
}

// Walk visits every block and its rules, outer blocks first, in the order of the file.
func (f *File) Walk(visit func(b *Block)) { walkBlocks(f.Blocks, visit) }

func walkBlocks(list []Block, visit func(b *Block)) {
	for i := range list {
		visit(&list[i])
		walkBlocks(list[i].Blocks, visit)
	}
}

// Rules is the number of rules.
func (f *File) Rules() int {
	n := 0
	f.Walk(func(b *Block) { n += len(b.Rules) })
	return n
}

// Table returns the table of that name.
func (f *File) Table(name string) (*Table, bool) {
	for i := range f.Tables {
		if f.Tables[i].Name == name {
			return &f.Tables[i], true
		}
	}
	return nil, false
}
