package fhirclient

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/endpoint/fhirstore"
)

// serve starts our server with ten patients.
func serve(t *testing.T, auth fhirserver.Auth, personality string) *httptest.Server {
	t.Helper()
	store := fhirstore.New(fhirstore.Options{})
	if err := store.Fill(t.Context(), fhirstore.Invent(1, 10)); err != nil {
		t.Fatal(err)
	}
	c := fhirserver.Config{Auth: auth}
	if personality != "" {
		p, err := fhirserver.FindPersonality(personality)
		if err != nil {
			t.Fatal(err)
		}
		c.Personality, c.Base = p, p.Path()
	}
	s, err := fhirserver.New(c, fhirserver.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return h
}

func connect(t *testing.T, c Config) (*Client, *endpoint.MemoryJournal) {
	t.Helper()
	j := endpoint.NewMemoryJournal(100, 0)
	client, err := New(c, j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, j
}

func do(t *testing.T, c *Client, text string) *Response {
	t.Helper()
	r, err := ParseRequest(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Do(t.Context(), r)
	if err != nil {
		t.Fatalf("%s: %v", r.Method, err)
	}
	return p
}

func TestConversation(t *testing.T) {
	h := serve(t, fhirserver.Auth{}, "")
	c, j := connect(t, Config{Name: "ehr", Run: "kickoff", Base: h.URL + "/fhir/"})
	made := do(t, c, "POST Patient\nPrefer: return=representation\n\n"+`{"resourceType":"Patient","name":[{"family":"Testcase"}]}`)
	if made.Status != 201 || made.Header("location") == "" || made.Tree().Find("name").Kind == 0 {
		t.Fatalf("the answer is %s", made.StatusText())
	}
	if made.Sent.Before(made.Began) || made.First.Before(made.Sent) || made.Ended.Before(made.First) || made.Latency() <= 0 {
		t.Errorf("times are out of order: %v %v %v %v", made.Began, made.Sent, made.First, made.Ended)
	}
	page := do(t, c, "Patient?_count=4")
	next := Links(page.Tree())["next"]
	if next == "" {
		t.Fatal("a page of four of eleven has no next")
	}
	if second := do(t, c, next); second.Status != 200 || len(second.Tree().Member("entry").Children) != 4 {
		t.Errorf("the next page is %s", second.StatusText())
	}
	bad := do(t, c, "POST Patient\n\n"+`{"resourceType":"Patient","gender":"unknowable","nonsense":1}`)
	issues := Issues(bad.Tree())
	if bad.Status != 422 || len(issues) < 2 || !slices.ContainsFunc(issues, func(i Issue) bool { return i.Severity == "error" && strings.HasPrefix(i.Expression, "Patient.") }) {
		t.Errorf("%s with issues %+v", bad.StatusText(), issues)
	}
	if p := do(t, c, "PATCH Patient/"+strings.Split(made.Header("Location"), "/")[5]+"\n\n"+`[{"op":"add","path":"/birthDate","value":"1980-02-29"}]`); p.Status != 200 {
		t.Errorf("JSON Patch without a Content-Type: %s", p.StatusText())
	}
	if p := do(t, c, "POST Patient/_search\n\nname=Testcase"); p.Status != 200 || p.Tree().Member("total").String() != "1" {
		t.Errorf("search by form: %s", p.StatusText())
	}
	if p := do(t, c, "POST Patient\n\n"+`<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>`); p.Status != 201 {
		t.Errorf("XML without a Content-Type: %s", p.StatusText())
	}
	if p := do(t, c, "HEAD Patient?_count=1"); p.Status != 200 || len(p.Body) != 0 {
		t.Errorf("HEAD: %s, %d bytes", p.StatusText(), len(p.Body))
	}
	all := j.All()
	if len(all) != 8 {
		t.Fatalf("%d exchanges are kept, want 8", len(all))
	}
	e := all[0]
	if e.Endpoint != "ehr" || e.Run != "kickoff" || e.Kind != endpoint.KindFHIR || e.Direction != endpoint.Outbound || e.Type != "POST" || e.Trigger != "Patient" || e.Code != "201" || !e.Passed ||
		e.Outcome != endpoint.OutcomeAccepted || e.Latency() <= 0 || made.Exchange != e.ID || !strings.HasPrefix(string(e.Reply), "HTTP/1.1 201 Created\r\n") {
		t.Errorf("kept: %s %s %s %s %v", e.Type, e.Trigger, e.Code, e.Outcome, e.Latency())
	}
	if all[3].Outcome != endpoint.OutcomeError || all[3].Passed {
		t.Errorf("a 422 is kept as %s", all[3].Outcome)
	}
	again, err := FromWire(e.Request, "/fhir")
	if err != nil || again.Method != "POST" || again.Path != "Patient" || !bytes.Equal(again.Body, []byte(`{"resourceType":"Patient","name":[{"family":"Testcase"}]}`)) {
		t.Errorf("what was kept is read as %s %s, %v", again.Method, again.Path, err)
	}
	if s := c.Stats(); s.Out != 8 {
		t.Errorf("%d are counted", s.Out)
	}
}

const secret = "s3cr3t-of-the-test"

func TestAuthentication(t *testing.T) {
	for _, c := range []struct {
		name   string
		server fhirserver.Auth
		client Auth
	}{
		{"basic", fhirserver.Auth{Kind: fhirserver.AuthBasic, User: "ann", Secret: secret}, Auth{Kind: AuthBasic, User: "ann", Secret: []byte(secret)}},
		{"key", fhirserver.Auth{Kind: fhirserver.AuthKey, Header: "X-Our-Key", Secret: secret}, Auth{Kind: AuthKey, Header: "x-our-key", Secret: []byte(secret)}},
		{"bearer", fhirserver.Auth{Kind: fhirserver.AuthBearer, Secret: secret}, Auth{Kind: AuthBearer, Secret: []byte(secret)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := serve(t, c.server, "")
			client, j := connect(t, Config{Base: h.URL + "/fhir", Auth: c.client})
			if p := do(t, client, "Patient"); p.Status != 200 {
				t.Errorf("with credentials: %s", p.StatusText())
			}
			for _, e := range j.All() {
				if bytes.Contains(e.Request, []byte(secret)) || bytes.Contains(e.Request, []byte(base64.StdEncoding.EncodeToString([]byte("ann:"+secret)))) {
					t.Error("the secret is in the journal")
				}
			}
			bare, _ := connect(t, Config{Base: h.URL + "/fhir"})
			if p := do(t, bare, "Patient"); p.Status != 401 || len(Issues(p.Tree())) == 0 {
				t.Errorf("without credentials: %s", p.StatusText())
			}
		})
	}
}

// keys makes a private key in PEM and its public part as a registered client.
func keys(t *testing.T, kind string) ([]byte, fhirserver.KeySet) {
	t.Helper()
	number := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	var private any
	var public fhirserver.Key
	if kind == "RS384" {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		private, public = k, fhirserver.Key{Type: "RSA", ID: "k1", N: number(k.N.Bytes()), E: number(big.NewInt(int64(k.E)).Bytes())}
	} else {
		k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point, err := k.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		private, public = k, fhirserver.Key{Type: "EC", ID: "k1", Curve: "P-384", X: number(point[1:49]), Y: number(point[49:])}
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), fhirserver.KeySet{Keys: []fhirserver.Key{public}}
}

func TestBackendService(t *testing.T) {
	for _, kind := range []string{"RS384", "ES384"} {
		t.Run(kind, func(t *testing.T) {
			private, public := keys(t, kind)
			auth := fhirserver.Auth{Kind: fhirserver.AuthSMART, Clients: []fhirserver.Client{{ID: "loader", Keys: public}}}
			h := serve(t, auth, "")
			config := Config{Base: h.URL + "/fhir", Auth: Auth{Kind: AuthBackend, User: "loader", Secret: private, KeyID: "k1"}}
			c, j := connect(t, config)
			for range 2 {
				if p := do(t, c, "Patient?_count=1"); p.Status != 200 {
					t.Fatalf("%s %+v", p.StatusText(), Issues(p.Tree()))
				}
			}
			var kinds []string
			for _, e := range j.All() {
				kinds = append(kinds, e.Trigger)
				if e.Trigger == "token" && (len(e.Request) > 0 || len(e.Reply) > 0) {
					t.Error("what was said about the token is kept")
				}
				if bytes.Contains(e.Request, []byte("Bearer ey")) {
					t.Error("a token is kept")
				}
			}
			if got := strings.Join(kinds, " "); got != "smart-configuration token Patient Patient" {
				t.Errorf("exchanges are %s: one token serves both", got)
			}
			config.Auth.KeyID = "other"
			wrong, _ := connect(t, config)
			if _, err := wrong.Do(t.Context(), Request{Method: "GET", Path: "Patient"}); err == nil || !strings.Contains(err.Error(), "invalid_client") {
				t.Errorf("with another key the error is %v", err)
			}
		})
	}
}

// TestForgottenToken is a server that was started anew and knows nothing of the token that it gave.
func TestForgottenToken(t *testing.T) {
	tokens := 0
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			if user, word, _ := r.BasicAuth(); user != "app" || word != "a+b%2Fc" {
				t.Errorf("the client shows %q %q", user, word)
			}
			tokens++
			json.NewEncoder(w).Encode(map[string]any{"access_token": "t" + itoa(tokens), "token_type": "bearer", "expires_in": 300})
			return
		}
		if r.Header.Get("Authorization") != "Bearer t2" {
			w.WriteHeader(401)
		}
	}))
	defer h.Close()
	c, _ := connect(t, Config{Base: h.URL + "/fhir", Auth: Auth{Kind: AuthClient, User: "app", Secret: []byte("a b/c"), Token: h.URL + "/token"}})
	for range 3 {
		if p := do(t, c, "Patient"); p.Status != 200 {
			t.Errorf("the answer is %s", p.StatusText())
		}
	}
	if tokens != 2 {
		t.Errorf("%d tokens were asked for, want 2", tokens)
	}
}

func TestWhatGoesWrongIsSaid(t *testing.T) {
	hang := make(chan struct{})
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fhir/slow":
			select {
			case <-r.Context().Done():
			case <-hang:
			}
		case "/fhir/endless":
			for range 1000 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		case "/fhir/broken":
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte("{"))
		case "/fhir/reset":
			panic(http.ErrAbortHandler)
		case "/fhir/away":
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		}
	}))
	defer h.Close()
	defer close(hang)
	c, j := connect(t, Config{Base: h.URL + "/fhir", Timeout: 300 * time.Millisecond, MaxBody: 100 << 10})
	for path, want := range map[string]string{
		"slow": "no whole answer came within 300ms", "endless": "more than 102400 bytes", "broken": "in the middle of the answer", "reset": "without an answer",
	} {
		if _, err := c.Do(t.Context(), Request{Method: "GET", Path: path + "?name=planted"}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	for _, e := range j.All() {
		if e.Outcome != endpoint.OutcomeFailed || e.Detail == "" || strings.Contains(e.Detail, "planted") {
			t.Errorf("kept as %s: %q", e.Outcome, e.Detail)
		}
	}
	if p := do(t, c, "away"); p.Status != 302 || p.Header("Location") != "https://elsewhere.example/" {
		t.Errorf("a redirect is shown as %s", p.StatusText())
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := c.Do(ctx, Request{Method: "GET", Path: "slow"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	for base, want := range map[string]string{
		gone.URL:                               "nothing answers at",
		strings.Replace(h.URL, "p:", "ps:", 1): "does not speak TLS",
	} {
		c, _ := connect(t, Config{Base: base})
		if _, err := c.Do(t.Context(), Request{Method: "GET"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", base, err, want)
		}
	}
}

func TestCredentialsStayAtHome(t *testing.T) {
	a := Auth{Kind: AuthBasic, User: "ann", Secret: []byte(secret)}
	for base, allowed := range map[string]bool{"http://127.0.0.1:1/fhir": true, "http://localhost/fhir": true, "http://[::1]/fhir": true, "https://ehr.example/fhir": true, "http://ehr.example/fhir": false, "http://10.0.0.7/fhir": false} {
		_, err := New(Config{Base: base, Auth: a}, nil)
		if (err == nil) != allowed {
			t.Errorf("%s: %v", base, err)
		}
		if _, err := New(Config{Base: base, Auth: a, Plain: true}, nil); err != nil {
			t.Errorf("%s, allowed: %v", base, err)
		}
	}
	for name, bad := range map[string]Auth{
		"no secret": {Kind: AuthBasic, User: "ann"}, "no user": {Kind: AuthBasic, Secret: []byte("x")}, "colon": {Kind: AuthBasic, User: "a:b", Secret: []byte("x")},
		"line end": {Kind: AuthBearer, Secret: []byte("x\n")}, "no key": {Kind: AuthBackend, User: "c", Secret: []byte("x")}, "kind": {Kind: "magic", Secret: []byte("x")},
	} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestComplete(t *testing.T) {
	h := serve(t, fhirserver.Auth{}, "")
	c, _ := connect(t, Config{Base: h.URL + "/fhir"})
	all, err := c.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Capabilities() != all || all.FHIRVersion != "4.0.1" || len(all.Names()) < 140 {
		t.Errorf("the statement says %s and has %d types", all.FHIRVersion, len(all.Names()))
	}
	seen := []string{"Patient/ab1", "Encounter/ab2"}
	for _, c := range []struct {
		of                 *Capabilities
		method, path, want string // want begins the list, its paths joined with blanks; "-" is none
	}{
		{all, "GET", "Pati", "Patient"},
		{all, "GET", "patie", "Patient"},
		{all, "GET", "Patient", "Patient?"},
		{all, "GET", "meta", "metadata"},
		{all, "GET", "Patient/a", "Patient/ab1"},
		{all, "POST", "Patient/_", "Patient/_search"},
		{all, "GET", "Patient/ab1/$e", "Patient/ab1/$everything"},
		{all, "GET", "Patient/ab1/_", "Patient/ab1/_history"},
		{all, "GET", "Patient/ab1/Cov", "Patient/ab1/Coverage Patient/ab1/CoverageEligibilityRequest"},
		{all, "GET", "Patient?birth", "Patient?birthdate="},
		{all, "GET", "Patient?name=roe&gen", "Patient?name=roe&gender= Patient?name=roe&general-practitioner="},
		{all, "GET", "Patient?name:e", "Patient?name:exact"},
		{all, "GET", "Patient?birthdate=", "Patient?birthdate=eq Patient?birthdate=ne"},
		{all, "GET", "Patient?_summary=t", "Patient?_summary=true Patient?_summary=text"},
		{all, "GET", "Encounter?_include=Encounter:pat", "Encounter?_include=Encounter:patient"},
		{all, "GET", "Patient?_rev", "Patient?_revinclude="},
		{all, "GET", "Nothing/", "-"},
		{nil, "DELETE", "Patie", "Patient"},
		{nil, "GET", "Patient?family", "Patient?family="},
	} {
		var got []string
		for _, s := range c.of.Complete(c.method, c.path, seen) {
			got = append(got, s.Path)
		}
		text := strings.Join(got, " ")
		if c.want == "-" && text != "" || c.want != "-" && !strings.HasPrefix(text, c.want) {
			t.Errorf("%s %s: %.200s, want %s", c.method, c.path, text, c.want)
		}
	}
}

// TestCompleteKeepsToThePersonality offers nothing that the vendor's server refuses.
func TestCompleteKeepsToThePersonality(t *testing.T) {
	for _, p := range fhirserver.Personalities() {
		h := serve(t, fhirserver.Auth{}, p.ID)
		c, _ := connect(t, Config{Base: h.URL + p.Path()})
		s, err := c.Fetch(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", p.ID, err)
		}
		for _, x := range s.Complete("POST", "", nil) {
			if x.Label[0] != '$' && !s.Types[x.Label].Can("create") && !s.Types[x.Label].Can("search-type") && len(s.Types[x.Label].Operations) == 0 {
				t.Errorf("%s: POST %s is offered", p.ID, x.Label)
			}
		}
		for _, x := range s.Complete("DELETE", "", nil) {
			if x.Label[0] != '$' && !s.Types[x.Label].Can("delete") {
				t.Errorf("%s: DELETE %s is offered", p.ID, x.Label)
			}
		}
	}
}

func TestFetchOfSomethingElse(t *testing.T) {
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>hello</html>")) }))
	defer h.Close()
	c, _ := connect(t, Config{Base: h.URL})
	if _, err := c.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "no FHIR server") {
		t.Errorf("error %v", err)
	}
}
