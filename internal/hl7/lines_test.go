package hl7

import (
	"fmt"
	"strings"
	"testing"
)

// outline writes each line of a message as its name or kind, its number of
// fields and its break: "PID/3 CR".
func outline(m *Message) string {
	var out []string
	for s := range m.Segments() {
		name := s.ID()
		if name == "" {
			name = s.Kind().String()
		}
		out = append(out, fmt.Sprintf("%s/%d %s", name, s.Fields(), s.Break().Kind))
	}
	return strings.Join(out, ", ")
}

func TestLines(t *testing.T) {
	const h = `MSH|^~\&|A`
	for _, c := range []struct{ name, in, want string }{
		{"CR", h + "\rPID|1\r", "MSH/3 CR, PID/1 CR"},
		{"LF", h + "\nPID|1\n", "MSH/3 LF, PID/1 LF"},
		{"CRLF without the last", h + "\r\nPID|1", "MSH/3 CR LF, PID/1 end of data"},
		{"mixture", h + "\rPID|1\nPV1|1\r\nOBX|1\r", "MSH/3 CR, PID/1 LF, PV1/1 CR LF, OBX/1 CR"},
		{"text broken by LF", h + "\rNTE|1||one\ntwo\rOBX|1\r", "MSH/3 CR, NTE/3 CR, OBX/1 CR"},
		{"text broken by CR", h + "\rNTE|1||one\rtwo\rOBX|1\r", "MSH/3 CR, NTE/3 CR, OBX/1 CR"},
		{"fields after the broken text", h + "\rOBX|1|TX|||one\ntwo|||F\r", "MSH/3 CR, OBX/8 CR"},
		{"base64 in lines", h + "\rOBX|1|ED|||^^^^QUJD\r\nREVG\r\nR0hJ||||F\rNTE|1\r", "MSH/3 CR, OBX/9 CR, NTE/1 CR"},
		{"paragraphs of another line end", h + "\rNTE|1||one\n\ntwo\rOBX|1\r", "MSH/3 CR, NTE/3 CR, OBX/1 CR"},
		{"paragraphs of the same line end", h + "\nPID|1\nNTE|1||one\n\ntwo\nOBX|1\n", "MSH/3 LF, PID/1 LF, NTE/3 LF, OBX/1 LF"},
		{"text after the end", h + "\nPID|1\n\nsent at noon\n", "MSH/3 LF, PID/1 LF, blank line/0 LF, stray line/0 LF"},
		{"blank lines", h + "\n\nPID|1\n\n\n", "MSH/3 LF, blank line/0 LF, PID/1 LF, blank line/0 LF, blank line/0 LF"},
		{"lower-case IDs", "msh|^~\\&|a\rpid|1\r", "msh/3 CR, pid/1 CR"},
		{"a lower-case word after LF in a CR message", h + "\rPID|1\rNTE|1||this\nand|that\r", "MSH/3 CR, PID/1 CR, NTE/4 CR"},
		{"an ID and separator after LF in a CR message", h + "\rPID|1\rNTE|1||this\nOBX|1\r", "MSH/3 CR, PID/1 CR, NTE/3 LF, OBX/1 CR"},
		{"a bare ID", h + "\rPV2\rDSC\r", "MSH/3 CR, PV2/0 CR, DSC/0 CR"},
		{"a bare word after LF in a CR message", h + "\rPID|1\rOBX|1|TX|||POS\nNEG\rNTE|1\r", "MSH/3 CR, PID/1 CR, OBX/5 CR, NTE/1 CR"},
		{"bad IDs", h + "\rPV|1|I\rPIDX|1\rPID |1\r0BX|1\r", "MSH/3 CR, bad segment ID/2 CR, bad segment ID/1 CR, bad segment ID/1 CR, bad segment ID/1 CR"},
		{"another separator", h + "\rPID#1##5#x\rNTE|1||see\rABC#1\r", "MSH/3 CR, bad segment ID/0 CR, NTE/3 CR"},
		{"wrapped at a component", h + "\rPID|1||7^^^\rMRN^MR~8^^^E||x\r", "MSH/3 CR, PID/5 CR"},
		{"Z segments", h + "\rZP1|x\rZZZ|y|z\r", "MSH/3 CR, ZP1/1 CR, ZZZ/2 CR"},
		{"junk before", "junk\rjunk\r" + h + "\rPID|1\r", "stray line/0 CR, stray line/0 CR, MSH/3 CR, PID/1 CR"},
		{"byte order mark", "\xef\xbb\xbf" + h + "\rPID|1\r", "stray line/0 none, MSH/3 CR, PID/1 CR"},
		{"indented", "  " + h + "\rPID|1\r", "blank line/0 none, MSH/3 CR, PID/1 CR"},
		{"log prefix", "2026-01-02 INFO " + h + "\rPID|1\r", "stray line/0 none, MSH/3 CR, PID/1 CR"},
		{"a log before every line", led(h + "\rPID|1\rPV1|1\r"), "stray line/0 none, MSH/3 LF, stray line/0 none, PID/1 LF, stray line/0 none, PV1/1 LF"},
		{"a log before every line, text broken in two", led(h+"\rNTE|1||one\r") + "two\n" + led("PV1|1\r"), "stray line/0 none, MSH/3 LF, stray line/0 none, NTE/3 LF, stray line/0 none, PV1/1 LF"},
		{"a byte order mark and a log before every line", "\xef\xbb\xbf" + led(h+"\rPID|1\r"), "stray line/0 none, MSH/3 LF, stray line/0 none, PID/1 LF"},
		{"a mail answered", "> " + h + "\n> PID|1\n", "stray line/0 none, MSH/3 LF, stray line/0 none, PID/1 LF"},
		{"NUL before a segment", h + "\r\x00PID|1\r\x00\x00\rPV1|1\r", "MSH/3 CR, blank line/0 none, PID/1 CR, blank line/0 CR, PV1/1 CR"},
		{"NUL before text", h + "\rNTE|1||a\n\x00b\rPV1|1\r", "MSH/3 CR, NTE/3 CR, PV1/1 CR"},
		{"MLLP bytes", "\x0b" + h + "\rPID|1\r\x1c\r", "blank line/0 none, MSH/3 CR, PID/1 CR, blank line/0 CR"},
		{"batch", "FHS|^~\\&|F\rBHS|^~\\&|B\r" + h + "\rPID|1\rBTS|1\rFTS|1", "FHS/3 CR, BHS/3 CR, MSH/3 CR, PID/1 CR, BTS/1 CR, FTS/1 end of data"},
		{"no header", "PID|1||5\rPV1|1\r", "PID/3 CR, PV1/1 CR"},
		{"MSH alone", "MSH", "MSH/0 end of data"},
		{"MSH alone, then segments", "MSH\rPID|1\r", "MSH/0 CR, PID/1 CR"},
		{"MSH and separator", "MSH|", "MSH/2 end of data"},
		{"MSH-2 missing", "MSH||A\rPID|1^2\r", "MSH/3 CR, PID/1 CR"},
		{"not HL7", "hello\nworld", "stray line/0 LF, stray line/0 end of data"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outline(Parse([]byte(c.in))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			checkMessage(t, []byte(c.in))
		})
	}
}

func TestBreakReasons(t *testing.T) {
	m := Parse([]byte("MSH|^~\\&|A\rNTE|1||one\ntwo\rPV|1\r\rZZZ"))
	want := []string{reasons[reasonSegment], reasons[reasonBadID], reasons[reasonBlank], reasons[reasonBare], reasons[reasonData]}
	for i, w := range want {
		if got := m.Segment(i).Break().Reason; got != w {
			t.Errorf("segment %d: %q, want %q", i, got, w)
		}
	}
	if c := m.Continuations(); len(c) != 1 || c[0].Offset != 21 || c[0].Length != 1 || c[0].Reason != reasons[reasonText] {
		t.Errorf("continuations %+v", c)
	}
}

func TestDelimiters(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Delimiters
	}{
		{"MSH|^~\\&|A", Standard()},
		{"MSH|^~\\&#|A", Delimiters{Field: "|", Component: "^", Repetition: "~", Escape: `\`, Subcomponent: "&", Truncation: "#"}},
		{"MSH|^~|A", Delimiters{Field: "|", Component: "^", Repetition: "~"}},
		{"MSH|^|A", Delimiters{Field: "|", Component: "^"}},
		{"MSH|", Delimiters{Field: "|"}},
		{"MSH", Delimiters{}},
		{"MSH|APP|", Delimiters{Field: "|"}},
		{"MSH#*%@!#", Delimiters{Field: "#", Component: "*", Repetition: "%", Escape: "@", Subcomponent: "!"}},
		{"MSH\u00a7^~\\&\u00a7A", Delimiters{Field: "\u00a7", Component: "^", Repetition: "~", Escape: `\`, Subcomponent: "&"}},
		{"MSH\xa7^~\\&\xa7A", Delimiters{Field: "\xa7", Component: "^", Repetition: "~", Escape: `\`, Subcomponent: "&"}},
		{"MSH|\u00b6~\\&|A", Delimiters{Field: "|", Component: "\u00b6", Repetition: "~", Escape: `\`, Subcomponent: "&"}},
		{"BHS|@~\\&|A\rMSH|^~\\&|A", Standard()},
		{"BHS|@~\\&|A", Delimiters{Field: "|", Component: "@", Repetition: "~", Escape: `\`, Subcomponent: "&"}},
		{"PID|1", Delimiters{Field: "|", Component: "^", Repetition: "~", Escape: `\`, Subcomponent: "&", Guessed: true}},
		{"hello", Delimiters{}},
	} {
		if got := Parse([]byte(c.in)).Delimiters(); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.in, got, c.want)
		}
	}
	u := Parse([]byte("MSH|^^~\\&|A")).Delimiters().Usable()
	if u.Component != "^" || u.Repetition != "" || u.Escape != "~" {
		t.Errorf("a repeated delimiter: %+v", u)
	}
	m := Parse([]byte("MSH\u00a7^~\\&\u00a7A\rPID\u00a71\u00a7\u00a7x^y\u00a7z"))
	if v := m.Get(MustPath("PID-3.2")); string(v.Raw()) != "y" {
		t.Errorf("separator of two bytes: %q", v.Raw())
	}
}

func TestHeaderOfItsOwn(t *testing.T) {
	m := Parse([]byte("BHS|@~\\&|a@b\rMSH|^~\\&|c^d\rPID|1^2"))
	for path, want := range map[string]string{"BHS-3.2": "b", "MSH-3.2": "d", "PID-1.2": "2", "BHS-2": `@~\&`} {
		if got := m.Get(MustPath(path)).Text(); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}
