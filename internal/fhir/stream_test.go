package fhir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// streamed describes the records of a text, read in pieces of any size.
func streamed(t *testing.T, text string, r io.Reader) string {
	t.Helper()
	var b strings.Builder
	for rec, err := range R4().Resources(t.Context(), r, StreamOptions{}) {
		if err != nil {
			fmt.Fprintf(&b, "error %v", err)
			break
		}
		kind := "alone"
		switch {
		case rec.Envelope:
			kind = "envelope"
		case rec.Entry != nil:
			kind = "entry"
			if got := text[rec.Offset+int64(rec.Entry.Off) : rec.Offset+int64(rec.Entry.End)]; got != string(rec.Bytes) {
				t.Errorf("the place of entry %d is wrong", rec.Index)
			}
		}
		fmt.Fprintf(&b, "%d@%d %s %s; ", rec.Index, rec.Offset, kind, AppendJSON(nil, rec.Root))
	}
	return b.String()
}

func TestResources(t *testing.T) {
	for text, want := range map[string]string{
		"":        "",
		" \n ":    "",
		`[1]`:     `0@0 alone [1]; `,
		"\"a\" 1": `0@0 alone "a"; 1@4 alone 1; `,
		"{\"resourceType\":\"Patient\",\"id\":\"1\"}\n{\"resourceType\":\"Patient\",\"id\":\"2\\\"}\"}\n":                                     `0@0 alone {"resourceType":"Patient","id":"1"}; 1@36 alone {"resourceType":"Patient","id":"2\"}"}; `,
		`{"resourceType" : "Bundle", "type":"collection","entry":[ {"resource":{"resourceType":"Patient"}} , {"fullUrl":"urn:x"}],"total":2}`: `0@58 entry {"resourceType":"Patient"}; 1@100 entry null; 2@0 envelope {"resourceType":"Bundle","type":"collection","total":2}; `,
		`{"resourceType":"List","entry":[{"item":{"display":"x"}}]}`:                                                                          `0@0 alone {"resourceType":"List","entry":[{"item":{"display":"x"}}]}; `,
		`{"entry":[{}],"resourceType":"Bundle"}`:                                                                                              `0@0 alone {"entry":[{}],"resourceType":"Bundle"}; `,
		"\xEF\xBB\xBF" + `{"resourceType":"Patient"}`:                                                                                         `0@3 alone {"resourceType":"Patient"}; `,
		`<Patient xmlns="http://hl7.org/fhir"><id value="1"/></Patient>`:                                                                      `0@0 alone {"resourceType":"Patient","id":"1"}; `,
		"{\"resourceType\":\"Patient\"}\n{\"a\":01}":                                                                                          `0@0 alone {"resourceType":"Patient"}; error line 2, column 6 (offset 32): this is not a number of JSON: no leading zeros or plus sign, digits on both sides of the point`,
		"{\"resourceType\":\"Bundle\",\n\"entry\":[\n{\"a\" 1}]}":                                                                             `error line 3, column 6 (offset 41): a colon should follow the name of a member`,
		`{"resourceType":"Bundle","entry":[{}`:                                                                                                `0@34 entry null; error line 1, column 37 (offset 36): the text ends within a value`,
		`{"resourceType":"Bundle","entry":[{},]}`:                                                                                             `0@34 entry null; error line 1, column 38 (offset 37): an entry should stand here`,
		`{"a" 1}`:  `error line 1, column 6 (offset 5): a colon should follow the name of a member`,
		`{"a`:      `error line 1, column 4 (offset 3): the text ends within a value`,
		`{a:1}`:    `error line 1, column 2 (offset 1): the name of a member should stand here`,
		`<Patient`: `error line 1, column 1 (offset 0): the tag of Patient does not end`,
	} {
		if got := streamed(t, text, strings.NewReader(text)); got != want {
			t.Errorf("%q:\n%s\nwant\n%s", text, got, want)
		}
		if got := streamed(t, text, iotest.OneByteReader(strings.NewReader(text))); got != want {
			t.Errorf("%q byte by byte:\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestWholeBundles(t *testing.T) {
	text := `{"resourceType":"Bundle","entry":[{}]}`
	n := 0
	for rec, err := range R4().Resources(t.Context(), strings.NewReader(text+text), StreamOptions{WholeBundles: true}) {
		if n++; err != nil || string(AppendJSON(nil, rec.Root)) != text || rec.Envelope {
			t.Errorf("%v %s", err, AppendJSON(nil, rec.Root))
		}
	}
	if n != 2 {
		t.Errorf("%d records", n)
	}
}

func TestResourcesEnd(t *testing.T) {
	two := `{"resourceType":"Patient"}{"resourceType":"Patient"}`
	seen := 0
	for range R4().Resources(t.Context(), strings.NewReader(two), StreamOptions{}) {
		seen++
		break
	}
	if seen != 1 {
		t.Error("who has seen enough is given more")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range R4().Resources(ctx, strings.NewReader(two), StreamOptions{}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
	broken := errors.New("broken")
	for _, err := range R4().Resources(t.Context(), iotest.ErrReader(broken), StreamOptions{}) {
		if !errors.Is(err, broken) {
			t.Errorf("a broken reader: %v", err)
		}
	}
	for _, text := range []string{`{"a":"xxxxxxxxxxxxxxxxxxxxx"}`, `"xxxxxxxxxxxxxxxxxxxxxxxxx"`, `<a>xxxxxxxxxxxxxxxxxxx</a>`} {
		for _, err := range R4().Resources(t.Context(), strings.NewReader(text), StreamOptions{Limits: Limits{Bytes: 10}}) {
			if err == nil || !strings.Contains(err.Error(), "more than 10 bytes") {
				t.Errorf("over the limit: %v", err)
			}
		}
	}
}

// bundleOf writes a Bundle with n entries as it is read.
func bundleOf(n int) io.Reader {
	const entry = `{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}}`
	readers := []io.Reader{strings.NewReader(`{"resourceType":"Bundle","entry":[` + entry)}
	for range n - 1 {
		readers = append(readers, strings.NewReader(","+entry))
	}
	return io.MultiReader(append(readers, strings.NewReader("]}"))...)
}

func TestResourcesTakeConstantMemory(t *testing.T) {
	r := bundleOf(60_000) // 9 MB
	var before, at runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, most := 0, uint64(0)
	for _, err := range R4().Resources(t.Context(), r, StreamOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%20_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&at)
			most = max(most, at.HeapAlloc)
		}
	}
	if n != 60_001 {
		t.Errorf("%d records", n)
	}
	if most > before.HeapAlloc+2<<20 {
		t.Errorf("the heap grew by %d bytes", most-before.HeapAlloc)
	}
}

func FuzzResources(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}}]}`))
	f.Add([]byte("{}\n[]\n1 \"\\"))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, err := ParseJSON(data)
		var records []Record
		var last error
		for rec, err := range R4().Resources(t.Context(), iotest.HalfReader(strings.NewReader(string(data))), StreamOptions{}) {
			if last = err; err == nil {
				records = append(records, rec)
			}
		}
		if err == nil && (last != nil || len(records) == 0) {
			t.Fatalf("a text that parses does not stream: %v", last)
		}
		if err == nil && len(records) == 1 && !records[0].Envelope && !records[0].Root.Same(whole) {
			t.Fatal("a single value streams as another")
		}
	})
}

func BenchmarkResources(b *testing.B) {
	data, err := os.ReadFile(corpus(b, "fhir-examples/synthea-r4/*.json")[0])
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range R4().Resources(b.Context(), strings.NewReader(string(data)), StreamOptions{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
