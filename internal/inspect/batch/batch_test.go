package batch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"trestle/internal/inspect"
)

var samples = []string{
	"MSH|^~\\&|LAB|R|EHR|C|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\rPID|1||88121^^^R^MR||Tester^Anna\r",
	"MSH|^~\\&|LAB|R|EHR|C|20260301101600||ADT^A08^ADT_A01|T2|P|2.5.1\nPID|1||77^^^R^MR||Tester^Otto\n",
	"MSH#!~\\&#LAB#R#EHR#C#20260301101700##ADT!A08!ADT_A01#T3#P#2.5.1\r\nPID#1##9!!!R!MR##T\xe9ster",
	"MSH|^~\\&|\r",
}

// wrap writes messages as a batch file.
func wrap(t *testing.T, o Options, messages []string) string {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, o)
	for _, m := range messages {
		if err := w.Write([]byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w.Messages() != len(messages) {
		t.Errorf("%d messages counted", w.Messages())
	}
	return out.String()
}

func TestEnvelopesSayWhatTheyHold(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 14, 0, 0, time.FixedZone("", -5*3600))
	for _, c := range []struct {
		about string
		o     Options
		n     int
		want  string // without the messages
	}{
		{"one batch", Options{}, 2, `FHS|^~\&|LAB|R|EHR|C BHS|^~\&|LAB|R|EHR|C BTS|2 FTS|1`},
		{"named", Options{Time: at, ID: "F1", Name: "a|b"}, 1, `FHS|^~\&|LAB|R|EHR|C|20260302101400-0500||a\F\b||F1 BHS|^~\&|LAB|R|EHR|C|20260302101400-0500||a\F\b||F1-1 BTS|1 FTS|1`},
		{"of one each", Options{Size: 1, NoFile: true, ID: "X"}, 2, `BHS|^~\&|LAB|R|EHR|C|||||X-1 BTS|1 BHS|^~\&|LAB|R|EHR|C|||||X-2 BTS|1`},
		{"of as many as there are", Options{Size: 2}, 2, `FHS|^~\&|LAB|R|EHR|C BHS|^~\&|LAB|R|EHR|C BTS|2 FTS|1`},
		{"other delimiters", Options{NoFile: true}, 4, `BHS|^~\&|LAB|R|EHR|C BTS|2 BHS#!~\&#LAB#R#EHR#C BTS#1 BHS|^~\& BTS|1`},
		{"none", Options{}, 0, ``},
	} {
		t.Run(c.about, func(t *testing.T) {
			var envelopes []string
			for _, line := range strings.FieldsFunc(wrap(t, c.o, samples[:c.n]), func(r rune) bool { return r == '\r' || r == '\n' }) {
				if len(line) > 3 && strings.Contains("FHS BHS BTS FTS", line[:3]) {
					envelopes = append(envelopes, line)
				}
			}
			if got := strings.Join(envelopes, " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// What goes in comes out, byte for byte, and nothing is found in the envelopes.
func TestMessagesComeBackUnchanged(t *testing.T) {
	backwards := []string{samples[2], samples[1], samples[0]}
	for _, messages := range [][]string{samples, backwards} {
		for _, o := range []Options{{}, {Size: 1}, {NoFile: true, Size: 3}} {
			got := unwrap(t, wrap(t, o, messages))
			if len(got) != len(messages) {
				t.Fatalf("%d messages: %q", len(got), got)
			}
			for i := range got {
				if strings.TrimRight(got[i], "\r\n") != strings.TrimRight(messages[i], "\r\n") {
					t.Errorf("%q came back as %q", messages[i], got[i])
				}
			}
		}
	}
}

func unwrap(t testing.TB, text string) (messages []string) {
	t.Helper()
	for r, err := range inspect.Read(context.Background(), "x.hl7", strings.NewReader(text), inspect.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.IsMessage() {
			messages = append(messages, string(r.Bytes))
		}
		for _, f := range r.Container {
			if strings.HasPrefix(f.Code, "batch-") {
				t.Errorf("%s: %s", f.Code, f.Text)
			}
		}
	}
	return messages
}

func TestWhatABatchCannotHold(t *testing.T) {
	w := NewWriter(io.Discard, Options{})
	for _, b := range []string{"", "PID|1\r", "BHS|^~\\&|A\r", " MSH|^~\\&|A\r", "{}"} {
		if err := w.Write([]byte(b)); !errors.Is(err, ErrNoMessage) {
			t.Errorf("%q: %v", b, err)
		}
	}
	if err := w.Close(); err != nil || w.Messages() != 0 {
		t.Error(err)
	}
	full := NewWriter(brokenPipe{}, Options{})
	if err := full.Write([]byte(samples[0])); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v", err)
	}
	if err := full.Close(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func FuzzWriter(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s), 1)
	}
	f.Fuzz(func(t *testing.T, message []byte, size int) {
		var out bytes.Buffer
		w := NewWriter(&out, Options{Size: max(size, 0), ID: "1"})
		if w.Write(message) != nil {
			return
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(out.Bytes(), message) {
			t.Error("the message was changed")
		}
		if !bytes.HasPrefix(out.Bytes(), []byte("FHS")) || !bytes.Contains(out.Bytes(), []byte("BTS")) {
			t.Errorf("no envelopes: %q", out.Bytes())
		}
	})
}
