package deidentify

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

var testKey = []byte("a key that is for tests only")

func scrubber(t testing.TB, o Options) *Scrubber {
	t.Helper()
	if o.Key == nil {
		o.Key = testKey
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const admit = "MSH|^~\\&|EPIC|RIVERBEND|EHR|CLINIC|20260301101500-0500||ADT^A01^ADT_A01|MSG00001|P|2.5.1\r" +
	"EVN|A01|20260301101500|||4471^Pettigrew^Lorna^^^^MD\r" +
	"PID|1|0088121^^^RIVERBEND^MR|0088121^^^RIVERBEND&1.2.3.4&ISO^MR~900-12-3456^^^SSA^SS||Quillfeather^Annabel^J^JR^MS||19330704|F|Quill^Anna|2106-3^White^HL70005|12 Harrowgate St^Apt 7^Ulverton^NY^12345-6789^USA^H^^Ulster||(212)555-0143^PRN^PH^annabel@example.com^1^212^5550143~2125550177^PRN^FX||EN|M||ACC0099812^^^RIVERBEND^AN|900123456|||||||||||N\r" +
	"PV1|1|I|ICU^101^A^RIVERBEND||||4471^Pettigrew^Lorna^^^^MD^^^^^^NPI||||||||||||V7734512|||||||||||||||||||||||||20260301093000|20260305\r" +
	"NK1|1|Quillfeather^Robert|SPO|12 Harrowgate St^^Ulverton^NY^12345|2125550188\r" +
	"OBX|1|TX|8302-2^Note^LN||Ms Quillfeather (MRN 0088121) called on 03/01/2026||||||F\r" +
	"OBX|2|NM|30525-0^Age^LN||93|a|||||F\r" +
	"OBX|3|ST|600-7^Culture^LN||Positive||||||F\r" +
	"OBX|4|ED|PDF^Report||^application^pdf^Base64^JVBERi0xLjQK||||||F\r" +
	"NTE|1||Annabel is well\r" +
	"ZPI|1|Annabel|x\r" +
	"IN1|1|HMO12|555^^^PAY|Example Health||||GRP5512|||Acme Works|||||Quillfeather^Annabel|SEL|19330704||||||||||||||||||POL8812345|||||||||||||0088121\r"

func valueAt(m *hl7.Message, path string) string { return m.Get(hl7.MustPath(path)).Text() }

func TestMessage(t *testing.T) {
	s := scrubber(t, Options{KeepWeekday: true})
	copied, report := s.Message(hl7.Parse([]byte(admit)))
	if leaks := Check([]byte(admit), copied.Bytes(), false); len(leaks) > 0 {
		t.Errorf("leaks: %v\n%s", leaks, strings.ReplaceAll(copiedText(copied), "\r", "\n"))
	}
	same := func(a, b string) {
		if x, y := valueAt(copied, a), valueAt(copied, b); x == "" || x != y {
			t.Errorf("%s is %q and %s is %q: the link is lost", a, x, b, y)
		}
	}
	same("PID-2.1", "PID-3.1")
	same("PID-3.1", "IN1-49.1")
	same("PID-5.1", "NK1-2.1")
	same("PID-5.1", "IN1-16.1")
	same("EVN-5.1", "PV1-7.1")
	same("PID-7", "IN1-18")
	for path, want := range map[string]string{
		"MSH-9.3": "ADT_A01", "MSH-12": "2.5.1", "PID-8": "F", "PID-10.1": "2106-3", "PID-11.4": "NY", "PID-11.5": "123", "PID-5.4": "JR",
		"PID-3.4.3": "ISO", "OBX[2]-5": "93", "OBX[3]-5": "Positive", "OBX[1]-5": textRemoved, "OBX[4]-5.5": documentRemoved, "NTE-3": textRemoved,
		"ZPI-1": "1", "ZPI-2": "", "ZPI-3": "", "PV1-2": "I", "IN1-2": "HMO12", "PID-11.2": "", "PID-11.9": "",
	} {
		if got := valueAt(copied, path); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	mrn := valueAt(copied, "PID-3.1")
	if len(mrn) != 7 || !strings.HasPrefix(mrn, "00") || mrn[2] == '0' {
		t.Errorf("the identifier has another form: %q", mrn)
	}
	if ssn := valueAt(copied, "PID-3[2].1"); ssn[0] != '9' || ssn[3] != '-' {
		t.Errorf("the social security number is not an invented one: %q", ssn)
	}
	if phone := valueAt(copied, "PID-13.1"); !strings.HasPrefix(phone, "(555)555-01") {
		t.Errorf("the telephone number is not an invented one: %q", phone)
	}
	before, _ := time.Parse("20060102", "20260301")
	after, err := time.Parse("20060102", valueAt(copied, "PV1-44")[:8])
	days := int(after.Sub(before).Hours() / 24)
	if err != nil || days == 0 || days%7 != 0 || days < -30 || days > 30 {
		t.Errorf("dates are moved by %d days", days)
	}
	if !strings.HasSuffix(valueAt(copied, "MSH-7"), "101500-0500") {
		t.Errorf("the time of day is lost: %q", valueAt(copied, "MSH-7"))
	}
	if report.Messages != 1 || report.Count(RemovedDocument) != 1 || report.Places["PID-5"][Invented] != 3 {
		t.Errorf("the report is %+v", report.Rows())
	}
	again, _ := s.Message(hl7.Parse([]byte(admit)))
	if !bytes.Equal(again.Bytes(), copied.Bytes()) {
		t.Error("the same message gives another copy")
	}
	other, _ := scrubber(t, Options{Key: []byte("another key for the tests")}).Message(hl7.Parse([]byte(admit)))
	if valueAt(other, "PID-3.1") == mrn {
		t.Error("another key gives the same pseudonym")
	}
}

func copiedText(m *hl7.Message) string { return string(m.Bytes()) }

func TestSafeHarbor(t *testing.T) {
	copied, _ := scrubber(t, Options{SafeHarbor: true}).Message(hl7.Parse([]byte(admit)))
	if leaks := Check([]byte(admit), copied.Bytes(), true); len(leaks) > 0 {
		t.Errorf("leaks: %v\n%s", leaks, strings.ReplaceAll(copiedText(copied), "\r", "\n"))
	}
	for path, want := range map[string]string{
		"MSH-7": "2026", "PV1-44": "2026", "PV1-45": "2026", "PID-7": "", "IN1-18": "", "OBX[2]-5": "90", "PID-19": "", "PID-3[2].1": "",
		"PID-11.1": "", "PID-11.3": "", "PID-11.4": "NY", "PID-11.5": "123", "PID-13[2].1": "",
	} {
		if got := valueAt(copied, path); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	young, _ := scrubber(t, Options{SafeHarbor: true}).Message(hl7.Parse([]byte(strings.ReplaceAll(admit, "19330704", "19800704"))))
	if got := valueAt(young, "PID-7"); got != "1980" {
		t.Errorf("a birth year is %q", got)
	}
}

func TestPolicies(t *testing.T) {
	m := hl7.Parse([]byte(admit))
	kept, _ := scrubber(t, Options{Staff: Keep, Sites: Keep, Locations: Keep, Allow: []string{"ZPI-3", "NTE-3"}}).Message(m)
	for path, want := range map[string]string{"PV1-7.2": "Pettigrew", "PV1-7.1": "4471", "MSH-4": "RIVERBEND", "PID-3.4.2": "1.2.3.4", "PV1-3.1": "ICU", "ZPI-3": "x", "NTE-3": "Annabel is well"} {
		if got := valueAt(kept, path); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	removed, _ := scrubber(t, Options{Staff: Remove, Sites: Remove, Locations: Remove}).Message(m)
	for _, path := range []string{"PV1-7.2", "PV1-7.1", "MSH-4", "PV1-3.1"} {
		if got := valueAt(removed, path); got != "" {
			t.Errorf("%s is %q", path, got)
		}
	}
	scrubbed, _ := scrubber(t, Options{ScrubText: true}).Message(m)
	if got := valueAt(scrubbed, "OBX-5"); got != "Ms [removed] (MRN [removed]) called on [date]" {
		t.Errorf("scrubbed text is %q", got)
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"short key":       {Key: []byte("short")},
		"weekday":         {Key: testKey, ShiftDays: 6, KeepWeekday: true},
		"far":             {Key: testKey, ShiftDays: 99999},
		"allow":           {Key: testKey, Allow: []string{"x"}},
		"allow a segment": {Key: testKey, Allow: []string{"ZPI"}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestTokenIsPermutation: different identifiers of a form have different pseudonyms of the same form.
func TestTokenIsPermutation(t *testing.T) {
	s := scrubber(t, Options{})
	seen := map[string]string{}
	fixed := 0
	for i := range 20_000 {
		v := fmt.Sprintf("%05d", i)
		to := s.token(v)
		if was, ok := seen[to]; ok {
			t.Fatalf("%s and %s have the same pseudonym", was, v)
		}
		seen[to] = v
		if len(to) != 5 || len(strings.TrimLeft(to, "0")) != len(strings.TrimLeft(v, "0")) {
			t.Fatalf("%s becomes %s", v, to)
		}
		if to == v {
			fixed++
		}
	}
	if fixed > 25 { // about as many as chance leaves: one of each form
		t.Errorf("%d identifiers stay the same", fixed)
	}
	for in, form := range map[string]string{"MRN-0042x": "AAA-9999a", "A1": "A9", "": "", "000": "000", "Ä7": "A9", "٣٤٥": "999"} {
		got := strings.Map(func(r rune) rune {
			switch {
			case r >= '1' && r <= '9' || r == '0' && in != "000":
				return '9'
			case r >= 'A' && r <= 'Z':
				return 'A'
			case r >= 'a' && r <= 'z':
				return 'a'
			}
			return r
		}, s.token(in))
		if got != form {
			t.Errorf("%q has the form %q", in, got)
		}
	}
}

func TestDates(t *testing.T) {
	s := scrubber(t, Options{})
	for in, want := range map[string]string{
		"20260228": "20260301", "20240228": "20240229", "20261231235959.123+0100": "20270101235959.123+0100", "202601": "202601", "2026": "2026",
		"20260230": "", "yesterday": "", "202": "", "20260228 x": "", "99990101": "",
	} {
		if got, ok := s.date(in, 1); got != want || ok != (want != "") {
			t.Errorf("%s becomes %q, %v, not %q", in, got, ok, want)
		}
	}
}

func TestCheckDigits(t *testing.T) {
	for _, test := range []struct{ id, scheme, want string }{{"12345", "M11", "5"}, {"401", "M10", "0"}, {"12A", "M10", ""}, {"12", "XX", ""}} {
		got, ok := checkDigit(test.id, test.scheme)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%s of %s is %q, not %q", test.scheme, test.id, got, test.want)
		}
	}
}

// TestNothingSlipsThrough puts a patient's name and MRN into every field of every segment that the standard has, in whole and
// as components, and into segments that it has not.
func TestNothingSlipsThrough(t *testing.T) {
	const name, mrn = "Quillfeather", "88121734"
	s := scrubber(t, Options{})
	for _, version := range []string{"2.3", "2.5.1", "2.8"} {
		v, _ := dictionary.For(version)
		for _, def := range append(v.Segments(), dictionary.Segment{ID: "ZZZ", Fields: make([]dictionary.Field, 4)}, dictionary.Segment{ID: "QQQ", Fields: make([]dictionary.Field, 4)}) {
			if def.ID == "MSH" || len(def.ID) != 3 {
				continue
			}
			var b strings.Builder
			fmt.Fprintf(&b, "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|%s\rPID|1||%s||%s^Anna\r%s", version, mrn, name, def.ID)
			if def.ID == "FHS" || def.ID == "BHS" {
				b.WriteString("|^~\\&")
			}
			for range len(def.Fields) + 2 {
				fmt.Fprintf(&b, "|%s^%s^x %s y^%s&%s~a^b^c^d^e^%s^%s^%s", name, mrn, name, mrn, name, mrn, strings.ToUpper(name), name)
			}
			b.WriteString("\r")
			copied, _ := s.Message(hl7.Parse([]byte(b.String())))
			out := strings.ToLower(copiedText(copied))
			if strings.Contains(out, strings.ToLower(name)) || strings.Contains(out, mrn) {
				t.Errorf("%s %s keeps the patient:\n%s", version, def.ID, copiedText(copied))
			}
		}
	}
}

// TestMalformed: what cannot be read for certain is blanked.
func TestMalformed(t *testing.T) {
	s := scrubber(t, Options{})
	for name, in := range map[string]string{
		"no header":         "PID|1||88121734||Quillfeather^Anna\rPV1|1|I\r",
		"not HL7":           "Dear Quillfeather,\nyour number is 88121734.\n",
		"log prefix":        "2026-03-01 Quillfeather MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||88121734||Quillfeather\r",
		"bad IDs":           "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPIDX|1||88121734||Quillfeather\r PID|1||88121734||Quillfeather\rPID #|1\r",
		"lower case":        "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rpid|1||88121734||Quillfeather\r",
		"wrong separators":  "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID*1**88121734**Quillfeather\r",
		"doubled separator": "MSH|||||A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||88121734||Quillfeather^Anna\r",
		"line end inside":   "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||88121734||Quillfeather\nNTE|1||about\nQuillfeather\rPV1|1|Quill\nfeather 88121734\r",
		"escapes":           "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||88121734||Quillfeather\rPV1|1|I|\\X5175696C6C66656174686572\\|Quillfeather\\X20\\\\T\\88121734\r",
		"bytes":             "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||88121734\x00||\xffQuillfeather\r\x0bQuillfeather\x1c\r",
		"fields shifted":    "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1|||88121734||Quillfeather^Anna|||Quillfeather|\r",
	} {
		copied, _ := s.Message(hl7.Parse([]byte(in)))
		out := copiedText(copied)
		if strings.Contains(strings.ToLower(out), "quillfeather") || strings.Contains(out, "88121734") || strings.Contains(out, "5175696C") {
			t.Errorf("%s: %q", name, out)
		}
	}
}

// mutations is how many damaged messages TestMutations makes.
const mutations = 1500

// TestMutations damages a message in thousands of ways: no damage lets a whole name or the MRN through.
func TestMutations(t *testing.T) {
	s := scrubber(t, Options{})
	random := rand.New(rand.NewPCG(1, 2))
	leaked := 0
	for range mutations {
		b := []byte(admit)
		for range 1 + random.IntN(4) {
			at := random.IntN(len(b) - 20)
			switch random.IntN(5) {
			case 0: // a part is lost
				b = append(b[:at:at], b[at+1+random.IntN(12):]...)
			case 1: // a separator or line end comes in
				b = append(b[:at:at], append([]byte{"|^~\\&\r\n \x0b\x00"[random.IntN(10)]}, b[at:]...)...)
			case 2: // a separator becomes another one
				if i := bytes.IndexAny(b[at:], "|^~&\r"); i >= 0 {
					b[at+i] = "|^~&\r\n#"[random.IntN(7)]
				}
			case 3: // a part is there twice
				n := 1 + random.IntN(12)
				b = append(b[:at+n:at+n], b[at:]...)
			case 4: // a field is lost
				if i := bytes.IndexByte(b[at:], '|'); i >= 0 {
					b = append(b[:at+i:at+i], b[at+i+1:]...)
				}
			}
		}
		copied, _ := s.Message(hl7.Parse(b))
		for _, secret := range []string{"Quillfeather", "Annabel", "Harrowgate", "0088121", "900-12-3456", "annabel@example.com", "POL8812345"} {
			if bytes.Contains(copied.Bytes(), []byte(secret)) {
				if leaked++; leaked < 9 {
					t.Errorf("%s is in the copy of a damaged message:\n%q\nbecomes\n%q", secret, b, copied.Bytes())
				}
			}
		}
	}
	if leaked > 0 {
		t.Errorf("%d leaks", leaked)
	}
}

func TestPseudonymMap(t *testing.T) {
	got := map[string]string{}
	s := scrubber(t, Options{Pseudonym: func(kind, original, pseudonym string) { got[kind+" "+original] = pseudonym }})
	copied, _ := s.Message(hl7.Parse([]byte(admit)))
	if p := got["identifier 0088121"]; p == "" || p != valueAt(copied, "PID-3.1") {
		t.Errorf("the map gives %q", p)
	}
}

// TestCheckFindsLeaks plants what a scrubber may leave.
func TestCheckFindsLeaks(t *testing.T) {
	copied, _ := scrubber(t, Options{}).Message(hl7.Parse([]byte(admit)))
	clean := copiedText(copied)
	for planted, kind := range map[string]string{
		"Annabel": "name", "QUILLFEATHER": "name", "quillfeather's": "", "0088121": "identifier", "MRN:0088121.": "identifier", "900-12-3456": "identifier",
		"(212)555-0143": "telephone", "212.555.0143": "telephone", "annabel@example.com": "e-mail", "19330704": "date", "07/04/1933": "date", "4.7.1933": "date",
		"1933-07-04": "date", "193307041200": "date", "V7734512": "identifier", "Harrowgate": "name", "hemoglobin": "",
	} {
		leaks := Check([]byte(admit), []byte(clean+"OBX|9|TX|||about "+planted+" here\r"), false)
		switch {
		case kind == "" && planted == "hemoglobin" && len(leaks) > 0:
			t.Errorf("%s: %v", planted, leaks)
		case kind != "" && (len(leaks) == 0 || leaks[0].Kind != kind || leaks[0].Place != "OBX-5"):
			t.Errorf("%s: %v", planted, leaks)
		case kind != "":
			if got := (clean + "OBX|9|TX|||about " + planted + " here\r")[leaks[0].Offset:]; len(got) < leaks[0].Length || !strings.Contains(planted, got[:leaks[0].Length]) {
				t.Errorf("%s: the offset is wrong", planted)
			}
			if strings.Contains(strings.ToLower(fmt.Sprint(leaks)), "annabel") {
				t.Errorf("a leak tells what leaks")
			}
		}
	}
	if leaks := Check([]byte(admit), []byte(admit), false); len(leaks) < 20 {
		t.Errorf("the original itself has %d leaks only", len(leaks))
	}
}

func TestCorpus(t *testing.T) {
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS is not set: it names the folder with the public sample messages")
	}
	for _, safe := range []bool{false, true} {
		s := scrubber(t, Options{SafeHarbor: safe})
		messages, leaking := 0, 0
		kinds := map[string]int{}
		err := filepath.WalkDir(filepath.Join(dir, "hl7v2"), func(path string, e os.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sc := hl7.NewScanner(bytes.NewReader(b), hl7.ScanOptions{})
			for sc.Scan() {
				in := sc.Item().Bytes
				messages++
				copied, _ := s.Message(hl7.Parse(in))
				leaks := Check(in, copied.Bytes(), safe)
				if len(leaks) > 0 {
					leaking++
				}
				for _, l := range leaks {
					kinds[l.Kind+" "+l.From+" in "+l.Place]++
				}
			}
			return sc.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("Safe Harbor %v: %d messages, %d to look at: %v", safe, messages, leaking, kinds)
		// What is left was read: pseudonyms, codes and shifted dates that are the same as another value by chance.
		if leaking*40 > messages {
			t.Errorf("the checker finds something in %d of %d copies", leaking, messages)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(admit))
	f.Add([]byte("MSH|^~\\&|A\rPID|1||5^^^~~||\xff\n"))
	s := scrubber(f, Options{ScrubText: true})
	f.Fuzz(func(t *testing.T, in []byte) {
		m := hl7.Parse(in)
		copied, _ := s.Message(m)
		if len(in) < 1000 && copied == nil {
			t.Fatal("no copy")
		}
		for _, l := range Check(in, copied.Bytes(), true) {
			if l.Offset < 0 || l.Offset+l.Length > len(copied.Bytes()) {
				t.Fatal("a leak outside of the copy")
			}
		}
	})
}

func BenchmarkMessage(b *testing.B) {
	s := scrubber(b, Options{})
	in := []byte(admit)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		s.Message(hl7.Parse(in))
	}
}

// The name of a segment at the end of a value does not mean that two segments were joined: an address may end in one.
func TestAnAddressIsNoSegment(t *testing.T) {
	s, err := New(Options{Key: []byte("0123456789abcdef"), SafeHarbor: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mail  string
		whole bool
	}{{"amara@example.org", true}, {"AMARA@EXAMPLE.ORG", true}, {"x^NET^Internet NK1", false}} {
		in := "MSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5.1\rPID|1||88121^^^R^MR||Okafor^Amara||19790228|F|||||^NET^Internet^" + c.mail + "|2|3\r"
		copied, _ := s.Message(hl7.Parse([]byte(in)))
		if leaks := Check([]byte(in), copied.Bytes(), true); len(leaks) > 0 {
			t.Errorf("%s: %v", c.mail, leaks)
		}
		if whole := copied.Get(hl7.MustPath("PID-8")).Text() == "F"; whole != c.whole {
			t.Errorf("%s: the segment is read %v\n%q", c.mail, whole, copied.Bytes())
		}
	}
}
