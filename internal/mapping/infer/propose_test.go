package infer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/mapping/infer"
)

// known are mappings that are applied to messages and must be found again.
var known = []struct {
	name, text string
	tables     map[string]string
	least      float64 // the share of values of messages that were not learnt from that must come out again
}{
	{name: "nothing", least: 1, text: `
target: {kind: hl7v2, keep: true}
blocks: []
`},
	{name: "fields of a kept message", least: 1, text: `
target: {kind: hl7v2, keep: true}
tables: {sex: {file: "sex.csv"}}
blocks:
  - id: msh
    make: MSH
    per: MSH
    rules:
      - {id: m1, to: MSH-5, value: "TRESTLE"}
  - id: pid
    make: PID
    per: PID
    rules:
      - {id: p1, to: PID-5.1, from: PID-5.1, do: [upper]}
      - {id: p2, to: PID-8, from: PID-8, do: [{lookup: sex}]}
      - {id: p3, to: PID-7, from: PID-7, do: [{reformat: ["YYYYMMDD", "MM/DD/YYYY"]}]}
      - {id: p4, to: PID-19, do: [clear]}
      - {id: p5, to: PID-2, from: PV1-19, do: [{prefix: "RB-"}]}
      - {id: p6, to: PID-11.5, from: PID-11.5, do: [{left: "3"}]}
  - id: zpi
    make: ZPI
    per: ZPI
    drop: true
`, tables: map[string]string{"sex.csv": "v2,other\nM,1\nF,2\nU,9\n"}},
	{name: "segments filtered, added and changed", least: 1, text: `
target: {kind: hl7v2, keep: true}
blocks:
  - id: nk1
    make: NK1
    per: NK1
    drop: true
    when: NK1-3 EQUALS "CHD"
  - id: in1
    make: IN1
    per: IN1
    rules:
      - {id: i1, to: IN1-4, from: IN1-4, do: [title_case]}
      - {id: i2, to: IN1-36, from: IN1-36, do: [{strip_leading: "P"}]}
  - id: zx1
    make: ZX1
    per: PV1
    rules:
      - {id: z1, to: ZX1-1, from: PV1-19}
      - {id: z2, to: ZX1-2, from: ["PID-5.1", "PID-5.2"], do: [{join: ", "}]}
      - {id: z3, to: ZX1-3, value: "TRESTLE"}
`},
	{name: "repetitions kept by their kind", least: 1, text: `
target: {kind: hl7v2, keep: true}
blocks:
  - id: pid
    make: PID
    per: PID
    rules:
      - {id: p1, to: PID-3, do: [clear]}
      - {id: p2, to: "PID-3[]", each: PID-3, from: PID-3, when: PID-3.5 EQUALS "MR"}
`},
	{name: "what happens sometimes", least: 1, text: `
target: {kind: hl7v2, keep: true}
blocks:
  - id: pid
    make: PID
    per: PID
    rules:
      - {id: p1, to: PID-13.1, do: [clear], when: PV1-2 EQUALS "E"}
      - {id: p2, to: PID-15, from: PID-15, default: "UNK"}
`},
	{name: "to JSON", least: 1, text: `
target: {kind: json}
tables: {sex: {file: "sex.csv"}}
blocks:
  - id: root
    make: "."
    rules:
      - {id: r1, to: "Meta.Model", value: "PatientAdmin"}
      - {id: r2, to: "Patient.Identifier", from: PID-3.1}
      - {id: r3, to: "Patient.Name.Last", from: PID-5.1}
      - {id: r4, to: "Patient.Name.First", from: PID-5.2, do: [upper]}
      - {id: r5, to: "Patient.DOB", from: PID-7, do: [date]}
      - {id: r6, to: "Patient.Sex", from: PID-8, do: [{lookup: sex}]}
      - {id: r7, to: "Patient.Display", from: ["PID-5.2", "PID-5.3", "PID-5.1"], do: [{join: " "}]}
      - {id: r8, to: "Visit.Number", from: PV1-19, do: [{strip_leading: "V"}]}
      - {id: r9, to: "Visit.Inpatient", value: "true", when: PV1-2 EQUALS "I"}
    blocks:
      - id: insurances
        make: "Visit.Insurances[]"
        per: IN1
        rules:
          - {id: i1, to: "Plan.ID", from: IN1-2}
          - {id: i2, to: "Company.Name", from: IN1-4}
          - {id: i3, to: "Number", from: IN1-1, do: [json_number]}
      - id: contacts
        make: "Patient.Contacts[]"
        per: NK1
        rules:
          - {id: c1, to: "LastName", from: NK1-2.1}
          - {id: c2, to: "Relation", from: NK1-3, do: [lower]}
      - id: identifiers
        make: "Patient.Identifiers[]"
        per: PID-3
        rules:
          - {id: d1, to: "ID", from: PID-3.1}
          - {id: d2, to: "IDType", from: PID-3.5}
`, tables: map[string]string{"sex.csv": "v2,other\nM,Male\nF,Female\nU,Unknown\n"}},
	{name: "to CSV", least: 1, text: `
target: {kind: csv}
blocks:
  - id: row
    make: row
    rules:
      - {id: r1, to: "mrn", from: PID-3.1, do: [{pad: ["10", "0"]}]}
      - {id: r2, to: "last name", from: PID-5.1}
      - {id: r3, to: "city and state", from: ["PID-11.3", "PID-11.4"], do: [{join: ", "}]}
      - {id: r4, to: "month", from: PID-7, do: [{substring: ["5", "2"]}]}
      - {id: r5, to: "class", from: PV1-2, do: [{choose: ["I", "inpatient", "O", "outpatient", "E", "emergency"]}]}
`},
	{name: "to FHIR", least: 1, text: `
target: {kind: fhir, root: Bundle}
tables: {sex: {file: "sex.csv"}}
blocks:
  - id: patient
    make: Patient
    per: PID
    key: ["PID-3.1"]
    rules:
      - {id: r1, to: "identifier[].value", each: PID-3, from: PID-3.1}
      - {id: r2, to: "identifier[].type.coding[0].code", each: PID-3, from: PID-3.5}
      - {id: r3, to: "name[0].family", from: PID-5.1}
      - {id: r4, to: "name[0].given[0]", from: PID-5.2}
      - {id: r5, to: "gender", from: PID-8, do: [{lookup: sex}]}
      - {id: r6, to: "birthDate", from: PID-7, do: [date]}
  - id: related
    make: RelatedPerson
    per: NK1
    rules:
      - {id: n1, to: "name[0].family", from: NK1-2.1}
      - {id: n2, to: "patient", do: [{reference: patient}, first]}
  - id: coverage
    make: Coverage
    per: IN1
    rules:
      - {id: i1, to: "status", value: "active"}
      - {id: i2, to: "subscriberId", from: IN1-36}
      - {id: i3, to: "beneficiary", do: [{reference: patient}, first]}
      - {id: i4, to: "period.start", from: IN1-12, do: [date]}
`, tables: map[string]string{"sex.csv": "v2,fhir\nM,male\nF,female\nU,unknown\n"}},
}

func TestFindAgain(t *testing.T) {
	for _, k := range known {
		t.Run(k.name, func(t *testing.T) {
			e := compiled(t, "{kind: hl7v2}", k.text, k.tables)
			proposal, err := infer.Propose(context.Background(), applied(t, e, feed(1, 60)), infer.Options{Target: e.File().Target})
			if err != nil {
				t.Fatal(err)
			}
			share, first := reproduced(t, proposal.File, applied(t, e, feed(2, 40)))
			t.Logf("%.2f %% of the values of 40 further messages; %d rules", 100*share, proposal.File.Rules())
			if share < k.least {
				text, _ := mapping.Format(proposal.File)
				t.Errorf("%.2f %% of the values of further messages come out, the floor is %.2f %%: %s\n%s\n%+v", 100*share, 100*k.least, first, text, proposal.Unexplained)
			}
		})
	}
}

// TestNoise: a few messages in which something else came out do not hide a rule, and are shown as its counterexamples.
func TestNoise(t *testing.T) {
	e := compiled(t, "{kind: hl7v2}", known[5].text, known[5].tables)
	pairs := applied(t, e, feed(3, 80))
	for i := 0; i < len(pairs); i += 20 { // 4 of 80
		pairs[i].After.Bytes = []byte(strings.Replace(string(pairs[i].After.Bytes), `"Last":"`, `"Last":"Mrs. `, 1))
	}
	proposal, err := infer.Propose(context.Background(), pairs, infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(proposal.Evidence, func(e infer.Evidence) bool { return e.To == "Patient.Name.Last" })
	if i < 0 {
		t.Fatal("no rule for Patient.Name.Last")
	}
	x := proposal.Evidence[i]
	if x.Kind != infer.Copy || x.Holds != 76 || x.Of != 80 || len(x.Counterexamples) != 4 {
		t.Errorf("%+v", x)
	}
}

// TestSame: the same pairs give the same mapping.
func TestSame(t *testing.T) {
	e := compiled(t, "{kind: hl7v2}", known[7].text, known[7].tables)
	var before string
	for range 3 {
		proposal, err := infer.Propose(context.Background(), applied(t, e, feed(4, 40)), infer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := mapping.Format(proposal.File)
		if err != nil {
			t.Fatal(err)
		}
		now := string(text) + fmt.Sprint(proposal.Evidence, proposal.File.Tables, proposal.Unexplained)
		if before != "" && now != before {
			t.Fatal("two runs over the same pairs give two mappings")
		}
		before = now
	}
}

// TestOtherSources learns from rows, from JSON and from FHIR.
func TestOtherSources(t *testing.T) {
	toJSON := known[5]
	toFHIR := known[7]
	toCSV := known[6]
	for _, k := range []struct {
		name, source string
		from         struct {
			name, text string
			tables     map[string]string
			least      float64
		}
		text string
	}{
		{"JSON to HL7 v2", `{kind: json}`, toJSON, `
target: {kind: hl7v2, version: "2.5.1"}
blocks:
  - id: msh
    make: MSH
    rules:
      - {id: m1, to: MSH-3, value: "TRESTLE"}
      - {id: m2, to: MSH-9.1, value: "ADT"}
      - {id: m3, to: MSH-9.2, value: "A08"}
      - {id: m4, to: MSH-12, value: "2.5.1"}
  - id: pid
    make: PID
    rules:
      - {id: p1, to: "PID-3.1", from: "Patient.Identifiers[IDType=MR].ID"}
      - {id: p2, to: "PID-5.1", from: "Patient.Name.Last"}
      - {id: p3, to: "PID-5.2", from: "Patient.Name.First", do: [title_case]}
      - {id: p4, to: "PID-7", from: "Patient.DOB", do: [hl7_date]}
      - {id: p5, to: "PID-8", from: "Patient.Sex", do: [{left: "1"}]}
  - id: in1
    make: IN1
    per: "Visit.Insurances"
    rules:
      - {id: i1, to: "IN1-2", from: "Plan.ID"}
      - {id: i2, to: "IN1-4", from: "Company.Name"}
      - {id: i3, to: "IN1-10", from: "/Visit.Number"}
`},
		{"FHIR to JSON", `{kind: fhir}`, toFHIR, `
target: {kind: json}
blocks:
  - id: root
    make: "."
    rules:
      - {id: r1, to: "last", from: "Patient.name.family"}
      - {id: r2, to: "born", from: "Patient.birthDate", do: [hl7_date]}
      - {id: r3, to: "sex", from: "Patient.gender", do: [upper]}
    blocks:
      - id: relatives
        make: "relatives[]"
        per: "RelatedPerson"
        rules:
          - {id: n1, to: "last", from: "RelatedPerson.name.family"}
          - {id: n2, to: "of", from: "Patient.name.family"}
`},
		{"CSV to XML", `{kind: csv}`, toCSV, `
target: {kind: xml, root: patient}
blocks:
  - id: root
    make: "."
    rules:
      - {id: r1, to: "@mrn", from: "mrn", do: [{strip_leading: "0"}]}
      - {id: r2, to: "name.last", from: "last name", do: [upper]}
      - {id: r3, to: "city", from: "city and state", do: [{before: ", "}]}
      - {id: r4, to: "state", from: "city and state", do: [{after: ", "}]}
      - {id: r5, to: "class", from: "class", do: [{left: "1"}, upper]}
`},
	} {
		t.Run(k.name, func(t *testing.T) {
			first := compiled(t, "{kind: hl7v2}", k.from.text, k.from.tables)
			second := compiled(t, k.source, k.text, nil)
			pairs := func(seed uint64, n int) []infer.Pair {
				var before []mapping.Record
				for _, x := range applied(t, first, feed(seed, n)) {
					before = append(before, x.After)
				}
				return applied(t, second, before)
			}
			end := infer.Options{Source: second.File().Source}
			proposal, err := infer.Propose(context.Background(), pairs(5, 60), end)
			if err != nil {
				t.Fatal(err)
			}
			share, different := reproduced(t, proposal.File, pairs(6, 40))
			if share < 1 {
				text, _ := mapping.Format(proposal.File)
				t.Errorf("%.2f %% of the values of further messages come out: %s\n%s\n%+v", 100*share, different, text, proposal.Unexplained)
			}
		})
	}
}

// TestUnwritable: what the target cannot hold is told, and the rest is proposed.
func TestUnwritable(t *testing.T) {
	var pairs []infer.Pair
	for i, m := range feed(8, 6) {
		pairs = append(pairs, infer.Pair{Name: fmt.Sprint(i), Before: m, After: mapping.Record{Bytes: fmt.Appendf(nil, `{"resourceType":"Patient","active":true,"shoeSize":"%d","gender":"male"}`, i)}})
	}
	p, err := infer.Propose(context.Background(), pairs, infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Unexplained) != 1 || p.Unexplained[0].To != "shoeSize" || p.File.Rules() != 2 || p.Reproduced != 12 || p.Values != 18 {
		t.Errorf("%+v with %d rules, %d of %d", p.Unexplained, p.File.Rules(), p.Reproduced, p.Values)
	}
	for i := range pairs {
		pairs[i].After.Bytes = []byte(`{"resourceType":"Patient","shoeSize":"44","gender":"male"}`)
	}
	if p, err = infer.Propose(context.Background(), pairs, infer.Options{}); err != nil || len(p.Unexplained) != 1 || !strings.Contains(p.Unexplained[0].Best, "shoeSize") || len(p.Evidence) != 1 {
		t.Errorf("%+v %v", p, err)
	}
}

// TestAlign pairs by control ID where both sides have it, and by order elsewhere.
func TestAlign(t *testing.T) {
	message := func(id string) mapping.Record {
		return mapping.Record{Bytes: []byte("MSH|^~\\&|A|B|C|D|20260102||ADT^A01|" + id + "|P|2.5.1\r")}
	}
	names := func(pairs []infer.Pair) (list []string) {
		for _, p := range pairs {
			list = append(list, p.Name)
		}
		return list
	}
	pairs, notes := infer.Align([]mapping.Record{message("1"), message("2"), message("3")}, []mapping.Record{message("3"), message("1")})
	if !slices.Equal(names(pairs), []string{"1", "3"}) || string(pairs[1].After.Bytes) != string(message("3").Bytes) || len(notes) != 2 {
		t.Error(names(pairs), notes)
	}
	pairs, notes = infer.Align([]mapping.Record{message("1"), message("1"), message("3")}, []mapping.Record{message("3"), message("1")})
	if !slices.Equal(names(pairs), []string{"1", "2"}) || len(notes) != 2 {
		t.Error(names(pairs), notes)
	}
	if _, err := infer.Propose(context.Background(), nil, infer.Options{}); err == nil {
		t.Error("no pairs give a proposal")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := infer.Propose(ctx, pairs, infer.Options{}); err == nil {
		t.Error("a cancelled proposal is finished")
	}
}

// TestNested: lists in lists follow the groups of the message, and what is left out of them is found.
func TestNested(t *testing.T) {
	e := compiled(t, "{kind: hl7v2}", `
target: {kind: json}
blocks:
  - id: root
    make: "."
    rules:
      - {id: r1, to: "patient", from: PID-3.1}
    blocks:
      - id: orders
        make: "orders[]"
        per: OBR
        rules:
          - {id: o1, to: "number", from: OBR-3.1}
          - {id: o2, to: "test", from: OBR-4.2, do: [upper]}
        blocks:
          - id: results
            make: "results[]"
            per: OBX
            when: 'OBX-11 EQUALS "F"'
            rules:
              - {id: x1, to: "code", from: OBX-3.1}
              - {id: x2, to: "value", from: OBX-5, do: [json_number]}
              - {id: x3, to: "unit", from: OBX-6.1}
              - {id: x4, to: "order", from: OBR-3.1}
`, nil)
	proposal, err := infer.Propose(context.Background(), applied(t, e, results(1, 60)), infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	share, first := reproduced(t, proposal.File, applied(t, e, results(2, 40)))
	if share < 1 {
		text, _ := mapping.Format(proposal.File)
		t.Errorf("%.2f %%: %s\n%s\n%+v", 100*share, first, text, proposal.Unexplained)
	}
}

// TestFew: of one pair nothing is certain, and it gives a proposal nevertheless.
func TestFew(t *testing.T) {
	e := compiled(t, "{kind: hl7v2}", known[5].text, known[5].tables)
	proposal, err := infer.Propose(context.Background(), applied(t, e, feed(9, 1)), infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if proposal.Reproduced < proposal.Values {
		t.Errorf("%d of %d values; %+v", proposal.Reproduced, proposal.Values, proposal.Unexplained)
	}
}

// TestOtherMessage: where the message becomes one of another type, it is written anew, in its order, groups within each other.
func TestOtherMessage(t *testing.T) {
	e := compiled(t, "{kind: hl7v2}", `
target: {kind: hl7v2, version: "2.5.1"}
blocks:
  - id: msh
    make: MSH
    rules:
      - {id: m1, to: MSH-3, value: "TRESTLE"}
      - {id: m2, to: MSH-9.1, value: "ORM"}
      - {id: m3, to: MSH-9.2, value: "O01"}
      - {id: m4, to: MSH-10, from: MSH-10, do: [{prefix: "T"}]}
      - {id: m5, to: MSH-12, value: "2.5.1"}
  - id: pid
    make: PID
    rules:
      - {id: p1, to: PID-3.1, from: PID-3.1}
      - {id: p2, to: PID-5.1, from: PID-5.1, do: [upper]}
      - {id: p3, to: PID-5.2, from: PID-5.2}
  - id: orders
    make: ORC
    per: OBR
    rules:
      - {id: o1, to: ORC-1, value: "NW"}
      - {id: o2, to: ORC-2.1, from: OBR-2.1}
    blocks:
      - id: obr
        make: OBR
        rules:
          - {id: b1, to: OBR-4.1, from: OBR-4.1}
          - {id: b2, to: OBR-7, from: OBR-7, do: [{left: "8"}]}
`, nil)
	proposal, err := infer.Propose(context.Background(), applied(t, e, results(3, 60)), infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	share, first := reproduced(t, proposal.File, applied(t, e, results(4, 40)))
	text, _ := mapping.Format(proposal.File)
	if share < 1 || proposal.File.Target.Keep {
		t.Errorf("%.2f %%: %s\n%s\n%+v", 100*share, first, text, proposal.Unexplained)
	}
	made, err := mapping.Compile(proposal.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range results(5, 10) {
		want, err := e.Run(context.Background(), m.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		got, err := made.Run(context.Background(), m.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Message) != string(want.Message) {
			t.Fatalf("the segments stand in another order:\n%q\n%q\n%s", got.Message, want.Message, text)
		}
	}
}

// TestMadeAnew: times and identifiers that were made for the message that came out are told as such.
func TestMadeAnew(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var pairs []infer.Pair
	for i, m := range feed(6, 20) {
		text := strings.Replace(string(m.Bytes), "|C6-", fmt.Sprintf("|%08X", r.Uint32()), 1)
		fields := strings.SplitN(text, "|", 8)
		fields[6] = fmt.Sprintf("20270%d%02d%02d%02d%02d", 1+r.IntN(9), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
		pairs = append(pairs, infer.Pair{Name: fmt.Sprint(i), Before: m, After: mapping.Record{Bytes: []byte(strings.Join(fields, "|"))}})
	}
	p, err := infer.Propose(context.Background(), pairs, infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, u := range p.Unexplained {
		got[u.To] = u.Best
	}
	if len(got) != 2 || !strings.HasPrefix(got["MSH-7.1"], "a time") || !strings.HasPrefix(got["MSH-10"], "a value of its own") {
		t.Errorf("%q", got)
	}
}

// TestManyRows: of one message come several rows, one for each result.
func TestManyRows(t *testing.T) {
	e := compiled(t, "{kind: hl7v2}", `
target: {kind: csv}
blocks:
  - id: row
    make: row
    per: OBX
    rules:
      - {id: r1, to: "message", from: MSH-10}
      - {id: r2, to: "order", from: OBR-3.1}
      - {id: r3, to: "code", from: OBX-3.1}
      - {id: r4, to: "value", from: OBX-5}
      - {id: r5, to: "flag", from: OBX-8, do: [{choose: [N, "", H, high, L, low]}]}
`, nil)
	pairs := func(seed uint64) []infer.Pair {
		messages := results(seed, 40)
		var rows []mapping.Record
		for _, m := range messages {
			r, err := e.RunRecord(context.Background(), m)
			if err != nil {
				t.Fatal(err)
			}
			b, err := r.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			list, err := infer.Records(context.Background(), e.File().Target, strings.NewReader(string(e.File().Header())+string(b)))
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, list...)
		}
		pairs, notes := infer.Align(messages, rows)
		if len(pairs) != len(messages) || !strings.Contains(notes[0], `by the column "message"`) {
			t.Fatal(len(pairs), notes)
		}
		return pairs
	}
	proposal, err := infer.Propose(context.Background(), pairs(1), infer.Options{Target: mapping.End{Kind: mapping.CSV}})
	if err != nil {
		t.Fatal(err)
	}
	if proposal.Reproduced != proposal.Values || proposal.Extra != 0 {
		t.Errorf("%d of %d and %d beside them: %+v", proposal.Reproduced, proposal.Values, proposal.Extra, proposal.Unexplained)
	}
	made, err := mapping.Compile(proposal.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs(2) {
		want, err := infer.Values(proposal.File.Target, p.After.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		r, err := made.RunRecord(context.Background(), p.Before)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range r.Rows {
			for _, c := range row.Children {
				if k := fmt.Sprintf("%d %s", i, c.Name); want[k] != c.Text {
					t.Fatalf("%s is %q, wanted %q", k, c.Text, want[k])
				}
			}
		}
	}
}
