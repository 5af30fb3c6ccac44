package check

import (
	"slices"
	"strings"
	"testing"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

// pieceCases: streams, and the code that one of their pieces must have.
var pieceCases = []struct{ code, stream string }{
	{"frame-no-start", head + evn + pid + pv1 + "\x1c\r"},
	{"frame-no-cr", "\x0b" + head + evn + pid + pv1 + "\x1c\x0b" + head + evn + pid + pv1 + "\x1c\r"},
	{"frame-tail", "\x0b" + head + evn + pid + pv1 + "\x1c\n\x0b" + head + evn + pid + pv1 + "\x1c\r"},
	{"frame-second-start", "\x0b" + head + evn + "\x0b" + head + evn + pid + pv1 + "\x1c\r"},
	{"frame-end-inside", "\x0b" + head + evn + "PID|1||4711^^^R^MR||TES\x1cTER\r" + pv1 + "\x1c\r"},
	{"frame-not-ended", "\x0b" + head + evn + pid},
	{"frame-empty", "\x0b" + head + evn + pid + pv1 + "\x1c\r\x0b\x1c\r"},
	{"frame-many-messages", "\x0b" + head + evn + pid + pv1 + head + evn + pid + pv1 + "\x1c\r"},
	{"frame-not-ended", "\x0b"},
	{"frame-empty", "\x0b\x1c\r"},
	{"frame-empty", "\x0b\x1c\r\x0b\x1c\r"},
	{"byte-order-mark", "\xEF\xBB\xBFBHS|^~\\&|A|B\r" + head + evn + pid + pv1 + "BTS|1\r"},
	{"frame-commit", "\x0b" + head + evn + pid + pv1 + "\x1c\r\x0b\x06\x1c\r"},
	{"outside-message", "\x0b" + head + evn + pid + pv1 + "\x1c\r2026-03-01 the peer closed the connection\r\n\x0b" + head + evn + pid + pv1 + "\x1c\r"},
	{"wrong-protocol", "POST /adt HTTP/1.1\r\nHost: example.org\r\n\r\n"},
	{"not-hl7v2", "%PDF-1.7\n"},
	{"utf16", "\xFF\xFEM\x00S\x00H\x00|\x00^\x00~\x00\\\x00&\x00|\x00A\x00|\x00"},
	{"empty", "  \r\n"},
	{"batch-count", "BHS|^~\\&|A|B\r" + head + evn + pid + pv1 + "BTS|2\r"},
	{"batch-envelope", "BHS|^~\\&|A|B\rBTS|0\r"},
	{"cut", strings.Repeat("plain words without any format. ", 4096)},
	{"stream-note", ""},
}

func TestEveryPieceCode(t *testing.T) {
	for _, c := range pieceCases {
		t.Run(c.code, func(t *testing.T) {
			if c.code == "stream-note" {
				p := format.Piece{Bytes: []byte("x"), Notes: []hl7.Note{{Code: "of-a-later-reader", Length: 1, Text: "Something else."}}}
				if found := Piece(p, Options{}); len(found) != 1 || found[0].Code != c.code {
					t.Errorf("have%s", brief(found))
				}
				return
			}
			var all []Finding
			for p, err := range format.Split(strings.NewReader(c.stream), format.Options{MaxPiece: 1 << 16}) {
				if err != nil {
					t.Fatal(err)
				}
				found := Piece(p, Options{})
				for _, f := range found {
					if f.Offset < 0 || f.Offset+f.Length > len(p.Bytes) {
						t.Errorf("%s lies at %d+%d of %d bytes", f.Code, f.Offset, f.Length, len(p.Bytes))
					}
				}
				all = append(all, found...)
			}
			if !slices.ContainsFunc(all, func(f Finding) bool { return f.Code == c.code }) {
				t.Errorf("not found; there is %s", brief(all))
			}
		})
	}
}

// TestEmptyFrames: a frame without a message is called that, once, and nothing
// else.
func TestEmptyFrames(t *testing.T) {
	for stream, want := range map[string]string{"\x0b": "frame-not-ended", "\x0b\x1c\r": "frame-empty", "\x0b\x1c": "frame-no-cr"} {
		var codes []string
		for p, err := range format.Split(strings.NewReader(stream), format.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range Piece(p, Options{}) {
				codes = append(codes, f.Code)
			}
		}
		if len(codes) == 0 || !slices.Contains(codes, want) || slices.Contains(codes, "outside-message") || slices.Contains(codes, "not-hl7v2") || slices.Contains(codes, "empty") {
			t.Errorf("%q gives %v, want %s", stream, codes, want)
		}
	}
}

// TestGoodStream: framing and batches that are right have no finding.
func TestGoodStream(t *testing.T) {
	m := head + evn + pid + pv1
	for _, stream := range []string{
		m, m + m, "\x0b" + m + "\x1c\r\x0b" + m + "\x1c\r",
		"FHS|^~\\&|A|B\rBHS|^~\\&|A|B\r" + m + m + "BTS|2\rFTS|1\r", "BHS|^~\\&|A|B\r" + m + "BTS|\r",
	} {
		for p, err := range format.Split(strings.NewReader(stream), format.Options{}) {
			if found := Piece(p, Options{}); err != nil || len(found) > 0 {
				t.Errorf("%q: %v%s", stream[:12], err, brief(found))
			}
		}
	}
}
