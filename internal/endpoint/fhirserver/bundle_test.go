package fhirserver

import (
	"fmt"
	"strings"
	"testing"
)

func transaction(entries ...string) string {
	return `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`
}

const (
	newObservation = `{"fullUrl":"urn:uuid:a1","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:a2"},"hasMember":[{"reference":"Observation?_id=o2"}]},"request":{"method":"POST","url":"Observation"}}`
	newPatient     = `{"fullUrl":"urn:uuid:a2","resource":{"resourceType":"Patient","name":[{"family":"New"}],"photo":[{"url":"urn:uuid:a1"}]},"request":{"method":"POST","url":"Patient","ifNoneExist":"family=new"}}`
	putPatient     = `{"resource":{"resourceType":"Patient","id":"p2","link":[{"other":{"reference":"urn:uuid:a2"},"type":"seealso"}]},"request":{"method":"PUT","url":"Patient/p2","ifMatch":"W/\"1\""}}`
	dropThird      = `{"request":{"method":"DELETE","url":"Observation/o3"}}`
	searchNew      = `{"request":{"method":"GET","url":"Patient?family=new"}}`
)

func TestTransactionInOrder(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	r := c.want(200, "POST", "", transaction(searchNew, newObservation, newPatient, putPatient, dropThird))
	var statuses []string
	for e := range r.n.All("entry", "response") {
		statuses = append(statuses, e.Member("status").String())
	}
	if got := strings.Join(statuses, ", "); r.at("type") != "transaction-response" || got != "200 OK, 201 Created, 201 Created, 200 OK, 204 No Content" {
		t.Errorf("%s: %s", got, r.body)
	}
	entries := r.n.Member("entry").Children
	if entries[0].Find("resource", "total").String() != "1" {
		t.Error("reads see what the transaction did")
	}
	patient := "Patient/" + entries[2].Find("resource", "id").String()
	if got := entries[1].Find("resource", "subject", "reference").String(); got != patient {
		t.Errorf("%s, not %s", got, patient)
	}
	if got := entries[1].Find("resource", "hasMember", "reference").String(); got != "Observation/o2" {
		t.Errorf("a conditional reference became %s", got)
	}
	if got := entries[2].Find("resource", "photo", "url").String(); got != "urn:uuid:a1" {
		t.Errorf("Attachment.url is data, but became %s", got)
	}
	if got := c.want(200, "GET", "/Patient/p2", "").at("link", "other", "reference"); got != patient {
		t.Errorf("%s", got)
	}
	c.want(410, "GET", "/Observation/o3", "")
	// The same again finds the patient instead of making another.
	r = c.want(200, "POST", "", transaction(newObservation, newPatient))
	if got := r.n.Member("entry").Children[1].Find("response", "status").String(); got != "200 OK" {
		t.Errorf("%s", got)
	}
}

// Searches and operations by POST are answered after the changes, like GET: they read what the transaction did, and do not wait for it.
func TestTransactionThatSearchesByPost(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	r := c.want(200, "POST", "", transaction(
		`{"request":{"method":"POST","url":"Patient/_search?family=new&_revinclude=Observation:subject"}}`,
		`{"request":{"method":"POST","url":"Patient/p1/$everything"}}`,
		`{"request":{"method":"POST","url":"Patient/p1/$meta-add"},"resource":{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"vip"}]}}]}}`,
		newPatient, newObservation))
	entries := r.n.Member("entry").Children
	if len(entries) != 5 || entries[0].Find("resource", "total").String() != "1" || strings.Count(string(r.body), `"mode":"include"`) != 1 || entries[1].Find("resource", "total").String() != "6" {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "GET", "/Patient?_tag=vip", ""); r.entries() != "Patient/p1" {
		t.Errorf("%s", r.body)
	}
}

func TestTransactionsAreTakenBack(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	for _, broken := range []string{
		`{"resource":{"resourceType":"Patient","gender":"blue"},"request":{"method":"POST","url":"Patient"}}`,
		`{"resource":{"resourceType":"Patient","id":"p1"},"request":{"method":"PUT","url":"Patient/p1","ifMatch":"W/\"8\""}}`,
		`{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?family=nobody"}},"request":{"method":"POST","url":"Observation"}}`,
		`{"request":{"method":"DELETE","url":"Observation/o3"}}`,
		`{"fullUrl":"urn:uuid:a2","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}`,
		`{"request":{"method":"BREW","url":"Coffee"}}`,
	} {
		r := c.do("POST", "", transaction(newPatient, dropThird, broken))
		if r.StatusCode < 400 {
			t.Errorf("%s: %d", broken, r.StatusCode)
		}
		c.want(200, "GET", "/Observation/o3", "")
		if got := c.want(200, "GET", "/Patient?family=new", "").at("total"); got != "0" {
			t.Errorf("%s: a part of the transaction was done", broken)
		}
	}
}

func TestBatch(t *testing.T) {
	c := serving(t, Config{}, Options{Store: wardStore(t)})
	r := c.want(200, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[
		{"request":{"method":"GET","url":"Patient/p1"}},
		{"request":{"method":"GET","url":"Patient/nobody"}},
		{"request":{"method":"GET","url":"metadata"}},
		{"request":{"method":"PATCH","url":"Patient/p1"},"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL2dlbmRlciJ9XQ=="}},
		{"resource":{"resourceType":"Patient","gender":"blue"},"request":{"method":"POST","url":"Patient"}},
		{"request":{"url":"Patient"}}]}`)
	var got []string
	for e := range r.n.All("entry") {
		got = append(got, e.Find("response", "status").String()[:3]+" "+e.Find("response", "outcome", "resourceType").String())
	}
	if want := "[200  404 OperationOutcome 200  200  422 OperationOutcome 400 OperationOutcome]"; fmt.Sprint(got) != want || r.at("type") != "batch-response" {
		t.Errorf("%v", got)
	}
}
