package project

// Scope says who owns which data. Every tool reads it.
type Scope struct {
	Kind  ScopeKind
	Flows []Flow // one for each DataKind, in the order of DataKinds
	Note  string
}

// ScopeKind names the two usual divisions of work.
type ScopeKind string

// In a stand-alone scope our system owns demographics and insurance. In an office-based scope the partner's does.
const (
	StandAlone  ScopeKind = "stand-alone"
	OfficeBased ScopeKind = "office-based"
)

// DataKind is a class of data that has one system of record.
type DataKind string

// The kinds of data that a scope decides on.
const (
	Demographics DataKind = "demographics"
	Insurance    DataKind = "insurance"
	Appointments DataKind = "appointments"
	Orders       DataKind = "orders"
	Results      DataKind = "results"
	Charges      DataKind = "charges"
	Documents    DataKind = "documents"
)

// DataKinds lists the kinds of data in the order in which a scope shows them.
func DataKinds() []DataKind {
	return []DataKind{Demographics, Insurance, Appointments, Orders, Results, Charges, Documents}
}

// Direction is the way data flows, seen from our side.
type Direction string

// The directions. None means that this kind of data is not exchanged.
const (
	In   Direction = "in"
	Out  Direction = "out"
	Both Direction = "both"
	None Direction = "none"
)

// Edit says what may be changed in our system.
type Edit string

// Blocked: nothing, every change comes from the partner. Additions: what the partner leaves empty. Allowed: everything.
const (
	Blocked   Edit = "blocked"
	Additions Edit = "additions"
	Allowed   Edit = "allowed"
)

// Flow is the rule for one kind of data.
type Flow struct {
	Data      DataKind
	Record    Side // system of record
	Direction Direction
	Edit      Edit
	Messages  []string // message types that carry it, such as "ADT^A08"
	Note      string
}

// Flow returns the rule for a kind of data.
func (s Scope) Flow(k DataKind) (Flow, bool) {
	for _, f := range s.Flows {
		if f.Data == k {
			return f, true
		}
	}
	return Flow{}, false
}

// Preset returns the usual flows of a kind of scope, as a first draft for a new project.
func Preset(k ScopeKind) Scope {
	flow := func(d DataKind, r Side, dir Direction, e Edit, messages ...string) Flow {
		return Flow{Data: d, Record: r, Direction: dir, Edit: e, Messages: messages}
	}
	owner, way, edit := Theirs, In, Blocked
	if k == StandAlone {
		owner, way, edit = Ours, Both, Allowed
	}
	return Scope{Kind: k, Flows: []Flow{
		flow(Demographics, owner, way, edit, "ADT^A04", "ADT^A08", "ADT^A28", "ADT^A31", "ADT^A40"),
		flow(Insurance, owner, way, edit, "ADT^A04", "ADT^A08", "ADT^A31"),
		flow(Appointments, Ours, Out, Allowed, "SIU^S12", "SIU^S13", "SIU^S14", "SIU^S15", "SIU^S26"),
		flow(Orders, Theirs, In, Blocked, "ORM^O01", "RDE^O11"),
		flow(Results, Theirs, In, Blocked, "ORU^R01"),
		flow(Charges, Ours, Out, Allowed, "DFT^P03"),
		flow(Documents, Ours, Out, Allowed, "MDM^T02"),
	}}
}
