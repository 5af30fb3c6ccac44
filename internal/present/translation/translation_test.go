package translation

import (
	"context"
	"strings"
	"testing"
	"time"

	"trestle/internal/check"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/twodoors"
	"trestle/internal/fhir"
	"trestle/internal/fhir/validate"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
)

const admit = "MSH|^~\\&|EHR|RF|INF|C|20260302101500-0600||ADT^A01^ADT_A01|MSG1|T|2.5.1\rEVN||20260302101500-0600\rPID|1||88121^^^RF^MR||MOSS^ANN||19800502|F|||12 Mill Lane^^River Falls^WI^00012||555-0101\r" +
	"PV1|1|I|3W^12^A^RF||||1234567890^STONE^KIM||||||||||||V77^^^RF^VN\rIN1|1|PLANX|LHP|Lakeside Health Plan||||||||20260101|20261231|||MOSS^ANN|SEL|19800502|||||||||||||||||||W12345\r"

func shared(t *testing.T) (*fhirstore.Store, *twodoors.Door, *Mappings) {
	t.Helper()
	m, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	store := fhirstore.New(fhirstore.Options{})
	d, err := twodoors.New(twodoors.Options{Store: store, Translator: m})
	if err != nil {
		t.Fatal(err)
	}
	return store, d, m
}

// An admission makes the patient, the visit and the coverage; the same and a later message change them and make no doubles.
func TestAMessageComesIn(t *testing.T) {
	store, d, _ := shared(t)
	// The FHIR side knows the patient already, by a system that HL7 v2 does not have.
	if _, err := store.Load(t.Context(), strings.NewReader(`{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"urn:oid:2.999.1","value":"88121"}],"name":[{"family":"Moss","given":["Annie"]}],"active":true}`)); err != nil {
		t.Fatal(err)
	}
	discharge := strings.NewReplacer("ADT^A01^ADT_A01", "ADT^A03^ADT_A03", "MSG1", "MSG2", "|MOSS^ANN||", "|MOSS^ANNA||").Replace(admit)
	for i, message := range []string{admit, admit, discharge} {
		if err := d.Receive(t.Context(), []byte(message)); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		for typ, want := range map[string]int{"Patient": 1, "Encounter": 1, "Coverage": 1, "Organization": 1} {
			if got := store.Count(typ); got != want {
				t.Errorf("%d: %d of type %s", i, got, typ)
			}
		}
	}
	v, err := store.Read("Patient", "p1")
	if err != nil || v.Tree().Find("name", "given").String() != "ANNA" || v.Tree().Member("active").String() != "true" || v.Number != 3 {
		t.Errorf("%v: %s", err, v.Body)
	}
	for _, typ := range []string{"Encounter", "Coverage"} {
		found, err := store.Search(t.Context(), &fhirstore.Query{Type: typ})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range found {
			if !strings.Contains(string(v.Body), `"Patient/p1"`) {
				t.Errorf("%s", v.Body)
			}
			for _, f := range validate.Bytes(context.Background(), v.Body, validate.Options{}) {
				if f.Severity >= validate.Error {
					t.Errorf("%s: %s %s", typ, f.Path, f.Text)
				}
			}
		}
	}
	if err := d.Receive(t.Context(), []byte(strings.Replace(admit, "ADT^A01^ADT_A01", "ZZZ^Z01", 1))); err != nil || d.Stats().Received != 3 {
		t.Errorf("a type that nobody maps: %v, %+v", err, d.Stats())
	}
}

// What goes out is a message that our own check has little to say against.
func TestMessagesGoOut(t *testing.T) {
	_, _, m := shared(t)
	bundle := func(trigger, more string) *fhir.Node {
		n, err := fhir.ParseJSON([]byte(`{"resourceType":"Bundle","identifier":{"value":"F1"},"type":"message","timestamp":"2026-03-02T10:15:00.000Z","entry":[
			{"fullUrl":"http://fhir.invalid/MessageHeader/F1","resource":{"resourceType":"MessageHeader","id":"F1","eventCoding":{"code":"` + trigger + `"}}},
			{"resource":{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"code":"MR"}]},"system":"urn:oid:2.999.1","value":"88121"}],"name":[{"use":"official","family":"Moss","given":["Ann"]}],"gender":"female","birthDate":"1980-05-02"}}` + more + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, c := range []struct {
		event      twodoors.Event
		more, want string
	}{
		{twodoors.Event{Type: "ADT", Trigger: "A28"}, "", "MSH-9=ADT^A28^ADT_A05 MSH-10=F1 MSH-7=20260302101500.000+0000 PID-3.1=88121 PID-5.1=Moss PV1-2=N"},
		{twodoors.Event{Type: "ADT", Trigger: "A01"}, `,{"resource":{"resourceType":"Encounter","status":"in-progress","class":{"code":"IMP"},"identifier":[{"value":"V77"}]}},{"fullUrl":"http://fhir.invalid/Coverage/c1","resource":{"resourceType":"Coverage","id":"c1","status":"active","subscriberId":"W1","payor":[{"reference":"Organization/o1"}]}},{"fullUrl":"http://fhir.invalid/Organization/o1","resource":{"resourceType":"Organization","id":"o1","identifier":[{"value":"LHP"}],"name":"Lakeside"}}`,
			"MSH-9=ADT^A01^ADT_A01 PV1-2=I PV1-19.1=V77 IN1-1=1 IN1-3.1=LHP IN1-4.1=Lakeside IN1-36=W1"},
		{twodoors.Event{Type: "SIU", Trigger: "S12"}, `,{"resource":{"resourceType":"Appointment","id":"a1","status":"booked","start":"2026-03-05T10:00:00Z","end":"2026-03-05T10:20:00Z","participant":[{"actor":{"reference":"Practitioner/d1","display":"Stone, Kim"}}]}}`,
			"MSH-9=SIU^S12^SIU_S12 SCH-2.1=a1 SCH-25.1=Booked PID-3.1=88121"},
		{twodoors.Event{Type: "DFT", Trigger: "P03"}, `,{"resource":{"resourceType":"ChargeItem","id":"c1","status":"billable","code":{"coding":[{"code":"96413"}]},"quantity":{"value":2},"occurrenceDateTime":"2026-03-02"}}`,
			"MSH-9=DFT^P03^DFT_P03 FT1-2.1=c1 FT1-6=CG FT1-7.1=96413 FT1-10=2 PID-3.1=88121"},
	} {
		b, err := m.Message(t.Context(), c.event, bundle(c.event.Trigger, c.more))
		if err != nil {
			t.Fatal(err)
		}
		message := hl7.Parse(b)
		for pair := range strings.FieldsSeq(c.want) {
			path, want, _ := strings.Cut(pair, "=")
			if got := string(message.Get(hl7.MustPath(path)).Raw()); got != want {
				t.Errorf("%s^%s: %s is %q, not %q", c.event.Type, c.event.Trigger, path, got, want)
			}
		}
		for _, f := range check.Message(message, check.Options{}) {
			if f.Severity >= check.Error {
				t.Errorf("%s^%s: %s %s: %s", c.event.Type, c.event.Trigger, f.Code, f.Path, f.Text)
			}
		}
	}
	if b, err := m.Message(t.Context(), twodoors.Event{Type: "ORU", Trigger: "R01"}, bundle("R01", "")); b != nil || err != nil {
		t.Errorf("%s %v", b, err)
	}
}

// Mappings of the user's own go before those that come with the program.
func TestOwnMappings(t *testing.T) {
	load := func(name string) *mapping.File {
		f, err := mapping.Load(starter.FS(), name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	own := load("oru-to-report")
	m, err := New([]*mapping.File{own})
	if err != nil {
		t.Fatal(err)
	}
	if in, out := m.Serves(); strings.Join(in, " ")+" / "+strings.Join(out, " ") != "ADT DFT ORU SIU / ADT DFT SIU" {
		t.Errorf("%v %v", in, out)
	}
	parse := func(text string) *mapping.File {
		f, err := mapping.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for want, files := range map[string][]*mapping.File{
		"two mappings serve ADT":         {load("adt-to-patient"), load("adt-to-patient")},
		"its id must begin":              {parse("map: 1\nid: patients\nsource: {kind: hl7v2}\ntarget: {kind: fhir, root: Patient}\nblocks: [{id: b, make: Patient, rules: [{id: r, to: gender, value: female}]}]\n")},
		"puts a text such as ADT":        {parse("map: 1\nid: out\nsource: {kind: fhir}\ntarget: {kind: hl7v2}\nblocks: [{id: b, make: MSH, rules: [{id: r, to: MSH-10, value: x}]}]\n")},
		"must be one of HL7 v2 and FHIR": {parse("map: 1\nid: adt-json\nsource: {kind: hl7v2}\ntarget: {kind: json}\nblocks: [{id: b, make: \".\", rules: [{id: r, to: a, value: x}]}]\n")},
	} {
		if _, err := New(files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	// One resource alone is brought in as well as a Bundle of them.
	m, err = New([]*mapping.File{parse("map: 1\nid: adt-mine\nsource: {kind: hl7v2}\ntarget: {kind: fhir, root: Patient}\nblocks: [{id: b, make: Patient, rules: [{id: r, to: \"identifier[a].value\", from: PID-3.1}]}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	store := fhirstore.New(fhirstore.Options{Now: func() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) }})
	d, err := twodoors.New(twodoors.Options{Store: store, Translator: m})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Receive(t.Context(), []byte(admit)); err != nil || store.Count("") != 1 {
		t.Errorf("%v, %d resources", err, store.Count(""))
	}
}
