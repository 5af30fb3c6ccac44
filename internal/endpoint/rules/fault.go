package rules

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FaultKind names one way to misbehave.
type FaultKind string

const (
	DelayReading   FaultKind = "delay-reading"
	DelayBefore    FaultKind = "delay-before"
	DelayDuring    FaultKind = "delay-during"
	DelayAfter     FaultKind = "delay-after"
	WrongCode      FaultKind = "wrong-code"
	NoAck          FaultKind = "no-ack"
	DuplicateAck   FaultKind = "duplicate-ack"
	LateAck        FaultKind = "late-ack"
	OutOfOrder     FaultKind = "out-of-order"
	WrongControlID FaultKind = "wrong-control-id"
	NoStart        FaultKind = "no-start"
	NoEnd          FaultKind = "no-end"
	NoCR           FaultKind = "no-cr"
	Truncate       FaultKind = "truncate"
	Dribble        FaultKind = "dribble"
	Corrupt        FaultKind = "corrupt"
	WrongCharset   FaultKind = "wrong-charset"
	CloseBefore    FaultKind = "close-before"
	CloseAfter     FaultKind = "close-after"
	ResetBefore    FaultKind = "reset-before"
	ResetAfter     FaultKind = "reset-after"
	Refuse         FaultKind = "refuse"
	Silent         FaultKind = "silent"
	DownTime       FaultKind = "down-for"
	DownMessages   FaultKind = "down-messages"
)

// Faults of HTTP, beside those of all endpoints that have a meaning there; see [HTTPFaults].
const (
	Status           FaultKind = "status"
	Throttle         FaultKind = "throttle"
	ThrottleSilently FaultKind = "throttle-silently"
	WrongContentType FaultKind = "wrong-content-type"
	StaleETag        FaultKind = "stale-etag"
	NoNextLink       FaultKind = "no-next-link"
	RepeatEntry      FaultKind = "repeat-entry"
	ExpiredToken     FaultKind = "expired-token"
)

// Argument says what a fault takes besides its name.
type Argument string

const (
	NoArgument    Argument = ""
	TimeArgument  Argument = "time"  // a duration
	CountArgument Argument = "count" // a number of messages
	ValueArgument Argument = "value" // a word
)

// Fault is one way to misbehave, and how often. In a rule it is counted among the messages for which the rule fires, as a fault
// of the endpoint among all of them; Refuse, Silent and DelayReading of an endpoint among its connections.
type Fault struct {
	Kind   FaultKind
	Time   time.Duration // 0 takes the usual one
	To     time.Duration // of a time: it lies anywhere between Time and To, all equally likely; 0 is no spread
	Sigma  float64       // of a time: it is lognormal, Time is its median and this the deviation of its logarithm; 0 is no spread
	Count  int           // 0 takes the usual one
	Value  string        // empty takes the usual one
	Every  int           // every n-th; 0 and 1 are each
	First  int           // only the first n; 0 is no limit
	Chance float64       // with this probability; 0 is always
	Off    bool          // kept, but never happens
}

// FaultInfo explains a fault, for a list of switches.
type FaultInfo struct {
	Kind     FaultKind
	Title    string // for a switch: "Late acknowledgement"
	Text     string // one line: what the partner sees
	Argument Argument
	Time     time.Duration // the usual argument
	Count    int
	Value    string
	Values   []string // the words that are known
	// Connections says that, as a fault of the endpoint, it happens when a client connects and not at a message.
	Connections bool

	phrase string // in a sentence, with %s for the argument
}

var faults = []FaultInfo{
	{Kind: DelayReading, Title: "Slow reader", Text: "Nothing is read for a while: the sender's data piles up in the network.", Argument: TimeArgument, Time: 5 * time.Second, Connections: true, phrase: "wait %s before reading on"},
	{Kind: DelayBefore, Title: "Slow acknowledgement", Text: "The acknowledgement waits, and so does all behind it on this connection.", Argument: TimeArgument, Time: 2 * time.Second, phrase: "after %s"},
	{Kind: DelayDuring, Title: "Stalling acknowledgement", Text: "The acknowledgement stops in its middle for a while and then goes on.", Argument: TimeArgument, Time: 2 * time.Second, phrase: "stalling %s in the middle of the acknowledgement"},
	{Kind: DelayAfter, Title: "Pause after the acknowledgement", Text: "Nothing more happens on the connection for a while.", Argument: TimeArgument, Time: 2 * time.Second, phrase: "then pause %s"},
	{Kind: WrongCode, Title: "Wrong code", Text: "What is accepted is answered as an error, and an error as accepted.", Argument: ValueArgument, Values: []string{"AA", "AE", "AR", "CA", "CE", "CR"}, phrase: "with the wrong code%s"},
	{Kind: NoAck, Title: "No acknowledgement", Text: "The message is taken, and nothing is ever answered.", phrase: "never acknowledge"},
	{Kind: DuplicateAck, Title: "Duplicate acknowledgement", Text: "The same acknowledgement comes twice.", Argument: CountArgument, Count: 2, phrase: "acknowledge %s times"},
	{Kind: LateAck, Title: "Late acknowledgement", Text: "The acknowledgement comes after the sender gave up, while later messages are answered in time.", Argument: TimeArgument, Time: 8 * time.Second, phrase: "acknowledge late (%s)"},
	{Kind: OutOfOrder, Title: "Out of order", Text: "The acknowledgement comes after that of the next message, or after a while if there is none.", Argument: TimeArgument, Time: 5 * time.Second, phrase: "acknowledge after the next message (or %s)"},
	{Kind: WrongControlID, Title: "Wrong control ID", Text: "MSA-2 names a message that was never sent.", phrase: "with a wrong MSA-2"},
	{Kind: NoStart, Title: "No start byte", Text: "The acknowledgement has no VT before it.", phrase: "without the start byte"},
	{Kind: NoEnd, Title: "No end byte", Text: "The acknowledgement has no FS behind it.", phrase: "without the end byte"},
	{Kind: NoCR, Title: "No CR", Text: "The frame ends with FS alone.", phrase: "without the CR after the frame"},
	{Kind: Truncate, Title: "Cut acknowledgement", Text: "Only the first half of the acknowledgement is sent, and no end.", phrase: "with half an acknowledgement"},
	{Kind: Dribble, Title: "Dribbling", Text: "The acknowledgement comes byte by byte.", Argument: TimeArgument, Time: 20 * time.Millisecond, phrase: "byte by byte (one each %s)"},
	{Kind: Corrupt, Title: "Corrupted", Text: "Some bytes of the acknowledgement are changed; the frame is whole.", phrase: "with corrupted bytes"},
	{Kind: WrongCharset, Title: "Wrong character set", Text: "The acknowledgement is not in the character set that its MSH-18 names.", Argument: ValueArgument, Value: "latin-1", Values: []string{"latin-1", "utf-16"}, phrase: "in another character set than it says (%s)"},
	{Kind: CloseBefore, Title: "Close instead", Text: "The connection is closed in the place of the acknowledgement.", phrase: "close instead of acknowledging"},
	{Kind: CloseAfter, Title: "Close after", Text: "The connection is closed after each acknowledgement.", phrase: "then close"},
	{Kind: ResetBefore, Title: "Reset instead", Text: "The connection is reset (RST) in the place of the acknowledgement.", phrase: "reset instead of acknowledging"},
	{Kind: ResetAfter, Title: "Reset after", Text: "The connection is reset (RST) right after the acknowledgement.", phrase: "then reset"},
	{Kind: Refuse, Title: "Refuse connections", Text: "New connections are refused, as if nothing listened; those that are open go on.", Argument: TimeArgument, Time: 10 * time.Second, Connections: true, phrase: "then refuse new connections for %s"},
	{Kind: Silent, Title: "Silent", Text: "Connections are taken, and nothing is ever read or said on them.", Connections: true, phrase: "go silent on this connection"},
	{Kind: DownTime, Title: "Down for a time", Text: "All connections break and new ones are refused, for a while.", Argument: TimeArgument, Time: 10 * time.Second, phrase: "then be down for %s"},
	{Kind: DownMessages, Title: "Down for some messages", Text: "The connection breaks at each of the next messages, and none is answered.", Argument: CountArgument, Count: 3, phrase: "then be down for %s messages"},
}

var httpFaults = []FaultInfo{
	{Kind: Status, Title: "Error status", Text: "The request is answered with an HTTP status and an OperationOutcome, and nothing is done.", Argument: ValueArgument, Value: "500",
		Values: []string{"400", "401", "403", "404", "405", "406", "409", "410", "412", "415", "422", "429", "500", "502", "503", "504"}, phrase: "answer with status %s"},
	{Kind: Throttle, Title: "Too many requests", Text: "The request is answered with 429 and a Retry-After.", Argument: TimeArgument, Time: 60 * time.Second, phrase: "answer 429, to be tried again after %s"},
	{Kind: ThrottleSilently, Title: "Too many requests, without a time", Text: "The request is answered with 429 and no Retry-After.", phrase: "answer 429 without a Retry-After"},
	{Kind: ExpiredToken, Title: "Expired token", Text: "The request is answered with 401, as if its access token had expired; one of SMART is forgotten.", phrase: "answer that the access token has expired"},
	{Kind: WrongContentType, Title: "Wrong content type", Text: "The answer says that it is text/html.", phrase: "with the content type text/html"},
	{Kind: StaleETag, Title: "Stale ETag", Text: "The ETag is that of the version before, so that the next update fails.", phrase: "with the ETag of an older version"},
	{Kind: NoNextLink, Title: "Missing next link", Text: "A page of a search does not say where the next one is.", phrase: "without the link to the next page"},
	{Kind: RepeatEntry, Title: "Repeated entry", Text: "A page of a search holds its first entry twice.", phrase: "with an entry that is there twice"},
}

// HTTPFaults lists the faults that a FHIR endpoint knows, in the order in which a window shows them.
func HTTPFaults() []FaultInfo {
	list := slices.Clone(httpFaults)
	for _, k := range []FaultKind{DelayBefore, DelayDuring, NoAck, Truncate, Dribble, Corrupt, CloseBefore, CloseAfter, ResetBefore, DownTime} {
		if i, ok := k.Info(); ok {
			list = append(list, i)
		}
	}
	return list
}

// Faults lists all faults of an MLLP endpoint in the order in which a window shows them.
func Faults() []FaultInfo { return slices.Clone(faults) }

// Info explains the fault's kind.
func (k FaultKind) Info() (FaultInfo, bool) {
	for _, list := range [][]FaultInfo{faults, httpFaults} {
		if i := slices.IndexFunc(list, func(f FaultInfo) bool { return f.Kind == k }); i >= 0 {
			return list[i], true
		}
	}
	return FaultInfo{}, false
}

// Duration is the fault's time, or the usual one of its kind.
func (f Fault) Duration() time.Duration {
	if f.Time > 0 {
		return f.Time
	}
	info, _ := f.Kind.Info()
	return info.Time
}

// drawn is the fault with a time of its own, if its times are spread: two numbers from 0 up to 1 decide it.
func (f Fault) drawn(a, b float64) Fault {
	d := f.Duration()
	switch {
	case f.To > d:
		f.Time = d + time.Duration(a*float64(f.To-d))
	case f.Sigma > 0: // by Box and Muller
		normal := math.Sqrt(-2*math.Log(1-a)) * math.Cos(2*math.Pi*b)
		f.Time = time.Duration(min(float64(d)*math.Exp(f.Sigma*normal), float64(maxDuration)))
	default:
		return f
	}
	f.Time = max(f.Time.Round(time.Microsecond), time.Microsecond)
	f.To, f.Sigma = 0, 0
	return f
}

// Span is the fault's time in words, with its spread: "200 ms to 2 s", "300 ms, spread 0.5".
func (f Fault) Span() string {
	text := span(f.Duration())
	switch {
	case f.To > f.Duration():
		text += " to " + span(f.To)
	case f.Sigma > 0:
		text += ", spread " + strconv.FormatFloat(f.Sigma, 'g', -1, 64)
	}
	return text
}

// Number is the fault's count, or the usual one of its kind.
func (f Fault) Number() int {
	if f.Count > 0 {
		return f.Count
	}
	info, _ := f.Kind.Info()
	return info.Count
}

// Word is the fault's value, or the usual one of its kind.
func (f Fault) Word() string {
	if f.Value != "" {
		return f.Value
	}
	info, _ := f.Kind.Info()
	return info.Value
}

// Sentence is the fault in words: "acknowledge late (8 s), every 10th".
func (f Fault) Sentence() string {
	info, ok := f.Kind.Info()
	if !ok {
		return string(f.Kind)
	}
	text := info.phrase
	switch info.Argument {
	case TimeArgument:
		text = fmt.Sprintf(text, f.Span())
	case CountArgument:
		text = fmt.Sprintf(text, fmt.Sprint(f.Number()))
	case ValueArgument:
		word := f.Word()
		if f.Kind == WrongCode && word != "" {
			word = " " + word
		}
		text = fmt.Sprintf(text, word)
	}
	var often []string
	if f.Every > 1 {
		often = append(often, "every "+ordinal(f.Every))
	}
	if f.First > 0 {
		often = append(often, fmt.Sprintf("the first %d", f.First))
	}
	if f.Chance > 0 {
		often = append(often, percent(f.Chance)+" of the time")
	}
	if len(often) > 0 {
		text += ", " + strings.Join(often, " and ")
	}
	return text
}
