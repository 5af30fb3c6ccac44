package inspect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"trestle/internal/check"
	"trestle/internal/hl7"
)

const adt = "MSH|^~\\&|LAB^1.2.3^ISO|RIVERBEND|EHR|CLINIC|20260301101500||ADT^A08|T1|P|2.5.1\r" +
	"EVN||20260301101500\r" +
	"PID|1||9^^^OLD^PI~4711^^^RIVERBEND^MR||TESTER&VAN^ANNA^B||19800229|F||||||||||88^^^RIVERBEND\r" +
	"PV1|1|O|||||||||||||||||V55^^^RIVERBEND\r"

func records(t *testing.T, text string) []Record {
	t.Helper()
	var all []Record
	for r, err := range Read(context.Background(), "folder/sample.hl7", strings.NewReader(text), Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func TestSummarise(t *testing.T) {
	want := Summary{
		Format: "hl7v2", Type: "ADT", Trigger: "A08", Structure: "ADT_A01", Version: "2.5.1", ControlID: "T1",
		SendingApplication: "LAB", SendingFacility: "RIVERBEND", ReceivingApplication: "EHR", ReceivingFacility: "CLINIC",
		Time: "20260301101500", MRN: "4711", Account: "88", Visit: "V55", Name: "TESTER, ANNA", Segments: 4,
	}
	if got := Summarise(hl7.Parse([]byte(adt))); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestSummariseTheUnusual(t *testing.T) {
	for _, c := range []struct {
		name, message string
		field         func(Summary) string
		want          string
	}{
		{"first identifier without MR", "MSH|^~\\&|\rPID|||7^^^A^PI~8^^^B^SS", func(s Summary) string { return s.MRN }, "7"},
		{"empty first repetition", "MSH|^~\\&|\rPID|||~8^^^B", func(s Summary) string { return s.MRN }, "8"},
		{"only PID-2", "MSH|^~\\&|\rPID||5", func(s Summary) string { return s.MRN }, "5"},
		{"deleted identifier", "MSH|^~\\&|\rPID|||\"\"", func(s Summary) string { return s.MRN }, ""},
		{"family only", "MSH|^~\\&|\rPID|||||TESTER", func(s Summary) string { return s.Name }, "TESTER"},
		{"given only", "MSH|^~\\&|\rPID|||||^ANNA", func(s Summary) string { return s.Name }, "ANNA"},
		{"escaped name", "MSH|^~\\&|\rPID|||||A\\T\\B^C", func(s Summary) string { return s.Name }, "A&B, C"},
		{"Latin-1 name", "MSH|^~\\&|||||||||||||||8859/1\rPID|||||M\xFCLLER", func(s Summary) string { return s.Name }, "MüLLER"},
		{"no MSH", "PID|||4711|", func(s Summary) string { return s.MRN }, "4711"},
		{"structure as sent", "MSH|^~\\&|||||||ADT^A01^ADT_X|", func(s Summary) string { return s.Structure }, "ADT_X"},
		{"structure of an unknown type", "MSH|^~\\&|||||||ABC^XYZ|", func(s Summary) string { return s.Structure }, ""},
		{"long control ID", "MSH|^~\\&||||||||" + strings.Repeat("x", 5000), func(s Summary) string { return fmt.Sprint(len(s.ControlID)) }, "250"},
		{"nothing", "", func(s Summary) string { return s.Type + s.MRN }, ""},
	} {
		if got := c.field(Summarise(hl7.Parse([]byte(c.message)))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReadAnything(t *testing.T) {
	for _, c := range []struct{ name, text, formats, codes string }{
		{"messages", adt + adt, "hl7v2 hl7v2", ""},
		{"batch", "BHS|^~\\&|A\r" + adt + "BTS|2\r", "hl7v2-batch hl7v2 hl7v2-batch", "batch-count"},
		{"X12", "ISA*00*          *00*          *ZZ*S              *ZZ*R              *260301*1015*^*00501*000000001*0*T*:~", "x12", "not-hl7v2"},
		{"FHIR lines", "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}\n", "fhir-json fhir-json", ""},
		{"FHIR that is wrong", "{\"resourceType\":\"Patient\",\"gender\":\"F\"}", "fhir-json", "binding"},
		{"empty", "", "empty", "empty"},
		{"binary", "\x00\x01\x02", "binary", "not-hl7v2"},
		{"LF", strings.ReplaceAll(adt, "\r", "\n"), "hl7v2", "line-ends"},
	} {
		var formats []string
		codes := map[string]bool{}
		for i, r := range records(t, c.text) {
			formats = append(formats, r.Summary.Format)
			if r.Index != i || r.Source != "sample.hl7" || r.Counts != check.Count(r.Findings) {
				t.Errorf("%s: record %d says index %d, source %s, counts %v", c.name, i, r.Index, r.Source, r.Counts)
			}
			for _, f := range r.Findings {
				if f.Severity >= check.Warning {
					codes[f.Code] = true
				}
			}
		}
		if got := strings.Join(formats, " "); got != c.formats {
			t.Errorf("%s: %s, want %s", c.name, got, c.formats)
		}
		if c.codes != "" && !codes[c.codes] || c.codes == "" && len(codes) > 0 {
			t.Errorf("%s: %v, want %q", c.name, codes, c.codes)
		}
	}
}

// TestControlIDTwice: the same sender and control ID twice is said at the
// second message; another sender may use the same ID.
func TestControlIDTwice(t *testing.T) {
	other := strings.Replace(adt, "LAB^", "LIS^", 1)
	for i, want := range []bool{false, false, true} {
		r := records(t, adt+other+adt)[i]
		found := false
		for _, f := range r.Findings {
			if f.Code == "control-id-twice" {
				found = string(r.Bytes[f.Offset:f.Offset+f.Length]) == "T1" && strings.HasPrefix(f.Text, "Message 1 ")
			}
		}
		if found != want {
			t.Errorf("message %d: said %v, want %v", i, found, want)
		}
	}
}

// TestContinuation: a message that continues another one is in order where that
// one stands before it in the file.
func TestContinuation(t *testing.T) {
	first := strings.Replace(adt, "PV1", "DSC|P2|F\rPV1", 1)
	first = first[:strings.Index(first, "PV1")]
	second := strings.Replace(adt, "|2.5.1", "|2.5.1||P2", 1)
	for i, want := range []bool{false, false, true} {
		r := records(t, first+second+second)[i]
		if broken := slices.ContainsFunc(r.Container, func(f check.Finding) bool { return f.Code == "continuation-broken" }); broken != want {
			t.Errorf("message %d: broken is %v; %v", i, broken, r.Container)
		}
	}
}

// TestContainer: what the file around a message says is kept apart, and is
// first among the findings; what the message's own bytes say is not in it.
func TestContainer(t *testing.T) {
	bad := strings.Replace(adt, "19800229", "19790231", 1)
	for _, c := range []struct {
		name, text string
		record     int
		want       string
	}{
		{"nothing around it", bad, 0, ""},
		{"control ID twice", bad + bad, 1, "control-id-twice"},
		{"frame without an end", "\x0b" + bad, 0, "frame-not-ended"},
		{"another kind", "{\"type\":\"Patient\"}", 0, "not-hl7v2"},
		{"a FHIR resource", "{\"resourceType\":\"Patient\",\"gender\":\"F\"}", 0, ""},
	} {
		r := records(t, c.text)[c.record]
		var codes []string
		for i, f := range r.Container {
			codes = append(codes, f.Code)
			if f != r.Findings[i] {
				t.Errorf("%s: finding %d is %s, in the container %s", c.name, i, r.Findings[i].Code, f.Code)
			}
		}
		if got := strings.Join(codes, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestOddFiles: the files of testdata, each with the findings of warning and
// above that it has, record by record: the cause and no symptom.
func TestOddFiles(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata")
	for name, want := range map[string]string{
		"blob.bin":                   "not-hl7v2",
		"empty.hl7":                  "empty",
		"five-delimiters.hl7":        "",
		"header-cut.hl7":             "not-hl7v2",
		"header-only.hl7":            "message-type-missing",
		"http-request.bin":           "wrong-protocol",
		"japanese-iso2022.hl7":       "",
		"line-ends-only.hl7":         "empty",
		"lone-start-byte.mllp":       "frame-not-ended",
		"messages-without-gap.hl7":   "segments-joined",
		"nul-bytes.hl7":              "nul-bytes",
		"second-start-in-frame.mllp": "frame-second-start; ",
		"unusual-delimiters.hl7":     "",
		"utf16-be-no-bom.hl7":        "utf16",
		"utf16-le-bom.hl7":           "utf16",
		"utf8-bom.hl7":               "byte-order-mark",
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var have []string
		for _, r := range records(t, string(text)) {
			var codes []string
			for _, f := range r.Findings {
				if f.Severity >= check.Warning {
					codes = append(codes, f.Code)
				}
			}
			have = append(have, strings.Join(codes, " "))
		}
		if got := strings.Join(have, "; "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestLog: a message whose every line a log prefixed is one record, with the
// summary that it has without the log.
func TestLog(t *testing.T) {
	log := "2026-03-01 10:15:00.1 INFO [in] " + strings.ReplaceAll(strings.TrimSuffix(adt, "\r"), "\r", "\n2026-03-01 10:15:00.12 INFO [in] ") + "\n"
	all := records(t, log+"2026-03-01 10:15:01.5 INFO [in] accepted\n"+log)
	var kinds []string
	for _, r := range all {
		kinds = append(kinds, r.Summary.Format)
	}
	if got := strings.Join(kinds, " "); got != "hl7v2 text hl7v2" {
		t.Fatal(got)
	}
	want := Summarise(hl7.Parse([]byte(adt)))
	if all[2].Summary != want || all[0].Summary != want {
		t.Errorf("%+v\nwant %+v", all[0].Summary, want)
	}
}

func TestObject(t *testing.T) {
	text, err := json.Marshal(records(t, strings.Replace(adt, "19800229", "19790231", 1))[0].Object("in/sample.hl7"))
	if err != nil {
		t.Fatal(err)
	}
	trigger, born := strings.Index(adt, "ADT^A08")+len("ADT^A08"), strings.Index(adt, "19800229")
	want := fmt.Sprintf(`{"file":"in/sample.hl7","index":0,"offset":0,"length":%d,"format":"hl7v2","type":"ADT","trigger":"A08","structure":"ADT_A01","version":"2.5.1","controlId":"T1","findings":[`+
		`{"code":"structure-id-missing","severity":"information","path":"MSH-9.3","offset":%d,"length":0,"text":"MSH-9.3 (message structure) is empty; HL7 2.5.1 asks for ADT_A01."},`+
		`{"code":"date-impossible","severity":"warning","path":"PID-7","offset":%d,"length":8,"text":"19790231 is not a day of the calendar. February 1979 has 28."}]}`, len(adt), trigger, born)
	if string(text) != want {
		t.Errorf("%s\nwant %s", text, want)
	}
	text, err = json.Marshal(Record{}.Object("x"))
	if err != nil || !bytes.Contains(text, []byte(`"findings":[]`)) {
		t.Errorf("a record without findings is %s", text)
	}
}

// memory is a store in memory that can fail and count.
type memory struct {
	batches []int
	sizes   []int
	records []Record
	fail    error
}

func (m *memory) AddMessages(ctx context.Context, batch []Record) ([]int64, error) {
	if m.fail != nil {
		return nil, m.fail
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ids := make([]int64, len(batch))
	size := 0
	for i, r := range batch {
		m.records = append(m.records, r)
		ids[i] = int64(len(m.records))
		size += len(r.Bytes)
	}
	m.batches = append(m.batches, len(batch))
	m.sizes = append(m.sizes, size)
	return ids, nil
}

func TestImport(t *testing.T) {
	text := strings.Repeat(adt, 1200) + "FTS|1\r"
	store := &memory{}
	var seen []string
	result, err := Import(context.Background(), store, "/somewhere/big.hl7", strings.NewReader(text), func(done int64, n int) {
		seen = append(seen, fmt.Sprintf("%d/%d", done, n))
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Messages != 1200 || result.Others != 1 || result.Bytes != int64(len(text)) || len(result.IDs) != 1201 || result.Format != "hl7v2" {
		t.Errorf("%d messages, %d others, %d bytes, %d ids, %s", result.Messages, result.Others, result.Bytes, len(result.IDs), result.Format)
	}
	if worst, ok := result.Worst(); !ok || worst != check.Warning {
		t.Errorf("the worst is %v, %v", worst, ok)
	}
	if fmt.Sprint(store.batches) != "[500 500 201]" {
		t.Errorf("batches of %v", store.batches)
	}
	if want := fmt.Sprintf("%d/1201", len(text)); len(seen) != 3 || seen[2] != want {
		t.Errorf("progress %v, want the last %s", seen, want)
	}
	if store.records[7].Source != "big.hl7" || string(store.records[7].Bytes) != adt {
		t.Error("record 7 is not the seventh message of big.hl7")
	}
}

func TestImportBatchesBySize(t *testing.T) {
	big := adt + "OBX|1|ED|X||^^^Base64^" + strings.Repeat("AAAA", 1<<20) + "\r"
	store := &memory{}
	if _, err := Import(context.Background(), store, "x", strings.NewReader(strings.Repeat(big, 5)), nil); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(store.batches) != "[2 2 1]" {
		t.Errorf("batches of %v messages, %v bytes", store.batches, store.sizes)
	}
}

func TestImportStops(t *testing.T) {
	text := strings.Repeat(adt, 2000)
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		store := &memory{}
		result, err := Import(ctx, store, "x", strings.NewReader(text), func(int64, int) { cancel() })
		if !errors.Is(err, context.Canceled) || len(store.records) != 500 || result.Messages != 500 {
			t.Errorf("%v with %d stored, %d reported", err, len(store.records), result.Messages)
		}
	})
	t.Run("store full", func(t *testing.T) {
		full := errors.New("the disk is full")
		if _, err := Import(context.Background(), &memory{fail: full}, "x", strings.NewReader(text), nil); !errors.Is(err, full) {
			t.Error(err)
		}
	})
	t.Run("drive removed", func(t *testing.T) {
		gone := errors.New("the drive is gone")
		_, err := Import(context.Background(), &memory{}, "x", io.MultiReader(strings.NewReader(text), iotest.ErrReader(gone)), nil)
		if !errors.Is(err, gone) {
			t.Error(err)
		}
	})
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.hl7")
	if err := os.WriteFile(file, []byte(adt), 0o600); err != nil {
		t.Fatal(err)
	}
	f, size, err := Open(file)
	if err != nil || size != int64(len(adt)) {
		t.Fatalf("%d bytes, %v", size, err)
	}
	_ = f.Close()
	if _, _, err := Open(dir); !errors.Is(err, ErrIsFolder) || !strings.Contains(err.Error(), "*.hl7") {
		t.Errorf("a folder: %v", err)
	}
	if _, _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), "none") != 1 {
		t.Errorf("nothing there: %v", err)
	}
	if os.Geteuid() == 0 {
		t.Skip("the superuser may read everything")
	}
	if err := os.Chmod(file, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(file); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("no permission: %v", err)
	}
}

// TestCorpusFiles: every file of the corpus can be read, and its records give
// JSON that can be read back.
func TestCorpusFiles(t *testing.T) {
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS does not name the folder of the corpus")
	}
	files, all := 0, 0
	for _, folder := range []string{"hl7v2", "x12-samples", "ccda", "fhir-examples"} {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return fs.SkipAll
			}
			if d.IsDir() {
				return nil
			}
			f, _, err := Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			files++
			n := 0
			for r, err := range Read(context.Background(), path, f, Options{}) {
				if err != nil {
					return err
				}
				n++
				for _, found := range r.Findings {
					if found.Offset < 0 || found.Offset+found.Length > len(r.Bytes) {
						t.Errorf("%s record %d: %s lies at %d+%d of %d bytes", d.Name(), r.Index, found.Code, found.Offset, found.Length, len(r.Bytes))
					}
				}
				text, err := json.Marshal(r.Object(path))
				if err != nil || json.Unmarshal(text, &Object{}) != nil {
					t.Errorf("%s record %d: no JSON: %v", d.Name(), r.Index, err)
				}
			}
			if n == 0 {
				t.Errorf("%s gives no record", d.Name())
			}
			all += n
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d files, %d records", files, all)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(adt))
	f.Add([]byte("\x0b" + adt + "\x1c\r\x0b" + adt))
	f.Add([]byte("BHS|^~\\&|A\r" + adt + "BTS|2\rjunk"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		for r, err := range Read(context.Background(), "x", bytes.NewReader(b), Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			for _, found := range r.Findings {
				if found.Offset < 0 || found.Offset+found.Length > len(r.Bytes) {
					t.Fatalf("%s lies at %d+%d of %d bytes", found.Code, found.Offset, found.Length, len(r.Bytes))
				}
			}
		}
		if n == 0 {
			t.Fatal("no record")
		}
	})
}

func BenchmarkImport(b *testing.B) {
	text := strings.Repeat(adt, 2000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Import(context.Background(), &memory{}, "x", strings.NewReader(text), nil); err != nil {
			b.Fatal(err)
		}
	}
}
