package profile

import (
	"fmt"
	"strconv"
	"strings"
)

// Usage says whether an element is sent (HL7 2.7.1 section 2.B.7.5).
type Usage struct {
	Code         string // R, RE, O, C, X, B or W; "" = not agreed
	True, False  string // of C: the usage where the condition holds and where not
	conditionals bool   // True and False were written
}

// The usages that have no condition.
const (
	Required    = "R"  // always valued
	RequiredIf  = "RE" // valued where the sender knows it
	Optional    = "O"
	Conditional = "C"
	NotUsed     = "X"
)

var usageWords = map[string]string{
	"": "not agreed", Required: "required", RequiredIf: "required, but may be empty", Optional: "optional", Conditional: "conditional",
	NotUsed: "not used", "B": "kept for compatibility", "W": "withdrawn",
}

// Words says what the usage means.
func (u Usage) Words() string { return usageWords[u.Code] }

// String is the usage as the file has it: "RE", "C(R/X)".
func (u Usage) String() string {
	if u.conditionals {
		return fmt.Sprintf("%s(%s/%s)", u.Code, u.True, u.False)
	}
	return u.Code
}

// ParseUsage reads R, RE, O, C, X, B, W or C(a/b). Plain C is C(R/O): where the condition does not hold, nothing is
// agreed.
func ParseUsage(text string) (Usage, error) {
	code, rest, branches := strings.Cut(strings.TrimSpace(text), "(")
	u := Usage{Code: strings.ToUpper(code)}
	if _, known := usageWords[u.Code]; !known || u.Code == "" {
		return Usage{}, fmt.Errorf("usage %q is not known: use R, RE, O, C, X, B or W", text)
	}
	if u.Code == Conditional {
		u.True, u.False = Required, Optional
	}
	if !branches {
		return u, nil
	}
	a, b, ok := strings.Cut(strings.TrimSuffix(rest, ")"), "/")
	a, b = strings.ToUpper(strings.TrimSpace(a)), strings.ToUpper(strings.TrimSpace(b))
	if !ok || u.Code != Conditional || !strings.HasSuffix(rest, ")") || !plainUsage(a) || !plainUsage(b) {
		return Usage{}, fmt.Errorf("usage %q is not understood: a condition has two usages, as in C(R/X)", text)
	}
	u.True, u.False, u.conditionals = a, b, true
	return u, nil
}

func plainUsage(code string) bool {
	return code == Required || code == RequiredIf || code == Optional || code == NotUsed
}

// Cardinality is how often an element occurs.
type Cardinality struct{ Min, Max int } // Max < 0 is without limit

// String is the cardinality as the file has it: "0..*".
func (c Cardinality) String() string {
	if c.Max < 0 {
		return fmt.Sprintf("%d..*", c.Min)
	}
	return fmt.Sprintf("%d..%d", c.Min, c.Max)
}

// ParseCardinality reads "0..1", "1..*", "3" or "*".
func ParseCardinality(text string) (Cardinality, error) {
	low, high, span := strings.Cut(strings.TrimSpace(text), "..")
	if !span {
		high = low
		if low == "*" {
			low = "0"
		}
	}
	c := Cardinality{Max: -1}
	minimum, err := strconv.Atoi(low)
	c.Min = minimum
	if err == nil && high != "*" {
		c.Max, err = strconv.Atoi(high)
	}
	if err != nil || c.Min < 0 || c.Max >= 0 && c.Max < c.Min || high != "*" && c.Max < 0 {
		return Cardinality{}, fmt.Errorf("cardinality %q is not understood: write it as 0..1, 1..1 or 0..*", text)
	}
	return c, nil
}
