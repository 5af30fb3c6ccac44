package inspect

import (
	"context"
	"crypto/sha256"
	"math"

	"trestle/internal/check"
	"trestle/internal/format"
	"trestle/internal/hl7"
)

// Record is one piece of a file as it goes into a project.
type Record struct {
	Source         string // file name without folder
	Index          int    // 0-based place in the file
	Offset, Length int64  // place of the piece in the file; Length exceeds len(Bytes) where only the beginning was kept
	Bytes          []byte // as they came
	Summary        Summary
	Counts         [check.Severities]int // findings by check.Severity
	Findings       []check.Finding       // those of Container first, then what the message says
	// Container holds the findings that the file around the message gave: framing,
	// batch counts, a control ID that an earlier message has. They cannot be found
	// again from Bytes alone, so a store has to keep them. It shares Findings' memory.
	Container []check.Finding
}

// IsMessage reports whether the record is an HL7 v2 message, not an envelope
// or a piece of another kind.
func (r Record) IsMessage() bool { return r.Summary.Format == string(format.HL7v2) }

// Options choose how a file is read. Zero values take the defaults.
type Options struct {
	Check      check.Options
	SkipChecks bool // look for no findings, which takes most of the time
	MaxPiece   int  // bytes kept of a piece that is not HL7 v2
	MaxMessage int  // bytes of a message at most
	// LargeLater leaves a FHIR resource of more than LargeResource bytes unchecked, and says so: who opens it checks it.
	LargeLater bool
}

// LargeResource is from how many bytes on a FHIR resource takes long to check: a Bundle of some thousand entries.
const LargeResource = 8 << 20

// reader makes records of the pieces of one file.
type reader struct {
	ctx    context.Context
	source string
	skip   bool
	alone  bool // pieces are not looked at together
	check  check.Options
	later  bool // large resources are not checked
	among  Among
}

// Alone makes a record of one piece by itself: without what only the pieces before
// it can say, such as that its control ID came already.
func Alone(source string, p format.Piece, o Options) Record {
	rd := reader{ctx: context.Background(), source: source, skip: o.SkipChecks, check: o.Check, later: o.LargeLater, alone: true}
	return rd.record(p)
}

// Identity is a digest of a sender and a control ID: a million of them take a
// few bytes each, and two that are equal by chance are not to be expected. The
// zero Identity is that of a message without a control ID.
type Identity [12]byte

// Identity is by whom and under which control ID the message was sent.
func (s *Summary) Identity() Identity {
	if s.ControlID == "" {
		return Identity{}
	}
	sum := sha256.Sum256([]byte(s.SendingApplication + "\x00" + s.SendingFacility + "\x00" + s.ControlID))
	return Identity(sum[:len(Identity{})])
}

// Among says of the messages of a file what those before them say about them: a
// control ID that came already, a continuation whose beginning did not.
type Among struct {
	chain check.Chain
	ids   map[Identity]uint32 // index of the first message that has it
}

// Add takes the next message, which has the index, and returns its findings.
func (a *Among) Add(m *hl7.Message, s Summary, index int) (found []check.Finding) {
	if earlier, ok := a.twice(s.Identity(), index); ok {
		found = append(found, check.ControlIDTwice(m, earlier))
	}
	return append(found, a.chain.Add(m)...)
}

// maxIDs is how many control IDs of one file are remembered.
const maxIDs = 1 << 20

func (rd *reader) record(p format.Piece) Record {
	r := Record{Source: rd.source, Index: p.Index, Offset: p.Offset, Length: p.Length, Bytes: p.Bytes}
	if rd.skip {
		r.Summary.Format = string(p.Guess.Kind)
		if IsFHIR(r.Summary.Format) && p.Kind == hl7.ItemOutside && !p.InHL7 {
			rd.resource(&r, p.Guess.Kind)
		}
		if p.Kind == hl7.ItemMessage && p.Guess.Kind == format.HL7v2 {
			r.Summary = Summarise(hl7.Parse(p.Bytes))
		}
		return r
	}
	r.Findings = check.Piece(p, rd.check)
	if p.Kind == hl7.ItemMessage && p.Guess.Kind == format.HL7v2 {
		m := hl7.Parse(p.Bytes)
		r.Summary = Summarise(m)
		if !rd.alone {
			for _, f := range rd.among.Add(m, r.Summary, p.Index) {
				if f.Severity >= rd.check.Minimum {
					r.Findings = append(r.Findings, f)
				}
			}
		}
		container := len(r.Findings)
		o := rd.check
		o.Truncated = o.Truncated || check.CutOff(r.Findings)
		r.Findings = append(r.Findings, check.Message(m, o)...)
		r.Container = r.Findings[:container:container]
	} else {
		r.Summary.Format = string(p.Guess.Kind)
		r.Container = r.Findings[:len(r.Findings):len(r.Findings)]
		if IsFHIR(r.Summary.Format) && !p.InHL7 {
			rd.resource(&r, p.Guess.Kind)
		}
	}
	r.Counts = check.Count(r.Findings)
	return r
}

// twice remembers who sent a message and returns the earlier one of the same.
func (a *Among) twice(key Identity, index int) (earlier int, ok bool) {
	if key == (Identity{}) {
		return 0, false
	}
	if first, ok := a.ids[key]; ok {
		return int(first), true
	}
	if a.ids == nil {
		a.ids = map[Identity]uint32{}
	}
	if len(a.ids) < maxIDs && uint64(index) <= math.MaxUint32 {
		a.ids[key] = uint32(index)
	}
	return 0, false
}

// Object is a record as JSON: one line of `trestle inspect --json`. Offset and
// length place the record in the file; those of a finding count from the
// record's first byte.
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
	Findings  []check.Finding `json:"findings"` // never null
}

// Object returns the record for JSON, under the file name that the user gave.
func (r Record) Object(file string) Object {
	findings := r.Findings
	if findings == nil {
		findings = []check.Finding{}
	}
	return Object{
		File: file, Index: r.Index, Offset: r.Offset, Length: r.Length,
		Format: r.Summary.Format, Type: r.Summary.Type, Trigger: r.Summary.Trigger,
		Structure: r.Summary.Structure, Version: r.Summary.Version, ControlID: r.Summary.ControlID,
		Findings: findings,
	}
}
