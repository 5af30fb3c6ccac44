package linkage

import (
	"errors"
	"fmt"
	"io"
	"sort"

	"go.yaml.in/yaml/v3"

	"trestle/internal/linkage/roster"
)

// Spec is a specification of a run, as people write it: what overrules the guesses about both rosters, and the project's
// switches.
//
//	left:
//	  columns: {chart_no: other id}
//	  dates: MDY
//	gates: {no-corroboration: false}
//	threshold: 0.9995
type Spec struct {
	Left      roster.Spec     `yaml:"left,omitempty"`
	Right     roster.Spec     `yaml:"right,omitempty"`
	Gates     map[string]bool `yaml:"gates,omitempty"`
	Threshold float64         `yaml:"threshold,omitempty"`
}

// ParseSpec reads a specification from YAML. What it does not know is an error.
func ParseSpec(r io.Reader) (Spec, error) {
	var s Spec
	d := yaml.NewDecoder(r)
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return Spec{}, fmt.Errorf("reading the specification: %w", err)
	}
	for name, side := range map[string]roster.Spec{"left": s.Left, "right": s.Right} {
		if err := side.Check(); err != nil {
			return Spec{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	_, err := s.Options()
	return s, err
}

// Options returns the switches as options of a run.
func (s Spec) Options() (Options, error) {
	var o Options
	if s.Threshold != 0 && (s.Threshold < 0.9 || s.Threshold >= 1) {
		return o, fmt.Errorf("threshold is %g: it must be at least 0.9 and less than 1", s.Threshold)
	}
	o.Threshold = s.Threshold
	names := make([]string, 0, len(s.Gates))
	for name := range s.Gates {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		g, err := ParseGate(name)
		if err != nil {
			return o, err
		}
		switch {
		case s.Gates[name]:
		case g.Fixed():
			return o, fmt.Errorf("the gate %q cannot be switched off", name)
		default:
			o.Off = o.Off.With(g)
		}
	}
	return o, nil
}
