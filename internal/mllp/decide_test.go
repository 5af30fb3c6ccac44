package mllp

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// clock is always the same time.
func clock() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// fixed is a builder whose replies are always the same bytes.
func fixed() *Builder {
	return &Builder{Clock: clock, NewID: func(dst []byte) []byte { return append(dst, "R-1"...) }}
}

var outcomes = []struct {
	o    Outcome
	name string
}{
	{Success, "success"}, {AppError, "application error"}, {AppReject, "application reject"}, {HeaderRefused, "header refused"},
	{ContentRefused, "content refused"}, {StateRefused, "state refused"}, {Uncorrelated, "not correlated"},
}

// table is the table of the standard, as it was written down by hand: accept
// code and application code for success, application error, application reject,
// header refused, refused for another reason. A + after the pair marks that the
// application code is the reply in place only by the setting for NE.
var table = []struct {
	accept, application string
	want                [5]string
}{
	{"", "", [5]string{"-/AA", "-/AE", "-/AR", "-/AR", "-/AE"}},
	{"AL", "AL", [5]string{"CA/AA", "CA/AE", "CA/AR", "CR/-", "CE/-"}},
	{"AL", "NE", [5]string{"CA/-", "CA/-", "CA/-", "CR/-", "CE/-"}},
	{"AL", "ER", [5]string{"CA/-", "CA/AE", "CA/AR", "CR/-", "CE/-"}},
	{"AL", "SU", [5]string{"CA/AA", "CA/-", "CA/-", "CR/-", "CE/-"}},
	{"NE", "AL", [5]string{"-/AA", "-/AE", "-/AR", "-/-", "-/-"}},
	{"NE", "NE", [5]string{"-/-", "-/-", "-/-", "-/-", "-/-"}},
	{"NE", "ER", [5]string{"-/-", "-/AE", "-/AR", "-/-", "-/-"}},
	{"NE", "SU", [5]string{"-/AA", "-/-", "-/-", "-/-", "-/-"}},
	{"ER", "AL", [5]string{"-/AA", "-/AE", "-/AR", "CR/-", "CE/-"}},
	{"ER", "NE", [5]string{"-/-", "-/-", "-/-", "CR/-", "CE/-"}},
	{"ER", "ER", [5]string{"-/-", "-/AE", "-/AR", "CR/-", "CE/-"}},
	{"ER", "SU", [5]string{"-/AA", "-/-", "-/-", "CR/-", "CE/-"}},
	{"SU", "AL", [5]string{"CA/AA", "CA/AE", "CA/AR", "-/-", "-/-"}},
	{"SU", "NE", [5]string{"CA/-", "CA/-", "CA/-", "-/-", "-/-"}},
	{"SU", "ER", [5]string{"CA/-", "CA/AE", "CA/AR", "-/-", "-/-"}},
	{"SU", "SU", [5]string{"CA/AA", "CA/-", "CA/-", "-/-", "-/-"}},
	{"AL", "", [5]string{"CA/-", "CA/-", "CA/-", "CR/-", "CE/-"}},
	{"NE", "", [5]string{"-/-", "-/-", "-/-", "-/-", "-/-"}},
	{"ER", "", [5]string{"-/-", "-/-", "-/-", "CR/-", "CE/-"}},
	{"SU", "", [5]string{"CA/-", "CA/-", "CA/-", "-/-", "-/-"}},
	{"", "AL", [5]string{"-/AA", "-/AE", "-/AR", "-/-", "-/-"}},
	{"", "NE", [5]string{"-/-", "-/-", "-/-", "-/-", "-/-"}},
	{"", "ER", [5]string{"-/-", "-/AE", "-/AR", "-/-", "-/-"}},
	{"", "SU", [5]string{"-/AA", "-/-", "-/-", "-/-", "-/-"}},
}

func codes(d Decision) string {
	s := func(c Code) string {
		if c == None {
			return "-"
		}
		return string(c)
	}
	return s(d.Accept) + "/" + s(d.Application)
}

func TestDecideIsTheTableOfTheStandard(t *testing.T) {
	for _, row := range table {
		for i, o := range []Outcome{Success, AppError, AppReject, HeaderRefused, ContentRefused} {
			d := Decide(Settings{}, row.accept, row.application, o)
			if got := codes(d); got != row.want[i] {
				t.Errorf("MSH-15 %q, MSH-16 %q, %s: %s, want %s", row.accept, row.application, outcomes[o].name, got, row.want[i])
			}
			if (d.Warnings&WarnOneValued != 0) != ((row.accept == "") != (row.application == "")) {
				t.Errorf("MSH-15 %q, MSH-16 %q: warnings %b", row.accept, row.application, d.Warnings)
			}
		}
	}
	// Where the message is not at fault the original mode says AR.
	if d := Decide(Settings{}, "", "", StateRefused); d.Application != AR {
		t.Errorf("state refused in original mode: %s", codes(d))
	}
}

func TestOneOfTwoValued(t *testing.T) {
	tests := []struct {
		s                   OneValued
		accept, application string
		want                string // on success
		mode                Mode
	}{
		{EitherEnhanced, "AL", "", "CA/-", EnhancedMode},
		{EitherEnhanced, "", "AL", "-/AA", EnhancedMode},
		{BothNeeded, "AL", "", "-/AA", OriginalMode},
		{BothNeeded, "NE", "", "-/AA", OriginalMode},
		{BothNeeded, "", "NE", "-/AA", OriginalMode},
		{BothNeeded, "AL", "NE", "CA/-", EnhancedMode},
		{AcceptDecides, "AL", "", "CA/-", EnhancedMode},
		{AcceptDecides, "", "NE", "-/AA", OriginalMode},
		{AcceptDecides, "AL", "AL", "CA/AA", EnhancedMode},
	}
	for _, test := range tests {
		d := Decide(Settings{OneValued: test.s}, test.accept, test.application, Success)
		if got := codes(d); got != test.want || d.Mode != test.mode {
			t.Errorf("setting %d, %q %q: %s mode %d, want %s mode %d", test.s, test.accept, test.application, got, d.Mode, test.want, test.mode)
		}
	}
}

func TestChannels(t *testing.T) {
	tests := []struct {
		s                   Settings
		accept, application string
		want                Channel
	}{
		{Settings{}, "", "", SameConnection},
		{Settings{}, "AL", "AL", NewExchange},
		{Settings{}, "NE", "AL", SameConnection},
		{Settings{NeverAccept: NewExchange}, "NE", "AL", NewExchange},
		{Settings{NeverAccept: NewExchange}, "", "", SameConnection},
		{Settings{}, "ER", "AL", NewExchange},
		{Settings{}, "AL", "NE", NoChannel},
	}
	for _, test := range tests {
		d := Decide(test.s, test.accept, test.application, Success)
		if d.Channel != test.want {
			t.Errorf("%+v %q %q: channel %d, want %d", test.s, test.accept, test.application, d.Channel, test.want)
		}
		if d.InPlace() != None && d.InPlace() == d.Later() {
			t.Errorf("%q %q: %s goes out twice", test.accept, test.application, d.Later())
		}
	}
}

// header returns the header of a message with these MSH-15 and MSH-16.
func message(accept, application string) []byte {
	return []byte("MSH|^~\\&|SEND|NORTH|RECV|SOUTH|20260101||ADT^A01^ADT_A01|M-1|P|2.5.1|||" + accept + "|" + application + "\rPID|1\r")
}

// TestRepliesOfEveryCase compares the bytes of every reply with the golden file:
// MSH-15 and MSH-16 over table 0155, empty and a value outside of it, every
// outcome, every setting.
func TestRepliesOfEveryCase(t *testing.T) {
	values := []string{"", "AL", "NE", "ER", "SU", "XX"}
	settings := []struct {
		name string
		s    Settings
	}{
		{"either one is enhanced mode", Settings{}},
		{"both are needed", Settings{OneValued: BothNeeded}},
		{"MSH-15 decides", Settings{OneValued: AcceptDecides, NeverAccept: NewExchange, OddApplication: "NE"}},
		{"silent", Settings{Silent: true}},
	}
	var out strings.Builder
	b := fixed()
	for _, s := range settings {
		fmt.Fprintf(&out, "# %s\n", s.name)
		for _, accept := range values {
			for _, application := range values {
				for _, o := range outcomes {
					h := ReadHeader(message(accept, application))
					d := s.s.Decide(&h, o.o)
					fmt.Fprintf(&out, "%-2s %-2s %-18s", accept, application, o.name)
					if d.InPlace() == None && d.Later() == None {
						out.WriteString(" nothing")
					}
					if c := d.InPlace(); c != None {
						fmt.Fprintf(&out, " reply %q", b.Append(nil, &h, Reply{Code: c, Enhanced: d.Mode == EnhancedMode}))
					}
					if c := d.Later(); c != None {
						fmt.Fprintf(&out, " later %q", b.Append(nil, &h, Reply{Code: c, Enhanced: true, AcceptWanted: "AL"}))
					}
					out.WriteString("\n")
				}
			}
		}
	}
	golden(t, "replies.txt", out.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			t.Fatalf("%s: line %d is missing: %s", name, i+1, w[i])
		case i >= len(w):
			t.Fatalf("%s: line %d is too much: %s", name, i+1, g[i])
		case g[i] != w[i]:
			t.Fatalf("%s: line %d\ngot  %s\nwant %s", name, i+1, g[i], w[i])
		}
	}
}

func TestMessagesOutsideOfTheTable(t *testing.T) {
	tests := []struct {
		name, message string
		o             Outcome
		s             Settings
		want          string
	}{
		{"an accept acknowledgement", "MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5|||AL|AL\rMSA|CA|9\r", Success, Settings{}, "-/-"},
		{"an original acknowledgement", "MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5\rMSA|AA|9\r", Success, Settings{}, "-/-"},
		{"an acknowledgement without MSA", "MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5|||AL|AL\r", Success, Settings{}, "-/-"},
		{"an application acknowledgement that asks", "MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5|||AL|NE\rMSA|AA|9\r", Success, Settings{}, "CA/-"},
		{"and asks for more than it may", "MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5|||AL|AL\rMSA|AA|9\r", Success, Settings{}, "CA/-"},
		{"and asks for errors only", "MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5|||ER|NE\rMSA|AE|9\r", Success, Settings{}, "-/-"},
		{"and asks, under another setting", "MSH|^~\\&|A|B|C|D|1||ORR^O02|1|P|2.5|||AL\rMSA|AA|9\r", Success, Settings{OneValued: BothNeeded}, "CA/-"},
		{"no control ID", "MSH|^~\\&|A|B|C|D|1||ADT^A01||P|2.5\rPID|1\r", Success, Settings{}, "-/AR"},
		{"a control ID of blanks", "MSH|^~\\&|A|B|C|D|1||ADT^A01|  |P|2.5\rPID|1\r", Success, Settings{}, "-/AR"},
		{"no control ID in enhanced mode", "MSH|^~\\&|A|B|C|D|1||ADT^A01||P|2.5|||AL|AL\rPID|1\r", Success, Settings{}, "CE/-"},
		{"no control ID, header refused", "MSH|^~\\&|A|B|C|D|1||ADT^A01||P|2.5|||AL|AL\rPID|1\r", HeaderRefused, Settings{}, "CR/-"},
		{"no header", "PID|1\r", Success, Settings{}, "-/AE"},
		{"no header, silent", "PID|1\r", Success, Settings{Silent: true}, "-/-"},
		{"no HL7", "{}", Success, Settings{}, "-/AE"},
		{"nothing", "", Success, Settings{}, "-/AE"},
	}
	for _, test := range tests {
		h := ReadHeader([]byte(test.message))
		if got := codes(test.s.Decide(&h, test.o)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestDecisionsInWords(t *testing.T) {
	h := ReadHeader(message("QQ", ""))
	d := Settings{}.Decide(&h, Success)
	all := d.Deviations(&h, 100)
	if len(all) != 2 || all[0].Code != AckOddValue || all[1].Code != AckOneValued {
		t.Fatalf("%v", all)
	}
	if got := message("QQ", "")[all[0].Offset-100:][:all[0].Length]; string(got) != "QQ" {
		t.Errorf("the deviation is at %q", got)
	}
}
