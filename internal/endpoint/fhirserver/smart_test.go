package fhirserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/fhir"
)

const form = "Content-Type: application/x-www-form-urlencoded"

var (
	verifier  = strings.Repeat("v", 43)
	challenge = func() string {
		sum := sha256.Sum256([]byte(verifier))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}()
)

// launch asks for a code, and returns where the browser is sent.
func (c *client) launch(change url.Values) url.Values {
	c.t.Helper()
	q := url.Values{"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {"http://app.example/back?x=1"}, "scope": {"launch/patient patient/*.rs offline_access"}, "state": {"s1"},
		"aud": {c.http.URL + "/fhir"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	for k, v := range change {
		q[k] = v
	}
	h := *c.http.Client()
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p, err := h.Get(c.http.URL + "/fhir/auth/authorize?" + q.Encode())
	if err != nil {
		c.t.Fatal(err)
	}
	p.Body.Close()
	to, err := url.Parse(p.Header.Get("Location"))
	if err != nil {
		c.t.Fatal(err)
	}
	if p.StatusCode != 302 {
		return url.Values{"error": {fmt.Sprint(p.StatusCode)}}
	}
	if got := to.Query(); to.Host != "app.example" || got.Get("x") != "1" || got.Get("state") != "s1" {
		c.t.Errorf("the browser is sent to %s", to)
	}
	return to.Query()
}

// browse asks as a browser does that does not follow where it is sent.
func (c *client) browse(method, path string, form url.Values) (status int, to *url.URL, page string) {
	c.t.Helper()
	q, err := http.NewRequestWithContext(c.t.Context(), method, c.http.URL+"/fhir"+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h := *c.http.Client()
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p, err := h.Do(q)
	if err != nil {
		c.t.Fatal(err)
	}
	defer p.Body.Close()
	b, err := io.ReadAll(p.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if to, err = url.Parse(p.Header.Get("Location")); err != nil {
		c.t.Fatal(err)
	}
	return p.StatusCode, to, string(b)
}

func (c *client) token(status int, values url.Values, headers ...string) reply {
	c.t.Helper()
	return c.oauth(status, "/auth/token", values, headers...)
}

// oauth posts a form; what comes back is no OperationOutcome.
func (c *client) oauth(status int, path string, values url.Values, headers ...string) reply {
	c.t.Helper()
	q, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.http.URL+"/fhir"+path, strings.NewReader(values.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, h := range append(headers, form) {
		name, value, _ := strings.Cut(h, ": ")
		q.Header.Set(name, value)
	}
	p, err := c.http.Client().Do(q)
	if err != nil {
		c.t.Fatal(err)
	}
	defer p.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(p.Body).Decode(&out); err != nil || p.StatusCode != status {
		c.t.Errorf("%s: status %d, not %d: %v %v", path, p.StatusCode, status, out, err)
	}
	b, _ := json.Marshal(out)
	r := reply{Response: p, body: b}
	r.n, _ = fhir.ParseJSON(b)
	return r
}

func redeeming(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"http://app.example/back?x=1"}, "client_id": {"app"}, "code_verifier": {verifier}}
}

func TestSMARTLaunch(t *testing.T) {
	var clock clock
	j := endpoint.NewMemoryJournal(100, 0)
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART}}, Options{Store: wardStore(t), Now: clock.now, Journal: j})
	if r := c.want(200, "GET", "/.well-known/smart-configuration", ""); r.at("code_challenge_methods_supported") != "S256" || r.at("token_endpoint") != c.http.URL+"/fhir/auth/token" {
		t.Errorf("%s", r.body)
	}
	if r := c.want(200, "GET", "/metadata", ""); !strings.Contains(string(r.body), "oauth-uris") {
		t.Error("the statement does not name the addresses")
	}
	c.want(401, "GET", "/Patient/p1", "")
	for want, change := range map[string]url.Values{
		"invalid_request":           {"code_challenge_method": {"plain"}},
		"invalid_scope":             {"scope": {"openid"}},
		"unsupported_response_type": {"response_type": {"token"}},
		"400":                       {"redirect_uri": {"/back"}},
	} {
		if got := c.launch(change).Get("error"); got != want {
			t.Errorf("%v: %s", change, got)
		}
	}
	if got := c.launch(url.Values{"aud": {"http://other/fhir"}}).Get("error"); got != "invalid_request" {
		t.Errorf("aud: %s", got)
	}
	code := c.launch(nil).Get("code")
	wrong := redeeming(code)
	wrong.Set("code_verifier", strings.Repeat("w", 43))
	c.token(400, wrong)
	c.token(400, redeeming(code)) // it was used
	r := c.token(200, redeeming(c.launch(nil).Get("code")))
	if r.at("patient") != "p1" || r.at("token_type") != "Bearer" || r.at("expires_in") != "300" {
		t.Errorf("%s", r.body)
	}
	bearer := "Authorization: Bearer " + r.at("access_token")

	// The token is for one patient, and for reading.
	c.want(200, "GET", "/Patient/p1", "", bearer)
	c.want(403, "GET", "/Patient/p2", "", bearer)
	c.want(403, "GET", "/Observation/o2", "", bearer)
	c.want(200, "GET", "/Practitioner/d1", "", bearer)
	if r := c.want(200, "GET", "/Observation?_include=Observation:subject", "", bearer); r.entries() != "Observation/o1 Observation/o3 include:Patient/p1" {
		t.Errorf("%s", r.entries())
	}
	if r := c.want(200, "GET", "/_history", "", bearer); strings.Contains(string(r.body), "Brook") {
		t.Error("the history shows another patient")
	}
	c.want(403, "GET", "/Patient/p2/$everything", "", bearer)
	c.want(403, "POST", "/Patient", ann, bearer)
	c.want(403, "DELETE", "/Patient/p1", "", bearer)
	if r := c.want(200, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/p2"}},{"request":{"method":"DELETE","url":"Patient/p1"}}]}`, bearer); strings.Count(string(r.body), "403 Forbidden") != 2 {
		t.Errorf("%s", r.body)
	}

	if r := c.oauth(200, "/auth/introspect", url.Values{"token": {strings.TrimPrefix(bearer, "Authorization: Bearer ")}}); r.at("active") != "true" || r.at("client_id") != "app" {
		t.Errorf("%s", r.body)
	}
	clock.pass(6 * time.Minute)
	c.want(401, "GET", "/Patient/p1", "", bearer)
	if r := c.oauth(200, "/auth/introspect", url.Values{"token": {"x"}}); r.at("active") != "false" {
		t.Errorf("%s", r.body)
	}
	renew := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.at("refresh_token")}, "client_id": {"app"}}
	again := c.token(200, renew)
	c.token(400, renew) // it was used
	c.want(200, "GET", "/Patient/p1", "", "Authorization: Bearer "+again.at("access_token"))
	c.token(400, url.Values{"grant_type": {"password"}})
	for _, e := range j.All() {
		if s := string(e.Request) + string(e.Reply); strings.Contains(s, verifier) || strings.Contains(s, again.at("access_token")) {
			t.Error("credentials are in the journal")
		}
	}
}

func TestSMARTWrites(t *testing.T) {
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART}}, Options{Store: wardStore(t)})
	r := c.token(200, redeeming(c.launch(url.Values{"scope": {"launch/patient patient/*.* "}}).Get("code")))
	if r.at("refresh_token") != "" {
		t.Error("nobody asked for offline access")
	}
	bearer := "Authorization: Bearer " + r.at("access_token")
	observation := func(patient string) string {
		return `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/` + patient + `"}}`
	}
	c.want(201, "POST", "/Observation", observation("p1"), bearer)
	c.want(403, "POST", "/Observation", observation("p2"), bearer)
	c.want(403, "DELETE", "/Observation/o2", "", bearer)
	c.want(403, "PATCH", "/Observation/o2", "[]", bearer, "Content-Type: application/json-patch+json")
	c.want(403, "PUT", "/Observation/o1", strings.Replace(observation("p2"), `,"status"`, `,"id":"o1","status"`, 1), bearer)
	if got := c.s.Store().Count("Observation"); got != 4 {
		t.Errorf("%d observations: what is refused is taken back", got)
	}
}

// signed makes an assertion.
func signed(t *testing.T, alg string, claims map[string]any, sign func(sum []byte) []byte) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": alg, "kid": "k-" + alg, "typ": "JWT"}) + "." + part(claims)
	sum := sha512.Sum384([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(sign(sum[:]))
}

func TestBackendServices(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := ecKey.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	registered, err := ParseClients(fmt.Appendf(nil, `[{"client_id":"feed","jwks":{"keys":[{"kty":"RSA","kid":"k-RS384","n":%q,"e":%q},{"kty":"EC","kid":"k-ES384","crv":"P-384","x":%q,"y":%q}]}},{"client_id":"app","client_secret":"s"}]`,
		text(rsaKey.N.Bytes()), text(big.NewInt(int64(rsaKey.E)).Bytes()), text(point[1:49]), text(point[49:])))
	if err != nil {
		t.Fatal(err)
	}
	var clock clock
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART, Clients: registered}}, Options{Store: wardStore(t), Now: clock.now})
	claims := func(id string, change map[string]any) map[string]any {
		m := map[string]any{"iss": "feed", "sub": "feed", "aud": c.http.URL + "/fhir/auth/token", "jti": id, "exp": clock.now().Add(4 * time.Minute).Unix()}
		for k, v := range change {
			m[k] = v
		}
		return m
	}
	withRSA := func(sum []byte) []byte {
		b, err := rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA384, sum)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	withEC := func(sum []byte) []byte {
		r, s, err := ecdsa.Sign(rand.Reader, ecKey, sum)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 96)
		r.FillBytes(b[:48])
		s.FillBytes(b[48:])
		return b
	}
	ask := func(status int, assertion string) reply {
		t.Helper()
		return c.token(status, url.Values{"grant_type": {"client_credentials"}, "scope": {"system/Patient.rs"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}})
	}
	r := ask(200, signed(t, "RS384", claims("1", nil), withRSA))
	c.want(200, "GET", "/Patient/p2", "", "Authorization: Bearer "+r.at("access_token"))
	c.want(403, "GET", "/Observation/o1", "", "Authorization: Bearer "+r.at("access_token"))
	ask(200, signed(t, "ES384", claims("2", nil), withEC))
	ask(401, signed(t, "RS384", claims("1", nil), withRSA)) // replayed
	ask(401, signed(t, "RS384", claims("3", map[string]any{"aud": "http://other"}), withRSA))
	ask(401, signed(t, "RS384", claims("4", map[string]any{"exp": clock.now().Add(time.Hour).Unix()}), withRSA))
	ask(401, signed(t, "RS384", claims("5", map[string]any{"exp": clock.now().Unix()}), withRSA))
	ask(401, signed(t, "RS384", claims("6", map[string]any{"iss": "other"}), withRSA))
	ask(401, signed(t, "none", claims("7", nil), func([]byte) []byte { return nil }))
	ask(401, signed(t, "ES384", claims("8", nil), func([]byte) []byte { return make([]byte, 96) }))
	ask(401, "a.b")

	// A client that is registered with a secret must give it, and one that is not registered is refused.
	if got := c.launch(url.Values{"client_id": {"stranger"}}).Get("error"); got != "400" {
		t.Errorf("%s", got)
	}
	c.token(401, redeeming(c.launch(nil).Get("code")))
	v := redeeming(c.launch(nil).Get("code"))
	v.Set("client_secret", "s")
	c.token(200, v)
	c.token(200, redeeming(c.launch(nil).Get("code")), "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("app:s")))
}
