package project

// FileName is the name of the file that makes a folder a project.
const FileName = "project.yaml"

// Project is what a project folder says. All paths in it are slash-separated, relative to the folder, and exist.
type Project struct {
	Name        string
	Description string
	Environment Environment
	Scope       Scope
	Systems     []System
	People      []Person
	TestPlan    []TestCase
	Messages    []MessageFile
	Rosters     []Roster
	Plans       []PlanList
}

// Environment says whether the systems hold real patients.
type Environment string

// The environments. Anything that is not production is a test.
const (
	Test       Environment = "test"
	Production Environment = "production"
)

// Side tells the two parties apart: ours is the system that the consultant brings in, theirs the partner's.
type Side string

// The two sides of a project.
const (
	Ours   Side = "ours"
	Theirs Side = "theirs"
)

// System is one of the systems that are being joined.
type System struct {
	ID          string // short name used inside the project file, such as "lakeside"
	Side        Side
	Name        string // what people call it
	Product     string
	Application string // HL7 v2 MSH-3 when it sends, MSH-5 when it receives
	Facility    string // HL7 v2 MSH-4 and MSH-6
	Authority   string // assigning authority of its patient identifiers, PID-3.4
	Versions    []string
	Connections []Connection
}

// Connection is one wire between the systems as this system sees it.
type Connection struct {
	ID      string
	Type    ConnectionType
	Role    Role
	Address string   // host:port, a base URL or a folder, by Type
	Carries []string // message types and events, such as "ADT^A08" or "SIU"
	Note    string
}

// ConnectionType says how data travels.
type ConnectionType string

// The connection types.
const (
	MLLP   ConnectionType = "mllp"
	FHIR   ConnectionType = "fhir"
	Folder ConnectionType = "folder"
)

// Role says who opens a connection.
type Role string

// The roles of a system on a connection.
const (
	Listens Role = "listens"
	Sends   Role = "sends"
)

// Person is somebody to ask.
type Person struct {
	Name  string
	Role  string
	Side  Side
	Email string
	Phone string
	Hours string
	Ask   string // what this person decides or knows
}

// TestCase is one row of the test plan.
type TestCase struct {
	ID       string // such as "ADT-03"
	Title    string
	Trigger  string // who does what to start it
	Expected string // what must be seen
	Checks   string // who checks, and on which screen
	Messages []string
}

// MessageFile is a file in the project with one or more messages, good or malformed.
type MessageFile struct {
	File   string
	Title  string
	Shows  string   // what the file is there to show
	Wrong  []Fault  // what is wrong with it; empty for a good file
	Expect []string // finding codes that a check of the file must raise; only with Wrong
}

// Malformed reports whether something is wrong with the file on purpose.
func (m MessageFile) Malformed() bool { return len(m.Wrong) > 0 }

// Fault is one thing that is wrong with a message file.
type Fault struct {
	ID   string // id in the malformation catalogue: a letter and a number, such as "L1"
	Text string // in plain words
}

// Roster is a list of patients as one system exports it.
type Roster struct {
	File   string
	System string // ID of a System
	Title  string
	Key    string // column that identifies a row inside its system
}

// PlanList is a list of payers and plans as one system exports it.
type PlanList Roster

// System returns the system with this ID.
func (p *Project) System(id string) (System, bool) {
	for _, s := range p.Systems {
		if s.ID == id {
			return s, true
		}
	}
	return System{}, false
}

// Message returns the message file with this path.
func (p *Project) Message(file string) (MessageFile, bool) {
	for _, m := range p.Messages {
		if m.File == file {
			return m, true
		}
	}
	return MessageFile{}, false
}
