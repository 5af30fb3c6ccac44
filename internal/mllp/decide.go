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
