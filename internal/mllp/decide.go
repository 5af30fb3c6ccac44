package mllp

// Code is an acknowledgement code, table 0008. The zero Code is none.
type Code string

const (
	None Code = ""
	AA   Code = "AA" // application accept
	AE   Code = "AE" // application error
	AR   Code = "AR" // application reject
	CA   Code = "CA" // commit accept
	CE   Code = "CE" // commit error
	CR   Code = "CR" // commit reject
)

// Positive reports whether the code says that all is well.
func (c Code) Positive() bool { return c == AA || c == CA }

// Accept reports whether the code is one of a commit (accept) acknowledgement.
func (c Code) Accept() bool { return c == CA || c == CE || c == CR }

// Valid reports whether the code is one of table 0008.
func (c Code) Valid() bool { return c.Accept() || c == AA || c == AE || c == AR }

// Outcome is what became of a message. HL7 v2.9.1 section 2.8.
type Outcome uint8

const (
	Success        Outcome = iota // accepted, and the application succeeded
	AppError                      // accepted; the application found an error
	AppReject                     // accepted; the application could not process it for reasons other than its content
	HeaderRefused                 // not accepted: MSH-9, MSH-11 or MSH-12 is unacceptable
	ContentRefused                // not accepted for another reason that lies in the message, such as its syntax
	StateRefused                  // not accepted for another reason that lies with the receiver, such as its storage
	Uncorrelated                  // not accepted because the message may not be whole or cannot be told apart: never answered positively
)

// OneValued is what a message means in which only one of MSH-15 and MSH-16 is
// valued, which the standard forbids from 2.9 on.
type OneValued uint8

const (
	EitherEnhanced OneValued = iota // enhanced mode, the empty one counts as NE: the reading before 2.9
	BothNeeded                      // original mode
	AcceptDecides                   // MSH-15 alone decides: enhanced mode if it is valued
)

// Channel is where an acknowledgement goes.
type Channel uint8

const (
	NoChannel      Channel = iota // nothing is sent
	SameConnection                // as the reply on the connection of the message
	NewExchange                   // as an exchange of its own, on this or another connection
)

// Mode is how a message asks to be acknowledged.
type Mode uint8

const (
	OriginalMode Mode = iota
	EnhancedMode
)

// Settings are what the standard leaves to the receiver.
type Settings struct {
	// OneValued says what one valued field of two means.
	OneValued OneValued
	// OddApplication stands for a value of MSH-16 outside table 0155: AL, NE,
	// ER or SU. "" means AL.
	OddApplication string
	// NeverAccept is the channel of the application acknowledgement where
	// MSH-15 is NE. 2.9.1 section 2.8.3.2 wants NewExchange; 2.5.1 and most
	// peers expect SameConnection, which is what NoChannel, the zero value,
	// means here.
	NeverAccept Channel
	// Silent leaves messages that cannot be correlated unanswered instead of
	// answering AE or CE.
	Silent bool
}

// Decision is what is to be sent.
type Decision struct {
	Mode        Mode
	Accept      Code    // the commit acknowledgement, at once on the same connection
	Application Code    // the application acknowledgement
	Channel     Channel // of the application acknowledgement
	Warnings    Warning
}

// Warning is a set of remarks on MSH-15 and MSH-16.
type Warning uint8

const (
	WarnOneValued Warning = 1 << iota
	WarnOddAccept
	WarnOddApplication
)

// InPlace returns the code that goes out as the reply on the connection of the
// message, None if nothing does.
func (d Decision) InPlace() Code {
	if d.Accept != None {
		return d.Accept
	}
	if d.Channel == SameConnection {
		return d.Application
	}
	return None
}

// Later returns the code that goes out as an exchange of its own, or None.
func (d Decision) Later() Code {
	if d.Channel == NewExchange {
		return d.Application
	}
	return None
}

// condition is when an acknowledgement is wanted, table 0155.
type condition uint8

const (
	unvalued condition = iota
	always
	never
	onError
	onSuccess
)

// wanted reads a value of table 0155. One outside the table becomes odd.
func wanted(value string, odd condition) (c condition, isOdd bool) {
	switch value {
	case "":
		return unvalued, false
	case "AL":
		return always, false
	case "NE":
		return never, false
	case "ER":
		return onError, false
	case "SU":
		return onSuccess, false
	case `""`:
		return unvalued, true
	}
	return odd, true
}

func (c condition) holds(success bool) bool {
	return c == always || c == onSuccess && success || c == onError && !success
}

// Decide says which acknowledgements a message gets: the table of HL7 v2.9.1
// section 2.8 by MSH-15, MSH-16 (as they stand in the message) and outcome.
func Decide(s Settings, accept, application string, o Outcome) Decision {
	odd, isOdd := wanted(s.OddApplication, always)
	if isOdd || odd == unvalued {
		odd = always
	}
	var d Decision
	ac, oddAccept := wanted(accept, always)
	ap, oddApplication := wanted(application, odd)
	if oddAccept {
		d.Warnings |= WarnOddAccept
	}
	if oddApplication {
		d.Warnings |= WarnOddApplication
	}
	if (ac == unvalued) != (ap == unvalued) {
		d.Warnings |= WarnOneValued
	}
	if s.mode(ac, ap) == OriginalMode {
		d.Application, d.Channel = originalCode[o], SameConnection
		if o == Uncorrelated && s.Silent {
			d.Application, d.Channel = None, NoChannel
		}
		return d
	}
	d.Mode = EnhancedMode
	accepted := o <= AppReject
	if ac.holds(accepted) && !(o == Uncorrelated && s.Silent) {
		d.Accept = acceptCode[o]
	}
	if accepted && ap.holds(o == Success) {
		d.Application, d.Channel = originalCode[o], NewExchange
		if (ac == never || ac == unvalued) && s.NeverAccept != NewExchange {
			d.Channel = SameConnection
		}
	}
	return d
}

// mode says what MSH-15 and MSH-16 ask for. HL7 v2.9.1 section 2.8.1.
func (s Settings) mode(accept, application condition) Mode {
	enhanced := accept != unvalued || application != unvalued
	switch s.OneValued {
	case BothNeeded:
		enhanced = accept != unvalued && application != unvalued
	case AcceptDecides:
		enhanced = accept != unvalued
	}
	if enhanced {
		return EnhancedMode
	}
	return OriginalMode
}

// originalCode and acceptCode give the code of each outcome.
var (
	originalCode = [...]Code{Success: AA, AppError: AE, AppReject: AR, HeaderRefused: AR, ContentRefused: AE, StateRefused: AR, Uncorrelated: AE}
	acceptCode   = [...]Code{Success: CA, AppError: CA, AppReject: CA, HeaderRefused: CR, ContentRefused: CE, StateRefused: CE, Uncorrelated: CE}
)

// Decide is the function Decide for a message, with the cases in which the
// table does not hold: an acknowledgement is answered by at most an accept
// acknowledgement, a message without control ID never positively, bytes that
// are no message by AE, or not at all if Silent is set.
func (s Settings) Decide(h *Header, o Outcome) Decision {
	if !h.Present() {
		if s.Silent {
			return Decision{}
		}
		return Decision{Application: AE, Channel: SameConnection}
	}
	accept, application := table155(h.Field(15)), table155(h.Field(16))
	if h.IsAck() {
		// Only an application acknowledgement can ask for an accept
		// acknowledgement. An answer to anything else would make a loop.
		if accept == "" || accept == `""` || h.AckCode().Accept() || !h.msa {
			return Decision{}
		}
		d := Decide(s, accept, "NE", o)
		d.Application, d.Channel = None, NoChannel
		d.Warnings &^= WarnOneValued
		return d
	}
	if blank(h.ControlID()) && o <= AppReject {
		d := Decide(s, accept, application, ContentRefused)
		if d.Mode == OriginalMode {
			d.Application = AR
		}
		return d
	}
	return Decide(s, accept, application, o)
}

// table155 makes a string of a value of two bytes without allocating.
func table155(b []byte) string {
	switch string(b) {
	case "":
		return ""
	case "AL":
		return "AL"
	case "NE":
		return "NE"
	case "ER":
		return "ER"
	case "SU":
		return "SU"
	}
	return string(b)
}

// Deviations puts the warnings of a decision into words, placed in the message,
// whose first byte is at offset start of the stream.
func (d Decision) Deviations(h *Header, start int64) []Deviation {
	var all []Deviation
	add := func(field int, code, text string) {
		if at := h.Offset(field); at >= 0 {
			all = append(all, Deviation{code, start + int64(at), len(h.Field(field)), text})
		}
	}
	if d.Warnings&WarnOddAccept != 0 {
		add(15, AckOddValue, "MSH-15 holds a value outside table 0155 (AL, NE, ER, SU); it was taken as AL")
	}
	if d.Warnings&WarnOddApplication != 0 {
		add(16, AckOddValue, "MSH-16 holds a value outside table 0155 (AL, NE, ER, SU); the endpoint's default was taken")
	}
	if d.Warnings&WarnOneValued != 0 {
		field, text := 15, "MSH-15 is valued and MSH-16 is not; the standard wants both or neither"
		if len(h.Field(15)) == 0 {
			field, text = 16, "MSH-16 is valued and MSH-15 is not; the standard wants both or neither"
		}
		add(field, AckOneValued, text)
	}
	return all
}
