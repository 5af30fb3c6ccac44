package endpoint

import "context"

// PatientQuery is what a query message asks for. Empty fields do not restrict.
type PatientQuery struct {
	ID        string // CX.1 of the patient identifier asked for
	Authority string // CX.4.1 of it
	Family    string
	Given     string
	Birth     string // YYYYMMDD
	Sex       string // table 0001
	Limit     int    // most that are wanted; 0 is no limit
}

// Patient is one match of a query: the PID segment that says who it is, as the workspace has it in a message.
type Patient struct {
	PID []byte // one segment in the usual delimiters |^~\&, without line end, escaped
	PV1 []byte // the visit, the same way; may be nil
}

// Patients answers queries, usually from the messages and rosters of a workspace. It must be safe for concurrent use.
type Patients interface {
	Find(ctx context.Context, q PatientQuery) ([]Patient, error)
}
