package inplace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"trestle/internal/check"
	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/inspect"
	"trestle/internal/inspect/query"
)

const adt = "MSH|^~\\&|LAKE|MAIN|RIVER|INF|20260302101400||ADT^A08^ADT_A01|M%d|P|2.5.1\rEVN|A08|20260302101400\rPID|1||%d^^^LAKE^MR||DOE^JANE||19790228|F\rPV1|1|O\r"

const oru = "MSH|^~\\&|LAB|MAIN|RIVER|INF|20251231||ORU^R01^ORU_R01|R%d|P|2.3\rPID|1||%d^^^LAKE^MR||DOE^JANE||19790231|Female\rOBR|1\rOBX|1|NM|8302-2^Height^LN||172|cm|||||F\r"

// many are n messages of two types that all differ.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		if i%5 == 4 {
			fmt.Fprintf(&b, oru, i, i)
		} else {
			fmt.Fprintf(&b, adt, i, i)
		}
	}
	return b.String()
}

// files are what a file may hold, by what is odd about it.
var files = map[string]string{
	"empty":             "",
	"one message":       fmt.Sprintf(adt, 1, 1),
	"many":              many(900),
	"framed":            "\x0b" + fmt.Sprintf(adt, 1, 1) + "\x1c\r\x0b" + fmt.Sprintf(adt, 2, 2) + "\x1c\n" + fmt.Sprintf(adt, 3, 3) + "\x1c\r",
	"batch":             "FHS|^~\\&|A\rBHS|^~\\&|A\r" + many(3) + "BTS|7\rFTS|1\r",
	"rubbish":           "rubbish before\r\n" + many(2) + "\r\nrubbish behind",
	"log":               "2026-03-02 10:00:00 recv MSH|^~\\&|LAKE|MAIN|||20260302||ADT^A01|7|P|2.5\r\n2026-03-02 10:00:00 recv PID|1||5\r\n2026-03-02 10:00:01 sent MSH|^~\\&|||||||ACK|8|P|2.5\r\nMSA|AA|7\r\n",
	"line feeds":        strings.ReplaceAll(many(4), "\r", "\n"),
	"doubtful headers":  "MSH|^~\\&|A||||2026||ADT^A01~ADT^A02| 7|P|2.5\rPID|1\rMSH|^~\\&|A||||x||ADT\\T\\X^A01&B|7^8|P|2.5\rMSH$%~\\&$A\rMSH|^~\\&#|A|||||| ADT^A01|9#|P|2.7\rMSH|^~\\&\rPID|1\rmsh|^~\\&|||||||ADT|5\rMSH|^~\\&|A||||20260302||ÄDT^A01|ü|P|2.5\rMSH|^~\\&|||||||ADT\n|1\r",
	"byte order mark":   "\xef\xbb\xbf" + many(2),
	"same control ID":   fmt.Sprintf(adt, 1, 1) + fmt.Sprintf(adt, 1, 1),
	"continued":         "MSH|^~\\&|A|B|||20260302||ORU^R01|1|P|2.5\rPID|1\rDSC|next\rMSH|^~\\&|A|B|||20260302||ORU^R01|2|P|2.5||next\rPID|1\rMSH|^~\\&|A|B|||20260302||ORU^R01|3|P|2.5||lost\rPID|1\rMSH|^~\\&|A|B|||20260302||ORU^R01|3|P|2.5||next\r",
	"NDJSON":            "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n\n{\"resourceType\":\"Patient\",\"id\":\"b\"}\r\n",
	"table":             "mrn,name\n1,Doe\n",
	"X12":               "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260302*1014*^*00501*000000001*0*P*:~GS*HC*A*B~IEA*1*000000001~",
	"binary":            "\x00\x01\x02\xff\xfe\x00\x9c",
	"no header":         "PID|1||5\rPV1|1\r",
	"no end":            "\x0b" + fmt.Sprintf(adt, 1, 1),
	"a long text":       strings.Repeat("words of no message\n", 5000) + many(2),
	"a field of 100 kB": fmt.Sprintf(adt, 1, 1) + "ZZZ|" + strings.Repeat("x", 100_000) + "\r" + fmt.Sprintf(adt, 2, 2),
}

// opened writes a file, opens and indexes it.
func opened(t testing.TB, text string) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "feed.hl7")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Index(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return f
}

// checkPieces compares what is read in place with what a reading of the whole gives.
func checkPieces(t *testing.T, f *File, text string) {
	t.Helper()
	n := 0
	for want, err := range format.Split(strings.NewReader(text), format.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Piece(n)
		if err != nil {
			t.Fatalf("piece %d: %v", n, err)
		}
		if !bytes.Equal(got.Bytes, want.Bytes) {
			t.Fatalf("piece %d has other bytes", n)
		}
		got.Bytes, want.Bytes = nil, nil
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("piece %d is %+v, want %+v", n, got, want)
		}
		n++
	}
	if f.Len() != n {
		t.Fatalf("%d pieces, want %d", f.Len(), n)
	}
}

// TestPieces: a piece that is read in place is the one that an import gives.
func TestPieces(t *testing.T) {
	for name, text := range files {
		t.Run(name, func(t *testing.T) { checkPieces(t, opened(t, text), text) })
	}
}

// TestRecords: after a scan a record in place has what an import says of it, what other messages say included.
func TestRecords(t *testing.T) {
	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			f := opened(t, text)
			sums, err := f.Scan(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			pieces := map[string]int{}
			for want, err := range inspect.Read(t.Context(), "feed.hl7", strings.NewReader(text), inspect.Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				got, err := f.Record(want.Index)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got.Summary, want.Summary) || got.Counts != want.Counts || !slices.EqualFunc(got.Findings, want.Findings, same) || !slices.EqualFunc(got.Container, want.Container, same) {
					t.Fatalf("record %d is\n%+v, want\n%+v", want.Index, got, want)
				}
				seen := map[string]bool{}
				for _, x := range want.Findings {
					seen[x.Code] = true
				}
				for code := range seen {
					pieces[code]++
				}
			}
			for _, s := range sums {
				if pieces[s.Code] != s.Pieces {
					t.Errorf("%s in %d pieces, want %d", s.Code, s.Pieces, pieces[s.Code])
				}
				delete(pieces, s.Code)
				q, err := query.Parse("finding = " + s.Code)
				if err != nil {
					t.Fatal(err)
				}
				if found, err := f.Find(t.Context(), q, nil); err != nil || len(found) != s.Pieces || found[0] != s.First {
					t.Errorf("%s: %d pieces are found, the first %v, %v", s.Code, len(found), found, err)
				}
			}
			if len(pieces) > 0 {
				t.Errorf("not found: %v", pieces)
			}
		})
	}
}

func same(a, b check.Finding) bool {
	return a.Code == b.Code && a.Severity == b.Severity && a.Path == b.Path && a.Offset == b.Offset && a.Length == b.Length && a.Text == b.Text
}

var queries = []string{
	"", "type = ADT", "type = Patient", "control = a", "type:A*", "trigger = R01", "type = ORU and trigger = R01", "control = m7", "control = M1*", "type = ACK", "not type = ADT",
	"PID-3.1 = 17", "type = ORU and PID-3.1 = 14", "time >= 2026-01-01", "time < 2026-01-01", "time = 2026-03-02", "time = 2026-03-02T10:14", "time > 20260302101500",
	"finding >= error", "finding = warning", "finding = date-impossible", "not (finding >= warning)", "finding = date-impossible or finding = information", "type = ORU and finding >= warning", "severity:error", "jane", `"doe^jane"`, "mrn = 17",
	"source = feed.hl7", "source = other.hl7", "source = feed*", "format = hl7v2", "format = hl7v2-batch", "format = csv", "size > 100", "PV1 valued", "tag = x", "PID-8 in (M, F)",
	"type = Patient", "control = b", "format = fhir-json and not control = a",
}

// TestFind: a query finds in place what it holds for when every piece is asked, before a scan and after.
func TestFind(t *testing.T) {
	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			f := opened(t, text)
			for _, scanned := range []bool{false, true} {
				for _, q := range queries {
					parsed, err := query.Parse(q)
					if err != nil {
						t.Fatalf("%s: %v", q, err)
					}
					got, err := f.Find(t.Context(), parsed, nil)
					if err != nil {
						t.Fatal(err)
					}
					if want := asked(t, parsed, f, text); !slices.Equal(got, want) {
						t.Errorf("scanned %v: %s finds %d %v, want %d %v", scanned, q, len(got), got[:min(len(got), 20)], len(want), want[:min(len(want), 20)])
					}
				}
				if _, err := f.Scan(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// asked are the pieces that a query holds for, asked one by one. Before a scan nobody knows what other messages say.
func asked(t *testing.T, q *query.Query, f *File, text string) (found []int) {
	t.Helper()
	for r, err := range inspect.Read(t.Context(), "feed.hl7", strings.NewReader(text), inspect.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		findings := r.Findings
		if !f.Scanned() {
			alone, err := f.Record(r.Index)
			if err != nil {
				t.Fatal(err)
			}
			findings = alone.Findings
		}
		s := query.Subject{Message: hl7.Parse(r.Bytes), Summary: r.Summary, Source: r.Source, Findings: func() []check.Finding { return findings }}
		if q.Match(&s) {
			found = append(found, r.Index)
		}
	}
	return found
}

// TestFindReadsOnlyWhatItMust: what the index answers is not read, and what it rules out neither.
func TestFindReadsOnlyWhatItMust(t *testing.T) {
	f := opened(t, many(1000))
	if _, err := f.Scan(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for q, most := range map[string]int{"type = ORU": 0, "control = M7": 0, "finding >= error": 0, "type = ORU and PID-3.1 = 14": 200, "time < 2026-01-01": 200} {
		parsed, err := query.Parse(q)
		if err != nil {
			t.Fatal(err)
		}
		s, undecided := f.sieve(parsed), 0
		for i := range f.Len() {
			if f.judge(s, i) == perhaps {
				undecided++
			}
		}
		if undecided > most {
			t.Errorf("%s looks into %d messages", q, undecided)
		}
	}
}

// TestSizeOfIndex: less than forty bytes a message, the control ID included.
func TestSizeOfIndex(t *testing.T) {
	if size := reflect.TypeFor[entry]().Size(); size > 24 {
		t.Errorf("an entry takes %d bytes", size)
	}
	f := opened(t, many(20_000))
	bytes := 0
	for _, b := range f.blocks {
		bytes += cap(b) * int(reflect.TypeFor[entry]().Size())
	}
	for _, c := range f.text.chunks {
		bytes += cap(c)
	}
	if each := bytes / f.Len(); each > 40+arenaChunk/f.Len() {
		t.Errorf("%d bytes a message", each)
	}
	if len(f.notes)+len(f.guesses)+len(f.lengths) > 0 {
		t.Error("ordinary messages are kept aside")
	}
}

// TestReadsWhileIndexing: what is known can be read before the rest is.
func TestReadsWhileIndexing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "feed.hl7")
	if err := os.WriteFile(path, []byte(many(20_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	first := true
	err = f.Index(t.Context(), func(through int64, pieces int) {
		if first && (pieces != firstBatch || through > f.Size()/10) {
			t.Errorf("%d pieces and %d bytes are shown first", pieces, through)
		}
		first = false
		if r, err := f.Record(pieces - 1); err != nil || r.Summary.ControlID == "" {
			t.Errorf("%+v %v", r.Summary, err)
		}
		if pieces > firstBatch && pieces < 5000 {
			if q, _ := query.Parse("type = ORU"); true {
				if found, err := f.Find(t.Context(), q, nil); err != nil || len(found) == 0 {
					t.Errorf("%d found, %v", len(found), err)
				}
			}
		}
	})
	if err != nil || f.Len() != 20_000 {
		t.Errorf("%d pieces, %v", f.Len(), err)
	}
	if _, complete := f.Indexed(); !complete {
		t.Error("the index is not complete")
	}
}

// TestBegin: the first pieces are known before the file is gone through, and stay known when that begins.
func TestBegin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "feed.hl7")
	if err := os.WriteFile(path, []byte(many(5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Begin(t.Context()); err != nil || f.Len() < firstBatch || f.Len() > 5*firstBatch {
		t.Fatalf("%d pieces, %v", f.Len(), err)
	}
	if _, complete := f.Indexed(); complete {
		t.Error("the index is complete")
	}
	err = f.Index(t.Context(), func(_ int64, pieces int) {
		if pieces < firstBatch {
			t.Errorf("only %d pieces are known any more", pieces)
		}
	})
	if err != nil || f.Len() != 5000 {
		t.Errorf("%d pieces, %v", f.Len(), err)
	}
	small := opened(t, many(3))
	if err := small.Begin(t.Context()); err != nil || small.Len() != 3 {
		t.Errorf("%d pieces, %v", small.Len(), err)
	}
	if _, err := small.Piece(2); err != nil {
		t.Error(err)
	}
}

// TestFileChanges: a file that was cut off or written over gives an error that says so, and no piece that is none.
func TestFileChanges(t *testing.T) {
	text := many(2000)
	write := func(t *testing.T, f *File, b []byte) {
		t.Helper()
		if err := os.WriteFile(f.file.Name(), b, 0o600); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Minute)
		if err := os.Chtimes(f.file.Name(), later, later); err != nil {
			t.Fatal(err)
		}
	}
	changes := map[string][]byte{
		"emptied":               {},
		"cut off":               []byte(text[:len(text)/2]),
		"overwritten":           []byte(strings.Repeat("x", len(text))),
		"overwritten and grown": []byte(strings.Repeat("MSH|^~\\&|X||||||ADT|other\r", len(text)/20)),
	}
	for name, b := range changes {
		t.Run(name, func(t *testing.T) {
			f := opened(t, text)
			write(t, f, b)
			q, err := query.Parse("PID-3.1 = 17")
			if err != nil {
				t.Fatal(err)
			}
			_, piece := f.Piece(1999)
			_, find := f.Find(t.Context(), q, nil)
			_, glance := f.Glance(t.Context(), []int{1990, 1991})
			_, scan := f.Scan(t.Context(), nil)
			for what, err := range map[string]error{"piece": piece, "find": find, "glance": glance, "scan": scan} {
				if !errors.Is(err, ErrChanged) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
	t.Run("grown", func(t *testing.T) {
		f := opened(t, text)
		write(t, f, []byte(text+many(5)))
		checkPieces(t, f, text)
	})
	t.Run("cut off while it is indexed", func(t *testing.T) {
		f := opened(t, text)
		err := f.Index(t.Context(), func(int64, int) { _ = os.Truncate(f.file.Name(), 100_000) })
		if err != nil && !errors.Is(err, ErrChanged) {
			t.Error(err)
		}
		if _, err := f.Piece(1999); err == nil {
			t.Error("a piece beyond the end is read")
		}
	})
}

func TestOpenErrors(t *testing.T) {
	folder := t.TempDir()
	if _, err := Open(filepath.Join(folder, "none.hl7")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Open(folder); !errors.Is(err, inspect.ErrIsFolder) {
		t.Error(err)
	}
	f := opened(t, many(3))
	if _, err := f.Piece(3); err == nil {
		t.Error("a piece that there is not")
	}
	if _, err := f.Piece(-1); err == nil {
		t.Error("a piece that there is not")
	}
	f.Close()
	if _, err := f.Piece(0); err == nil || strings.Contains(err.Error(), folder) {
		t.Error(err)
	}
}

// TestCancel: indexing, looking and scanning end when they are told to, and leave the file as it was.
func TestCancel(t *testing.T) {
	f := opened(t, many(5000))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q, err := query.Parse("PID-3.1 = 17")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Find(ctx, q, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := f.Scan(ctx, nil); !errors.Is(err, context.Canceled) || f.Scanned() {
		t.Error(err)
	}
	during, stop := context.WithCancel(t.Context())
	if err := f.Index(during, func(int64, int) { stop() }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := f.Index(t.Context(), nil); err != nil || f.Len() != 5000 {
		t.Errorf("%d pieces, %v", f.Len(), err)
	}
}

// TestGlance: of a giant only its beginning is read, and what a scan found in it.
func TestGlance(t *testing.T) {
	f := opened(t, fmt.Sprintf(oru, 1, 1)+"NTE|1||"+strings.Repeat("x", 3<<20)+"\r"+fmt.Sprintf(adt, 2, 2))
	rows, err := f.Glance(t.Context(), []int{0, 1})
	if err != nil || len(rows) != 2 {
		t.Fatal(len(rows), err)
	}
	if r := rows[0]; r.Summary.ControlID != "R1" || r.Summary.MRN != "1" || r.Counts != [check.Severities]int{} || r.Bytes != nil {
		t.Errorf("%+v", r)
	}
	whole, err := f.Record(1)
	if err != nil || rows[1].Counts != whole.Counts {
		t.Errorf("%v, want %v, %v", rows[1].Counts, whole.Counts, err)
	}
	if _, err := f.Scan(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if rows, err = f.Glance(t.Context(), []int{0}); err != nil || rows[0].Counts == [check.Severities]int{} {
		t.Errorf("%v %v", rows, err)
	}
}

// FuzzFile: whatever a file holds, the pieces in place are those of an import, and the columns of the index say what the
// messages do.
func FuzzFile(f *testing.F) {
	for _, text := range files {
		if len(text) < 5000 {
			f.Add([]byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file := opened(t, string(b))
		checkPieces(t, file, string(b))
		for i := range file.Len() {
			e, _ := file.entry(i)
			p, err := file.Piece(i)
			if err != nil {
				t.Fatal(err)
			}
			if !e.has(known) {
				continue
			}
			s := inspect.Summarise(hl7.Parse(p.Bytes))
			k := file.kinds[e.kind]
			if k.typ != s.Type || k.trigger != s.Trigger || file.text.get(e.id, e.idLength) != s.ControlID {
				t.Fatalf("the index has %v, the message %q %q %q", k, s.Type, s.Trigger, s.ControlID)
			}
		}
	})
}

// TestSelection: chosen pieces are read as records of their own, as an import of the whole file would make them.
func TestSelection(t *testing.T) {
	text := files["batch"]
	f := opened(t, text)
	if _, err := f.Scan(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var all []inspect.Record
	for r, err := range inspect.Read(t.Context(), "feed.hl7", strings.NewReader(text), inspect.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	chosen, n := []int{1, 3, 5}, 0
	for r, err := range f.Records(t.Context(), chosen) {
		want := all[chosen[n]]
		if err != nil || r.Index != want.Index || r.Offset != want.Offset || !bytes.Equal(r.Bytes, want.Bytes) || r.Counts != want.Counts || len(r.Container) != len(want.Container) {
			t.Errorf("%+v %v", r, err)
		}
		n++
	}
	if n != len(chosen) {
		t.Errorf("%d records", n)
	}
	for range f.Records(t.Context(), chosen) {
		break // and nothing after it is read
	}
	for i, r := range all {
		format, typ, trigger, sure := f.Kind(i)
		if sure && (format != r.Summary.Format || typ != r.Summary.Type || trigger != r.Summary.Trigger) {
			t.Errorf("piece %d is %s %s %s", i, format, typ, trigger)
		}
	}
}
