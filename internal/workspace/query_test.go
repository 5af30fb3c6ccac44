package workspace

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"trestle/internal/check"
	"trestle/internal/inspect"
	"trestle/internal/inspect/query"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// parse reads a condition that the index answers whole.
func parse(s string) (Query, error) {
	q, err := query.Parse(s)
	if err != nil {
		return Query{}, err
	}
	index, exact, err := Indexed(q)
	if err == nil && !exact {
		err = errors.New("the index does not answer all of it")
	}
	return index, err
}

func TestIndexed(t *testing.T) {
	for in, want := range map[string]Query{
		"":                             {},
		"  ":                           {},
		"doe":                          {Text: "doe"},
		`doe "left arm"`:               {Text: `doe "left arm"`},
		"type:ADT trigger:A08":         {Type: "ADT", Trigger: "A08"},
		"format:x12 file:adt*":         {Format: "x12", Source: "adt*"},
		"format:FHIR":                  {Format: "fhir*"},
		"TYPE:ADT^A08 x":               {Type: "ADT", Trigger: "A08", Text: "x"},
		"mrn:88121 account:A1*":        {MRN: "88121", Account: "A1*"},
		`control:"MSG 1"`:              {ControlID: "MSG 1"},
		"controlid = M1":               {ControlID: "M1"},
		"since:2026-01-01":             {From: day(2026, 1, 1)},
		"until:2026-01-31":             {To: day(2026, 2, 1)},
		"from:2026-01 to:2026":         {From: day(2026, 1, 1), To: day(2027, 1, 1)},
		"since:2026-01-01T10:30":       {From: day(2026, 1, 1).Add(10*time.Hour + 30*time.Minute)},
		`until:"2026-01-01 10:30"`:     {To: day(2026, 1, 1).Add(10*time.Hour + 31*time.Minute)},
		"severity:Error":               {Severity: true, MinSeverity: check.Error},
		"severity:info":                {Severity: true},
		`tag:"to do"`:                  {Tag: "to do"},
		"sort:-time":                   {Sort: "time", Descending: true},
		"sort:mrn":                     {Sort: "mrn"},
		`"a:b" "http://x"`:             {Text: `"a:b" "http://x"`},
		`"smi"*`:                       {Text: `"smi"*`},
		"12:30":                        {Text: "12:30"},
		"mrn = 88121 and tag = open a": {MRN: "88121", Tag: "open", Text: "a"},
	} {
		got, err := parse(in)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v %v, want %+v", in, got, err, want)
		}
		again, err := parse(got.String())
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%q written as %q reads as %+v %v", in, got.String(), again, err)
		}
	}
	for in, says := range map[string]string{
		"sort:colour":                "possible are account, control,",
		"^^ ||":                      "letter or digit",
		strings.Repeat("word ", 100): "at most 32",
	} {
		if _, err := parse(in); !errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// bySlice answers a query by looking at every record, to compare with.
func bySlice(recs []inspect.Record, keep func(*inspect.Record) bool) (ids []int64) {
	for i := range recs {
		if keep(&recs[i]) {
			ids = append(ids, int64(i+1))
		}
	}
	return
}

func TestSearch(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	recs := samples(0, 300)
	recs[7].Summary.Time = ""
	if _, err := w.AddMessages(ctx, recs); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.SetNote(ctx, 5, "Ask the laboratory: zebra"), w.SetTags(ctx, 6, []string{"Open"}), w.SetTags(ctx, 9, []string{"open", "late"})); err != nil {
		t.Fatal(err)
	}
	for in, keep := range map[string]func(*inspect.Record) bool{
		"":                                 func(*inspect.Record) bool { return true },
		"type:adt":                         func(r *inspect.Record) bool { return r.Summary.Type == "ADT" },
		"format:hl7v2":                     func(r *inspect.Record) bool { return r.Summary.Format == "hl7v2" },
		"source:nothing":                   func(r *inspect.Record) bool { return r.Source == "nothing" },
		"type:ADT^A01":                     func(r *inspect.Record) bool { return r.Summary.Type == "ADT" && r.Summary.Trigger == "A01" },
		"mrn:8800017":                      func(r *inspect.Record) bool { return r.Summary.MRN == "8800017" },
		"mrn:88001*":                       func(r *inspect.Record) bool { return strings.HasPrefix(r.Summary.MRN, "88001") },
		"account:a3 control:msg*":          func(r *inspect.Record) bool { return r.Summary.Account == "A3" },
		"severity:warning":                 func(r *inspect.Record) bool { return r.Counts[1]+r.Counts[2] > 0 },
		"severity:error":                   func(r *inspect.Record) bool { return r.Counts[2] > 0 },
		"since:2026-03 until:2026-04-02":   func(r *inspect.Record) bool { s := r.Summary.Time; return s >= "202603" && s < "20260403" },
		"testperson quenby":                func(r *inspect.Record) bool { return r.Summary.Name == "TESTPERSON, Quenby" },
		`"testperson quenby" type:ADT`:     func(r *inspect.Record) bool { return r.Summary.Name == "TESTPERSON, Quenby" },
		`"quenby testperson"`:              func(*inspect.Record) bool { return false },
		"quen*":                            func(r *inspect.Record) bool { return strings.HasSuffix(r.Summary.Name, "Quenby") },
		"quen":                             func(r *inspect.Record) bool { return strings.HasSuffix(r.Summary.Name, "Quenby") },
		`"quen"`:                           func(*inspect.Record) bool { return false },
		`"quenby"`:                         func(r *inspect.Record) bool { return strings.HasSuffix(r.Summary.Name, "Quenby") },
		`"testperson quen"`:                func(*inspect.Record) bool { return false },
		`"testperson quen"*`:               func(r *inspect.Record) bool { return r.Summary.Name == "TESTPERSON, Quenby" },
		"testperson^que":                   func(r *inspect.Record) bool { return r.Summary.Name == "TESTPERSON, Quenby" },
		"q":                                func(*inspect.Record) bool { return false },
		"q*":                               func(r *inspect.Record) bool { return strings.HasSuffix(r.Summary.Name, "Quenby") },
		"laborat":                          func(r *inspect.Record) bool { return r.Index == 4 },
		"zebra":                            func(r *inspect.Record) bool { return r.Index == 4 },
		"tag:open":                         func(r *inspect.Record) bool { return r.Index == 5 || r.Index == 8 },
		"tag:late ficti*":                  func(*inspect.Record) bool { return false },
		"EHR^RIVERBEND":                    func(*inspect.Record) bool { return true },
		"EHR|RIVERBEND":                    func(*inspect.Record) bool { return true },
		`"quenby OR orrin"`:                func(*inspect.Record) bool { return false },
		`text:MSG0000012`:                  func(r *inspect.Record) bool { return r.Index == 12 },
		`tag:"'open' OR 1=1"`:              func(*inspect.Record) bool { return false },
		"mrn:%":                            func(*inspect.Record) bool { return false },
		"8800017 type:ADT severity:fatal ": func(*inspect.Record) bool { return false },
	} {
		q, err := parse(in)
		if err != nil {
			t.Fatal(in, err)
		}
		ids, err := w.IDs(ctx, q)
		if want := bySlice(recs, keep); err != nil || !slices.Equal(ids, want) {
			t.Errorf("%q: found %d, want %d: %v", in, len(ids), len(want), err)
		}
		if n, err := w.Count(ctx, q); err != nil || n != len(ids) {
			t.Errorf("%q: counted %d, not %d: %v", in, n, len(ids), err)
		}
	}
	blank, err := w.IDs(ctx, Query{Text: "  ", Type: "SIU"})
	if want := bySlice(recs, func(r *inspect.Record) bool { return r.Summary.Type == "SIU" }); err != nil || !slices.Equal(blank, want) {
		t.Errorf("blank text and a type: found %d, want %d: %v", len(blank), len(want), err)
	}
	testOrder(t, w, recs)
}

// testOrder compares every order of the list with sorting the rows themselves.
func testOrder(t *testing.T, w *Workspace, recs []inspect.Record) {
	ctx := context.Background()
	key := map[string]func(a, b Row) int{
		"id":       func(a, b Row) int { return 0 },
		"received": func(a, b Row) int { return 0 },
		"time":     func(a, b Row) int { return strings.Compare(a.Time, b.Time) },
		"source":   func(a, b Row) int { return a.Index - b.Index },
		"type":     func(a, b Row) int { return strings.Compare(a.Type+a.Trigger, b.Type+b.Trigger) },
		"control":  func(a, b Row) int { return strings.Compare(a.ControlID, b.ControlID) },
		"mrn":      func(a, b Row) int { return strings.Compare(a.MRN, b.MRN) },
		"account":  func(a, b Row) int { return strings.Compare(a.Account, b.Account) },
		"severity": func(a, b Row) int {
			return cmp.Or(worstOf(a)-worstOf(b), a.Counts[3]-b.Counts[3], a.Counts[2]-b.Counts[2], a.Counts[1]-b.Counts[1])
		},
		"name":    func(a, b Row) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) },
		"size":    func(a, b Row) int { return int(a.Size - b.Size) },
		"version": func(a, b Row) int { return 0 },
	}
	for _, s := range Sorts() {
		for _, down := range []bool{false, true} {
			ids, err := w.IDs(ctx, Query{Sort: s, Descending: down})
			if err != nil {
				t.Fatal(s, err)
			}
			rows, err := w.Rows(ctx, ids)
			if err != nil || len(rows) != len(recs) || rows[17].ID != ids[17] {
				t.Fatal(s, len(rows), err)
			}
			less := func(i, j int) bool {
				a, b := rows[i], rows[j]
				if down {
					a, b = b, a
				}
				if c := key[s](a, b); c != 0 {
					return c < 0
				}
				return a.ID < b.ID
			}
			if !sort.SliceIsSorted(rows, less) {
				t.Errorf("not sorted by %s, down %v", s, down)
			}
		}
	}
}

func worstOf(r Row) (worst int) {
	for i, n := range r.Counts {
		if n > 0 {
			worst = i + 1
		}
	}
	return
}

// Nothing that a person types is an error of FTS5, and no conditions come out of a value.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{"", "a OR b", `"`, `""`, `a"b"c`, "NEAR(a b)", "{text}:x", "text:x", "a*", "*", "-a", "^a", "a\x00b", "\xff", `"a" "b`, "mrn:1' OR '1'='1", "(", "+", "tag:\"x\" y*", "\u0301", "\U000e0001x"} {
		f.Add(s)
	}
	ctx := context.Background()
	w := newWorkspace(f, filepath.Join(f.TempDir(), "w.trestle"))
	f.Cleanup(func() { w.Close() })
	add(f, w, 0, 20)
	f.Fuzz(func(t *testing.T, s string) {
		q, err := parse(s)
		if err != nil {
			q = Query{Text: s, Tag: s, MRN: s, Type: s}
		}
		if _, err := w.IDs(ctx, q); err != nil && !errors.Is(err, ErrQuery) {
			t.Errorf("%q: %v", s, err)
		}
		if _, err := w.IDs(ctx, Query{Text: s}); err != nil && !errors.Is(err, ErrQuery) {
			t.Errorf("%q as text: %v", s, err)
		}
	})
}

func TestWallClock(t *testing.T) {
	for in, want := range map[string]string{
		"20260131120000":            "2026-01-31T12:00:00Z",
		"20260131120000.1234-0500":  "2026-01-31T12:00:00Z",
		"202601311200+0100":         "2026-01-31T12:00:00Z",
		"20260131-0500":             "2026-01-31T00:00:00Z",
		"202601":                    "2026-01-01T00:00:00Z",
		"2026":                      "2026-01-01T00:00:00Z",
		"2026-01-31":                "2026-01-31T00:00:00Z",
		"2026-01-31T12:30:15+02:00": "2026-01-31T12:30:15Z",
		"2026-01":                   "2026-01-01T00:00:00Z",
		"2026-01-31T12:30:15.5Z":    "2026-01-31T12:30:15Z",
		"":                          "",
		"yesterday":                 "",
		"20261301":                  "",
		"20260230":                  "",
		"2026013":                   "",
		"31/01/2026":                "",
		"2026013199":                "",
	} {
		got := ""
		if s, ok := wallClock(in); ok {
			got = time.Unix(s, 0).UTC().Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzWallClock(f *testing.F) {
	f.Add("20260131120000-0500")
	f.Add("2026-01-31T12:30")
	f.Fuzz(func(t *testing.T, s string) { wallClock(s) })
}
