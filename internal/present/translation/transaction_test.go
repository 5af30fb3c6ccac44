package translation

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir/validate"
	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
)

// A starter that makes a transaction fills a FHIR server; the same message once more, and a later one, change what is there.
func TestTransactionIsTakenByAServer(t *testing.T) {
	f, err := mapping.Load(starter.FS(), "adt-to-patient.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f.Target.Bundle = "transaction"
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	for name, message := range map[string]string{"no system": admit, "system": strings.NewReplacer("88121^^^RF^MR", "88121^^^RF&2.999.1&ISO^MR", "V77^^^RF^VN", "V77^^^RF&2.999.2&ISO^VN").Replace(admit)} {
		store, at := serving(t)
		if _, err := store.Load(t.Context(), strings.NewReader(`{"resourceType":"Patient","id":"p1","identifier":[{"system":"urn:oid:2.999.1","value":"88121"}]}`)); err != nil {
			t.Fatal(err)
		}
		patients, patient := 2, ""
		if name == "system" {
			patients, patient = 1, `"Patient/p1"`
		}
		for i, m := range []string{message, message, strings.NewReplacer("ADT^A01^ADT_A01", "ADT^A03^ADT_A03", "MSG1", "MSG2", "|MOSS^ANN||", "|MOSS^ANNA||").Replace(message)} {
			r, err := e.Run(t.Context(), []byte(m))
			if err != nil {
				t.Fatal(err)
			}
			b, err := r.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range validate.Bytes(t.Context(), b, validate.Options{}) {
				if f.Severity >= validate.Error {
					t.Errorf("%s: %s %s", name, f.Path, f.Text)
				}
			}
			if status := post(t, at, b); status != 200 || store.Count("Patient") != patients || store.Count("Bundle") != 0 {
				t.Errorf("%s, message %d: %d, %d patients, %d bundles", name, i, status, store.Count("Patient"), store.Count("Bundle"))
			}
		}
		found, err := store.Search(t.Context(), &fhirstore.Query{Type: "Encounter"})
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %d visits, %v", name, len(found), err)
		}
		for _, v := range found {
			if body := string(v.Body); strings.Contains(body, "urn:uuid") || !strings.Contains(body, `"Patient/`) || !strings.Contains(body, patient) {
				t.Errorf("%s: the visit is %s", name, body)
			}
		}
	}
}

// No two entries of what the starters make ask for the same, and all that they ask is granted, also the second time.
func TestEveryStarterMakesATransaction(t *testing.T) {
	samples, err := filepath.Glob("../../mapping/starter/testdata/*.hl7")
	if err != nil || len(samples) == 0 {
		t.Fatal(len(samples), err)
	}
	for name, prefix := range map[string]string{"adt-to-patient": "adt", "dft-to-charges": "dft", "mdm-to-document": "mdm", "orm-to-request": "o[rm][ml]", "oru-to-report": "oru", "siu-to-appointment": "siu", "vxu-to-immunization": "vxu"} {
		f, err := mapping.Load(starter.FS(), name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		f.Target.Bundle = "transaction"
		e, err := mapping.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		ran := 0
		for _, sample := range samples {
			if ok, _ := filepath.Match(prefix+"-*", filepath.Base(sample)); !ok {
				continue
			}
			ran++
			message, err := os.ReadFile(sample)
			if err != nil {
				t.Fatal(err)
			}
			r, err := e.Run(t.Context(), message)
			if err != nil {
				t.Fatal(err)
			}
			b, err := r.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range validate.Bytes(t.Context(), b, validate.Options{}) {
				if f.Severity >= validate.Error {
					t.Errorf("%s: %s %s", sample, f.Path, f.Text)
				}
			}
			store, at := serving(t)
			first := 0
			for i := range 2 {
				if status := post(t, at, b); status != 200 {
					t.Errorf("%s: time %d: %d", sample, i+1, status)
				}
				if i == 0 {
					first = store.Count("")
				}
			}
			if entries := len(r.Tree.Member("entry").Children); first != entries || store.Count("") != first {
				t.Errorf("%s: of %d entries %d resources are stored, and %d after the second time", sample, entries, first, store.Count(""))
			}
		}
		if ran == 0 {
			t.Errorf("no sample for %s", name)
		}
	}
}

// serving is a FHIR server of its own.
func serving(t *testing.T) (*fhirstore.Store, string) {
	t.Helper()
	store := fhirstore.New(fhirstore.Options{})
	server, err := fhirserver.New(fhirserver.Config{}, fhirserver.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	at := httptest.NewServer(server)
	t.Cleanup(at.Close)
	return store, at.URL + "/fhir"
}

// post sends a transaction and returns the status of the answer.
func post(t *testing.T, to string, body []byte) int {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/fhir+json")
	p, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	p.Body.Close()
	return p.StatusCode
}
