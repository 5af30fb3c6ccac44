package hl7

import (
	"bytes"
	"testing"
	"testing/iotest"
)

// seeds are invented messages with one oddity each.
var seeds = []string{
	"",
	"MSH",
	"MSH|",
	"MSH||",
	"MSH|^~\\&",
	"MSH|^~\\&|A|B\r",
	"MSH|^~\\&|LAB|EAST|||20260102||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||77^^^EAST&1.2.3&ISO^MR~88^^^WEST||ROE^RICHARD^Q\rOBX|1|TX|||first line\nsecond line|||\r",
	"MSH|^~\\&#|A\nPID|1||5\nNTE|1||one\ntwo\n\nthree\nOBX|1\n\n",
	"MSH|^~\\&|A\r\nPID|1\r\nZP1|x\r\n\r\n",
	"FHS|^~\\&|F\rBHS|^~\\&|B\rMSH|^~\\&|A\rPID|1\rBTS|1\rFTS|1\r",
	"PID|1||5\rPV1|1\r",
	"pid|1||5\rpv1|1\r",
	"msh|^~\\&|a\rpid|1\r",
	"MSH#*%@!#A#B*C%D\rPID#1#5@F@\r",
	"MSH\u00a7^~\\&\u00a7A\rPID\u00a71\u00a7x^y\r",
	"MSH\xa7^~\\&\xa7A\rPID\xa71\r",
	"MSH|^~|\\&|A\rPID|1^2~3\r",
	"MSH|^^~\\&|A\rPID|1^2~3\\4\r",
	"MSH|APP|FAC\rPID|1^2\r",
	"\xef\xbb\xbfMSH|^~\\&|A\rPID|1\r",
	"\x0bMSH|^~\\&|A\rPID|1\r\x1c\r\x0bMSH|^~\\&|B\r\x1c\r",
	"2026-01-02 10:00:00 INFO MSH|^~\\&|A\rPID|1\r2026-01-02 10:00:01 INFO done\r2026-01-02 10:00:02 INFO MSH|^~\\&|B\r",
	"2026-01-02 10:00:00 INFO MSH|^~\\&|A\n2026-01-02 10:00:00 INFO PID|1\n2026-01-02 10:00:01 INFO done\n2026-01-02 10:00:02 INFO NTE|1||a\nb\n2026-01-02 10:00:02 INFO PV1|1\n",
	"\xef\xbb\xbf> MSH|^~\\&|A\r\n> PID|1\r\n> \x00PV1|1\r\n> MSH|^~\\&|B\n",
	"MSH|^~\\&|A\r\x00PID|1\x00\rPV1|1\n\x00\x00OBX|1\r",
	"junk\rjunk\rMSH|^~\\&|A\rPV|1\rPIDX|2\r0BX|1\rPID |1\r",
	"MSH|^~\\&|A|||||||||||||||GB 18030-2000\rPID|1||\x81\x7c^\x90\x5e\r",
	"MSH|^~\\&|A|||||||||||||||~ISO IR87\rPID|1||\x1b$B|^\x1b(B^x\r",
	"MSH|^~\\&|A\rNTE|1||\\F\\\\S\\\\X0D0A\\\\.br\\\\.sp2\\\\H\\b\\N\\\\Q\\\\ x \\\\X0\\\\C2842\\\\M2442\\\\Zx\\\r",
	"MSH|^~\\&|A\rPID|1||\"\"|\"|\"\"\"^\"\"\rPV2\rDSC\r",
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkMessage(t, data) })
}

func FuzzScanner(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), 0)
		f.Add([]byte(s+s), 70)
	}
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		items := scanAll(t, bytes.NewReader(data), ScanOptions{MaxMessage: limit})
		checkStream(t, data, items)
		slow := scanAll(t, iotest.OneByteReader(bytes.NewReader(data)), ScanOptions{MaxMessage: limit})
		if len(slow) != len(items) {
			t.Fatalf("%d items in chunks of one byte, %d otherwise", len(slow), len(items))
		}
		for i := range slow {
			if slow[i].Offset != items[i].Offset || slow[i].Length != items[i].Length || slow[i].Kind != items[i].Kind || len(slow[i].Notes) != len(items[i].Notes) {
				t.Fatalf("item %d differs in chunks of one byte", i)
			}
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"PID-3[2].4.1", "PID.3.1", "PID-3-1", "OBX[2]-5", "PID-3[*].1", "/PATIENT(0)/PID-3-1", "/.PID-5-1", "A/B[2]/OBX[*]-5", "pid-3", "PID", "OBX(1)-5(0)-1", "A.B.PID.3", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			if err.Error() == "" || !p.IsZero() {
				t.Fatal("an error without words, or with a path")
			}
			return
		}
		q, err := ParsePath(p.String())
		if err != nil || !q.Equal(p) && !(p.Occurrence == 1 && q.Occurrence == 0) {
			t.Fatalf("%q is written %q and read back as %+v, not %+v (%v)", s, p.String(), q, p, err)
		}
	})
}

func FuzzSet(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), "PID-3[2].4.1", "x|y^z~a\\b&c#")
		f.Add([]byte(s), "PID-5", "line\r\nline\x00")
		f.Add([]byte(s), "PV1-44", "\u00e4\u20ac\u6f22")
		f.Add([]byte(s), "PID[*]-*", `""`)
	}
	f.Fuzz(func(t *testing.T, data []byte, path, text string) {
		p, err := ParsePath(path)
		if err != nil {
			return
		}
		m := Parse(data)
		n, err := m.Set(p, text)
		if err != nil {
			if n != nil {
				t.Fatal("an error with a message")
			}
			return
		}
		if !bytes.Equal(m.Bytes(), data) {
			t.Fatal("the original changed")
		}
		checkMessage(t, n.Bytes())
		if p.Field == All || p.Repetition == All || p.Component == All || p.Subcomponent == All || p.Occurrence == All {
			return
		}
		if got := n.Get(p).Text(); got != text {
			t.Fatalf("set %q, got %q", text, got)
		}
		checkOthers(t, m, n, p)
	})
}

// checkOthers checks that only the field of the path differs.
func checkOthers(t *testing.T, m, n *Message, p Path) {
	s, _ := m.Find(p.Segment, max(p.Occurrence, 1))
	for i := range m.Len() {
		a, b := m.Segment(i), n.Segment(i)
		if i != s.Index() {
			if !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Fatalf("segment %d changed", i)
			}
			continue
		}
		for k, f := range a.All() {
			if k != p.Field && k <= 100 && !bytes.Equal(f.Raw(), b.Field(k).Raw()) {
				t.Fatalf("field %d changed", k)
			}
		}
		r := max(p.Repetition, 1)
		for k := 1; k <= a.Field(p.Field).Repetitions() && k < 50 && (p.Repetition > 0 || p.Component > 0); k++ {
			if k != r && !bytes.Equal(a.Field(p.Field).Repetition(k).Raw(), b.Field(p.Field).Repetition(k).Raw()) {
				t.Fatalf("repetition %d changed", k)
			}
		}
	}
}

func FuzzInsertDelete(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), "PID-3[2]", "x|y")
		f.Add([]byte(s), "PID-3.1", "a")
		f.Add([]byte(s), "PID-1", "b")
	}
	f.Fuzz(func(t *testing.T, data []byte, path, text string) {
		p, err := ParsePath(path)
		if err != nil {
			return
		}
		m := Parse(data)
		was := m.Get(p).IsPresent()
		n, err := m.Insert(p, text)
		if err != nil {
			return
		}
		checkMessage(t, n.Bytes())
		back, err := n.Delete(p)
		if err != nil {
			return
		}
		checkMessage(t, back.Bytes())
		if was && !bytes.Equal(back.Bytes(), data) && len(text) > 0 {
			t.Fatalf("insert and delete at %s give other bytes", p)
		}
	})
}
