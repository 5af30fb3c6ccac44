package mapping_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"trestle/internal/mapping"
)

// ends are the kinds of sources and targets, each with one patient in it and the paths of the patient's name and number.
var ends = []struct {
	name           string
	source, target string // as a mapping says them
	message        string
	number, family string // as a source
	make           string
	toNumber       string // as a target
	toFamily       string
	want           string
}{
	{"HL7 v2", `{kind: hl7v2, version: "2.5.1"}`, `{kind: hl7v2, version: "2.5.1"}`,
		"MSH|^~\\&|A|B|C|D|20260102||ADT^A08|1|P|2.5.1\rPID|1||4711^^^RB^MR||Müller^Ann\r", "PID-3.1", "PID-5.1",
		"PID", "PID-3.1", "PID-5.1", "PID|||4711||Müller\r"},
	{"FHIR", `{kind: fhir}`, `{kind: fhir, root: Patient}`,
		`{"resourceType":"Patient","identifier":[{"value":"4711"}],"name":[{"family":"Müller"}]}`, "Patient.identifier.value", "Patient.name.family",
		"Patient", "identifier[0].value", "name[0].family", `"identifier":[{"value":"4711"}],"name":[{"family":"Müller"}]}`},
	{"JSON", `{kind: json}`, `{kind: json, schema: "patient.schema.json"}`,
		`{"Patient":{"Number":4711,"Name":{"Last":"Müller"}}}`, "Patient.Number", "Patient.Name.Last",
		".", "Patient.Number", "Patient.Name.Last", `{"Patient":{"Number":4711,"Name":{"Last":"Müller"}}}`},
	{"XML", `{kind: xml}`, `{kind: xml, root: patient}`,
		`<patient number="4711"><name><last>Müller</last></name></patient>`, "@number", "name.last",
		".", "@number", "name.last", `<patient number="4711"><name><last>Müller</last></name></patient>`},
	{"CSV", `{kind: csv}`, `{kind: csv, columns: [number, last]}`,
		"number,last\n4711,Müller\n", "number", "last",
		"row", "number", "last", "4711,Müller\n"},
	{"CSV without header, Latin", `{kind: csv, header: false, delimiter: ";", encoding: windows-1252, columns: [number, last]}`, `{kind: csv, header: false, delimiter: ";", encoding: windows-1252, columns: [number, last]}`,
		"4711;M\xfcller\n", "number", "last",
		"row", "number", "last", "4711;M\xfcller\n"},
	{"fixed width", `{kind: fixed-width, layout: "layout.yaml", encoding: iso-8859-1}`, `{kind: fixed-width, layout: "layout.yaml", encoding: iso-8859-1}`,
		"H 20260102\r\n00004711M\xfcller    \r\n", "number", "last",
		"row", "number", "last", "00004711M\xfcller    \r\n"},
}

const patientSchema = `{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["Patient"],
	"properties": {"Patient": {"$ref": "#/$defs/patient"}},
	"$defs": {"patient": {"type": "object", "required": ["Number"], "properties": {
		"Number": {"type": "integer"}, "Name": {"properties": {"Last": {"type": ["string", "null"]}}}}}}}`

const patientLayout = `layout: 1
lines: crlf
skip: 1
fields:
  - {name: number, length: 8, align: right, pad: "0"}
  - {name: last, length: 10}
`

// TestPairs maps every kind of source to every kind of target.
func TestPairs(t *testing.T) {
	for _, from := range ends {
		for _, to := range ends {
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				text := fmt.Sprintf("map: 1\nsource: %s\ntarget: %s\nblocks:\n  - id: b\n    make: %q\n    rules:\n      - {id: r1, to: %q, from: %q}\n      - {id: r2, to: %q, from: %q}\n",
					from.source, to.target, to.make, to.toNumber, from.number, to.toFamily, from.family)
				f, err := mapping.Load(fstest.MapFS{"m.yaml": {Data: []byte(text)}, "layout.yaml": {Data: []byte(patientLayout)}, "patient.schema.json": {Data: []byte(patientSchema)}}, "m.yaml")
				if err != nil {
					t.Fatal(err)
				}
				e, err := mapping.Compile(f)
				if err != nil {
					t.Fatal(err)
				}
				n := 0
				for rec, err := range e.Records(context.Background(), strings.NewReader(from.message)) {
					if err != nil {
						t.Fatal(err)
					}
					n++
					result, err := e.RunRecord(context.Background(), rec)
					if err != nil {
						t.Fatal(err)
					}
					for _, w := range result.Warnings {
						t.Error(w)
					}
					got, err := result.Bytes()
					if err != nil {
						t.Fatal(err)
					}
					if !strings.Contains(string(got), to.want) {
						t.Errorf("the result is %q and has no %q", got, to.want)
					}
				}
				if n != 1 {
					t.Errorf("%d records", n)
				}
				packed, err := mapping.Pack(f)
				if err != nil {
					t.Fatal(err)
				}
				again, err := mapping.Unpack(packed)
				if err != nil {
					t.Fatal(err)
				}
				if a, b := written(t, f), written(t, again); !bytes.Equal(a, b) {
					t.Errorf("packed and unpacked it is %s, before it was %s", b, a)
				}
			})
		}
	}
}

func written(t *testing.T, f *mapping.File) []byte {
	t.Helper()
	b, err := mapping.Format(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
