package fhir

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseJSONKeepsEverything(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `"x"`, `0`, `-1.50e+10`, `null`, `true`,
		`{"b":1,"a":1.50,"b":2,"unknown":{"x":[null,{"id":"1"},[]]}}`,
		`{"text":"a\"b\\c\nd\u0001é😀/"}`,
		`{"_birthDate":{"extension":[{"url":"http://example.org","valueDecimal":0.10}]}}`,
	} {
		n, err := ParseJSON([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := string(AppendJSON(nil, n)); got != text {
			t.Errorf("%s became %s", text, got)
		}
		again, err := ParseJSON(AppendIndentedJSON(nil, n, "  "))
		if err != nil || !again.Same(n) {
			t.Errorf("%s: the indented form differs: %v", text, err)
		}
	}
}

func TestParseJSONEscapes(t *testing.T) {
	n, err := ParseJSON([]byte("\xEF\xBB\xBF" + ` {"\u0061" : "\ud83d\ude00\/\b\f\r\t"} `))
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Member("a").String(); got != "😀/\b\f\r\t" {
		t.Errorf("%q", got)
	}
}

func TestParseJSONPlaces(t *testing.T) {
	text := `{"resourceType":"Patient", "name" : [{"family":"Moss"}]}`
	n, err := ParseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	family := n.Find("name", "family")
	if got := text[family.Off:family.End]; got != `"Moss"` {
		t.Errorf("the family name is at %s", got)
	}
	if got := text[family.NameOff:family.End]; got != `"family":"Moss"` {
		t.Errorf("the member is at %s", got)
	}
	if path, at := n.PathAt(family.Off + 2); path != "Patient.name[0].family" || at != family {
		t.Errorf("path %s", path)
	}
	paths := []string{}
	n.Walk(func(path string, _ *Node) bool {
		paths = append(paths, path)
		return true
	})
	if got := strings.Join(paths, " "); got != "Patient Patient.resourceType Patient.name Patient.name[0] Patient.name[0].family" {
		t.Error(got)
	}
}

func TestParseJSONRefuses(t *testing.T) {
	for text, where := range map[string]string{
		"":                                 "line 1, column 1 (offset 0)",
		"{\n \"a\": 01}":                   "line 2, column 7 (offset 8)",
		`{"é" 1}`:                          "line 1, column 6 (offset 6)",
		`{"a":1,}`:                         "line 1, column 7 (offset 6)",
		`{"a":1 "b":2}`:                    "line 1, column 8 (offset 7)",
		`["a`:                              "line 1, column 2 (offset 1)",
		`[1`:                               "line 1, column 3 (offset 2)",
		`[1}`:                              "line 1, column 3 (offset 2)",
		`{'a':1}`:                          "line 1, column 2 (offset 1)",
		`{a:1}`:                            "line 1, column 2 (offset 1)",
		"[\"a\tb\"]":                       "line 1, column 4 (offset 3)",
		`["\x"]`:                           "line 1, column 3 (offset 2)",
		`["\ud800"]`:                       "line 1, column 3 (offset 2)",
		"[\"\xff\"]":                       "line 1, column 3 (offset 2)",
		`{} {}`:                            "line 1, column 4 (offset 3)",
		`// no`:                            "line 1, column 1 (offset 0)",
		`tru`:                              "line 1, column 1 (offset 0)",
		`[1.]`:                             "line 1, column 2 (offset 1)",
		`[+1]`:                             "line 1, column 2 (offset 1)",
		`{"a"`:                             "line 1, column 5 (offset 4)",
		`{"a":`:                            "line 1, column 6 (offset 5)",
		`"\`:                               "line 1, column 1 (offset 0)",
		`?`:                                "line 1, column 1 (offset 0)",
		strings.Repeat("[", 300):           "line 1, column 201 (offset 200)",
		`{"a":` + strings.Repeat("[", 300): "line 1, column 205 (offset 204)",
	} {
		n, err := ParseJSON([]byte(text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q was accepted: %v", text, n)
			continue
		}
		if !strings.HasPrefix(err.Error(), where+": ") {
			t.Errorf("%q: %v, want it at %s", text, err, where)
		}
	}
	if _, err := (Limits{Bytes: 3}).ParseJSON([]byte(`[1,2]`)); err == nil {
		t.Error("a text over the limit was read")
	}
}

func TestParseJSONLenient(t *testing.T) {
	for text, want := range map[string]string{
		"{/* c */a:'x',} // end":                        `{"a":"x"}`,
		`{"a":1 "b":2}`:                                 `{"a":1,"b":2}`,
		"[\"a\tb\", 01, +1, \"\\x\", \"\\ud800\"] tail": `["a\tb","01","+1","x","�"]`,
		"[yes]": `["yes"]`,
	} {
		n, problems, err := ParseJSONLenient([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := string(AppendJSON(nil, n)); got != want || len(problems) == 0 {
			t.Errorf("%s became %s with %d problems, want %s", text, got, len(problems), want)
		}
	}
	if _, _, err := ParseJSONLenient([]byte(`{"a":`)); err == nil {
		t.Error("half a text made a tree")
	}
}

func TestFindAndAll(t *testing.T) {
	n, err := ParseJSON([]byte(`{"resourceType":"Patient","name":[{"given":["A","B"]},{"given":["C"]}],"id":"1","id":"2"}`))
	if err != nil {
		t.Fatal(err)
	}
	var given []string
	for g := range n.All("name", "given") {
		given = append(given, g.Text)
	}
	if got := strings.Join(given, ""); got != "ABC" {
		t.Errorf("all given names: %s", got)
	}
	for range n.All("name", "given") {
		break
	}
	if got := n.Find("name", "given").String(); got != "A" {
		t.Errorf("first given name: %s", got)
	}
	if d := n.Duplicates(); len(d) != 1 || d[0].Text != "2" {
		t.Errorf("duplicates: %v", d)
	}
	if n.Find("none", "there").String() != "" || n.ResourceType() != "Patient" {
		t.Error("missing members are not empty")
	}
	c := n.Clone()
	c.Set(NewString("3").Named("id"))
	c.Remove("name")
	if !n.Same(n.Clone()) || n.Same(c) || n.Find("id").Text != "1" {
		t.Error("a clone is not on its own")
	}
}

func TestBuild(t *testing.T) {
	n := NewObject(NewString("x").Named("a"), NewArray(NewNumber("1.0").Named("lost"), NewBool(true)).Named("b"))
	if got := string(AppendJSON(nil, n)); got != `{"a":"x","b":[1.0,true]}` {
		t.Error(got)
	}
}

func TestXMLAsJSON(t *testing.T) {
	n, err := ParseXML([]byte(`<a b="1">t<c/><!-- x --></a>`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(AppendJSON(nil, n)); got != `{"@b":"1","#text":"t","c":{}}` {
		t.Error(got)
	}
}

// corpus returns the files of a folder of the test corpus.
func corpus(tb testing.TB, pattern string) []string {
	tb.Helper()
	folder := os.Getenv("TRESTLE_CORPUS")
	if folder == "" {
		tb.Skip("TRESTLE_CORPUS names no folder")
	}
	files, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(files) == 0 {
		tb.Skipf("the corpus has no %s", pattern)
	}
	return files
}

func TestJSONCorpus(t *testing.T) {
	for _, file := range corpus(t, "fhir-examples/*/*.json") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, err := ParseJSON(data)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, data); err != nil {
			t.Fatal(err)
		}
		if got := AppendJSON(nil, n); len(got) > compact.Len() || n.ResourceType() == "" {
			t.Errorf("%s: %d bytes written, %d read", filepath.Base(file), len(got), compact.Len())
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.50,"x\n",null,true]}`))
	f.Add([]byte(`{/**/'a':01,}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := ParseJSON(data)
		if (err == nil) != (n != nil) {
			t.Fatal("neither tree nor error, or both")
		}
		if err == nil {
			if !json.Valid(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))) {
				t.Fatal("accepted what encoding/json refuses")
			}
			again, err := ParseJSON(AppendJSON(nil, n))
			if err != nil || !again.Same(n) {
				t.Fatal("what was written reads otherwise")
			}
		}
		n, _, err = ParseJSONLenient(data)
		if err == nil && !json.Valid(AppendJSON(nil, n)) {
			t.Fatal("a lenient tree is written as invalid JSON")
		}
	})
}

func BenchmarkParseJSON(b *testing.B) {
	data, err := os.ReadFile(corpus(b, "fhir-examples/synthea-r4/*.json")[0])
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseJSON(data); err != nil {
			b.Fatal(err)
		}
	}
}
