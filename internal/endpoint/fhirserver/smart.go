package fhirserver

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Client is a registered client of SMART. Where none is registered, every public client is let in.
type Client struct {
	ID        string   `json:"client_id"`
	Secret    string   `json:"client_secret,omitempty"` // of a confidential client
	Keys      KeySet   `json:"jwks"`                    // of a confidential client that signs assertions
	KeysURL   string   `json:"jwks_uri,omitempty"`      // where its keys are, in their place
	Redirects []string `json:"redirect_uris,omitempty"` // none is any
	Scopes    []string `json:"scopes,omitempty"`        // none is all that it asks for
}

// ParseClients reads registrations: a list in JSON, with client_id, and client_secret, jwks or jwks_uri.
func ParseClients(b []byte) ([]Client, error) {
	var list []Client
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("registered clients are a list in JSON with client_id, and client_secret, jwks or jwks_uri: %w", err)
	}
	for i, c := range list {
		if c.ID == "" {
			return nil, fmt.Errorf("client %d has no client_id", i)
		}
		if u, err := url.Parse(c.KeysURL); c.KeysURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			return nil, fmt.Errorf("client %d has a jwks_uri that is no address", i)
		}
	}
	return list, nil
}

// signs says whether the client shows who it is by an assertion.
func (c *Client) signs() bool { return len(c.Keys.Keys) > 0 || c.KeysURL != "" }

// lifetimes of what SMART hands out. An access token may live 300 seconds at most for backend services.
const (
	codeLifetime    = time.Minute
	tokenLifetime   = 5 * time.Minute
	refreshLifetime = 24 * time.Hour
	launchLifetime  = 5 * time.Minute
	maxHandedOut    = 10000
)

// smart is the authorization server of SMART App Launch 2.2: standalone and EHR launch, authorization code with PKCE, approval by a
// page or at once, refresh, client credentials with a signed assertion, id tokens, introspection, revocation.
type smart struct {
	s       *Server
	clients []Client
	picker  bool
	now     func() time.Time
	fetched keyCache
	signing signingKey

	mu       sync.Mutex
	codes    map[string]*grant
	tokens   map[string]*access
	refresh  map[string]*grant
	launches map[string]Launch
	seen     map[string]time.Time // jti of assertions, until they expire
}

// Launch is what an EHR launch puts in context. Empty ids leave the choice to the rules of a standalone launch.
type Launch struct {
	Patient, Encounter string // ids
	User               string // Practitioner/1; empty takes the first Practitioner
	until              time.Time
}

// grant is what a client was allowed.
type grant struct {
	access
	redirect, challenge, nonce string
	fromEHR                    bool
	until                      time.Time
}

func newSMART(s *Server, a Auth) *smart {
	return &smart{s: s, clients: a.Clients, picker: a.Picker, now: s.now, codes: map[string]*grant{}, tokens: map[string]*access{}, refresh: map[string]*grant{}, launches: map[string]Launch{}, seen: map[string]time.Time{}}
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

// serve answers the addresses of SMART; nil if the path is none of them. The answers follow RFC 6749 and its kin, not FHIR.
func (m *smart) serve(h *http.Request, base, path string, body []byte) *response {
	switch path {
	case ".well-known/smart-configuration":
		return answerJSON(200, m.configuration(base))
	case ".well-known/openid-configuration":
		return answerJSON(200, map[string]any{
			"issuer": base, "authorization_endpoint": base + "/auth/authorize", "token_endpoint": base + "/auth/token", "jwks_uri": base + "/.well-known/jwks.json",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
			"scopes_supported": []string{"openid", "fhirUser", "profile", "launch", "offline_access"}, "claims_supported": []string{"iss", "sub", "aud", "exp", "iat", "nonce", "fhirUser", "profile"},
		})
	case ".well-known/jwks.json":
		return answerJSON(200, m.signing.published())
	case "auth/authorize", "auth/pick":
		q := h.URL.Query()
		if h.Method == http.MethodPost {
			form, err := url.ParseQuery(string(body))
			if err != nil {
				return oauthError(400, "invalid_request", "the body is no form")
			}
			q = form
		}
		return m.authorize(q, base, path == "auth/pick")
	case "auth/launcher":
		return m.launcher(h, base)
	case "auth/token", "auth/introspect", "auth/revoke":
		if h.Method != http.MethodPost {
			return oauthError(405, "invalid_request", "this address takes POST")
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return oauthError(400, "invalid_request", "the body is no form")
		}
		switch path {
		case "auth/introspect":
			return m.introspect(form, base)
		case "auth/revoke":
			return m.revoke(h, form, base)
		}
		return m.token(h, base, form)
	}
	return nil
}

func (m *smart) configuration(base string) map[string]any {
	return map[string]any{
		"issuer": base, "jwks_uri": base + "/.well-known/jwks.json",
		"authorization_endpoint": base + "/auth/authorize", "token_endpoint": base + "/auth/token", "introspection_endpoint": base + "/auth/introspect", "revocation_endpoint": base + "/auth/revoke",
		"grant_types_supported": []string{"authorization_code", "client_credentials"}, "code_challenge_methods_supported": []string{"S256"}, "response_types_supported": []string{"code"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "private_key_jwt"}, "token_endpoint_auth_signing_alg_values_supported": []string{"RS384", "ES384"},
		"scopes_supported": []string{"openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter", "offline_access", "online_access", "patient/*.cruds", "user/*.cruds", "system/*.cruds"},
		"capabilities": []string{"launch-ehr", "launch-standalone", "authorize-post", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
			"context-banner", "context-ehr-patient", "context-ehr-encounter", "context-standalone-patient", "context-standalone-encounter", "permission-offline", "permission-online", "permission-patient", "permission-user", "permission-v1", "permission-v2"},
	}
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
