package infer

import (
	"trestle/internal/mapping"
)

// Pair is a message and what became of it, both as [Records] gives them.
type Pair struct {
	Name          string // for people, such as the number in its file; never patient data
	Before, After mapping.Record
}

// Options say what is known of the pairs. The zero value finds everything out by itself.
type Options struct {
	// Source and Target say what the messages are. An end without Kind is recognised from the first message.
	Source, Target mapping.End
	// Least is the share of pairs, above 0 to 1, in which a rule must hold to be proposed; 0 stands for 0.9.
	Least float64
	// Counterexamples is how many of them each rule keeps; 0 stands for 5.
	Counterexamples int
	// Zone is the time zone of times that give none, an IANA name; "" = not known.
	Zone string
	// Progress is told how much of the work is done, from 0 to 1; nil for nobody.
	Progress func(share float64)
}

func (o *Options) least() float64 {
	if o.Least <= 0 || o.Least > 1 {
		return 0.9
	}
	return o.Least
}

func (o *Options) counterexamples() int {
	if o.Counterexamples <= 0 {
		return 5
	}
	return o.Counterexamples
}

// Proposal is a mapping that was learnt, with what speaks for and against each of its rules.
type Proposal struct {
	File     *mapping.File // with its tables; it compiles
	Evidence []Evidence    // in the order of the rules and blocks of File
	// Unexplained are the places of the target that no rule gives, with how often they have a value.
	Unexplained []Unexplained
	Pairs       int
	// Values is the number of values in what came out, Reproduced how many of them the proposal gives again, and Extra how
	// many it gives beside them.
	Values, Reproduced, Extra int
	Notes                     []string // what else was noticed, in sentences
}

// Kind is what a rule does, in one word.
type Kind string

// The kinds of rules, in the order in which they are preferred where several hold.
const (
	Copy        Kind = "copy"
	Constant    Kind = "constant"
	Convert     Kind = "convert" // a function: letter case, padding, a prefix
	Date        Kind = "date"
	Part        Kind = "part" // a substring or piece
	Joined      Kind = "joined"
	CodeTable   Kind = "code table"
	Reference   Kind = "reference" // to another resource of the result
	Delete      Kind = "delete"    // a field or segment that is taken out
	Add         Kind = "add"       // a segment, resource or object that is made
	Conditional Kind = "condition"
)

// Evidence is what the pairs say of one rule, or of a block that makes or takes out something.
type Evidence struct {
	Block string `json:"block"` // its ID
	Rule  string `json:"rule,omitempty"`
	To    string `json:"to"`
	Kind  Kind   `json:"kind"`
	// Holds is in how many of the Of places, where the rule or the pairs have a value, both say the same.
	Holds int `json:"holds"`
	Of    int `json:"of"`
	// Distinct is how many different values that was seen with: a rule that was seen with one only may be chance.
	Distinct        int              `json:"distinct"`
	Counterexamples []Counterexample `json:"counterexamples,omitempty"`
	// Otherwise are further sources that hold as often, so that a person has to choose.
	Otherwise []string `json:"otherwise,omitempty"`
}

// Support is the share of places in which the rule holds, from 0 to 1.
func (e Evidence) Support() float64 {
	if e.Of == 0 {
		return 0
	}
	return float64(e.Holds) / float64(e.Of)
}

// Counterexample is a place where a rule says something else than came out. It holds values of the messages.
type Counterexample struct {
	Pair   string   `json:"pair"`
	Source []string `json:"source"`
	Want   string   `json:"want"` // what came out; "" for nothing
	Got    string   `json:"got"`
}

// Unexplained is a place of the target that nothing explains.
type Unexplained struct {
	Block string `json:"block"`
	To    string `json:"to"`
	Count int    `json:"count"`          // in how many places it has a value
	Of    int    `json:"of"`             // of how many
	Best  string `json:"best,omitempty"` // the rule that comes nearest, for a person to look at, with its share
}
