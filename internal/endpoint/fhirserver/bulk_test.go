package fhirserver

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

type manifest struct {
	TransactionTime, Request string
	RequiresAccessToken      bool
	Output, Deleted, Error   []struct {
		Type, URL string
		Count     int
	}
}

// export asks for an export and reads its manifest and its files: Type/id of what is in them, and the addresses in the Bundles of deleted.
func (c *client) export(path string, headers ...string) (m manifest, held string) {
	c.t.Helper()
	kick := c.want(202, "GET", path, "", append(headers, "Prefer: respond-async")...)
	at := kick.Header.Get("Content-Location")
	r := c.want(200, "GET", at, "", headers...)
	if err := json.Unmarshal(r.body, &m); err != nil || r.Header.Get("Expires") == "" {
		c.t.Fatalf("%v: %s", err, r.body)
	}
	var out []string
	for _, f := range append(m.Output, m.Deleted...) {
		q, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, f.URL, nil)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			q.Header.Set(name, value)
		}
		p, err := c.http.Client().Do(q)
		if err != nil {
			c.t.Fatal(err)
		}
		b, err := io.ReadAll(p.Body)
		p.Body.Close()
		if err != nil || p.StatusCode != 200 || p.Header.Get("Content-Type") != "application/fhir+ndjson" {
			c.t.Fatalf("%s: %d, %v", f.URL, p.StatusCode, err)
		}
		lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		if len(lines) != f.Count {
			c.t.Errorf("%s: %d lines, not %d", f.URL, len(lines), f.Count)
		}
		for _, l := range lines {
			var x struct {
				ResourceType, ID string
				Entry            []struct{ Request struct{ Method, URL string } }
			}
			if err := json.Unmarshal([]byte(l), &x); err != nil {
				c.t.Fatal(err)
			}
			switch {
			case len(x.Entry) > 0:
				out = append(out, x.Entry[0].Request.Method+" "+x.Entry[0].Request.URL)
			default:
				out = append(out, x.ResourceType+"/"+x.ID)
			}
		}
	}
	return m, strings.Join(out, " ")
}

func TestBulkExport(t *testing.T) {
	var clock clock
	store := wardStore(t)
	c := serving(t, Config{}, Options{Store: store, Now: clock.now})
	c.want(201, "PUT", "/Group/g", `{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p2"}}]}`)
	for path, want := range map[string]string{
		"/$export": "Encounter/e0 Encounter/e1 Group/g Observation/o1 Observation/o2 Observation/o3 Patient/p1 Patient/p2 Practitioner/d1",
		"/$export?_type=Patient,Practitioner&_outputFormat=application%2Ffhir%2Bndjson": "Patient/p1 Patient/p2 Practitioner/d1",
		"/$export?_type=Observation&_typeFilter=Observation%3Fcode%3D2-2":               "Observation/o3",
		"/Patient/$export":                      "Encounter/e0 Encounter/e1 Group/g Observation/o1 Observation/o2 Observation/o3 Patient/p1 Patient/p2",
		"/Group/g/$export":                      "Group/g Observation/o2 Patient/p2",
		"/$export?_since=2999-01-01T00:00:00Z":  "",
		"/$export?_type=Patient&_elements=name": "Patient/p1 Patient/p2",
	} {
		m, held := c.export(path)
		if sorted := sortedWords(held); sorted != sortedWords(want) {
			t.Errorf("%s holds %s, not %s", path, sorted, want)
		}
		if m.TransactionTime != "2026-03-02T10:00:00.000Z" || m.RequiresAccessToken || !strings.HasSuffix(m.Request, "/fhir"+path) && !strings.Contains(path, "%") || m.Error == nil {
			t.Errorf("%+v", m)
		}
	}
	async := "Prefer: respond-async"
	c.want(400, "GET", "/$export", "")
	c.want(400, "GET", "/$export?_since=then", "", async)
	c.want(400, "GET", "/$export?_type=Chart", "", async)
	c.want(400, "GET", "/$export?patient=p1", "", async)
	c.want(202, "GET", "/$export?patient=p1", "", async, "Prefer: respond-async, handling=lenient")
	c.want(400, "GET", "/$export?_outputFormat=text/csv", "", async)
	c.want(404, "GET", "/Group/none/$export", "", async)
	c.want(404, "GET", "/Patient/p1/$export", "", async)
	r := c.want(202, "POST", "/$export", `{"resourceType":"Parameters","parameter":[{"name":"_type","valueString":"Practitioner"}]}`, async)
	if r := c.want(200, "GET", r.Header.Get("Content-Location"), ""); strings.Count(string(r.body), `"url"`) != 1 {
		t.Errorf("%s", r.body)
	}
	c.want(202, "DELETE", r.Header.Get("Content-Location"), "")
	c.want(404, "GET", r.Header.Get("Content-Location"), "")
	c.want(404, "GET", "/_bulk/none", "")

	// What was deleted since is listed apart.
	since := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	time.Sleep(2 * time.Millisecond)
	c.want(204, "DELETE", "/Observation/o3", "")
	if m, held := c.export("/$export?_since=" + since); held != "DELETE Observation/o3" || len(m.Deleted) != 1 || m.Deleted[0].Type != "Bundle" {
		t.Errorf("%s, %+v", held, m)
	}
}

// A client that must wait is told how far it is, and the files are gone after an hour.
func TestBulkTakesItsTime(t *testing.T) {
	var clock clock
	c := serving(t, Config{ExportTime: 10 * time.Second}, Options{Store: wardStore(t), Now: clock.now})
	at := c.want(202, "GET", "/$export", "", "Prefer: respond-async").Header.Get("Content-Location")
	clock.pass(4 * time.Second)
	if r := c.want(202, "GET", at, ""); r.Header.Get("X-Progress") != "40 % exported" || r.Header.Get("Retry-After") != "1" {
		t.Errorf("%v", r.Header)
	}
	c.want(202, "GET", at+"/1.ndjson", "")
	clock.pass(6 * time.Second)
	r := c.want(200, "GET", at, "")
	if first := r.at("output", "url"); first != at+"/1.ndjson" {
		t.Errorf("%s", first)
	}
	c.want(200, "GET", at+"/1.ndjson", "")
	c.want(404, "GET", at+"/99.ndjson", "")
	c.want(404, "GET", at+"/1.csv", "")
	clock.pass(2 * time.Hour)
	c.want(404, "GET", at, "")
	var last string
	for range maxExports + 1 {
		last = c.want(202, "GET", "/$export?_type=Patient", "", "Prefer: respond-async").Header.Get("Content-Location")
	}
	if len(c.s.exports.jobs) != maxExports || last == "" {
		t.Errorf("%d exports are kept", len(c.s.exports.jobs))
	}
}

// An export holds what the scopes of its token cover, and is its client's alone.
func TestBulkWithScopes(t *testing.T) {
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART}}, Options{Store: wardStore(t)})
	bearer := func(client, scope string) string {
		v := redeeming(c.launch(url.Values{"client_id": {client}, "scope": {scope}}).Get("code"))
		v.Set("client_id", client)
		return "Authorization: Bearer " + c.token(200, v).at("access_token")
	}
	one := bearer("app", "user/Patient.read")
	m, held := c.export("/$export", one)
	if held != "Patient/p1 Patient/p2" || !m.RequiresAccessToken {
		t.Errorf("%s, %+v", held, m)
	}
	at := c.want(202, "GET", "/$export", "", "Prefer: respond-async", one).Header.Get("Content-Location")
	c.want(401, "GET", at, "")
	c.want(404, "GET", at, "", bearer("other", "user/*.read"))
	c.want(200, "GET", at, "", one)
}

func sortedWords(s string) string {
	words := strings.Fields(s)
	slices.Sort(words)
	return strings.Join(words, " ")
}
