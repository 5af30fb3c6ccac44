package endpoint

import (
	"context"
	"crypto/sha256"
	"time"

	"trestle/internal/check"
)

// Direction says who sent the request of an exchange.
type Direction string

const (
	Inbound  Direction = "in"  // the peer sent, the endpoint answered
	Outbound Direction = "out" // the endpoint sent, the peer answered
)

// Kind says what the request of an exchange is.
type Kind string

const (
	KindMessage     Kind = "message"     // an HL7 v2 message that is no acknowledgement
	KindBatch       Kind = "batch"       // several messages in one frame
	KindApplication Kind = "application" // an application acknowledgement that is an exchange of its own
	KindAck         Kind = "ack"         // any other acknowledgement that came or went as a request: late, unasked for
	KindForward     Kind = "forward"     // a message that a rule passed on to another host
	KindBytes       Kind = "bytes"       // bytes that are no frame, or a frame without HL7 in it
	KindConnection  Kind = "connection"  // no bytes at all: a client that was refused, went silent, reset
	KindFHIR        Kind = "fhir"        // a FHIR request over HTTP
)

// Outcome says in one word how an exchange ended.
type Outcome string

const (
	OutcomeAccepted Outcome = "accepted" // inbound: answered positively; outbound: a positive acknowledgement came
	OutcomeError    Outcome = "error"    // AE, CE, or an HTTP 4xx
	OutcomeRejected Outcome = "rejected" // AR, CR, or an HTTP 5xx
	OutcomeSilent   Outcome = "silent"   // no answer, because the rules of acknowledgement or a fault ask for none
	OutcomeRefused  Outcome = "refused"  // the bytes or the client were refused
	OutcomeFailed   Outcome = "failed"   // no usable answer: timed out, connection lost, wrong control ID
)

// Exchange is one request and what answered it, in either direction. It is a plain record: the engine fills it, hands it to
// the [Journal] and forgets it. A journal must not keep the record or its slices after Append returned; it copies what it
// keeps. Times are UTC, exact to the microsecond; a zero time did not happen.
type Exchange struct {
	// ID is given by the journal in Append: unique within it and rising. 0 before.
	ID       int64
	Endpoint string // name of the endpoint
	Run      string // name of the run of a sender, empty otherwise
	Kind     Kind
	Direction

	// Conversation is the same for a message, its retries, its commit and application acknowledgement and the responses that it
	// caused: the sender's MSH-3, MSH-4 and MSH-10 as one text, or a text of its own where there is no control ID.
	Conversation string
	Connection   uint64 // counts the connections of one start of the endpoint, from 1; 0 where there was none
	Peer         string // address and port of the other side
	TLS          *TLS   // nil without TLS

	FirstByte, LastByte time.Time // of the request: received, or written
	Decided             time.Time // inbound: the reply was ready; outbound: the reply had come whole
	Committed           time.Time // the journal had it on disk (see Completion)
	ReplyWritten        time.Time // inbound: the last byte of the reply was given to the network (see Completion)

	// Request and Reply are the bytes as they were on the wire, without framing bytes. They are nil where payloads are not
	// kept; sizes and hashes are always there.
	Request, Reply             []byte
	RequestSize, ReplySize     int64
	RequestSHA256, ReplySHA256 [sha256.Size]byte // zero where there are no bytes

	Type, Trigger string // MSH-9.1, MSH-9.2; for FHIR the method and the resource type
	ControlID     string // MSH-10 as sent
	MRN           string // the repetition of PID-3 of type MR, else the first; patient data
	Account       string // PID-18.1; patient data

	Code     string // MSA-1 of the reply, an HTTP status, or empty
	Rule     string // id of the rule that fired, empty where the default answered
	Sentence string // that rule as a sentence
	Faults   []string
	Findings []Finding

	Attempt    int     // outbound: 1 for the first try
	MaybeTwice bool    // outbound: an earlier try may have arrived although no answer came
	Expected   string  // outbound: the acknowledgement code that was expected, empty where any positive one will do
	Passed     bool    // outbound: the answer was the expected one
	Outcome    Outcome // how it ended, as far as known
	Detail     string  // one sentence about an outcome that needs it; no patient data
}

// TLS is what a journal keeps of the encryption of a connection.
type TLS struct {
	Version    string `json:"version"` // "TLS 1.3"
	Cipher     string `json:"cipher"`
	ServerName string `json:"serverName,omitempty"`
	PeerName   string `json:"peerName,omitempty"`   // subject of the other side's certificate
	PeerSHA256 string `json:"peerSha256,omitempty"` // fingerprint of that certificate, in hexadecimal
}

// Finding is something remarkable about the bytes of an exchange: a deviation from the framing, or what package check finds.
type Finding struct {
	Code     string         `json:"code"`
	Severity check.Severity `json:"severity"`
	Reply    bool           `json:"reply,omitempty"` // about the reply, not the request
	Path     string         `json:"path,omitempty"`
	Offset   int64          `json:"offset"` // in bytes of the request or reply; of a deviation before it, negative
	Length   int            `json:"length"`
	Text     string         `json:"text"`
	Bytes    []byte         `json:"bytes,omitempty"` // those that a deviation from the framing is about, at most 1 kB
}

// Completion is what becomes known about an exchange only after it was stored.
type Completion struct {
	ID           int64 // of the exchange
	Committed    time.Time
	ReplyWritten time.Time // zero: the reply was never written
	Outcome      Outcome   // empty: as stored
	Detail       string    // empty: as stored. For example that the peer reset the connection before the reply
}

// Journal keeps exchanges. Its methods are called from one goroutine at a time for each [Committer], but several
// endpoints may share one journal: it must be safe for concurrent use.
type Journal interface {
	// Append stores the batch, gives each exchange its ID, and returns when all of them would survive a crash of the
	// program and of the machine. The engine sends a positive acknowledgement only after that. All or none: after an error
	// none counts as stored, and their messages are refused.
	Append(ctx context.Context, batch []*Exchange) error
	// Complete adds what became known later. It need not be durable at once: what it says is lost in a crash at worst for the
	// last moments, and never more than that.
	Complete(ctx context.Context, batch []Completion) error
}

// Seal fills sizes and hashes from the bytes. Unless payloads are to be kept it drops the bytes and everything that was read from
// them but what a list needs: type, control ID, and the codes and places of findings.
func (e *Exchange) Seal(keepPayloads bool) {
	e.RequestSize, e.ReplySize = int64(len(e.Request)), int64(len(e.Reply))
	if e.RequestSize > 0 {
		e.RequestSHA256 = sha256.Sum256(e.Request)
	}
	if e.ReplySize > 0 {
		e.ReplySHA256 = sha256.Sum256(e.Reply)
	}
	if keepPayloads {
		return
	}
	e.Request, e.Reply, e.MRN, e.Account = nil, nil, "", ""
	for i := range e.Findings {
		f := &e.Findings[i]
		if f.Bytes = nil; f.Path != "" { // what check says may quote a value
			f.Text = ""
		}
	}
}

// Latency is how long the request waited for its reply: from its last byte to the reply written or, outbound, come whole. It is
// 0 where there was no reply.
func (e *Exchange) Latency() time.Duration {
	end := e.ReplyWritten
	if e.Direction == Outbound {
		end = e.Decided
	}
	if end.IsZero() || e.LastByte.IsZero() || e.ReplySize == 0 {
		return 0
	}
	return end.Sub(e.LastByte)
}
