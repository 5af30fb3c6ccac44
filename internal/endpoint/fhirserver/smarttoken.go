package fhirserver

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func (m *smart) token(h *http.Request, base string, form url.Values) *response {
	switch form.Get("grant_type") {
	case "authorization_code":
		return m.redeem(h, form, base)
	case "refresh_token":
		return m.renew(h, form, base)
	case "client_credentials":
		return m.backend(base, form)
	}
	return oauthError(400, "unsupported_grant_type", "grant_type must be authorization_code, refresh_token or client_credentials")
}

// authentic checks the secret or the assertion of a confidential client; a public one has neither.
func (m *smart) authentic(h *http.Request, form url.Values, base, id string) bool {
	c, known := m.client(id)
	if known && c.signs() {
		claims, problem := m.asserted(form, base)
		return problem == nil && claims.Issuer == id
	}
	user, secret, basic := h.BasicAuth()
	if !basic {
		user, secret = form.Get("client_id"), form.Get("client_secret")
	}
	return known && user == id && (c.Secret == "" || same(secret, c.Secret))
}

// anonymous says that a public client does not say who it is, which it need not where its token tells (RFC 6749, section 6).
func (m *smart) anonymous(h *http.Request, form url.Values, id string) bool {
	c, known := m.client(id)
	return known && c.Secret == "" && !c.signs() && form.Get("client_id") == "" && h.Header.Get("Authorization") == ""
}

func (m *smart) redeem(h *http.Request, form url.Values, base string) *response {
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
	case !m.authentic(h, form, base, g.client):
		return oauthError(401, "invalid_client", "the client is not the one of the authorization, or its secret is wrong")
	}
	return m.hand(g, base, g.asked("offline_access") || g.asked("online_access"))
}

func (m *smart) renew(h *http.Request, form url.Values, base string) *response {
	m.mu.Lock()
	g := m.refresh[form.Get("refresh_token")]
	m.mu.Unlock()
	switch {
	case g == nil || !m.now().Before(g.until):
		return oauthError(400, "invalid_grant", "the refresh token is not known or too old")
	case !m.authentic(h, form, base, g.client) && !m.anonymous(h, form, g.client):
		return oauthError(401, "invalid_client", "the refresh token is another client's, or the secret is wrong")
	}
	next := *g
	if asked := form.Get("scope"); asked != "" { // fewer, never more
		kept := strings.Fields(asked)
		if slices.ContainsFunc(kept, func(word string) bool { return !g.asked(word) }) {
			return oauthError(400, "invalid_scope", "a refresh can ask for the scopes that were granted, or fewer")
		}
		next.scope, next.scopes = strings.Join(kept, " "), parseScopes(asked)
	}
	m.mu.Lock()
	delete(m.refresh, form.Get("refresh_token")) // each is good once: the answer brings the next
	m.mu.Unlock()
	return m.hand(&next, base, true)
}

// hand gives out an access token, and a refresh token with it if refresh is set.
func (m *smart) hand(g *grant, base string, refresh bool) *response {
	token := secretText()
	if g.family == "" {
		g.family = token
	}
	a := g.access
	a.expires = m.now().Add(tokenLifetime)
	out := map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(tokenLifetime / time.Second), "scope": g.scope}
	if g.patient != "" {
		out["patient"] = g.patient
	}
	if g.encounter != "" {
		out["encounter"] = g.encounter
	}
	if g.fromEHR {
		out["need_patient_banner"] = true
	}
	if g.asked("openid") {
		token, err := m.idToken(g, base)
		if err != nil {
			return oauthError(500, "server_error", "the id_token could not be signed")
		}
		out["id_token"] = token
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

// asserted reads and checks the assertion of a client (SMART 2.2, client authentication: asymmetric).
func (m *smart) asserted(form url.Values, base string) (claims, *response) {
	if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return claims{}, oauthError(400, "invalid_request", "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	}
	c, err := readAssertion(form.Get("client_assertion"), m.keysOf)
	now := m.now()
	switch {
	case err != nil:
		return c, oauthError(401, "invalid_client", err.Error())
	case c.Audience != base+"/auth/token":
		return c, oauthError(401, "invalid_client", "aud of the assertion must be the token endpoint")
	case c.Issuer != c.Subject:
		return c, oauthError(401, "invalid_client", "iss and sub of the assertion must both be the client_id")
	case !now.Before(c.expires()):
		return c, oauthError(401, "invalid_client", "the assertion has expired")
	case c.expires().Sub(now) > 5*time.Minute:
		return c, oauthError(401, "invalid_client", "exp of the assertion may lie five minutes ahead at most")
	case c.ID == "" || !m.firstUse(c.Issuer+" "+c.ID, c.expires()):
		return c, oauthError(401, "invalid_client", "jti of the assertion is missing or was used before")
	}
	return c, nil
}

// backend answers client_credentials with an assertion (SMART Backend Services).
func (m *smart) backend(base string, form url.Values) *response {
	who, problem := m.asserted(form, base)
	if problem != nil {
		return problem
	}
	c, _ := m.client(who.Issuer)
	g := &grant{}
	g.scope = c.granted(form.Get("scope"), func(word string) bool { return strings.HasPrefix(word, "system/") })
	if g.client, g.scopes = who.Issuer, parseScopes(g.scope); len(g.scopes) == 0 {
		return oauthError(400, "invalid_scope", "a backend service asks for scopes of system/ that it is registered for")
	}
	return m.hand(g, base, false)
}

// granted keeps the scopes that a client may have.
func (c *Client) granted(asked string, may func(word string) bool) string {
	var kept []string
	for word := range strings.FieldsSeq(asked) {
		if may(word) && (len(c.Scopes) == 0 || slices.Contains(c.Scopes, word)) {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
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

// introspect says what a token is good for (RFC 7662; SMART 2.2, token introspection).
func (m *smart) introspect(form url.Values, base string) *response {
	m.mu.Lock()
	a := m.tokens[form.Get("token")]
	if g := m.refresh[form.Get("token")]; a == nil && g != nil {
		also := g.access
		a, also.expires = &also, g.until
	}
	m.mu.Unlock()
	if a == nil || !m.now().Before(a.expires) {
		return answerJSON(200, map[string]any{"active": false})
	}
	out := map[string]any{"active": true, "scope": a.scope, "client_id": a.client, "exp": a.expires.Unix(), "iss": base, "token_type": "Bearer"}
	if a.patient != "" {
		out["patient"] = a.patient
	}
	if a.encounter != "" {
		out["encounter"] = a.encounter
	}
	if a.asked("openid") {
		out["sub"] = subjectOf(a.user)
		if a.asked("fhirUser") {
			out["fhirUser"] = base + "/" + a.user
		}
	}
	return answerJSON(200, out)
}

// revoke forgets a token, and with it all that came of the same authorization (RFC 7009). A token that is not known is no error.
func (m *smart) revoke(h *http.Request, form url.Values, base string) *response {
	token := form.Get("token")
	m.mu.Lock()
	a := m.tokens[token]
	if g := m.refresh[token]; a == nil && g != nil {
		a = &g.access
	}
	m.mu.Unlock()
	if a == nil {
		return answerJSON(200, map[string]any{})
	}
	if !m.authentic(h, form, base, a.client) {
		return oauthError(401, "invalid_client", "the token is another client's, or the secret is wrong")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, x := range m.tokens {
		if x.family == a.family {
			delete(m.tokens, key)
		}
	}
	for key, x := range m.refresh {
		if x.family == a.family {
			delete(m.refresh, key)
		}
	}
	return answerJSON(200, map[string]any{})
}

// forget takes the access token of a request away; a refresh token goes on.
func (m *smart) forget(h *http.Request) {
	header := h.Header.Get("Authorization")
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tokens, strings.TrimSpace(header[min(len(header), 7):]))
}
