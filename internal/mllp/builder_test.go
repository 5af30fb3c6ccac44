package mllp

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

func TestAcknowledgements(t *testing.T) {
	pid11 := Error{Locations: []Location{{Segment: "PID", Sequence: 1, Field: 11, Component: 9}}, Condition: "103", AppCode: "X1", Diagnostic: "value 5 of 6", UserText: "Check the country|county"}
	plain := Error{}
	two := Error{Locations: []Location{{Segment: "PV1", Sequence: 1, Field: 44}, {Segment: "PV1", Sequence: 1, Field: 45}}, Condition: "0", UserText: "kept"}
	tests := []struct {
		name, message string
		r             Reply
		want          string
	}{
		{
			"the names are swapped with all components",
			"MSH|^~\\&|SEND^1.2^ISO|NORTH~N2|RECV|SOUTH^S|20260101||ADT^A01^ADT_A01|M 1 \\T\\|P^T|2.5.1^USA|||||DEU|UNICODE UTF-8~8859/1\rPID|1\r",
			Reply{Code: AA},
			"MSH|^~\\&|RECV|SOUTH^S|SEND^1.2^ISO|NORTH~N2|20260102030405+0000||ACK^A01^ACK|R-1|P^T|2.5.1^USA||||||UNICODE UTF-8~8859/1\rMSA|AA|M 1 \\T\\\r",
		},
		{
			"before 2.4 MSH-9 is ACK",
			"MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.3.1\rPID|1\r",
			Reply{Code: AE, Text: "no", Errors: []Error{pid11, plain}},
			"MSH|^~\\&|C|D|A|B|20260102030405+0000||ACK|R-1|P|2.3.1\rMSA|AE|1|no\rERR|PID^1^11^103~^^^207\r",
		},
		{
			"2.5 has both forms",
			"MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.5\rPID|1\r",
			Reply{Code: AE, Errors: []Error{pid11, two}},
			"MSH|^~\\&|C|D|A|B|20260102030405+0000||ACK^A01^ACK|R-1|P|2.5\rMSA|AE|1\r" +
				"ERR|PID^1^11^103|PID^1^11^^9|103^Table value not found^HL70357|E|X1||value 5 of 6|Check the country\\F\\county\r" +
				"ERR|PV1^1^44^0~PV1^1^45^0|PV1^1^44~PV1^1^45|0^Message accepted^HL70357|I||||kept\r",
		},
		{
			"from 2.7 on there is no ERR-1",
			"MSH|^~\\&#|A|B|C|D|1||ADT^A01|1|P|2.7.1\rPID|1\r",
			Reply{Code: AR, Errors: []Error{pid11, plain}},
			"MSH|^~\\&#|C|D|A|B|20260102030405+0000||ACK^A01^ACK|R-1|P|2.7.1\rMSA|AR|1\r" +
				"ERR||PID^1^11^^9|103^Table value not found^HL70357|E|X1||value 5 of 6|Check the country\\F\\county\r" +
				"ERR|||207^Application error^HL70357|E\r",
		},
		{
			"other delimiters",
			"MSH#*%@!#A#B#C#D#1##ADT*A01#7#P#2.6\rPID#1\r",
			Reply{Code: AE, Text: "a#b*c|d", Errors: []Error{plain}},
			"MSH#*%@!#C#D#A#B#20260102030405+0000##ACK*A01*ACK#R-1#P#2.6\rMSA#AE#7#a@F@b@S@c|d\rERR#***207##207*Application error*HL70357#E\r",
		},
		{
			"a delimiter of two bytes",
			"MSH\u00a7^~\\&\u00a7A\u00a7B\u00a7C\u00a7D\u00a71\u00a7\u00a7ADT^A01\u00a77\u00a7P\u00a72.6\rPID\u00a71\r",
			Reply{Code: AA},
			"MSH\u00a7^~\\&\u00a7C\u00a7D\u00a7A\u00a7B\u00a720260102030405+0000\u00a7\u00a7ACK^A01^ACK\u00a7R-1\u00a7P\u00a72.6\rMSA\u00a7AA\u00a77\r",
		},
		{
			"no escape character",
			"MSH|^~|A|B|C|D|1||ADT^A01|7|P|2.6\rPID|1\r",
			Reply{Code: AE, Text: "a|b"},
			"MSH|^~|C|D|A|B|20260102030405+0000||ACK^A01^ACK|R-1|P|2.6\rMSA|AE|7|a b\r",
		},
		{
			"bytes above 7F in MSH-10",
			"MSH|^~\\&|A|B|C|D|1||ADT^A01|\xfc\xe4 |P|2.6\rPID|1\r",
			Reply{Code: AA},
			"MSH|^~\\&|C|D|A|B|20260102030405+0000||ACK^A01^ACK|R-1|P|2.6\rMSA|AA|\xfc\xe4 \r",
		},
		{
			"the application acknowledgement of enhanced mode",
			"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.6|||AL|AL||8859/1\rPID|1\r",
			Reply{Code: AA, Enhanced: true, AcceptWanted: "AL", Sequence: "12"},
			"MSH|^~\\&|C|D|A|B|20260102030405+0000||ACK^A01^ACK|R-1|P|2.6|||AL|NE||8859/1\rMSA|AA|7||12\r",
		},
		{
			"a text in the character set of the message",
			"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.6||||||8859/1\rPID|1\r",
			Reply{Code: AE, Text: "Größe", Errors: []Error{{Condition: "207", UserText: "für → a|b"}}},
			"MSH|^~\\&|C|D|A|B|20260102030405+0000||ACK^A01^ACK|R-1|P|2.6||||||8859/1\rMSA|AE|7|Gr\xf6\xdfe\rERR|^^^207||207^Application error^HL70357|E||||f?r ? a\\F\\b\r",
		},
		{
			"no version, no type, no names",
			"MSH|^~\\&|\rPID|1\r",
			Reply{Code: AE},
			"MSH|^~\\&|||||20260102030405+0000||ACK|R-1||\rMSA|AE|\r",
		},
		{
			"no header at all",
			"hello",
			Reply{Code: AE, Text: "no MSH"},
			"MSH|^~\\&|||||20260102030405+0000||ACK|R-1||\rMSA|AE||no MSH\r",
		},
		{
			"line feeds",
			"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.3\nPID|1\n",
			Reply{Code: AA},
			"MSH|^~\\&|C|D|A|B|20260102030405+0000||ACK|R-1|P|2.3\rMSA|AA|7\r",
		},
	}
	b := fixed()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := ReadHeader([]byte(test.message))
			if got := string(b.Append([]byte("x"), &h, test.r)); got != "x"+test.want {
				t.Errorf("got\n%q\nwant\n%q", got[1:], test.want)
			}
		})
	}
}

func TestOwnName(t *testing.T) {
	b := fixed()
	b.Application, b.Facility = "TRESTLE^X", "BENCH"
	h := ReadHeader([]byte(adt))
	if got := string(b.Append(nil, &h, Reply{Code: AA})); !strings.HasPrefix(got, "MSH|^~\\&|TRESTLE^X|BENCH|SEND|NORTH|") {
		t.Errorf("%q", got)
	}
}

func TestControlIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for range 10000 {
		id := string(NextID(nil))
		if seen[id] || len(id) > 20 {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}

func TestAcknowledgingAllocatesNothing(t *testing.T) {
	message := []byte(adt)
	var b Builder
	buf := make([]byte, 0, 512)
	var h Header
	n := testing.AllocsPerRun(1000, func() {
		h = ReadHeader(message)
		d := Settings{}.Decide(&h, Success)
		buf = b.Append(buf[:0], &h, Reply{Code: d.InPlace()})
	})
	if n > 0 {
		t.Errorf("%v allocations for an acknowledgement", n)
	}
}

func TestParseAck(t *testing.T) {
	errors := []Error{
		{Locations: []Location{{Segment: "PID", Sequence: 1, Field: 11, Repetition: 2, Component: 9}}, Condition: "103", Severity: "W", AppCode: "X1", Diagnostic: "d|e", UserText: "u^v"},
		{Condition: "207", Severity: "E", UserText: "w"},
	}
	for _, version := range []string{"2.5", "2.8"} {
		h := ReadHeader([]byte(strings.Replace(adt, "2.5.1", version, 1)))
		ack, ok := ParseAck(fixed().Append(nil, &h, Reply{Code: AE, Text: "a|b", Errors: errors}))
		if !ok || ack.Code != AE || string(ack.ControlID) != "M-1" || ack.Text != "a|b" || len(ack.Errors) != 2 {
			t.Fatalf("%s: %v %+v", version, ok, ack)
		}
		for i := range errors {
			if !slices.Equal(ack.Errors[i].Locations, errors[i].Locations) || ack.Errors[i].UserText != errors[i].UserText || ack.Errors[i].Diagnostic != errors[i].Diagnostic {
				t.Errorf("%s: %+v, want %+v", version, ack.Errors[i], errors[i])
			}
		}
	}
	h := ReadHeader([]byte(strings.Replace(adt, "2.5.1", "2.3", 1)))
	ack, _ := ParseAck(fixed().Append(nil, &h, Reply{Code: AE, Errors: errors}))
	if len(ack.Errors) != 2 || ack.Errors[0].Condition != "103" || ack.Errors[0].Locations[0].Field != 11 || ack.Errors[1].Locations != nil {
		t.Errorf("2.3: %+v", ack.Errors)
	}
	if _, ok := ParseAck([]byte(adt)); ok {
		t.Error("an ADT is taken for an acknowledgement")
	}
}

func TestCorrelate(t *testing.T) {
	tests := []struct {
		reply string
		want  []string
	}{
		{"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5\rMSA|AA|M-1\r", nil},
		{"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5\nMSA|AA|M-1\n", nil},
		{"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5\rSFT|x\rMSA|AA|M-1\r", nil},
		{"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5\rMSA|AA|M-2\r", []string{AckWrongID}},
		{"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5\rMSA|AA|m-1 \r", []string{AckWrongID}},
		{"MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5\rMSA|XX|\r", []string{AckBadCode, AckNoID}},
		{"MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.5\rPID|1\r", []string{AckNotOne}},
		{"", []string{AckNotOne}},
		{"OK", []string{AckNotOne}},
	}
	for _, test := range tests {
		var got []string
		for _, d := range Correlate([]byte(adt), []byte(test.reply)) {
			got = append(got, d.Code)
			if d.Text == "" || d.Offset+int64(d.Length) > int64(len(test.reply)) {
				t.Errorf("%q: %+v", test.reply, d)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: %v, want %v", test.reply, got, test.want)
		}
	}
}

func TestProblems(t *testing.T) {
	h := ReadHeader([]byte("MSH|^~\\&|A|B|C|D|1|||  |P\rPID|1\r"))
	var fields []int
	for _, e := range h.Problems() {
		fields = append(fields, e.Locations[0].Field)
	}
	if !slices.Equal(fields, []int{9, 10, 12}) {
		t.Errorf("%v", fields)
	}
	h = ReadHeader([]byte("x"))
	if p := h.Problems(); len(p) != 1 || p[0].Condition != "100" {
		t.Errorf("%+v", p)
	}
}

func TestBatches(t *testing.T) {
	other := strings.Replace(adt, "M-1", "M-2", 1)
	full := "FHS|^~\\&|S|N|R|O|2026||f||F-1\rBHS|^~\\&|S|N|R|O|2026||b||B-1\r" + adt + other + "BTS|2\rFTS|1\r"
	tests := []struct {
		name, in string
		batch    bool
		messages int
		reply    string
	}{
		{"one message", adt, false, 1, ""},
		{"two messages", adt + other, true, 2, "(a)(b)"},
		{"nothing", "", false, 0, ""},
		{"full", full, true, 2, "FHS|^~\\&|R|O|S|N|20260102030405+0000||||R-1|F-1\rBHS|^~\\&|R|O|S|N|20260102030405+0000||||R-1|B-1\r(a)(b)BTS|2\rFTS|1\r"},
		{"no FHS", full[strings.Index(full, "BHS"):strings.Index(full, "FTS")], true, 2, "BHS|^~\\&|R|O|S|N|20260102030405+0000||||R-1|B-1\r(a)(b)BTS|2\r"},
		{"trailer only", adt + "BTS|1\r", true, 1, "BHS|^~\\&|||||20260102030405+0000||||R-1|\r(a)BTS|1\r"},
		{"no messages", "BHS|^~\\&|S|N|R|O|2026||b||B-1\rBTS|0\r", true, 0, "BHS|^~\\&|R|O|S|N|20260102030405+0000||||R-1|B-1\rBTS|0\r"},
		{"header in LF", strings.ReplaceAll(full, "\r", "\n"), true, 2, "FHS|^~\\&|R|O|S|N|20260102030405+0000||||R-1|F-1\rBHS|^~\\&|R|O|S|N|20260102030405+0000||||R-1|B-1\r(a)(b)BTS|2\rFTS|1\r"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, batch := SplitBatch([]byte(test.in))
			if batch != test.batch || len(b.Messages) != test.messages || b.Stray != 0 {
				t.Fatalf("batch %v, %d messages, %d stray", batch, len(b.Messages), b.Stray)
			}
			if !batch {
				return
			}
			var replies [][]byte
			for i := range b.Messages {
				replies = append(replies, []byte{'(', byte('a' + i), ')'})
			}
			if got := string(fixed().AppendBatch(nil, &b, replies)); got != test.reply {
				t.Errorf("got\n%q\nwant\n%q", got, test.reply)
			}
		})
	}
}

// checkHeader compares the quick way to read a header with the thorough one.
func checkHeader(t *testing.T, data []byte) {
	quick := Header{b: data}
	if !quick.quick() {
		return
	}
	slow := Header{b: data}
	slow.slow()
	for n := 1; n <= headerFields; n++ {
		if !bytes.Equal(quick.Field(n), slow.Field(n)) {
			t.Fatalf("MSH-%d differs in length or bytes: %d against %d", n, len(quick.Field(n)), len(slow.Field(n)))
		}
	}
	if quick.present != slow.present || !bytes.Equal(quick.sep, slow.sep) || !bytes.Equal(quick.comp, slow.comp) || !bytes.Equal(quick.esc, slow.esc) {
		t.Fatal("the delimiters differ")
	}
	if quick.msa && (!bytes.Equal(quick.Acknowledges(), slow.Acknowledges()) || quick.AckCode() != slow.AckCode()) {
		t.Fatal("MSA differs")
	}
}

func FuzzAcknowledge(f *testing.F) {
	f.Add([]byte(adt))
	f.Add([]byte("MSH|^~\\&|A|B|C|D|1||ACK|1|P|2.5\rMSA|AA|M-1\r"))
	f.Add([]byte("MSH|^^~|A\n"))
	f.Add([]byte("BHS|^~\\&|A\rMSH|^~\\&|B\rBTS|1"))
	b := fixed()
	f.Fuzz(func(t *testing.T, data []byte) {
		checkHeader(t, data)
		h := ReadHeader(data)
		ack := b.Append(nil, &h, Reply{Code: AE, Text: "a|b\r", Errors: []Error{{Condition: "101", UserText: "ü"}}})
		if n := bytes.Count(ack, []byte{'\r'}); h.present && len(h.sep) > 0 && n != 3 && !bytes.ContainsAny(data, "\r\n") {
			t.Fatalf("%d segments in %q", n, ack)
		}
		if id := h.ControlID(); len(id) > 0 && usual(data) {
			if got := ReadHeader(ack); !bytes.Equal(got.Acknowledges(), id) {
				t.Fatalf("MSA-2 is %q, MSH-10 was %q", got.Acknowledges(), id)
			}
		}
		batch, _ := SplitBatch(data)
		b.AppendBatch(nil, &batch, batch.Messages)
	})
}

func TestHeadersOfTheCorpus(t *testing.T) {
	root := os.Getenv("TRESTLE_CORPUS")
	if root == "" {
		t.Skip("TRESTLE_CORPUS names no corpus")
	}
	files := []string{filepath.Join(root, "hl7v2-bench.hl7")}
	n, quick := 0, 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		s := hl7.NewScanner(f, hl7.ScanOptions{})
		for s.Scan() {
			item := s.Item()
			if item.Kind != hl7.ItemMessage {
				continue
			}
			n++
			h := Header{b: item.Bytes}
			if h.quick() {
				quick++
			}
			checkHeader(t, item.Bytes)
		}
		f.Close()
	}
	t.Logf("%d messages, %d with a header in the usual form", n, quick)
	if n > 0 && quick == 0 {
		t.Error("no header is read the quick way")
	}
}
