package fhirserver

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/rules"
)

func rulesOf(t testing.TB, text string) rules.File {
	t.Helper()
	f, err := rules.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// clock stands still until it is told to go on.
type clock struct{ passed atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC).Add(time.Duration(c.passed.Load()))
}

func (c *clock) pass(d time.Duration) { c.passed.Add(int64(d)) }

// get asks without looking at the answer's form.
func (c *client) get(path string) (status int, header http.Header, body string, err error) {
	p, err := http.Get(c.http.URL + "/fhir" + path)
	if err != nil {
		return 0, nil, "", err
	}
	defer p.Body.Close()
	b, err := io.ReadAll(p.Body)
	return p.StatusCode, p.Header, string(b), err
}

func TestFaults(t *testing.T) {
	var clock clock
	c := serving(t, Config{}, Options{Store: wardStore(t), Now: clock.now})
	set := func(text string) {
		t.Helper()
		if err := c.s.SetRules(rulesOf(t, text)); err != nil {
			t.Fatal(err)
		}
	}
	set("rules:\n- name: writes fail\n  when: {type: POST, trigger: Patient}\n  then: {code: AE, text: not in this practice}\n- when: {trigger: Practitioner}\n  faults: [{fault: status, value: \"503\"}]\n- when: {trigger: Encounter, first: 1}\n  faults: [{fault: throttle, time: 30s}]\n- when: {trigger: Observation}\n  faults: [throttle-silently]")
	if r := c.want(422, "POST", "/Patient", ann); !strings.Contains(string(r.body), "not in this practice") {
		t.Errorf("%s", r.body)
	}
	c.want(200, "GET", "/Patient", "")
	c.want(503, "GET", "/Practitioner/d1", "")
	if r := c.want(429, "GET", "/Encounter", ""); r.Header.Get("Retry-After") != "30" || r.at("issue", "code") != "throttled" {
		t.Errorf("%v", r.Header)
	}
	c.want(200, "GET", "/Encounter", "")
	if r := c.want(429, "GET", "/Observation", ""); r.Header.Get("Retry-After") != "" {
		t.Errorf("%v", r.Header)
	}

	set("faults: [stale-etag, wrong-content-type]")
	if _, h, _, err := c.get("/Patient/p1"); err != nil || h.Get("ETag") != `W/"0"` || h.Get("Content-Type") != "text/html" {
		t.Errorf("%v, %v", h, err)
	}
	set("faults: [no-next-link, repeat-entry]")
	if r := c.want(200, "GET", "/Observation?_count=1", ""); r.link("next") != "" || r.link("first") == "" || r.entries() != "Observation/o1 Observation/o1" {
		t.Errorf("%s", r.body)
	}
	set("faults: [corrupt]")
	if _, _, body, err := c.get("/Patient/p1"); err != nil || !strings.Contains(body, `\`) {
		t.Errorf("%s, %v", body, err)
	}
	for _, broken := range []string{"truncate", "close-before", "reset-before"} {
		set("faults: [" + broken + "]")
		if _, _, body, err := c.get("/Patient/p1"); err == nil {
			t.Errorf("%s: a whole answer came: %s", broken, body)
		}
	}
	set("faults: [{fault: dribble, time: 1us}]")
	if _, _, body, err := c.get("/Patient/p1"); err != nil || !strings.HasSuffix(body, "}") {
		t.Errorf("%s, %v", body, err)
	}
	set("faults: [{fault: delay-before, time: 30ms}, {fault: delay-during, time: 30ms}]")
	begin := time.Now()
	if _, _, body, err := c.get("/Patient/p1"); err != nil || !strings.HasSuffix(body, "}") || time.Since(begin) < 60*time.Millisecond {
		t.Errorf("%v, %s", err, time.Since(begin))
	}
	set("rules:\n- when: {trigger: Patient}\n  faults: [{fault: down-for, time: 10s}]")
	for range 3 {
		if _, _, _, err := c.get("/Patient/p1"); err == nil {
			t.Error("it is down")
		}
	}
	if _, _, _, err := c.get("/Encounter/e1"); err == nil {
		t.Error("it is down for all")
	}
	clock.pass(11 * time.Second)
	if status, _, _, err := c.get("/Encounter/e1"); err != nil || status != 200 {
		t.Errorf("%d, %v", status, err)
	}
}

func TestRulesThatDoNotFit(t *testing.T) {
	c := serving(t, Config{}, Options{})
	for text, want := range map[string]string{
		"faults: [late-ack]": "the fault late-ack is one of MLLP",
		"rules: [{when: {type: GET}, faults: [no-start]}]":                           "rule 1: the fault no-start",
		"rules: [{when: {fields: [{path: PID-3, exists: true}]}, then: AE}]":         "fields and findings",
		"rules: [{when: {type: POST}, then: {code: AE, errors: [{code: \"101\"}]}}]": "answers with code and text",
	} {
		if err := c.s.SetRules(rulesOf(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, f := range rules.HTTPFaults() { // every one of them is taken
		if err := c.s.SetRules(rules.File{Faults: []rules.Fault{{Kind: f.Kind}}}); err != nil {
			t.Error(err)
		}
	}
}

func TestFaultsInTheJournal(t *testing.T) {
	j := endpoint.NewMemoryJournal(10, 0)
	c := serving(t, Config{}, Options{Store: wardStore(t), Journal: j, Rules: rulesOf(t, "seed: 4\nrules:\n- name: late\n  when: {type: GET, every: 2}\n  faults: [{fault: status, value: \"500\"}]")})
	for range 4 {
		c.get("/Patient/p1")
	}
	var codes, named []string
	for _, e := range j.All() {
		codes, named = append(codes, e.Code), append(named, e.Rule)
	}
	if strings.Join(codes, " ") != "200 500 200 500" || strings.Join(named, ",") != ",late,,late" || j.All()[1].Faults[0] != "answer with status 500" || j.All()[1].Outcome != endpoint.OutcomeRejected {
		t.Errorf("%v %v", codes, named)
	}
}

func TestAuthentication(t *testing.T) {
	for text, header := range map[string]string{
		"basic:ann:s:cret":     "Authorization: Basic YW5uOnM6Y3JldA==",
		"api-key:k1":           "X-API-Key: k1",
		"api-key:X-Practice=9": "X-Practice: 9",
		"bearer:tok":           "Authorization: bearer tok",
	} {
		a, err := ParseAuth(text)
		if err != nil {
			t.Fatal(err)
		}
		c := serving(t, Config{Auth: a}, Options{Store: wardStore(t)})
		c.want(200, "GET", "/metadata", "")
		if r := c.want(401, "GET", "/Patient/p1", ""); r.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no challenge", text)
		}
		c.want(401, "GET", "/Patient/p1", "", header+"x")
		c.want(200, "GET", "/Patient/p1", "", header)
		c.want(204, "OPTIONS", "/Patient/p1", "", "Origin: http://app.example")
	}
	for _, text := range []string{"basic:ann", "bearer:", "oauth:x", "api-key"} {
		if _, err := ParseAuth(text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestPersonalities(t *testing.T) {
	list := Personalities()
	if len(list) != 9 {
		t.Errorf("%d personalities", len(list))
	}
	for _, p := range list {
		if p.Name == "" || len(p.Date()) != 10 || len(p.Resources) < 10 || strings.ContainsAny(p.Path(), "{}") || p.Path() == "" {
			t.Errorf("%s: %s, %d types, %s", p.ID, p.Date(), len(p.Resources), p.Path())
		}
		c := serving(t, Config{Personality: p}, Options{Store: wardStore(t)})
		r := c.want(200, "GET", "/metadata", "")
		if got := len(r.n.Find("rest").Member("resource").Children); got != len(p.Resources) || !strings.Contains(r.at("implementation", "description"), p.Date()) {
			t.Errorf("%s: %d types", p.ID, got)
		}
	}
	epic, err := FindPersonality("epic")
	if err != nil {
		t.Fatal(err)
	}
	c := serving(t, Config{Personality: epic}, Options{Store: wardStore(t)})
	c.want(200, "GET", "/Appointment", "")
	if r := c.want(405, "POST", "/Appointment", `{"resourceType":"Appointment"}`); r.at("issue", "code") != "not-supported" {
		t.Errorf("%s", r.body)
	}
	c.want(404, "GET", "/Basic", "")
	if _, err := FindPersonality("cerner"); err == nil || !strings.Contains(err.Error(), "cerner-r4-open") {
		t.Errorf("%v", err)
	}

	cerner, err := FindPersonality("cerner-r4-open")
	if err != nil {
		t.Fatal(err)
	}
	c = serving(t, Config{Personality: cerner}, Options{Store: wardStore(t)})
	if r := c.want(400, "GET", "/Observation", ""); r.at("issue", "code") != "required" {
		t.Errorf("%s", r.body)
	}
	c.want(200, "GET", "/Observation?patient=p1", "")
	c.do("GET", "/Observation?patient=p1", "", "Accept: application/fhir+xml")
	if status, _, _, _ := c.get("/Observation?patient=p1&_format=xml"); status != 406 {
		t.Errorf("%d", status)
	}
}

// What vendors do beside their statements, each as its notes say.
func TestVendorsWays(t *testing.T) {
	as := func(id string) *client {
		t.Helper()
		p, err := FindPersonality(id)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Notes) == 0 {
			t.Errorf("%s has no notes", id)
		}
		return serving(t, Config{Personality: p}, Options{Store: wardStore(t)})
	}
	// all follows the links to the next page, and returns what was found with the addresses of the pages.
	all := func(c *client, path string) (found, pages string) {
		t.Helper()
		for n := 0; path != ""; n++ {
			r := c.want(200, "GET", path, "")
			if n > 5 || strings.Contains(string(r.body), "OperationOutcome") {
				t.Fatalf("%s: %s", path, r.body)
			}
			found += r.entries() + " "
			if path = r.link("next"); path != "" {
				pages += path[strings.Index(path, "?"):] + " "
			}
		}
		return strings.TrimSpace(found), pages
	}
	three := "Observation/o1 Observation/o2 Observation/o3"

	c := as("athenahealth-r4")
	if r := c.want(400, "GET", "/Observation?patient=p1", ""); r.at("issue", "code") != "required" || !strings.Contains(string(r.body), "ah-practice") {
		t.Errorf("%s", r.body)
	}
	if found, pages := all(c, "/Observation?ah-practice=Organization/a-1.Practice-1&_count=2"); found != three || !strings.Contains(pages, "ah-practice=") || !strings.Contains(pages, "&cursor=") {
		t.Errorf("%s by %s", found, pages)
	}
	c = as("ecw-r4")
	if found, pages := all(c, "/Observation?_count=1"); found != three || pages != "?_count=1&page=2 ?_count=1&page=3 " {
		t.Errorf("%s by %s", found, pages)
	}
	if r := c.want(200, "GET", "/Observation?_count=1&page=9", ""); r.entries() != "" {
		t.Errorf("%s", r.entries())
	}
	c = as("nextgen-enterprise-r4")
	if r := c.want(200, "GET", "/Observation?_maxresults=1", ""); r.entries() != "Observation/o1" {
		t.Errorf("%s", r.entries())
	}
	if r := c.want(200, "GET", "/Observation?_count=1", ""); r.entries() != three {
		t.Errorf("%s", r.entries())
	}
	c = as("nextgen-office-r4")
	if found, pages := all(c, "/Observation?_count=1&_format=json"); found != three || !strings.Contains(pages, "?_getpages=") || !strings.Contains(pages, "&_getpagesoffset=2&_count=1&_bundletype=searchset&_format=json") {
		t.Errorf("%s by %s", found, pages)
	}
	c = as("cerner-r4-open")
	if r := c.want(200, "GET", "/Observation?_id=o1,o2,o3&_count=1", ""); r.entries() != three {
		t.Errorf("%s", r.entries())
	}
	c.want(403, "GET", c.http.URL+"/r4/another-tenant/Observation?patient=p1", "")
	c.want(404, "GET", c.http.URL+"/r5/another-tenant/Observation?patient=p1", "")

	c = as("epic-r4")
	if err := c.s.Store().Fill(t.Context(), fhirstore.Invent(1, 120)); err != nil {
		t.Fatal(err)
	}
	if r := c.want(400, "GET", "/Patient?gender=female,male", ""); r.at("issue", "details", "coding", "code") != "4127" {
		t.Errorf("%s", r.body)
	}
	c.want(200, "GET", "/Patient?family=moss&birthdate=1900", "")
}

func TestRateLimit(t *testing.T) {
	p, err := FindPersonality("ecw")
	if err != nil {
		t.Fatal(err)
	}
	var clock clock
	c := serving(t, Config{Personality: p}, Options{Store: wardStore(t), Now: clock.now})
	for range 250 {
		c.want(200, "GET", "/Patient/p1", "")
	}
	if r := c.want(429, "GET", "/Patient/p1", ""); r.Header.Get("Retry-After") != "" {
		t.Error("this vendor says no time")
	}
	clock.pass(time.Minute)
	c.want(200, "GET", "/Patient/p1", "")
}
