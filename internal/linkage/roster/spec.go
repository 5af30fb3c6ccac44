package roster

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// DateOrder is the order of day, month and year in a column.
type DateOrder string

// The orders.
const (
	AnyOrder DateOrder = ""
	YMD      DateOrder = "YMD"
	MDY      DateOrder = "MDY"
	DMY      DateOrder = "DMY"
)

// Spec overrules what is guessed about a roster. The zero Spec guesses all.
type Spec struct {
	// Columns gives columns, by their heading, a role. Columns that are not named keep what is guessed; "ignore" takes
	// a role away.
	Columns map[string]string `yaml:"columns,omitempty"`
	// Dates is the order of birth dates: YMD, MDY or DMY.
	Dates DateOrder `yaml:"dates,omitempty"`
	// Sheet is the sheet of a workbook; empty is the first with rows.
	Sheet string `yaml:"sheet,omitempty"`
	// Separator is what parts the cells of a text file; empty guesses.
	Separator string `yaml:"separator,omitempty"`
	// Charset is the file's character set, as "windows-1252"; empty guesses.
	Charset string `yaml:"charset,omitempty"`
	// NoHeading says that the first row is data already. The columns are then called "column 1" and so on.
	NoHeading bool `yaml:"no_heading,omitempty"`
	// Authority and Type of the identifier: of several in PID-3 or Patient.identifier the one to take.
	Authority string `yaml:"authority,omitempty"`
	Type      string `yaml:"type,omitempty"`
}

// ParseSpec reads a specification from YAML. Unknown keys are errors: a slip of the pen would else be without effect.
func ParseSpec(r io.Reader) (Spec, error) {
	var s Spec
	d := yaml.NewDecoder(r)
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && err != io.EOF {
		return Spec{}, fmt.Errorf("reading the specification: %w", err)
	}
	return s, s.Check()
}

// Check says what is wrong with a specification.
func (s Spec) Check() error {
	for name, role := range s.Columns {
		if _, err := ParseRole(role); err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
	}
	switch s.Dates {
	case AnyOrder, YMD, MDY, DMY:
	default:
		return fmt.Errorf("dates is %q: it must be YMD, MDY or DMY", s.Dates)
	}
	if len([]rune(s.Separator)) > 1 && s.Separator != "tab" {
		return fmt.Errorf("separator is %q: it must be one character, or the word tab", s.Separator)
	}
	return nil
}

// Apply sets the roles of a specification, so that the user can correct what was guessed without reading again.
func (r *Roster) Apply(s Spec) error {
	if err := s.Check(); err != nil {
		return err
	}
	names := make([]string, 0, len(s.Columns))
	for name := range s.Columns {
		names = append(names, name)
	}
	sort.Strings(names)
	given := map[int]bool{}
	for _, name := range names {
		at := -1
		for i, c := range r.Columns {
			if strings.EqualFold(trim(c.Name), trim(name)) {
				at = i
				break
			}
		}
		if at < 0 {
			return fmt.Errorf("the specification names a column %q, and %s has none of that name: it has %s", name, r.Name, r.columnNames())
		}
		role, err := ParseRole(s.Columns[name])
		if err != nil {
			return err
		}
		given[at] = true
		r.Columns[at].Role, r.Columns[at].Why = role, "by the specification"
	}
	// What was guessed gives way to what was said.
	for i := range r.Columns {
		if given[i] || r.Columns[i].Role == Ignore || manyAllowed(r.Columns[i].Role) {
			continue
		}
		for j := range given {
			if r.Columns[j].Role == r.Columns[i].Role {
				r.Columns[i].Why = fmt.Sprintf("the specification gives this role to %q", r.Columns[j].Name)
				if r.Columns[i].Role == ID {
					r.Columns[i].Role = OtherID
				} else {
					r.Columns[i].Role = Ignore
				}
				break
			}
		}
	}
	r.index()
	for i := range r.Columns {
		if r.Columns[i].Role == BirthDate {
			if s.Dates != AnyOrder {
				r.Columns[i].Dates = s.Dates
			} else if r.Columns[i].Dates == AnyOrder {
				r.Columns[i].Dates = r.dateOrder(i)
			}
		}
		if r.Columns[i].Role == ID {
			if s.Authority != "" {
				r.Columns[i].Authority = s.Authority
			}
			if s.Type != "" {
				r.Columns[i].Type = s.Type
			}
		}
	}
	return nil
}

func (r *Roster) columnNames() string {
	names := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}
