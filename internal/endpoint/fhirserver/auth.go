package fhirserver

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Auth is how clients show who they are. The zero Auth asks for nothing.
type Auth struct {
	Kind   AuthKind
	User   string // of Basic
	Secret string // the password, key or token
	Header string // of an API key; default X-API-Key
	// Clients are those that are registered with SMART; none lets every public client in.
	Clients []Client
	// Picker shows a page on which a person approves and picks the patient; without it SMART approves at once, for the first patient.
	Picker bool
}

// AuthKind is a way to authenticate.
type AuthKind string

const (
	AuthNone   AuthKind = ""
	AuthBasic  AuthKind = "basic"
	AuthKey    AuthKind = "api-key"
	AuthBearer AuthKind = "bearer"
	AuthSMART  AuthKind = "smart"
)

// ParseAuth reads basic:user:password, api-key:key, api-key:Header-Name=key, bearer:token, smart, smart:picker, or none.
func ParseAuth(text string) (Auth, error) {
	kind, rest, _ := strings.Cut(text, ":")
	a := Auth{Kind: AuthKind(kind), Secret: rest}
	switch a.Kind {
	case "none", AuthNone:
		return Auth{}, nil
	case AuthBasic:
		user, password, ok := strings.Cut(rest, ":")
		if !ok || user == "" {
			return a, errors.New("basic authentication is given as basic:user:password")
		}
		a.User, a.Secret = user, password
	case AuthKey:
		if name, key, ok := strings.Cut(rest, "="); ok {
			a.Header, a.Secret = name, key
		}
		if a.Header == "" {
			a.Header = "X-API-Key"
		}
	case AuthBearer:
	case AuthSMART:
		if rest != "" && rest != "picker" {
			return a, errors.New("smart takes no secret here, only smart:picker; registered clients are given apart")
		}
		a.Picker, a.Secret = rest == "picker", ""
		return a, nil
	default:
		return a, fmt.Errorf("there is no authentication %q; there are none, basic:user:password, api-key:KEY, api-key:Header=KEY, bearer:TOKEN, smart and smart:picker", kind)
	}
	if a.Secret == "" {
		return a, fmt.Errorf("the authentication %s needs its secret after a colon", kind)
	}
	return a, nil
}

// check says what is missing from a request; nil if it may pass. The statement, which tells how to authenticate, is open to all.
func (a *Auth) check(r *http.Request, path string) *failure {
	if a.Kind == AuthNone || path == "metadata" && (r.Method == http.MethodGet || r.Method == http.MethodHead) || r.Method == http.MethodOptions {
		return nil
	}
	given, challenge := "", "Bearer"
	switch header := r.Header.Get("Authorization"); a.Kind {
	case AuthBasic:
		challenge = `Basic realm="FHIR", charset="UTF-8"`
		if user, password, ok := r.BasicAuth(); ok {
			given = user + ":" + password
		}
		if same(given, a.User+":"+a.Secret) {
			return nil
		}
	case AuthKey:
		challenge = "ApiKey"
		if given = r.Header.Get(a.Header); same(given, a.Secret) {
			return nil
		}
	case AuthBearer:
		if len(header) > 7 && strings.EqualFold(header[:7], "Bearer ") {
			given = strings.TrimSpace(header[7:])
		}
		if same(given, a.Secret) {
			return nil
		}
	}
	f := fail(401, "the request carries no valid credentials of the kind %s", a.Kind)
	if given != "" && a.Kind == AuthBearer {
		challenge = `Bearer error="invalid_token"`
		f.issues[0].code = "security"
	}
	f.header = http.Header{"Www-Authenticate": {challenge}}
	return f
}

// same compares secrets in a time that says nothing of them.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// hides says which headers are not kept in the journal.
func (a *Auth) hides(name string) bool {
	return name == "Authorization" || name == "Cookie" || a.Header != "" && name == http.CanonicalHeaderKey(a.Header)
}
