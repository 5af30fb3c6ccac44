package mapping_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"trestle/internal/mapping"
)

func TestReadLayout(t *testing.T) {
	l, err := mapping.ReadLayout([]byte("layout: 1\nlength: 20\nlines: none\nfields:\n  - {name: kind, length: 1}\n  - {name: amount, start: 5, length: 6, align: right, pad: \"0\"}\n  - {name: rest, length: 4}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if l.Length != 20 || l.Lines || !slices.Equal(l.Names(), []string{"kind", "amount", "rest"}) {
		t.Errorf("%+v", l)
	}
	if f, _ := l.Field("rest"); f.Start != 11 {
		t.Errorf("a field without start begins at %d, not behind the one before it", f.Start)
	}
	for _, c := range []struct{ text, want string }{
		{"", "line 1: the file is empty"},
		{"layout: 1\n", "fields"},
		{"layout: 2\nfields: [{name: a, length: 1}]\n", "version 2"},
		{"layout: 1\nlength: 3\nfields: [{name: a, length: 4}]\n", "reach to character 4"},
		{"layout: 1\nfields: [{name: a, length: 4}, {name: a, length: 2}]\n", "given twice"},
		{"layout: 1\nfields: [{name: a, length: 0}]\n", "length"},
		{"layout: 1\nfields: [{name: a, length: 2, pad: \"00\"}]\n", "one character"},
		{"layout: 1\nfields: [{name: a, length: 2, colour: red}]\n", "colour"},
		{"layout: 1\nfields: [{name: a, length: 99999999}]\n", "within"},
	} {
		if _, err := mapping.ReadLayout([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q gives %v, wanted %q", c.text, err, c.want)
		}
	}
}

func TestReadSchema(t *testing.T) {
	s, err := mapping.ReadSchema([]byte(`{"title": "Visit", "allOf": [{"$ref": "#/definitions/base"}],
		"definitions": {
			"base": {"type": "object", "required": ["Meta"], "properties": {"Meta": {"type": "object", "required": ["Test"], "properties": {"Test": {"type": "boolean"}, "Kind": {"enum": ["a", "b"], "description": "which"}}}}},
			"person": {"type": "object", "properties": {"Name": {"type": "string"}, "Spouse": {"$ref": "#/definitions/person"}}}
		},
		"properties": {
			"Visits": {"type": "array", "items": {"type": "object", "properties": {"Number": {"type": ["integer", "null"]}}}},
			"Who": {"$ref": "#/definitions/person"},
			"Either": {"oneOf": [{"properties": {"A": {"type": "string"}}, "required": ["A"]}, {"properties": {"B": {"type": "number"}}}]}
		}}`))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]mapping.SchemaElement{
		"Meta":             {Path: "Meta", Type: "object", Required: true},
		"Meta.Test":        {Path: "Meta.Test", Type: "boolean", Required: true},
		"Meta.Kind":        {Path: "Meta.Kind", Enum: []string{"a", "b"}, Note: "which"},
		"Visits":           {Path: "Visits[]", Type: "object", List: true},
		"Visits[0].Number": {Path: "Visits[].Number", Type: "integer"},
		"Who.Spouse.Name":  {Path: "Who.Spouse.Name", Type: "string"},
		"Either.A":         {Path: "Either.A", Type: "string"},
	} {
		got, ok := s.Element(path)
		if !ok || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %+v, wanted %+v", path, got, want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"[", "JSON"},
		{"[]", "no JSON Schema"},
		{"{}", "no properties"},
		{`{"properties": {"a": {"$ref": "other.json"}}}`, "another file"},
		{`{"properties": {"a": {"$ref": "#/definitions/a"}}}`, "does not have"},
		{`{"definitions": {"a": {"$ref": "#/definitions/a"}}, "properties": {"a": {"$ref": "#/definitions/a"}}}`, "circle"},
	} {
		if _, err := mapping.ReadSchema([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q gives %v, wanted %q", c.text, err, c.want)
		}
	}
}

// TestSchemaChecks: what a schema requires and does not know is found, and its types are written.
func TestSchemaChecks(t *testing.T) {
	f := loaded(t, `map: 1
source: {kind: csv}
target: {kind: json, schema: "s.json"}
blocks:
  - id: root
    make: "."
    rules:
      - {id: r1, to: "Meta.Test", from: "test"}
      - {id: r2, to: "Meta.Colour", from: "colour"}
  - id: visits
    make: "Visits[]"
    rules:
      - {id: r3, to: "Number", from: "number"}
`, "s.json", `{"type": "object", "required": ["Meta", "Patient"], "properties": {
		"Meta": {"type": "object", "required": ["Test", "Model"], "properties": {"Test": {"type": "boolean"}, "Model": {"type": "string"}}},
		"Patient": {"type": "object", "required": ["ID"], "properties": {"ID": {"type": "string"}}},
		"Visits": {"type": "array", "items": {"properties": {"Number": {"type": "integer"}}}}}}`)
	var found []string
	for _, x := range mapping.Check(f, nil) {
		found = append(found, x.Code+" "+x.ID+" "+x.Text)
	}
	want := []string{
		"required  Patient is required by the schema and no rule writes it",
		"required  Meta.Model is required by the schema and no rule writes it",
		"unknown-target r2 the schema has no Meta.Colour",
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("found %q", found)
	}
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Run(context.Background(), []byte("test,number\ntrue,12\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := r.Bytes(); string(got) != `{"Meta":{"Test":true},"Visits":[{"Number":12}]}`+"\n" {
		t.Errorf("%s", got)
	}
	if r, err = e.Run(context.Background(), []byte("test,number\nmaybe,x\n")); err != nil || len(r.Warnings) != 2 {
		t.Errorf("values of other types give %v %v", r.Warnings, err)
	}
}

func loaded(t testing.TB, text string, beside ...string) *mapping.File {
	t.Helper()
	dir := fstest.MapFS{"m.yaml": {Data: []byte(text)}}
	for i := 0; i+1 < len(beside); i += 2 {
		dir[beside[i]] = &fstest.MapFile{Data: []byte(beside[i+1])}
	}
	f, err := mapping.Load(dir, "m.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// rowsOf maps a file to CSV and returns the rows and the first error.
func rowsOf(t *testing.T, f *mapping.File, text string) (rows string, warnings int, err error) {
	t.Helper()
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	for rec, err := range e.Records(context.Background(), strings.NewReader(text)) {
		if err != nil {
			return rows, warnings, err
		}
		r, err := e.RunRecord(context.Background(), rec)
		if err != nil {
			return rows, warnings, err
		}
		b, err := r.Bytes()
		if err != nil {
			return rows, warnings, err
		}
		rows += string(b)
		warnings += len(r.Warnings)
	}
	return rows, warnings, nil
}

func copying(source, target string) string {
	return "map: 1\nsource: " + source + "\ntarget: " + target + "\nblocks:\n  - id: b\n    make: row\n    rules:\n      - {id: r1, to: a, from: x}\n      - {id: r2, to: b, from: \"y\"}\n"
}

func TestRows(t *testing.T) {
	layout := "layout: 1\nfields:\n  - {name: x, length: 3}\n  - {name: \"y\", length: 4, align: right, pad: \"0\"}\n"
	out := "layout: 1\nfields:\n  - {name: a, length: 3}\n  - {name: b, length: 4, align: right, pad: \"0\"}\n"
	for _, c := range []struct {
		name, source, target, text, want string
		warnings                         int
		err                              string
	}{
		{name: "a mark of byte order", source: `{kind: csv}`, target: `{kind: csv}`, text: "\ufeffx,y\n1,2\n", want: "1,2\n"},
		{name: "tabs", source: `{kind: csv, delimiter: tab}`, target: `{kind: csv, delimiter: "|"}`, text: "x\ty\n1\t2\n", want: "1|2\n"},
		{name: "no header", source: `{kind: csv, header: false, columns: [x, "y"]}`, target: `{kind: csv}`, text: "1,2,3\n", want: "1,2\n"},
		{name: "wrong encoding", source: `{kind: csv}`, target: `{kind: csv}`, text: "x,y\n1,M\xfc\n", err: "line 2 is not in UTF-8"},
		{name: "UTF-16", source: `{kind: csv, encoding: utf-16le}`, target: `{kind: csv}`, text: "\xff\xfex\x00,\x00y\x00\n\x001\x00,\x00\xfc\x00\n\x00", want: "1,ü\n"},
		{name: "a letter that cannot be written", source: `{kind: csv}`, target: `{kind: csv, encoding: iso-8859-2}`, text: "x,y\n1,日\n", err: "cannot write"},
		{name: "fixed", source: `{kind: fixed-width, layout: "in.yaml"}`, target: `{kind: csv}`, text: "ab 0012\n\nü  0000", want: "ab,12\nü,0\n"},
		{name: "a short record", source: `{kind: fixed-width, layout: "in.yaml"}`, target: `{kind: csv}`, text: "ab\n", want: "ab,\n"},
		{name: "to fixed", source: `{kind: csv}`, target: `{kind: fixed-width, layout: "out.yaml"}`, text: "x,y\nab,7\n,\n", want: "ab 0007\n       \n"},
		{name: "too long for its field", source: `{kind: csv}`, target: `{kind: fixed-width, layout: "out.yaml"}`, text: "x,y\nabcd,7\n", want: "abc0007\n", warnings: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, warnings, err := rowsOf(t, loaded(t, copying(c.source, c.target), "in.yaml", layout, "out.yaml", out), c.text)
			switch {
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("the error is %v, wanted %q", err, c.err)
			case c.err == "" && err != nil:
				t.Error(err)
			case rows != c.want || warnings != c.warnings:
				t.Errorf("%q with %d warnings, wanted %q with %d", rows, warnings, c.want, c.warnings)
			}
		})
	}
	whole := strings.Replace(layout, "fields", "lines: none\nfields", 1)
	rows, _, err := rowsOf(t, loaded(t, copying(`{kind: fixed-width, layout: "in.yaml"}`, `{kind: csv}`), "in.yaml", whole), "ab 0012cd 0013ef ")
	if rows != "ab,12\ncd,13\n" || err == nil || !strings.Contains(err.Error(), "the last record, number 3, has 3 characters") {
		t.Errorf("records without line ends give %q %v", rows, err)
	}
}

// TestRowFaults: what an end says wrongly is told when the mapping is compiled.
func TestRowFaults(t *testing.T) {
	for source, want := range map[string]string{
		`{kind: csv, delimiter: ";;"}`:        "not one sign",
		`{kind: csv, encoding: klingon}`:      "not known",
		`{kind: csv, layout: "in.yaml"}`:      "for kind: fixed-width only",
		`{kind: json, delimiter: ";"}`:        "for kind: csv only",
		`{kind: xml, encoding: windows-1252}`: "for kind: csv and fixed-width",
		`{kind: fixed-width}`:                 "need their layout",
	} {
		f := loaded(t, copying(source, `{kind: csv}`), "in.yaml", "layout: 1\nfields: [{name: x, length: 1}]\n")
		if _, err := mapping.Compile(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, wanted %q", source, err, want)
		}
	}
	f := loaded(t, copying(`{kind: csv}`, `{kind: fixed-width, layout: "in.yaml"}`), "in.yaml", "layout: 1\nfields: [{name: a, length: 1}]\n")
	if _, err := mapping.Compile(f); err == nil || !strings.Contains(err.Error(), `the layout has no field "b"`) {
		t.Errorf("a column beyond the layout gives %v", err)
	}
}

// TestClear takes fields out of messages that are kept and of messages that are made.
func TestClear(t *testing.T) {
	const message = "MSH|^~\\&|A|B|C|D|20260102||ADT^A08|1|P|2.5.1\rPID|1|2|3^^^A^MR~4^^^B^SS||Last^First||19800101\r"
	for _, c := range []struct{ keep, to, want string }{
		{"true", "PID-3", "PID|1|2|||Last^First||19800101\r"},
		{"true", "PID-3[2]", "PID|1|2|3^^^A^MR~||Last^First||19800101\r"},
		{"true", "PID-5.2", "PID|1|2|3^^^A^MR~4^^^B^SS||Last^||19800101\r"},
		{"true", "PID-30", "PID|1|2|3^^^A^MR~4^^^B^SS||Last^First||19800101\r"},
		{"false", "PID-5.2", "PID|||||Last\r"},
		{"false", "PID-5", ""},
	} {
		f := loaded(t, "map: 1\nsource: {kind: hl7v2}\ntarget: {kind: hl7v2, keep: "+c.keep+"}\nblocks:\n  - id: b\n    make: PID\n    per: PID\n    rules:\n"+
			"      - {id: r1, to: PID-5, from: PID-5}\n      - {id: r2, to: \""+c.to+"\", do: [clear]}\n")
		e, err := mapping.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		r, err := e.Run(context.Background(), []byte(message))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range r.Warnings {
			t.Error(w)
		}
		if got := string(r.Message); !strings.HasSuffix(got, c.want) || c.want == "" && got != "PID\r" {
			t.Errorf("%s: %q", c.to, got)
		}
	}
	f := loaded(t, "map: 1\nsource: {kind: hl7v2}\ntarget: {kind: csv}\nblocks:\n  - id: b\n    make: row\n    rules:\n      - {id: r1, to: a, do: [clear]}\n")
	if _, err := mapping.Compile(f); err == nil {
		t.Error("clear is let through where nothing is kept")
	}
}

func TestSteps(t *testing.T) {
	s, err := mapping.CompileSteps(&mapping.File{Zone: "America/New_York"}, []mapping.Step{{Name: "datetime"}})
	if err != nil {
		t.Fatal(err)
	}
	if out, warned := s.Apply("20260102030405"); warned || !slices.Equal(out, []string{"2026-01-02T03:04:05-05:00"}) {
		t.Error(out, warned)
	}
	if out, warned := s.Apply("tomorrow"); !warned || len(out) > 0 {
		t.Error(out, warned)
	}
	if _, err := mapping.CompileSteps(&mapping.File{}, []mapping.Step{{Name: "reference", Args: []string{"b"}}}); err == nil {
		t.Error("a function that needs a message is let through")
	}
}

func FuzzReadLayout(f *testing.F) {
	f.Add([]byte(patientLayout), "0001Last")
	f.Add([]byte("layout: 1\nlines: none\nfields: [{name: a, start: 3, length: 2}]\n"), "abcd\nef")
	f.Fuzz(func(t *testing.T, b []byte, record string) {
		l, err := mapping.ReadLayout(b)
		if err != nil {
			return
		}
		for _, x := range l.Fields {
			if x.Start < 1 || x.Start+x.Length-1 > l.Length {
				t.Fatalf("the field %q lies outside of the record", x.Name)
			}
		}
		file := &mapping.File{Source: mapping.End{Kind: mapping.FixedWidth, Fields: l}, Target: mapping.End{Kind: mapping.JSON}}
		e, err := mapping.Compile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rec, err := range e.Records(context.Background(), strings.NewReader(record)) {
			if n++; err != nil || n > 1000 {
				break
			}
			if _, err := e.RunRecord(context.Background(), rec); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzReadSchema(f *testing.F) {
	f.Add([]byte(patientSchema))
	f.Add([]byte(`{"properties": {"a": {"items": [{"type": "array", "items": {"$ref": "#"}}]}}, "anyOf": [{"$ref": "#/properties/a"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := mapping.ReadSchema(b)
		if err != nil {
			return
		}
		for _, e := range s.Elements {
			if _, ok := s.Element(e.Path); !ok {
				t.Fatalf("%q is listed and not found", e.Path)
			}
		}
	})
}

// FuzzRows: whatever stands in a file of rows, in whatever form, is read to its end or refused with an error.
func FuzzRows(f *testing.F) {
	f.Add("a,b\n1,2\n", ",", "", true)
	f.Add("\xff\xfea\x00;\x00", ";", "utf-16le", false)
	f.Add("\"a\nb\"\tc", "tab", "windows-1252", false)
	f.Fuzz(func(t *testing.T, text, delimiter, encoding string, header bool) {
		end := mapping.End{Kind: mapping.CSV, Delimiter: delimiter, Encoding: encoding, NoHeader: !header, Columns: []string{"a"}}
		e, err := mapping.Compile(&mapping.File{Source: end, Target: mapping.End{Kind: mapping.CSV, Columns: []string{"a", "b"}}, Blocks: []mapping.Block{
			{ID: "b", Make: "row", Rules: []mapping.Rule{{ID: "r", To: "a", From: []string{"a"}}}},
		}})
		if err != nil {
			return
		}
		n := 0
		for rec, err := range e.Records(context.Background(), strings.NewReader(text)) {
			if err != nil {
				break
			}
			if n++; rec.Number != n {
				t.Fatalf("record %d has the number %d", n, rec.Number)
			}
			r, err := e.RunRecord(context.Background(), rec)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Bytes(); err != nil {
				t.Fatal(err)
			}
		}
		if n > len(text)+1 {
			t.Fatalf("%d records in %d bytes", n, len(text))
		}
	})
}
