package endpoint

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// ExpectEnding is how the name of a file of expectations ends.
const ExpectEnding = ".expect"

// Expectations say which acknowledgement each message of a set must get, so that sending the set is a test. They are lines of a message
// and its codes, in a file whose name ends in .expect:
//
//	# message         codes
//	MSG00412          AE
//	bad-dates.hl7     AE,AR
//	orders.hl7[3]     CR
//	*                 AA
//
// A message is named by its control ID (MSH-10) as it stands in the file, by its file, or by its file and its place there from 0; * and ?
// stand for any characters. The first line that fits decides. A message that no line fits gets what the sender expects of all.
type Expectations struct{ lines []expected }

type expected struct {
	where, message string // where is the file's name and the line
	index          int    // place in the file, -1 for any
	codes          []mllp.Code
	fits           int
}

// Parse reads a file of expectations and adds what it says to what is there. The error names each line that cannot be read.
func (x *Expectations) Parse(r io.Reader, name string) error {
	var all []error
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		line, _, _ := strings.Cut(s.Text(), "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		e, err := parseExpected(line)
		if e.where = fmt.Sprintf("%s, line %d", name, n); err != nil {
			all = append(all, fmt.Errorf("%s: %w", e.where, err))
			continue
		}
		x.lines = append(x.lines, e)
	}
	if err := s.Err(); err != nil {
		all = append(all, fmt.Errorf("read %s: %w", name, err))
	}
	return errors.Join(all...)
}

func parseExpected(line string) (e expected, err error) {
	at := strings.LastIndexAny(line, " \t")
	if at < 0 {
		return e, errors.New("write a message and its codes, such as: MSG00412 AE")
	}
	e.message, e.index = strings.TrimSpace(line[:at]), -1
	if e.codes, err = ParseCodes(line[at+1:]); err != nil {
		return e, err
	}
	if head, tail, ok := strings.Cut(e.message, "["); ok && strings.HasSuffix(tail, "]") {
		if n, err := strconv.Atoi(strings.TrimSuffix(tail, "]")); err == nil && n >= 0 {
			e.message, e.index = head, n
		}
	}
	e.message = strings.NewReplacer(`\`, `\\`, "[", `\[`).Replace(e.message)
	return e, nil
}

// Of returns the codes that a message must get, nil where no line fits it.
func (x *Expectations) Of(o *Outgoing) []mllp.Code {
	if len(x.lines) == 0 {
		return nil
	}
	file, id := filepath.Base(o.Name), ""
	if h, ok := hl7.Parse(o.Bytes).Header(); ok && h.Name() == "MSH" {
		id = raw(h.Field(10))
	}
	for i := range x.lines {
		e := &x.lines[i]
		if e.index >= 0 && e.index != o.Index {
			continue
		}
		if match(e.message, file) || e.index < 0 && id != "" && match(e.message, id) {
			e.fits++
			return e.codes
		}
	}
	return nil
}

func match(pattern, text string) bool {
	ok, err := path.Match(pattern, strings.ReplaceAll(text, "/", "_"))
	return ok && err == nil
}

// Unmet is an error that names the lines that no message fitted: what they ask for was not tested. Lines of * alone are for the rest,
// which may be none.
func (x *Expectations) Unmet() error {
	var all []error
	for _, e := range x.lines {
		if e.fits == 0 && e.message != "*" {
			all = append(all, fmt.Errorf("%s: no message is called %s, or a line above has it", e.where, strings.ReplaceAll(e.message, `\`, "")))
		}
	}
	return errors.Join(all...)
}

// expectations reads the files of expectations among files and folders.
func expectations(paths []string) (*Expectations, error) {
	x := &Expectations{}
	for _, p := range paths {
		for name, err := range walkFiles(p) {
			if err != nil {
				return nil, err
			}
			if !strings.HasSuffix(name, ExpectEnding) {
				continue
			}
			f, err := os.Open(name)
			if err != nil {
				return nil, err
			}
			err = x.Parse(f, filepath.Base(name))
			if err := errors.Join(err, f.Close()); err != nil {
				return nil, err
			}
		}
	}
	return x, nil
}
