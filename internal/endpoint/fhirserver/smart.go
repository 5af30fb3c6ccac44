package fhirserver

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"trestle/internal/endpoint/fhirstore"
)

// Client is a registered client of SMART. Where none is registered, every public client is let in.
type Client struct {
	ID     string   `json:"client_id"`
	Secret string   `json:"client_secret,omitempty"` // of a confidential client
	Keys   KeySet   `json:"jwks"`                    // of a backend service
	Scopes []string `json:"scopes,omitempty"`        // of a backend service; none is all that it asks for
}

// ParseClients reads registrations: a list in JSON, with client_id, and client_secret or jwks.
func ParseClients(b []byte) ([]Client, error) {
	var list []Client
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("registered clients are a list in JSON with client_id, and client_secret or jwks: %w", err)
	}
	for i, c := range list {
		if c.ID == "" {
			return nil, fmt.Errorf("client %d has no client_id", i)
		}
	}
	return list, nil
}

// lifetimes of what SMART hands out. An access token may live 300 seconds at most for backend services.
const (
	codeLifetime    = time.Minute
	tokenLifetime   = 5 * time.Minute
	refreshLifetime = 24 * time.Hour
	maxHandedOut    = 10000
)

// smart is the authorization server of SMART App Launch 2.2: authorization code with PKCE and automatic approval, refresh, client
// credentials with a signed assertion, introspection.
type smart struct {
	clients []Client
	now     func() time.Time
	patient func() string // that is in context when nobody picks one

	mu      sync.Mutex
	codes   map[string]*grant
	tokens  map[string]*access
	refresh map[string]*grant
	seen    map[string]time.Time // jti of assertions, until they expire
}

// grant is what a client was allowed.
type grant struct {
	access
	redirect, challenge string
	until               time.Time
}

func newSMART(clients []Client, now func() time.Time, patient func() string) *smart {
	return &smart{clients: clients, now: now, patient: patient, codes: map[string]*grant{}, tokens: map[string]*access{}, refresh: map[string]*grant{}, seen: map[string]time.Time{}}
}

func secretText() string {
	var b [24]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (m *smart) client(id string) (*Client, bool) {
	if i := slices.IndexFunc(m.clients, func(c Client) bool { return c.ID == id }); i >= 0 {
		return &m.clients[i], true
	}
	return &Client{ID: id}, len(m.clients) == 0 && id != ""
}

// bearer finds the access of a request.
func (m *smart) bearer(h *http.Request) (*access, *failure) {
	header := h.Header.Get("Authorization")
	if len(header) > 7 && strings.EqualFold(header[:7], "Bearer ") {
		m.mu.Lock()
		a := m.tokens[strings.TrimSpace(header[7:])]
		m.mu.Unlock()
		if a != nil && m.now().Before(a.expires) {
			return a, nil
		}
	}
	f := fail(401, "the request carries no valid access token; see .well-known/smart-configuration")
	f.header = http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}
	return nil, f
}

// serve answers the addresses of SMART; nil if the path is none of them. The answers follow RFC 6749, not FHIR.
func (m *smart) serve(h *http.Request, base, path string, body []byte) *response {
	switch path {
	case ".well-known/smart-configuration":
		return answerJSON(200, map[string]any{
			"authorization_endpoint": base + "/auth/authorize", "token_endpoint": base + "/auth/token", "introspection_endpoint": base + "/auth/introspect",
			"grant_types_supported": []string{"authorization_code", "client_credentials"}, "code_challenge_methods_supported": []string{"S256"}, "response_types_supported": []string{"code"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "private_key_jwt"}, "token_endpoint_auth_signing_alg_values_supported": []string{"RS384", "ES384"},
			"scopes_supported": []string{"launch/patient", "offline_access", "patient/*.cruds", "user/*.cruds", "system/*.cruds"},
			"capabilities":     []string{"launch-standalone", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric", "context-standalone-patient", "permission-offline", "permission-patient", "permission-user", "permission-v1", "permission-v2"},
		})
	case "auth/authorize":
		return m.authorize(h, base)
	case "auth/token", "auth/introspect":
		if h.Method != http.MethodPost {
			return oauthError(405, "invalid_request", "this address takes POST")
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return oauthError(400, "invalid_request", "the body is no form")
		}
		if path == "auth/introspect" {
			return m.introspect(form)
		}
		return m.token(h, base, form)
	}
	return nil
}

func answerJSON(status int, v any) *response {
	b, err := json.Marshal(v)
	if err != nil { // maps of texts
		return &response{status: 500}
	}
	return &response{status: status, raw: b, rawType: "application/json", header: http.Header{"Cache-Control": {"no-store"}}}
}

func oauthError(status int, code, text string) *response {
	return answerJSON(status, map[string]any{"error": code, "error_description": text})
}

// authorize approves at once, as automated tests need it, and sends the browser back with a code.
func (m *smart) authorize(h *http.Request, base string) *response {
	q := h.URL.Query()
	client, known := m.client(q.Get("client_id"))
	target, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case !known:
		return oauthError(400, "invalid_client", "the client_id is not registered")
	case err != nil || target.Scheme == "" || target.Host == "":
		return oauthError(400, "invalid_request", "redirect_uri must be an absolute address")
	}
	back := func(values url.Values) *response {
		values.Set("state", q.Get("state"))
		old := target.Query()
		for k, v := range values {
			old[k] = v
		}
		target.RawQuery = old.Encode()
		return &response{status: 302, location: target.String()}
	}
	refuse := func(code, text string) *response {
		return back(url.Values{"error": {code}, "error_description": {text}})
	}
	switch {
	case q.Get("response_type") != "code":
		return refuse("unsupported_response_type", "response_type must be code")
	case strings.TrimSuffix(q.Get("aud"), "/") != base:
		return refuse("invalid_request", "aud must be the address of this FHIR server")
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		return refuse("invalid_request", "a code_challenge of the method S256 is needed")
	case len(parseScopes(q.Get("scope"))) == 0 && !strings.Contains(q.Get("scope"), "launch"):
		return refuse("invalid_scope", "no scope on resources is asked for")
	}
	g := &grant{redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), until: m.now().Add(codeLifetime)}
	g.client, g.scope, g.scopes = client.ID, q.Get("scope"), parseScopes(q.Get("scope"))
	if strings.Contains(g.scope, "launch/patient") || strings.Contains(g.scope, "patient/") {
		g.patient = m.patient()
	}
	code := secretText()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.codes) >= maxHandedOut {
		clear(m.codes)
	}
	m.codes[code] = g
	return back(url.Values{"code": {code}})
}

func (m *smart) token(h *http.Request, base string, form url.Values) *response {
	switch form.Get("grant_type") {
	case "authorization_code":
		return m.redeem(h, form)
	case "refresh_token":
		return m.renew(h, form)
	case "client_credentials":
		return m.backend(base, form)
	}
	return oauthError(400, "unsupported_grant_type", "grant_type must be authorization_code, refresh_token or client_credentials")
}

// authentic checks the secret of a confidential client; a public one has none.
func (m *smart) authentic(h *http.Request, form url.Values, id string) bool {
	user, secret, basic := h.BasicAuth()
	if !basic {
		user, secret = form.Get("client_id"), form.Get("client_secret")
	}
	c, known := m.client(id)
	return known && user == id && (c.Secret == "" || same(secret, c.Secret))
}

func (m *smart) redeem(h *http.Request, form url.Values) *response {
	m.mu.Lock()
	g := m.codes[form.Get("code")]
	delete(m.codes, form.Get("code")) // a code is good once
	m.mu.Unlock()
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case g == nil || !m.now().Before(g.until):
		return oauthError(400, "invalid_grant", "the code is not known, was used, or is too old")
	case g.redirect != form.Get("redirect_uri"):
		return oauthError(400, "invalid_grant", "redirect_uri is not the one of the authorization")
	case !same(base64.RawURLEncoding.EncodeToString(sum[:]), g.challenge):
		return oauthError(400, "invalid_grant", "the code_verifier does not fit the code_challenge")
	case !m.authentic(h, form, g.client):
		return oauthError(401, "invalid_client", "the client is not the one of the authorization, or its secret is wrong")
	}
	return m.hand(g, strings.Contains(g.scope, "offline_access") || strings.Contains(g.scope, "online_access"))
}

func (m *smart) renew(h *http.Request, form url.Values) *response {
	m.mu.Lock()
	g := m.refresh[form.Get("refresh_token")]
	m.mu.Unlock()
	switch {
	case g == nil || !m.now().Before(g.until):
		return oauthError(400, "invalid_grant", "the refresh token is not known or too old")
	case !m.authentic(h, form, g.client):
		return oauthError(401, "invalid_client", "the refresh token is another client's, or the secret is wrong")
	}
	m.mu.Lock()
	delete(m.refresh, form.Get("refresh_token")) // each is good once: the answer brings the next
	m.mu.Unlock()
	return m.hand(g, true)
}

// hand gives out an access token, and a refresh token with it if refresh is set.
func (m *smart) hand(g *grant, refresh bool) *response {
	token := secretText()
	a := g.access
	a.expires = m.now().Add(tokenLifetime)
	out := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(tokenLifetime / time.Second), "scope": g.scope}
	if g.patient != "" {
		out["patient"] = g.patient
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, old := range m.tokens {
		if len(m.tokens) >= maxHandedOut || m.now().After(old.expires) {
			delete(m.tokens, key)
		}
	}
	m.tokens[token] = &a
	if refresh {
		if len(m.refresh) >= maxHandedOut {
			clear(m.refresh)
		}
		key, next := secretText(), *g
		next.until = m.now().Add(refreshLifetime)
		m.refresh[key] = &next
		out["refresh_token"] = key
	}
	return answerJSON(200, out)
}

// backend answers client_credentials with an assertion (SMART Backend Services).
func (m *smart) backend(base string, form url.Values) *response {
	if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return oauthError(400, "invalid_request", "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	}
	claims, err := readAssertion(form.Get("client_assertion"), func(id string) (KeySet, bool) {
		c, known := m.client(id)
		return c.Keys, known
	})
	now := m.now()
	switch {
	case err != nil:
		return oauthError(401, "invalid_client", err.Error())
	case claims.Audience != base+"/auth/token":
		return oauthError(401, "invalid_client", "aud of the assertion must be the token endpoint")
	case claims.Issuer != claims.Subject:
		return oauthError(401, "invalid_client", "iss and sub of the assertion must both be the client_id")
	case !now.Before(claims.expires()):
		return oauthError(401, "invalid_client", "the assertion has expired")
	case claims.expires().Sub(now) > 5*time.Minute:
		return oauthError(401, "invalid_client", "exp of the assertion may lie five minutes ahead at most")
	case claims.ID == "" || !m.firstUse(claims.Issuer+" "+claims.ID, claims.expires()):
		return oauthError(401, "invalid_client", "jti of the assertion is missing or was used before")
	}
	c, _ := m.client(claims.Issuer)
	g := &grant{}
	for word := range strings.FieldsSeq(form.Get("scope")) {
		if strings.HasPrefix(word, "system/") && (len(c.Scopes) == 0 || slices.Contains(c.Scopes, word)) {
			g.scope = strings.TrimSpace(g.scope + " " + word)
		}
	}
	if g.client, g.scopes = claims.Issuer, parseScopes(g.scope); len(g.scopes) == 0 {
		return oauthError(400, "invalid_scope", "a backend service asks for scopes of system/ that it is registered for")
	}
	return m.hand(g, false)
}

// firstUse remembers an assertion until it expires.
func (m *smart) firstUse(id string, until time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for old, t := range m.seen {
		if m.now().After(t) {
			delete(m.seen, old)
		}
	}
	if _, used := m.seen[id]; used {
		return false
	}
	m.seen[id] = until
	return true
}

// introspect says what a token is good for (RFC 7662).
func (m *smart) introspect(form url.Values) *response {
	m.mu.Lock()
	a := m.tokens[form.Get("token")]
	m.mu.Unlock()
	if a == nil || !m.now().Before(a.expires) {
		return answerJSON(200, map[string]any{"active": false})
	}
	out := map[string]any{"active": true, "scope": a.scope, "client_id": a.client, "exp": a.expires.Unix()}
	if a.patient != "" {
		out["patient"] = a.patient
	}
	return answerJSON(200, out)
}

// firstPatient is the one that is in context: the first of the store.
func (s *Server) firstPatient() string {
	found, err := s.store.Search(s.stopping, &fhirstore.Query{Type: "Patient"})
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0].ID
}
