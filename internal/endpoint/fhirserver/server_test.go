package fhirserver

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// client speaks to a server of its own.
type client struct {
	t    testing.TB
	s    *Server
	http *httptest.Server
}

func serving(t testing.TB, c Config, o Options) *client {
	t.Helper()
	if o.Store == nil {
		o.Store = fhirstore.New(fhirstore.Options{})
	}
	s, err := New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return &client{t, s, h}
}

type reply struct {
	*http.Response
	body []byte
	n    *fhir.Node
}

// do sends a request; headers are given as "Name: value".
func (c *client) do(method, path, body string, headers ...string) reply {
	c.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = c.http.URL + "/fhir" + path
	}
	q, err := http.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if body != "" {
		q.Header.Set("Content-Type", typeJSON)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		q.Header.Set(name, value)
	}
	p, err := c.http.Client().Do(q)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer p.Body.Close()
	b, err := io.ReadAll(p.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	r := reply{Response: p, body: b}
	if method != http.MethodHead && p.Header.Get("Content-Encoding") == "" && strings.Contains(p.Header.Get("Content-Type"), "json") && p.Header.Get("Content-Type") != typeNDJSON {
		if r.n, err = fhir.ParseJSON(b); err != nil {
			c.t.Errorf("%s %s: the answer is no JSON: %v", method, path, err)
		}
	}
	if p.StatusCode >= 400 && method != http.MethodHead && r.n != nil && r.n.ResourceType() != "OperationOutcome" {
		c.t.Errorf("%s %s: %d without an OperationOutcome", method, path, p.StatusCode)
	}
	return r
}

// want does a request and checks its status.
func (c *client) want(status int, method, path, body string, headers ...string) reply {
	c.t.Helper()
	r := c.do(method, path, body, headers...)
	if r.StatusCode != status {
		c.t.Errorf("%s %s: status %d, not %d: %.300s", method, path, r.StatusCode, status, r.body)
	}
	return r
}

func (r reply) at(names ...string) string { return r.n.Find(names...).String() }

// entries lists the resources of a Bundle as Type/id, with the search mode if it is no match.
func (r reply) entries() string {
	var out []string
	for e := range r.n.All("entry") {
		n := e.Member("resource")
		text := n.ResourceType() + "/" + n.Member("id").String()
		if m := e.Find("search", "mode").String(); m != "" && m != "match" {
			text = m + ":" + text
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func (r reply) link(relation string) string {
	for l := range r.n.All("link") {
		if l.Member("relation").String() == relation {
			return l.Member("url").String()
		}
	}
	return ""
}

const ann = `{"resourceType":"Patient","id":"ann","identifier":[{"system":"urn:mrn","value":"88121"}],"name":[{"family":"Moss","given":["Ann"]}],"gender":"female","birthDate":"1980-05-02"}`

func TestLifeOfAResource(t *testing.T) {
	c := serving(t, Config{}, Options{})
	created := c.want(201, "POST", "/Patient", ann)
	id := created.at("id")
	if id == "ann" || created.Header.Get("ETag") != `W/"1"` || created.Header.Get("Location") != c.http.URL+"/fhir/Patient/"+id+"/_history/1" || created.Header.Get("Last-Modified") == "" {
		t.Errorf("%v", created.Header)
	}
	at := "/Patient/" + id
	read := c.want(200, "GET", at, "")
	if read.at("name", "family") != "Moss" || read.at("meta", "versionId") != "1" {
		t.Errorf("%s", read.body)
	}
	c.want(304, "GET", at, "", `If-None-Match: W/"1"`)
	c.want(304, "GET", at, "", "If-Modified-Since: "+read.Header.Get("Last-Modified"))
	if h := c.want(200, "HEAD", at, ""); len(h.body) != 0 || h.ContentLength <= 0 {
		t.Errorf("HEAD: %d bytes, length %d", len(h.body), h.ContentLength)
	}
	changed := strings.Replace(strings.Replace(ann, `"id":"ann"`, `"id":"`+id+`"`, 1), "Moss", "Brook", 1)
	c.want(400, "PUT", at, ann)
	c.want(400, "PUT", at, strings.Replace(ann, `"id":"ann",`, "", 1))
	c.want(412, "PUT", at, changed, `If-Match: W/"7"`)
	if r := c.want(200, "PUT", at, changed, `If-Match: W/"1"`); r.Header.Get("ETag") != `W/"2"` {
		t.Errorf("%v", r.Header)
	}
	if r := c.want(200, "GET", at+"/_history/1", ""); r.at("name", "family") != "Moss" {
		t.Errorf("%s", r.body)
	}
	c.want(404, "GET", at+"/_history/9", "")
	c.want(204, "DELETE", at, "")
	c.want(410, "GET", at, "")
	c.want(410, "GET", at+"/_history/3", "")
	c.want(204, "DELETE", at, "")
	c.want(404, "GET", "/Patient/nobody", "")
	c.want(201, "PUT", at, changed)
	h := c.want(200, "GET", at+"/_history", "")
	if h.at("type") != "history" || h.at("total") != "4" || h.at("entry", "request", "method") != "PUT" || len(h.n.Member("entry").Children) != 4 || h.n.Member("entry").Children[1].Member("resource") != nil {
		t.Errorf("%s", h.body)
	}
	c.want(200, "GET", "/Patient/_history?_count=2", "")
	if r := c.want(200, "GET", "/_history?_since=2999-01-01T00:00:00Z", ""); r.at("total") != "0" {
		t.Errorf("%s", r.body)
	}
	c.want(404, "GET", "/Patient/nobody/_history", "")
	c.want(201, "PUT", "/Patient/own-id", strings.Replace(ann, "ann", "own-id", 1))
}

func TestRefusals(t *testing.T) {
	c := serving(t, Config{MaxBody: 4000}, Options{})
	for _, x := range []struct {
		status             int
		method, path, body string
		headers            []string
		code               string
	}{
		{404, "GET", "/Chart/1", "", nil, "not-supported"},
		{400, "POST", "/Patient", "{", nil, "structure"},
		{400, "POST", "/Patient", `{"a":1}`, nil, "invalid"},
		{400, "POST", "/Patient", `{"resourceType":"Group"}`, nil, "invalid"},
		{400, "POST", "/Patient", "", nil, "invalid"},
		{415, "POST", "/Patient", "a,b", []string{"Content-Type: text/csv"}, "not-supported"},
		{422, "POST", "/Patient", `{"resourceType":"Patient","gender":"blue","colour":1}`, nil, ""},
		{405, "PUT", "/metadata", "{}", nil, "not-supported"},
		{405, "PUT", "/", "{}", nil, "not-supported"},
		{406, "GET", "/Patient", "", []string{"Accept: image/png"}, "not-supported"},
		{413, "POST", "/Patient", strings.Repeat(" ", 5000), nil, "too-costly"},
		{400, "GET", "/Patient?birthdate=yesterday", "", nil, "invalid"},
		{400, "GET", "/Patient?favourite=1", "", []string{"Prefer: handling=strict"}, "not-supported"},
		{400, "GET", "/Patient?_count=-1", "", nil, "invalid"},
		{400, "GET", "/Patient?_include=Patient:name", "", nil, "invalid"},
		{410, "GET", "?_cursor=abc.0", "", nil, "expired"},
		{404, "GET", "/Patient/$teleport", "", nil, "not-supported"},
		{400, "POST", "", `{"resourceType":"Patient"}`, nil, "invalid"},
		{412, "DELETE", "/Patient?colour=blue", "", nil, "conflict"},
		{404, "PATCH", "/Patient/nobody", "[]", []string{"Content-Type: application/json-patch+json"}, "not-found"},
	} {
		r := c.want(x.status, x.method, x.path, x.body, x.headers...)
		if got := r.at("issue", "code"); x.code != "" && got != x.code {
			t.Errorf("%s %s: code %s, not %s", x.method, x.path, got, x.code)
		}
	}
	if r := c.do("GET", c.http.URL+"/elsewhere", ""); r.StatusCode != 404 {
		t.Errorf("%d", r.StatusCode)
	}
}

func TestPrefer(t *testing.T) {
	c := serving(t, Config{}, Options{})
	if r := c.want(201, "POST", "/Patient", ann, "Prefer: return=minimal"); len(r.body) != 0 || r.Header.Get("Location") == "" {
		t.Errorf("%s", r.body)
	}
	if r := c.want(201, "POST", "/Patient", ann, "Prefer: return=OperationOutcome"); r.n.ResourceType() != "OperationOutcome" {
		t.Errorf("%s", r.body)
	}
}

func TestConditional(t *testing.T) {
	c := serving(t, Config{}, Options{})
	first := c.want(201, "POST", "/Patient", ann, "If-None-Exist: identifier=urn:mrn|88121")
	again := c.want(200, "POST", "/Patient", ann, "If-None-Exist: identifier=urn:mrn|88121")
	if first.at("id") != again.at("id") {
		t.Error("a conditional create made a second one")
	}
	plain := strings.Replace(ann, `"id":"ann",`, "", 1)
	if r := c.want(200, "PUT", "/Patient?identifier=urn:mrn%7C88121", plain); r.at("meta", "versionId") != "2" {
		t.Errorf("%s", r.body)
	}
	c.want(400, "PUT", "/Patient?identifier=urn:mrn%7C88121", ann)
	c.want(201, "PUT", "/Patient?identifier=urn:mrn%7C1", ann)
	c.want(412, "PUT", "/Patient?family=moss", plain)
	c.want(412, "POST", "/Patient", ann, "If-None-Exist: family=moss")
	c.want(412, "DELETE", "/Patient?family=moss", "")
	c.want(412, "PUT", "/Patient?colour=blue", plain)
	patch := `[{"op":"replace","path":"/gender","value":"other"}]`
	if r := c.want(200, "PATCH", "/Patient?_id=ann", patch, "Content-Type: application/json-patch+json"); r.at("gender") != "other" {
		t.Errorf("%s", r.body)
	}
	c.want(204, "DELETE", "/Patient?_id=ann", "")
	c.want(410, "GET", "/Patient/ann", "")
	c.want(204, "DELETE", "/Patient?_id=ann", "")
}

func TestXML(t *testing.T) {
	c := serving(t, Config{}, Options{})
	r := c.want(201, "POST", "/Patient", `<Patient xmlns="http://hl7.org/fhir"><active value="true"/><name><family value="Moss"/></name></Patient>`, "Content-Type: application/fhir+xml", "Accept: application/fhir+xml")
	if !strings.HasPrefix(r.Header.Get("Content-Type"), typeXML) || !bytes.Contains(r.body, []byte(`<family value="Moss"/>`)) {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "GET", "/Patient?_format=xml&_pretty=true", ""); !bytes.Contains(r.body, []byte("\n  <type value=\"searchset\"/>")) {
		t.Errorf("%.400s", r.body)
	}
	if r := c.want(404, "GET", "/Patient/0?_format=application/fhir%2Bxml", ""); !bytes.Contains(r.body, []byte("<OperationOutcome")) {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "GET", "/Patient", "", "Accept: application/fhir+xml;q=0.5, application/fhir+json"); r.n == nil {
		t.Errorf("%s", r.Header)
	}
}

func TestCompressed(t *testing.T) {
	c := serving(t, Config{}, Options{})
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, ann)
	z.Close()
	c.want(201, "POST", "/Patient", b.String(), "Content-Encoding: gzip")
	c.want(400, "POST", "/Patient", "plain", "Content-Encoding: gzip")
	r := c.want(200, "GET", "/metadata", "", "Accept-Encoding: gzip")
	unzip, err := gzip.NewReader(bytes.NewReader(r.body))
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v %v", err, r.Header)
	}
	all, err := io.ReadAll(unzip)
	if err != nil || len(all) < 4*len(r.body) || !bytes.Contains(all, []byte(`"CapabilityStatement"`)) {
		t.Errorf("%d bytes of %d, %v", len(r.body), len(all), err)
	}
}

func TestCapabilities(t *testing.T) {
	c := serving(t, Config{}, Options{})
	r := c.want(200, "GET", "/metadata", "")
	if r.n.ResourceType() != "CapabilityStatement" || r.at("fhirVersion") != "4.0.1" || len(r.n.Find("rest", "resource").Children) == 0 || r.at("implementation", "url") != c.http.URL+"/fhir" {
		t.Errorf("%.300s", r.body)
	}
	// What the statement says is true by our own rules.
	if v := c.want(200, "POST", "/CapabilityStatement/$validate", string(r.body)); strings.Contains(string(v.body), `"severity":"error"`) {
		t.Errorf("%.2000s", v.body)
	}
	if r := c.want(200, "GET", "/metadata", "", "X-Forwarded-Proto: https", "X-Forwarded-Host: proxy.example"); r.at("implementation", "url") != "https://proxy.example/fhir" {
		t.Errorf("%s", r.at("implementation", "url"))
	}
}

func TestBinary(t *testing.T) {
	c := serving(t, Config{}, Options{})
	r := c.want(201, "POST", "/Binary", "%PDF-1.4 …", "Content-Type: application/pdf")
	at := "/Binary/" + r.at("id")
	if got := c.want(200, "GET", at, "", "Accept: */*"); got.Header.Get("Content-Type") != "application/pdf" || string(got.body) != "%PDF-1.4 …" {
		t.Errorf("%v %s", got.Header, got.body)
	}
	if got := c.want(200, "GET", at, "", "Accept: application/fhir+json"); got.at("contentType") != "application/pdf" || got.at("data") == "" {
		t.Errorf("%s", got.body)
	}
}

func TestJournal(t *testing.T) {
	j := endpoint.NewMemoryJournal(10, 0)
	c := serving(t, Config{Auth: Auth{Kind: AuthBearer, Secret: "tell-nobody"}}, Options{Journal: j})
	c.want(401, "GET", "/Patient/1", "")
	c.want(201, "POST", "/Patient", ann, "Authorization: Bearer tell-nobody", "X-Request-Id: r-7")
	c.want(200, "GET", "/metadata", "")
	all := j.All()
	if len(all) != 3 {
		t.Fatalf("%d exchanges", len(all))
	}
	e := all[1]
	if e.Kind != endpoint.KindFHIR || e.Type != "POST" || e.Trigger != "Patient" || e.Code != "201" || e.Outcome != endpoint.OutcomeAccepted || e.ControlID != "r-7" ||
		!bytes.HasPrefix(e.Request, []byte("POST /fhir/Patient HTTP/1.1\r\n")) || !bytes.HasSuffix(e.Request, []byte(ann)) || !bytes.Contains(e.Reply, []byte("\r\nLocation: ")) {
		t.Errorf("%+v", e)
	}
	if bytes.Contains(e.Request, []byte("tell-nobody")) || !bytes.Contains(e.Request, []byte("Authorization: (not kept)")) {
		t.Error("credentials are in the journal")
	}
	if all[0].Outcome != endpoint.OutcomeError || c.s.Stats().In != 3 || c.s.Stats().Accepted != 2 {
		t.Errorf("%+v", c.s.Stats())
	}
}
