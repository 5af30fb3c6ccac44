package compare

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ParseRules reads a rule file. What is wrong is said with its line, and rules that cannot work are refused: a test that
// leaves out what it was not told to would be worse than none.
func ParseRules(b []byte) (*Rules, error) {
	r := &Rules{}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(r); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the rules cannot be read: %s", yamlFault(err))
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	return r, nil
}

var yamlField = regexp.MustCompile(`field (\S+) not found in type \S+`)

// yamlFault puts the library's words into ours.
func yamlFault(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n  ")
	text = strings.ReplaceAll(text, "\n  ", "; ")
	return yamlField.ReplaceAllString(text, "there is no $1 here; the names are key, ignore, normalise, expect and tables, in them path, where, why, with, replace, by, kind, left, right, name and codes")
}

// Marshal writes the rule file: the same rules give the same bytes.
func (r *Rules) Marshal() ([]byte, error) {
	if r == nil {
		r = &Rules{}
	}
	var b bytes.Buffer
	b.WriteString("# What a comparison leaves out, takes for equal and expects.\n")
	if r.Empty() && len(r.Key) == 0 {
		return b.Bytes(), nil
	}
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("write the rules: %w", err)
	}
	return b.Bytes(), nil
}
