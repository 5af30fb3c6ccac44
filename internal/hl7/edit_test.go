package hl7

import (
	"strings"
	"testing"
)

const small = "MSH|^~\\&|A\nPID|1||77^^^E~88||ROE^R\nPV2\n"

func TestEdits(t *testing.T) {
	m := Parse([]byte(small))
	set := func(path, text string) func() (*Message, error) {
		return func() (*Message, error) { return m.Set(MustPath(path), text) }
	}
	insert := func(path, text string) func() (*Message, error) {
		return func() (*Message, error) { return m.Insert(MustPath(path), text) }
	}
	del := func(path string) func() (*Message, error) {
		return func() (*Message, error) { return m.Delete(MustPath(path)) }
	}
	null := func(path string) func() (*Message, error) {
		return func() (*Message, error) { return m.SetNull(MustPath(path)) }
	}
	for name, c := range map[string]struct {
		do   func() (*Message, error)
		want string // the line that differs
	}{
		"set a field":              {set("PID-1", "9"), "PID|9||77^^^E~88||ROE^R"},
		"set a component":          {set("PID-3.1", "9"), "PID|1||9^^^E~88||ROE^R"},
		"set in a repetition":      {set("PID-3[2].4.2", "x"), "PID|1||77^^^E~88^^^&x||ROE^R"},
		"set a new repetition":     {set("PID-3[4]", "x"), "PID|1||77^^^E~88~~x||ROE^R"},
		"set a far field":          {set("PID-8.2", "x"), "PID|1||77^^^E~88||ROE^R|||^x"},
		"set in a bare segment":    {set("PV2-3.2", "x"), "PV2|||^x"},
		"set with escapes":         {set("PID-5.1", "a^b|c"), "PID|1||77^^^E~88||a\\S\\b\\F\\c^R"},
		"set a line end":           {set("PID-5.1", "a\nb"), "PID|1||77^^^E~88||a\\X0A\\b^R"},
		"empty a value":            {set("PID-5.1", ""), "PID|1||77^^^E~88||^R"},
		"empty an absent value":    {set("PID-9", ""), ""},
		"null":                     {null("PID-5"), "PID|1||77^^^E~88||\"\""},
		"set every repetition":     {set("PID-3[*].1", "0"), "PID|1||0^^^E~0||ROE^R"},
		"insert a repetition":      {insert("PID-3[1]", "x"), "PID|1||x~77^^^E~88||ROE^R"},
		"insert the last one":      {insert("PID-3[3]", "x"), "PID|1||77^^^E~88~x||ROE^R"},
		"insert a component":       {insert("PID-5.2", "x"), "PID|1||77^^^E~88||ROE^x^R"},
		"insert a field":           {insert("PID-2", "x"), "PID|1|x||77^^^E~88||ROE^R"},
		"insert in an empty field": {insert("PID-2[1]", "x"), "PID|1|x|77^^^E~88||ROE^R"},
		"delete a repetition":      {del("PID-3[1]"), "PID|1||88||ROE^R"},
		"delete the last one":      {del("PID-3[2]"), "PID|1||77^^^E||ROE^R"},
		"delete a component":       {del("PID-5.1"), "PID|1||77^^^E~88||R"},
		"delete the last field":    {del("PID-5"), "PID|1||77^^^E~88|"},
		"delete what is absent":    {del("PID-30"), ""},
	} {
		n, err := c.do()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := small
		if c.want != "" {
			lines := strings.Split(small, "\n")
			for i := range lines {
				if len(lines[i]) >= 3 && lines[i][:3] == c.want[:3] {
					lines[i] = c.want
				}
			}
			want = strings.Join(lines, "\n")
		}
		if got := string(n.Bytes()); got != want {
			t.Errorf("%s: got %q\nwant %q", name, got, want)
		}
	}
}

func TestSegmentEdits(t *testing.T) {
	m := Parse([]byte(small))
	n, err := m.InsertSegment(1, []byte("EVN|A01"))
	if err != nil || string(n.Bytes()) != "MSH|^~\\&|A\nEVN|A01\n"+small[11:] {
		t.Errorf("insert: %q %v", n.Bytes(), err)
	}
	if n, err = m.InsertSegment(m.Len(), []byte("ZP1|x")); err != nil || string(n.Bytes()) != small+"ZP1|x\n" {
		t.Errorf("append: %q %v", n.Bytes(), err)
	}
	open := Parse([]byte("MSH|^~\\&|A\rPID|1"))
	if n, err = open.InsertSegment(2, []byte("PV1|1")); err != nil || string(n.Bytes()) != "MSH|^~\\&|A\rPID|1\rPV1|1" {
		t.Errorf("append after an open end: %q %v", n.Bytes(), err)
	}
	if n, err = m.Delete(MustPath("PID")); err != nil || string(n.Bytes()) != "MSH|^~\\&|A\nPV2\n" {
		t.Errorf("delete: %q %v", n.Bytes(), err)
	}
}

func TestEditErrors(t *testing.T) {
	m := Parse([]byte(small))
	bare := Parse([]byte("MSH|^|A\rPID|1\r"))
	latin := Parse([]byte("MSH|^~\\&|A" + strings.Repeat("|", 15) + "8859/1\rPID|1|\xe4\r"))
	for name, c := range map[string]struct {
		err  func() error
		want string
	}{
		"no such segment":    {func() error { _, err := m.Set(MustPath("OBX-5"), "x"); return err }, "no segment OBX; insert one first"},
		"no such occurrence": {func() error { _, err := m.Set(MustPath("PID[2]-5"), "x"); return err }, "no such occurrence"},
		"groups unknown":     {func() error { _, err := m.Set(MustPath("PATIENT/PID-5"), "x"); return err }, "groups of this message are not known"},
		"a segment":          {func() error { _, err := m.Set(MustPath("PID"), "x"); return err }, "name a field"},
		"MSH-1":              {func() error { _, err := m.Set(MustPath("MSH-1"), "x"); return err }, "field separator of the whole message"},
		"MSH-2":              {func() error { _, err := m.Set(MustPath("MSH-2"), "x"); return err }, "use SetRaw"},
		"MSH":                {func() error { _, err := m.Delete(MustPath("MSH")); return err }, "cannot be deleted"},
		"no subcomponents":   {func() error { _, err := bare.Set(MustPath("PID-1.1.2"), "x"); return err }, "no usable subcomponent separator"},
		"no escape":          {func() error { _, err := bare.Set(MustPath("PID-1"), "a|b"); return err }, "no escape sequence stands for it"},
		"a raw separator":    {func() error { _, err := m.SetRaw(MustPath("PID-3.1"), []byte("a^b")); return err }, "component separator"},
		"a raw line end":     {func() error { _, err := m.SetRaw(MustPath("PID-3"), []byte("a\rb")); return err }, "line end"},
		"not UTF-8":          {func() error { _, err := m.Set(MustPath("PID-3"), "\xff"); return err }, "not valid UTF-8"},
		"not in the set":     {func() error { _, err := latin.Set(MustPath("PID-1"), "\u6f22"); return err }, "U+6F22 does not exist"},
		"a star":             {func() error { _, err := m.Insert(MustPath("PID-3[*]"), "x"); return err }, "without *"},
		"too far":            {func() error { _, err := m.Set(MustPath("PID-999999999"), "x"); return err }, "too far"},
	} {
		if err := c.err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestSetKeepsCharset(t *testing.T) {
	latin := Parse([]byte("MSH|^~\\&|A" + strings.Repeat("|", 15) + "8859/1\rPID|1|\xe4\r"))
	n, err := latin.Set(MustPath("PID-3"), "\u00fc")
	if err != nil || string(n.Get(MustPath("PID-3")).Raw()) != "\xfc" {
		t.Errorf("Latin-1: %v", err)
	}
	n, err = Parse([]byte(small)).Set(MustPath("PID-5"), "\u00fc")
	if err != nil || n.Get(MustPath("PID-5")).Text() != "\u00fc" {
		t.Errorf("no set declared: %v", err)
	}
	// The only byte that shows the true set is replaced: it would read differently.
	lie := Parse([]byte("MSH|^~\\&|A\rPID|1|\xe4\r"))
	if _, err := lie.Set(MustPath("PID-2"), "\u00c3\u00a4"); err == nil || !strings.Contains(err.Error(), "MSH-18") {
		t.Errorf("undeclared set: %v", err)
	}
}
