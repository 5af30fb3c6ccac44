package difference

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"trestle/internal/compare"
)

// JUnit writes the report that build servers read: a test case for each pair, which fails if anything differs that was
// not expected.
type JUnit struct {
	to     io.WriteSeeker
	w      *bufio.Writer
	o      Options
	begun  bool
	failed int
	all    int
}

// NewJUnit returns a writer of JUnit XML. It goes back to the beginning at the end, to write the counts there.
func NewJUnit(to io.WriteSeeker, o Options) *JUnit {
	return &JUnit{to: to, w: bufio.NewWriterSize(to, 64<<10), o: o}
}

// The counts stand in the first element, before the cases: room for them is left with blanks.
const countWidth = 12

func head(tests, failures int) string {
	counts := fmt.Sprintf(`tests="%d" failures="%d"`, tests, failures)
	return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"trestle compare\" " + counts +
		strings.Repeat(" ", len(`tests="" failures=""`)+2*countWidth-len(counts)) + ">\n"
}

// Pair implements Writer.
func (j *JUnit) Pair(p *compare.Pair) error {
	j.begin()
	j.all++
	fmt.Fprintf(j.w, `<testcase classname="%s" name="%s"`, text(orWord(p.Type, "message")), text(p.Title(j.o.Mask)))
	if p.Status <= compare.AsExpected {
		j.w.WriteString("/>\n")
		return nil
	}
	j.failed++
	switch p.Status {
	case compare.OnlyLeft, compare.OnlyRight:
		side := "right"
		if p.Status == compare.OnlyRight {
			side = "left"
		}
		fmt.Fprintf(j.w, "><failure type=\"%s\" message=\"the %s side has no such message\"/></testcase>\n", p.Status, side)
		return nil
	}
	n := 0
	for d := range p.Result.Open() {
		if d.Kind != compare.Formatting {
			n++
		}
	}
	fmt.Fprintf(j.w, "><failure type=\"different\" message=\"%d %s\">", n, plural(n, "difference", "differences"))
	listed := 0
	for d := range p.Result.Open() {
		if d.Kind == compare.Formatting {
			continue
		}
		if listed++; listed > maxListed {
			fmt.Fprintf(j.w, "… and %d more\n", n-maxListed)
			break
		}
		j.w.WriteString(text(Line(d, j.o.Mask)) + "\n")
	}
	_, err := j.w.WriteString("</failure></testcase>\n")
	return err
}

func (j *JUnit) begin() {
	if !j.begun {
		j.begun = true
		j.w.WriteString(head(0, 0))
	}
}

// Close implements Writer.
func (j *JUnit) Close(s *compare.Summary) error {
	j.begin()
	j.w.WriteString("</testsuite>\n</testsuites>\n")
	if err := j.w.Flush(); err != nil {
		return err
	}
	if _, err := j.to.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("write the counts of the JUnit report: %w", err)
	}
	if _, err := io.WriteString(j.to, head(j.all, j.failed)); err != nil {
		return err
	}
	_, err := j.to.Seek(0, io.SeekEnd)
	return err
}

// Line is a difference in one line for people.
func Line(d *compare.Difference, mask bool) string {
	line := what(d, mask)
	if from := cmp.Or(d.Left.From, d.Right.From); from != "" {
		line += " (from " + from + ")"
	}
	return line
}

func what(d *compare.Difference, mask bool) string {
	left, right := d.Texts(mask)
	switch d.Kind {
	case compare.Added:
		return fmt.Sprintf("added %s: %s", d.Path, quoted(right))
	case compare.Removed:
		return fmt.Sprintf("removed %s: %s", d.Path, quoted(left))
	case compare.Moved:
		if d.Count > 1 {
			return fmt.Sprintf("moved %s to %s, %d segments", d.Path, d.Right.Path, d.Count)
		}
		return fmt.Sprintf("moved %s to %s", d.Path, d.Right.Path)
	case compare.Formatting:
		return fmt.Sprintf("formatting %s: %s", d.Path, d.About)
	}
	return fmt.Sprintf("changed %s: %s became %s", d.Path, quoted(left), quoted(right))
}

// longest is how much of a value a line shows, in bytes.
const longest = 200

func quoted(s string) string {
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return `"` + s + `"`
}

func orWord(s, word string) string {
	if s == "" {
		return word
	}
	return s
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// text escapes for XML; characters that XML cannot hold become U+FFFD.
func text(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}
