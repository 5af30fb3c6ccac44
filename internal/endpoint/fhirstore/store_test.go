package fhirstore

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trestle/internal/fhir"
)

const shelf = `
{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}],"text":"Record number"},"system":"urn:oid:1.2","value":"88121"}],"name":[{"family":"Möss","given":["Ann"]}],"gender":"female","birthDate":"1980-05-02","telecom":[{"system":"phone","value":"555-0101"}],"generalPractitioner":[{"reference":"Practitioner/d1"}],"address":[{"city":"River  Falls"}],"active":true,"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">walks with a <b>cane</b></div>"}}
{"resourceType":"Patient","id":"p2","identifier":[{"system":"urn:oid:9.9","value":"88121"},{"value":"bare"}],"name":[{"family":"Brook","given":["Tom"]}],"gender":"male","birthDate":"1990","deceasedBoolean":false,"link":[{"other":{"reference":"Patient/p1"},"type":"seealso"}]}
{"resourceType":"Patient","id":"p3","name":[{"family":"Mossman"}],"birthDate":"1980-05"}
{"resourceType":"Practitioner","id":"d1","name":[{"family":"Stone"}]}
{"resourceType":"Organization","id":"o1","name":"Lake, Clinic"}
{"resourceType":"Observation","id":"ob1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic"}],"text":"Upper pressure"},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-03-02T10:00:00-05:00","valueQuantity":{"value":70,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}
{"resourceType":"Observation","id":"ob2","status":"amended","code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"subject":{"reference":"http://other/fhir/Patient/p1/_history/2"},"effectivePeriod":{"start":"2026-03-01","end":"2026-03-05"},"component":[{"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":1}},{"code":{"coding":[{"code":"b"}]},"valueQuantity":{"value":2}}]}
{"resourceType":"Observation","id":"ob3","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"subject":{"reference":"Patient/p2"},"valueQuantity":{"value":71.2,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}
{"resourceType":"ValueSet","id":"v1","url":"http://river.example/fhir/ValueSet/a","status":"draft"}
{"resourceType":"Coverage","id":"c1","status":"active","beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/o1"}],"subscriber":{"identifier":{"system":"urn:s","value":"7"}}}
{"resourceType":"RiskAssessment","id":"r1","status":"final","subject":{"reference":"Patient/p1"},"prediction":[{"probabilityDecimal":0.8}]}
`

func filled(t testing.TB) *Store {
	t.Helper()
	s := New(Options{})
	done, err := s.Load(t.Context(), strings.NewReader(shelf))
	if err != nil || done.Resources != 11 || done.Skipped != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	return s
}

func ids(list []*Version) string {
	var out []string
	for _, v := range list {
		out = append(out, v.ID)
	}
	return strings.Join(out, " ")
}

func TestSearch(t *testing.T) {
	s := filled(t)
	for _, c := range []struct{ query, want string }{
		{"Patient?", "p1 p2 p3"},
		{"Patient?_id=p2,p1,nobody", "p1 p2"},
		// Strings begin with the text, without case and accents (3.1.1.4.8).
		{"Patient?name=moss", "p1 p3"},
		{"Patient?family:exact=Möss", "p1"},
		{"Patient?family:exact=möss", ""},
		{"Patient?name:contains=SSM", "p3"},
		{"Patient?name=ann,tom", "p1 p2"},
		{"Patient?name=moss&name=ann", "p1"},
		{"Patient?address-city=river falls", "p1"},
		{`Organization?name=lake\, c`, "o1"},
		// Tokens (3.1.1.4.10).
		{"Patient?identifier=88121", "p1 p2"},
		{"Patient?identifier=urn:oid:1.2|88121", "p1"},
		{"Patient?identifier=urn:oid:9.9|", "p2"},
		{"Patient?identifier=|bare", "p2"},
		{"Patient?identifier=|88121", ""},
		{"Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|88121", "p1"},
		{"Patient?identifier:text=record", "p1"},
		{"Patient?gender=http://hl7.org/fhir/administrative-gender|male", "p2"},
		{"Patient?gender=urn:other|male", ""},
		{"Patient?gender:not=male", "p1 p3"},
		{"Patient?gender:missing=true", "p3"},
		{"Patient?gender:missing=false", "p1 p2"},
		{"Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", "p1 p2"},
		{"Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender", "p3"},
		{"Patient?active=true", "p1"},
		{"Patient?phone=555-0101", "p1"},
		{"Patient?email=555-0101", ""},
		{"Patient?deceased=false", "p1 p2 p3"},
		{"Observation?code:text=upper", "ob1"},
		// Dates as ranges (3.1.1.4.7).
		{"Patient?birthdate=1980-05", "p1 p3"},
		{"Patient?birthdate=1980-05-02", "p1"},
		{"Patient?birthdate=ne1980-05-02", "p2 p3"},
		{"Patient?birthdate=gt1980-05-02", "p2 p3"},
		{"Patient?birthdate=ge1980-05-02&birthdate=lt1981", "p1 p3"},
		{"Patient?birthdate=sa1980-05-31", "p2"},
		{"Patient?birthdate=eb1980-06", "p1 p3"},
		{"Observation?date=2026-03-02T15:00:00Z", "ob1"},
		{"Observation?date=2026-03-02", "ob1"},
		{"Observation?date=le2026-03-02", "ob1 ob2"},
		{"Observation?date=ap2026-03-03", "ob1 ob2"},
		{"Observation?date:missing=true", "ob3"},
		// Quantities with implicit precision (3.1.1.4.12).
		{"Observation?value-quantity=70", "ob1"},
		{"Observation?value-quantity=71", "ob3"},
		{"Observation?value-quantity=71.0", ""},
		{"Observation?value-quantity=gt70", "ob3"},
		{"Observation?value-quantity=ge70|http://unitsofmeasure.org|mm[Hg]", "ob1 ob3"},
		{"Observation?value-quantity=70||mmHg", "ob1"},
		{"Observation?value-quantity=70||kPa", ""},
		{"Observation?value-quantity=ap70", "ob1 ob3"},
		{"RiskAssessment?probability=gt0.7", "r1"},
		{"RiskAssessment?probability=0.8", "r1"},
		{"RiskAssessment?probability=lt8e-1", ""},
		// References (3.1.1.4.13).
		{"Observation?subject=Patient/p1", "ob1 ob2"},
		{"Observation?patient=p2", "ob3"},
		{"Observation?subject:Patient=p2", "ob3"},
		{"Observation?subject=http://mine/fhir/Patient/p2", "ob3"},
		{"Coverage?subscriber:identifier=urn:s|7", "c1"},
		{"Coverage?subscriber:identifier=7", "c1"},
		{"Observation?subject:missing=true", ""},
		// URIs.
		{"ValueSet?url=http://river.example/fhir/ValueSet/a", "v1"},
		{"ValueSet?url:below=http://river.example/fhir", "v1"},
		{"ValueSet?url=http://river.example/fhir", ""},
		// Chains and reverse chains (3.1.1.4.14 and 15).
		{"Observation?subject:Patient.name=moss", "ob1 ob2"},
		{"Observation?patient.general-practitioner:Practitioner.name=stone", "ob1 ob2"},
		{"Observation?subject.name=brook", "ob3"},
		{"Patient?_has:Observation:patient:code=http://loinc.org|8480-6", "p1 p2"},
		{"Patient?_has:Observation:subject:code=8462-4", "p1"},
		{"Practitioner?_has:Patient:general-practitioner:_has:Coverage:beneficiary:payor=Organization/o1", "d1"},
		{"Observation?patient._has:Coverage:beneficiary:status=active", "ob1 ob2"},
		// Composites: in one element.
		{"Observation?code-value-quantity=http://loinc.org|8480-6$gt70", "ob3"},
		{"Observation?component-code-value-quantity=a$1", "ob2"},
		{"Observation?component-code-value-quantity=a$2", ""},
		{"Observation?combo-code-value-quantity=b$2", "ob2"},
		// Special ones.
		{"Patient?_text=cane", "p1"},
		{"Patient?_content=brook", "p2"},
		{"Patient?_lastUpdated=gt2020", "p1 p2 p3"},
		{"Patient?_lastUpdated=lt2020", ""},
		// Sorting: what has no value comes last.
		{"Patient?_sort=family", "p2 p1 p3"},
		{"Patient?_sort=-birthdate,family", "p2 p3 p1"},
		{"Patient?_sort=gender,-_id", "p1 p2 p3"},
		{"Observation?_sort=-date", "ob2 ob1 ob3"},
		{"?_type=Patient,Organization&_id=p1,o1", "p1 o1"},
	} {
		typ, query, _ := strings.Cut(c.query, "?")
		q, err := s.ParseQuery(typ, Pairs(strings.ReplaceAll(query, "+", "%2B")), QueryOptions{Base: "http://mine/fhir"})
		if err != nil || len(q.Ignored) > 0 {
			t.Errorf("%s: %v, ignored %v", c.query, err, q)
			continue
		}
		found, err := s.Search(t.Context(), q)
		if err != nil || ids(found) != c.want {
			t.Errorf("%s finds %q, not %q (%v)", c.query, ids(found), c.want, err)
		}
	}
}

func TestQueriesThatCannotBeRead(t *testing.T) {
	s := filled(t)
	for query, want := range map[string]string{
		"birthdate=yesterday":            "a date is written",
		"birthdate:exact=1980":           "the modifier after the colon",
		"gender:missing=maybe":           "takes true or false",
		"_has:Observation=1":             "_has:Type:reference:parameter",
		"_has:Observation:code:_id=":     "",
		"_has:Observation:code:x=1":      "reference parameter that can point to Patient",
		"gender.x=1":                     "only a reference",
		"identifier=a|b|c":               "a token is",
		"general-practitioner:Patient=1": "cannot point to the type",
		"gender:in=http://nowhere":       "not among the published definitions",
	} {
		_, err := s.ParseQuery("Patient", Pairs(query), QueryOptions{})
		var v *ValueError
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", query, err)
			}
		} else if !errors.As(err, &v) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", query, err, want)
		}
	}
	q, err := s.ParseQuery("Patient", Pairs("favourite=blue&name=&_sort=colour&general-practitioner.colour=1"), QueryOptions{})
	if err != nil || len(q.Ignored) != 4 {
		t.Errorf("%v, %+v", err, q)
	}
}

func patient(t testing.TB, text string) Draft {
	t.Helper()
	n, err := fhir.ParseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{}).Draft(n)
}

func TestVersions(t *testing.T) {
	s := New(Options{})
	ctx := t.Context()
	change := func(f func(tx *Tx) error) error { return s.Change(ctx, f) }
	var id string
	if err := change(func(tx *Tx) error {
		v, err := tx.Create(patient(t, `{"resourceType":"Patient","id":"ignored","meta":{"versionId":"9","tag":[{"code":"x"}]},"gender":"male"}`))
		id = v.ID
		return err
	}); err != nil {
		t.Fatal(err)
	}
	v, err := s.Read("Patient", id)
	if err != nil || v.Number != 1 || id == "ignored" || !strings.HasPrefix(string(v.Body), `{"resourceType":"Patient","id":"`+id+`","meta":{"versionId":"1","lastUpdated":"`) || !strings.Contains(string(v.Body), `"tag":[{"code":"x"}]`) {
		t.Errorf("%s, %v", v.Body, err)
	}
	put := func(tx *Tx) error {
		_, _, err := tx.Put(patient(t, `{"resourceType":"Patient","gender":"female"}`), id)
		return err
	}
	if err := change(put); err != nil {
		t.Fatal(err)
	}
	var conflict *ConflictError
	if err := change(func(tx *Tx) error { return tx.Expect("Patient", id, 1) }); !errors.As(err, &conflict) || conflict.Current != 2 {
		t.Errorf("%v", err)
	}
	if err := change(func(tx *Tx) error { _, err := tx.Delete("Patient", id); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read("Patient", id); !errors.Is(err, ErrGone) {
		t.Errorf("%v", err)
	}
	if v, err := s.ReadVersion("Patient", id, 1); err != nil || !strings.Contains(string(v.Body), `"male"`) {
		t.Errorf("%v", err)
	}
	if _, err := s.ReadVersion("Patient", id, 4); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	if err := change(put); err != nil { // a PUT brings it back
		t.Fatal(err)
	}
	list, err := s.History("Patient", id)
	var methods []string
	for _, v := range list {
		methods = append(methods, v.Method)
	}
	if err != nil || !slices.Equal(methods, []string{"PUT", "DELETE", "PUT", "POST"}) || s.Count("Patient") != 1 {
		t.Errorf("%v, %v, %d", methods, err, s.Count("Patient"))
	}
	if _, err := s.History("Patient", "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func search(t testing.TB, s *Store, typ, query string) string {
	t.Helper()
	q, err := s.ParseQuery(typ, Pairs(query), QueryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return ids(found)
}

func TestChangesAreTakenBack(t *testing.T) {
	s := filled(t)
	before, _ := s.History("", "")
	broken := errors.New("broken")
	err := s.Change(t.Context(), func(tx *Tx) error {
		if _, _, err := tx.Put(patient(t, `{"resourceType":"Patient","gender":"other"}`), "p1"); err != nil {
			return err
		}
		if _, err := tx.Delete("Patient", "p2"); err != nil {
			return err
		}
		if _, err := tx.Create(patient(t, `{"resourceType":"Patient","gender":"other"}`)); err != nil {
			return err
		}
		if _, _, err := tx.Put(patient(t, `{"resourceType":"Patient","gender":"unknown"}`), "p1"); err != nil {
			return err
		}
		return broken
	})
	after, _ := s.History("", "")
	if !errors.Is(err, broken) || !slices.Equal(before, after) || search(t, s, "Patient", "gender=male,female") != "p1 p2" || search(t, s, "Patient", "gender=other,unknown") != "" || s.Count("Patient") != 3 {
		t.Errorf("%v: %s", err, search(t, s, "Patient", ""))
	}
}

func TestSnapshots(t *testing.T) {
	s := filled(t)
	if err := s.Snapshot("start"); err != nil {
		t.Fatal(err)
	}
	if err := s.Change(t.Context(), func(tx *Tx) error { _, err := tx.Delete("Patient", "p1"); return err }); err != nil {
		t.Fatal(err)
	}
	if got := search(t, s, "Patient", "name=moss"); got != "p3" {
		t.Errorf("%s", got)
	}
	if err := s.Restore(t.Context(), "start"); err != nil {
		t.Fatal(err)
	}
	if got := search(t, s, "Patient", "name=moss"); got != "p1 p3" || s.Count("") != 11 {
		t.Errorf("%s, %d", got, s.Count(""))
	}
	if err := s.Restore(t.Context(), "other"); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("%v", err)
	}
	// Going back can be undone.
	if err := s.Restore(t.Context(), BeforeRestore); err != nil || search(t, s, "Patient", "name=moss") != "p3" {
		t.Errorf("%v", err)
	}
	if err := s.Drop(t.Context(), "start"); err != nil || strings.Join(s.Snapshots(), ",") != BeforeRestore {
		t.Errorf("%v, %v", err, s.Snapshots())
	}
}

func TestSweep(t *testing.T) {
	s := filled(t)
	for range 5000 {
		if err := s.Change(t.Context(), func(tx *Tx) error {
			_, _, err := tx.Put(patient(t, `{"resourceType":"Patient","gender":"other"}`), "p3")
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.docs) > 4200 || search(t, s, "Patient", "gender=other") != "p3" || search(t, s, "Patient", "") != "p1 p2 p3" {
		t.Errorf("%d documents, %s", len(s.docs), search(t, s, "Patient", ""))
	}
}

func TestLoadBundle(t *testing.T) {
	s := New(Options{})
	done, err := s.Load(t.Context(), strings.NewReader(`{"resourceType":"Bundle","type":"transaction","entry":[
		{"fullUrl":"urn:uuid:b","resource":{"resourceType":"Observation","id":"b","subject":{"reference":"urn:uuid:a"}}},
		{"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient"}},
		{"resource":{"resourceType":"Chart"}}]}`))
	if err != nil || done.Resources != 2 || done.Skipped != 1 || search(t, s, "Observation", "patient=1001") != "b" {
		t.Errorf("%+v, %v", done, err)
	}
}

// Every published parameter of every type can be compiled, and the examples of the specification go through all of them.
func TestParams(t *testing.T) {
	s := New(Options{})
	for _, name := range s.d.Types() {
		if !s.d.IsResource(name) {
			continue
		}
		for _, p := range s.Params(name) {
			if p.own == indexed && p.Type != "composite" && len(p.source.paths)+len(p.source.rest) == 0 {
				t.Errorf("%s.%s finds nothing", name, p.Code)
			}
		}
	}
	if p := s.Param("Patient", "deceased"); p == nil || len(p.source.rest) != 1 {
		t.Error("an expression that is no plain path is evaluated")
	}
}

func corpus(t testing.TB, folder string) []string {
	root := os.Getenv("TRESTLE_CORPUS")
	if root == "" {
		t.Skip("TRESTLE_CORPUS names no folder of examples")
	}
	files, err := filepath.Glob(filepath.Join(root, folder))
	if err != nil || len(files) == 0 {
		t.Skipf("no examples in %s", folder)
	}
	return files
}

func TestSyntheaBundles(t *testing.T) {
	s := New(Options{})
	total := 0
	for _, name := range corpus(t, "fhir-examples/synthea-r4/*.json") {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		done, err := s.Load(t.Context(), f)
		f.Close()
		if err != nil || done.Skipped > 0 {
			t.Errorf("%s: %+v, %v", filepath.Base(name), done, err)
		}
		total += done.Resources
	}
	if s.Count("") != total || s.Count("Patient") == 0 {
		t.Errorf("%d of %d", s.Count(""), total)
	}
	for _, v := range must(s.Search(t.Context(), &Query{Type: "Patient"})) {
		if len(s.Pointing("Observation", s.Param("Observation", "patient"), v.Reference())) == 0 {
			t.Error("a patient has no observations: references were not rewritten")
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
