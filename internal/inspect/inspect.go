package inspect

import (
	"context"
	"io"
	"iter"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// Summary is what a list shows of a message. Every text is decoded to UTF-8
// with escapes resolved; what the message does not say is empty.
type Summary struct {
	Format               string // format.Kind, such as "hl7v2" or "x12"
	Type                 string // MSH-9.1
	Trigger              string // MSH-9.2
	Structure            string // MSH-9.3 as sent, else the dictionary's
	Version              string // MSH-12.1 as sent
	ControlID            string // MSH-10
	SendingApplication   string // MSH-3.1
	SendingFacility      string // MSH-4.1
	ReceivingApplication string // MSH-5.1
	ReceivingFacility    string // MSH-6.1
	Time                 string // MSH-7 as sent
	MRN                  string // PID-3 of type MR, else the first
	Account              string // PID-18.1
	Visit                string // PV1-19.1
	Name                 string // "FAMILY, Given"
	Segments             int
}

// Record is one piece of a file as it goes into a project.
type Record struct {
	Source         string // file name without folder
	Index          int    // 0-based place in the file
	Offset, Length int64  // place of Bytes in the file
	Bytes          []byte
	Summary        Summary
	Counts         [check.Severities]int // findings by check.Severity
	Findings       []check.Finding
}

// Options choose how a file is read.
type Options struct {
	Check      check.Options
	MaxMessage int // bytes kept of one piece; 0 is format.DefaultMaxPiece
}

// Summarise reads the fields that a list shows.
func Summarise(m *hl7.Message) Summary { return Summary{} }

// Read yields every piece of r as a record, whether it is HL7 v2 or not. The
// only errors are those of r and of ctx; after one the sequence ends.
func Read(ctx context.Context, name string, r io.Reader, o Options) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {}
}

// Object is a record as JSON: one line of `trestle inspect --json`.
type Object struct {
	File      string          `json:"file"`
	Index     int             `json:"index"`
	Offset    int64           `json:"offset"`
	Length    int64           `json:"length"`
	Format    string          `json:"format"`
	Type      string          `json:"type"`
	Trigger   string          `json:"trigger"`
	Structure string          `json:"structure"`
	Version   string          `json:"version"`
	ControlID string          `json:"controlId"`
	Findings  []check.Finding `json:"findings"`
}

// Object returns the record for JSON, under the file name that the user gave.
func (r Record) Object(file string) Object { return Object{} }

// Store takes records into a project. AddMessages stores a batch in one
// transaction and returns the ids in the same order.
type Store interface {
	AddMessages(ctx context.Context, batch []Record) ([]int64, error)
}

// Result is what an import did.
type Result struct {
	Messages int                   // HL7 v2 messages stored
	Others   int                   // pieces stored that are not messages
	Bytes    int64                 // bytes read
	IDs      []int64               // ids in the store, in file order
	Counts   [check.Severities]int // findings by severity
	Worst    check.Severity
	Format   string // of the first piece
}

// Import reads r and stores its pieces in batches. progress may be nil.
func Import(ctx context.Context, s Store, name string, r io.Reader, progress func(done int64, messages int)) (Result, error) {
	return Result{}, nil
}
