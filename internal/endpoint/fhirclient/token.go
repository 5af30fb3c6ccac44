package fhirclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"trestle/internal/endpoint"
)

// token is an access token, until it ends.
type token struct {
	text  string
	until time.Time
}

// tokenError says why there is no access token.
type tokenError struct{ text string }

func (e *tokenError) Error() string { return e.text }

func noToken(format string, args ...any) error {
	return &tokenError{"there is no access token: " + fmt.Sprintf(format, args...)}
}

// maxTokenAnswer bounds what an authorization server says, in bytes.
const maxTokenAnswer = 1 << 20

// bearer is the access token, asked for where there is none, it is about to end, or fresh is set.
func (c *Client) bearer(ctx context.Context, fresh bool) (string, error) {
	if !c.c.Auth.fetches() {
		return "", nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !fresh && c.token.text != "" && c.now().Before(c.token.until) {
		return c.token.text, nil
	}
	at, err := c.tokenEndpoint(ctx)
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {c.c.Auth.scope()}}
	if c.c.Auth.Kind == AuthBackend {
		signed, err := c.c.Auth.assertion(at.String(), c.now())
		if err != nil {
			return "", err
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", signed)
	}
	h, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	h.Header.Set("Content-Type", typeForm)
	h.Header.Set("Accept", "application/json")
	if c.c.Auth.Kind == AuthClient { // RFC 6749 2.3.1
		h.SetBasicAuth(url.QueryEscape(c.c.Auth.User), url.QueryEscape(string(c.c.Auth.Secret)))
	}
	status, b, err := c.quietly(h, "token")
	if err != nil {
		return "", err
	}
	var said struct {
		Token   string  `json:"access_token"`
		Type    string  `json:"token_type"`
		Expires float64 `json:"expires_in"`
		Error   string  `json:"error"`
		Text    string  `json:"error_description"`
	}
	json.Unmarshal(b, &said) // what it does not hold is missing below
	switch {
	case status != http.StatusOK && said.Error != "":
		return "", noToken("the server answered %s: %s", said.Error, said.Text)
	case status != http.StatusOK:
		return "", noToken("the token endpoint answered with status %d", status)
	case said.Token == "" || !validHeader("X", said.Token):
		return "", noToken("the answer of the token endpoint has no access_token")
	case said.Type != "" && !strings.EqualFold(said.Type, "bearer"):
		return "", noToken("the server gives tokens of another type than bearer")
	}
	life := time.Duration(said.Expires) * time.Second
	if said.Expires <= 0 || said.Expires > 1<<31 {
		life = 5 * time.Minute
	}
	c.token = token{said.Token, c.now().Add(life - min(30*time.Second, life/5))}
	return c.token.text, nil
}

// tokenEndpoint is where tokens are asked for: what the settings name, or what the server's SMART configuration does (SMART App Launch
// 2.2, .well-known/smart-configuration).
func (c *Client) tokenEndpoint(ctx context.Context) (*url.URL, error) {
	at := c.c.Auth.Token
	if at == "" {
		h, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String()+"/.well-known/smart-configuration", nil)
		if err != nil {
			return nil, err
		}
		h.Header.Set("Accept", "application/json")
		status, b, err := c.quietly(h, "smart-configuration")
		if err != nil {
			return nil, err
		}
		var said struct {
			Token string `json:"token_endpoint"`
		}
		if json.Unmarshal(b, &said); status != http.StatusOK || said.Token == "" {
			return nil, noToken("the server publishes no SMART configuration with a token_endpoint: write the address of the token endpoint into the settings")
		}
		at = said.Token
	}
	u, err := url.Parse(at)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, noToken("the address of the token endpoint must begin with https://")
	case u.Scheme == "http" && !c.c.Plain && !onlyHere(u.Hostname()):
		return nil, noToken("the token endpoint's address is plain HTTP, which would show the credentials to the network")
	}
	return u, nil
}

// quietly sends a request of the authorization and keeps in the journal that it happened, not what was said.
func (c *Client) quietly(h *http.Request, about string) (status int, body []byte, err error) {
	began := c.now().UTC()
	e := &endpoint.Exchange{Endpoint: c.c.Name, Run: c.c.Run, Kind: endpoint.KindFHIR, Direction: endpoint.Outbound, Peer: h.URL.Host, Type: h.Method, Trigger: about, Attempt: 1, FirstByte: began, LastByte: began}
	answer, err := c.http.Do(h)
	if err == nil {
		defer answer.Body.Close()
		status = answer.StatusCode
		body, err = io.ReadAll(io.LimitReader(answer.Body, maxTokenAnswer))
		e.Code, e.Outcome, e.Passed, e.TLS = strconv.Itoa(status), outcomeOf(status), status < 400, endpoint.TLSOf(answer.TLS)
	}
	if err != nil {
		e.Outcome, e.Detail = endpoint.OutcomeFailed, c.explain(h.Context(), err).Error()
	}
	e.Decided = c.now().UTC()
	return status, body, errors.Join(err, c.keep(h.Context(), e))
}
