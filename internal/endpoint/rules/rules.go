package rules

import (
	"net/netip"
	"time"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

// File is the behaviour of one listener.
type File struct {
	Comment   string // what stands above the file, without "#"
	Title     string // a name for people, empty where the file's own will do
	Note      string // where this behaviour comes from, for presets the evidence
	Seed      uint64 // of everything that is left to chance
	Lists     []List
	Rules     []Rule
	Otherwise Action  // when no rule matches; the zero Action accepts
	Faults    []Fault // of the endpoint as a whole, whatever rule fires
}

// List is a list of values that the file holds itself.
type List struct {
	Name   string
	Values []string
}

// Rule is one row: when it fires, what is answered, and what goes wrong with the answer.
type Rule struct {
	Comment string // what stands above it, without "#"
	Name    string // shown in the journal; "rule 3" where it is empty
	Off     bool   // kept, but never fires
	When    When
	Then    Action
	Faults  []Fault
}

// When holds the conditions of a rule, all of which must hold. The zero When always does.
type When struct {
	Types    []string // MSH-9.1, any of them, in any case
	Triggers []string // MSH-9.2
	Fields   []FieldTest
	Finding  *FindingTest
	Time     *Window
	From     []netip.Prefix // the client's address is in one of them

	// What is counted is counted among the messages for which all of the above holds.
	First  int     // only the first n
	Every  int     // only every n-th: the n-th, the 2n-th ...
	Chance float64 // with this probability, above 0 and below 1; 0 is not given
}

// Test is how a value is looked at.
type Test string

const (
	Equals   Test = "equals"   // the text is one of the values
	Contains Test = "contains" // one of the values is somewhere in the text
	Matches  Test = "matches"  // a regular expression finds something in it (RE2 syntax)
	Exists   Test = "exists"   // there is a value; "" (delete) is none
	In       Test = "in"       // the text is in a named list, of the file or of the project
)

// FieldTest asks for the values at a path. What the path does not number, it means all of: the test holds if it holds for
// one of the values, and with Not if it holds for none of them.
type FieldTest struct {
	Path   hl7.Path
	Test   Test
	Not    bool
	Values []string // of Equals and Contains; the expression of Matches; the list's name of In
}

// FindingTest asks for what package check says of the message.
type FindingTest struct {
	AtLeast check.Severity
	Codes   []string // only these; none is any
}

// Window is a time that comes again, in the clock of this computer. From after To goes over midnight; both equal is the whole day.
// Days are those on which it begins.
type Window struct {
	Days     []time.Weekday // none is every day
	From, To time.Duration  // since midnight
}

// Action is what a rule does. The zero Action accepts with AA, or whatever the mode of acknowledgement asks for.
type Action struct {
	// Code is AA, AE, AR, CA, CE or CR, "" for AA, or None for no answer at all. It says how the message fares; which code
	// is sent, and whether one is, follows from MSH-15 and MSH-16. CE and CR say that it was not accepted; CE or AE with
	// errors of the header do.
	Code string
	// Exact sends Code as it stands, once, whatever MSH-15 and MSH-16 ask for.
	Exact bool
	// Text becomes MSA-3 and may quote the message: "unknown MRN {{PID-3.1}}".
	Text   *Template
	Errors []ErrorText
	// Reply is sent in the place of the plain acknowledgement: the segments after MSA, or a whole message if it starts with
	// MSH.
	Reply       *Template
	Query       *Query
	Forward     *Forward
	Application *Application
}

// None as the code of an action sends nothing.
const None = "none"

// ErrorText is an ERR segment. It is written in the form of the message's version.
type ErrorText struct {
	Code        string // ERR-3.1, table 0357, such as 101
	Location    string // a path, such as PID-3[1].1; ERR-2, or part of ERR-1
	Severity    string // ERR-4: E, W, I or F; empty is E
	Application string // ERR-5.1
	Diagnostic  *Template
	User        *Template // ERR-8
}

// Query makes the answer of a query message from the patients at hand.
type Query struct {
	Answer  string // RSP^K22, RSP^K21, ADR^A19, or "" for what belongs to the query
	Matches string // "" or "found" for what is found, or none, one, many whatever is asked
}

// Forward sends the message on to another host.
type Forward struct {
	To      string // host:port
	Timeout time.Duration
	Relay   bool // the other host's acknowledgement is the answer
}

// Application sends the application acknowledgement as an exchange of its own.
type Application struct {
	Code  string        // AA, AE or AR; "" is that of the action
	After time.Duration // wait before it
	To    string        // host:port of another connection; "" is the same connection
}
