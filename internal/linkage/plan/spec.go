package plan

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"trestle/internal/linkage/roster"
)

// Spec overrules what is guessed about two plan lists and how they are compared. The zero Spec guesses all.
type Spec struct {
	Left  ListSpec `yaml:"left,omitempty"`
	Right ListSpec `yaml:"right,omitempty"`
	// Automatic, Review and Candidates are those of [Options].
	Automatic  float64 `yaml:"automatic,omitempty"`
	Review     float64 `yaml:"review,omitempty"`
	Candidates int     `yaml:"candidates,omitempty"`
	// Open names gates that do not stop automatic links in this project.
	Open []Gate `yaml:"open_gates,omitempty"`
	// Many lists plans of the right list that may have several of the left, by explicit choice.
	Many []string `yaml:"one_to_many,omitempty"`
	// Aliases teach names: "as the list has it": "an insurer, or the name to read instead".
	Aliases map[string]string `yaml:"aliases,omitempty"`
}

// ListSpec overrules what is guessed about one list.
type ListSpec struct {
	// Key is the column that holds "the plan ID", where several could.
	Key string `yaml:"key,omitempty"`
	// Columns gives columns, by their heading, a role: insurer, name, type, payer id, address, city, state, zip, phone or
	// ignore. A payer ID may say for which transaction and clearinghouse it is: "payer id 837P Example Clearinghouse".
	Columns map[string]string `yaml:"columns,omitempty"`
	// Sheet, Separator, Charset and NoHeading are those of [roster.Spec].
	Sheet     string `yaml:"sheet,omitempty"`
	Separator string `yaml:"separator,omitempty"`
	Charset   string `yaml:"charset,omitempty"`
	NoHeading bool   `yaml:"no_heading,omitempty"`
}

// ParseSpec reads a specification from YAML. Unknown keys are errors.
func ParseSpec(r io.Reader) (Spec, error) {
	var s Spec
	d := yaml.NewDecoder(r)
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return Spec{}, fmt.Errorf("reading the specification: %w", err)
	}
	return s, s.Check()
}

// Check says what is wrong with a specification.
func (s Spec) Check() error {
	for name, p := range map[string]float64{"automatic": s.Automatic, "review": s.Review} {
		if p < 0 || p > 1 {
			return fmt.Errorf("%s is %v: it is a probability from 0 to 1", name, p)
		}
	}
	if s.Candidates < 0 || s.Candidates > 100 {
		return fmt.Errorf("candidates is %d: it must be between 1 and 100", s.Candidates)
	}
	for _, g := range s.Open {
		if !slices.Contains(asking, g) {
			return fmt.Errorf("open_gates: %q is no gate that can be opened: those are %q", g, asking)
		}
	}
	for _, l := range []ListSpec{s.Left, s.Right} {
		for heading, role := range l.Columns {
			if _, _, err := parseRole(role); err != nil {
				return fmt.Errorf("column %q: %w", heading, err)
			}
		}
	}
	return nil
}

// asking are the gates that a project may open.
var asking = []Gate{GateBlueHalf, GateStateOneSide, GateLineOneSide, GateProduct, GateMetal, GateLetter, GateProgramme, GateNumber, GateName, GateInsurerWeak}

// reading is what the reader of tables needs of the specification.
func (l ListSpec) reading() roster.Spec {
	return roster.Spec{Sheet: l.Sheet, Separator: l.Separator, Charset: l.Charset, NoHeading: l.NoHeading}
}

// role is what a column of a plan list holds.
type role uint8

const (
	ignored role = iota
	keyRole
	insurerRole
	nameRole
	typeRole
	payerRole
	addressRole
	cityRole
	stateRole
	zipRole
	phoneRole
)

var roleNames = map[string]role{
	"ignore": ignored, "key": keyRole, "insurer": insurerRole, "name": nameRole, "type": typeRole, "payer id": payerRole,
	"address": addressRole, "city": cityRole, "state": stateRole, "zip": zipRole, "phone": phoneRole,
}

// parseRole reads a role; of a payer ID also for whom it is.
func parseRole(text string) (role, PayerID, error) {
	if rest, ok := strings.CutPrefix(strings.ToLower(text), "payer id"); ok {
		rest = strings.TrimSpace(text[len(text)-len(rest):])
		transaction, house, _ := strings.Cut(rest, " ")
		if transaction != "" && !hasDigit(transaction) {
			transaction, house = "", rest
		}
		return payerRole, PayerID{Transaction: transaction, Clearinghouse: strings.TrimSpace(house)}, nil
	}
	if r, ok := roleNames[strings.ToLower(text)]; ok {
		return r, PayerID{}, nil
	}
	return ignored, PayerID{}, fmt.Errorf("%q is no role: a column is insurer, name, type, payer id, address, city, state, zip, phone or ignore", text)
}

// Apply puts the thresholds of the specification into options. Decisions that o has come before those of the specification.
func (s Spec) Apply(o Options) Options {
	o.Automatic, o.Review, o.Candidates, o.Open = s.Automatic, s.Review, s.Candidates, s.Open
	if len(s.Many) > 0 {
		o.Decided = manyAllowed{o.Decided, s.Many}
	}
	return o
}

// manyAllowed adds the explicit choices of a specification to what people decided.
type manyAllowed struct {
	decided Decisions
	right   []string
}

func (m manyAllowed) Pair(left, right string) Verdict {
	if m.decided == nil {
		return Undecided
	}
	return m.decided.Pair(left, right)
}

func (m manyAllowed) Links() [][2]string {
	if m.decided == nil {
		return nil
	}
	return m.decided.Links()
}

func (m manyAllowed) Many(right string) bool {
	return slices.Contains(m.right, right) || m.decided != nil && m.decided.Many(right)
}
