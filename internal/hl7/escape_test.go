package hl7

import (
	"strings"
	"testing"
)

// field parses a message whose NTE-3 is raw.
func field(msh18, raw string) Value {
	m := Parse([]byte("MSH|^~\\&#|A" + strings.Repeat("|", 15) + msh18 + "\rNTE|1||" + raw + "|end\r"))
	return m.Get(MustPath("NTE-3"))
}

func TestEscapes(t *testing.T) {
	for _, c := range []struct {
		raw, text string
		bad       []string // reasons of the bad sequences, in order
	}{
		{`a\F\b\S\c\T\d\R\e\E\f\P\`, `a|b^c&d~e\f#`, nil},
		{`\H\bold\N\ plain`, `bold plain`, nil},
		{`\X0D\\X0A\\X48c9\`, "\r\nH\ufffd", nil},
		{`\X0D0A\`, "\r\n", nil},
		{`one\.br\two\.sp\three\.sp2\four`, "one\ntwo\nthree\n\nfour", nil},
		{`\.in+4\\.ti-2\\.fi\\.nf\a\.sk3\b\.ce\c`, "a   b\nc", nil},
		{`\.sk 2\x`, "  x", nil},
		{`\Zlocal\`, `\Zlocal\`, nil},
		{`\E\X09\E\`, `\X09\`, nil},
		{`BSV 4\5 re.`, `BSV 4\5 re.`, []string{reasonUnmatched}},
		{`\`, `\`, []string{reasonUnmatched}},
		{`a\\b`, `a\\b`, []string{reasonEmpty}},
		{`\Q\x`, `\Q\x`, []string{reasonUnknown}},
		{`\f\x`, `\f\x`, []string{reasonUnknown}},
		{`\X00D\x`, `\X00D\x`, []string{reasonOddHex}},
		{`\XGG\x`, `\XGG\x`, []string{reasonBadHex}},
		{`\X\x`, `\X\x`, []string{reasonNoHex}},
		{`\.bx\x`, `\.bx\x`, []string{reasonFormat}},
		{`\.sp+\x`, `\.sp+\x`, []string{reasonFormat}},
		{`\C28\x`, `\C28\x`, []string{reasonUnknown}},
		{`\M28422\x`, `\M28422\x`, []string{reasonSet}},
		{`C:\x y\z and \.br\ ok`, "C:\\x y\\z and \n ok", []string{reasonUnmatched, reasonUnmatched}},
		{`4\5\.br\`, "4\\5\n", []string{reasonUnmatched}},
	} {
		v := field("", c.raw)
		if got := v.Text(); got != c.text {
			t.Errorf("%s: text %q, want %q", c.raw, got, c.text)
		}
		var bad []string
		for e := range v.Escapes() {
			if !e.OK {
				bad = append(bad, e.Reason)
			}
		}
		if strings.Join(bad, ";") != strings.Join(c.bad, ";") {
			t.Errorf("%s: reasons %q, want %q", c.raw, bad, c.bad)
		}
	}
}

func TestEscapeOffsets(t *testing.T) {
	v := field("", `ab\F\c\X0D\`)
	var got []Escape
	for e := range v.Escapes() {
		got = append(got, e)
	}
	if len(got) != 2 || got[0].Offset != v.Offset()+2 || got[0].Length != 3 || got[0].Kind != EscapeDelimiter ||
		got[1].Offset != v.Offset()+6 || got[1].Length != 5 || got[1].Kind != EscapeHex {
		t.Errorf("%+v", got)
	}
}

func TestEscapeText(t *testing.T) {
	d := Parse([]byte("MSH|^~\\&#|A")).Delimiters()
	for in, want := range map[string]string{
		"a|b^c~d&e\\f": `a\F\b\S\c\R\d\T\e\E\f`,
		"a\r\nb":       `a\X0D0A\b`,
		"tab\tstays":   "tab\tstays",
		"# in # end#":  `# in # end\P\`,
		"plain":        "plain",
		"\u00e4":       "\u00e4",
	} {
		if got := d.EscapeText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := (Delimiters{Field: "|"}).EscapeText("a|b"); got != "a|b" {
		t.Errorf("without an escape character: %q", got)
	}
}

func TestCharset(t *testing.T) {
	for _, c := range []struct {
		declared, raw, text, name, source string
		conflict                          bool
	}{
		{"", "plain", "plain", "US-ASCII", "default", false},
		{"", "J\u00fcrgen", "J\u00fcrgen", "UTF-8", "detected", true},
		{"", "J\xfcrgen \x80", "J\u00fcrgen \u20ac", "windows-1252", "detected", true},
		{"UNICODE UTF-8", "J\u00fcrgen", "J\u00fcrgen", "UTF-8", "declared", false},
		{"UTF8", "J\u00fcrgen", "J\u00fcrgen", "UTF-8", "declared", false},
		{"UTF-8", "J\xfcrgen", "J\u00fcrgen", "windows-1252", "detected", true},
		{"ASCII", "J\xfcrgen", "J\u00fcrgen", "windows-1252", "detected", true},
		{"8859/1", "J\xfcrgen", "J\u00fcrgen", "ISO-8859-1", "declared", false},
		{"ISO-8859-1", "J\xfcrgen", "J\u00fcrgen", "ISO-8859-1", "declared", false},
		{"8859/1", "5 \x80", "5 \u20ac", "windows-1252", "detected", true},
		{"8859/1", "J\u00fcrgen", "J\u00fcrgen", "UTF-8", "detected", true},
		{"8859/15", "5 \xa4", "5 \u20ac", "ISO-8859-15", "declared", false},
		{"8859/7", "\xc1\xe8\xde\xed\xe1", "\u0391\u03b8\u03ae\u03bd\u03b1", "ISO-8859-7", "declared", false},
		{"WINDOWS-1252", "5 \x80", "5 \u20ac", "windows-1252", "declared", false},
		{"cp1250", "\xb9", "\u0105", "windows-1250", "declared", false},
		{"GB 18030-2000", "\x81\x7c\xd6\xd0", "\u4e85\u4e2d", "GB18030", "declared", false},
		{"BIG-5", "\xa4\xa4\xb3\x5c", "\u4e2d\u8a31", "Big5", "declared", false},
		{"KS X 1001", "\xc7\xd1", "\ud55c", "EUC-KR", "declared", false},
		{"~ISO IR87", "\x1b$B4A;z\x1b(B", "\u6f22\u5b57", "ISO-2022-JP", "declared", false},
		{"ASCII~ISO IR87", "\x1b$B|^\x1b(B", "\u9927", "ISO-2022-JP", "declared", false},
		{"ISO IR87", "\x1b$B4A;z\x1b(B", "\u6f22\u5b57", "ISO-2022-JP", "declared", false},
		{"KLINGON", "plain", "plain", "US-ASCII", "detected", true},
		{"UNICODE UTF-16", "plain", "plain", "US-ASCII", "detected", true},
		{"20260101", "J\u00fcrgen", "J\u00fcrgen", "UTF-8", "detected", true},
	} {
		v := field(c.declared, c.raw)
		got := v.m.Charset()
		if v.Text() != c.text {
			t.Errorf("%q %q: text %q, want %q", c.declared, c.raw, v.Text(), c.text)
		}
		if got.Name != c.name || got.Source != c.source || (got.Conflict != "") != c.conflict {
			t.Errorf("%q %q: %+v, want %s %s", c.declared, c.raw, got, c.name, c.source)
		}
	}
	c := field("UTF-8", "J\xfcrgen").m
	if x := c.Charset(); c.Bytes()[x.ConflictOffset] != 0xFC {
		t.Errorf("the proof is at %d", x.ConflictOffset)
	}
}

func TestSwitchedCharset(t *testing.T) {
	if got := field("", `a\M2442\4A;z\C2842\b`).Text(); got != "a\u6f22\u5b57b" {
		t.Errorf("Japanese by escape: %q", got)
	}
	if got := field("", "a\\C2D42\\\xb1\\C2842\\b").Text(); got != "a\u0105b" {
		t.Errorf("ISO 8859-2 by escape: %q", got)
	}
}
