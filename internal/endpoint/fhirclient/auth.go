package fhirclient

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

var (
	errBase        = errors.New("the address of a FHIR service is written as http://127.0.0.1:8080/fhir or https://host/path")
	errUserInBase  = errors.New("leave user and password out of the address: they belong to the authentication")
	errQueryInBase = errors.New("the address of the service ends before ? and #: what follows belongs to the path of a request")
)

// Auth is how a client shows who it is. The zero Auth shows nothing.
type Auth struct {
	Kind   AuthKind
	User   string // of Basic; the client_id of AuthClient and AuthBackend
	Secret []byte // password, key, token, client secret, or the private key in PEM; never in errors or text
	Header string // of an API key; default X-API-Key
	KeyID  string // kid of the private key
	Scope  string // of AuthClient and AuthBackend; default system/*.read
	Token  string // address of the token endpoint; empty asks the server's SMART configuration
}

// AuthKind is a way to authenticate.
type AuthKind string

// Ways to authenticate.
const (
	AuthNone    AuthKind = ""
	AuthBasic   AuthKind = "basic"
	AuthKey     AuthKind = "api-key"
	AuthBearer  AuthKind = "bearer"
	AuthClient  AuthKind = "client-secret" // OAuth 2.0 client credentials with a secret (RFC 6749 4.4)
	AuthBackend AuthKind = "backend"       // SMART Backend Services: client credentials with a signed assertion
)

// AuthKinds are all ways, in the order in which they are offered.
var AuthKinds = []AuthKind{AuthNone, AuthBasic, AuthKey, AuthBearer, AuthClient, AuthBackend}

// DefaultScope is asked for where none is given.
const DefaultScope = "system/*.read"

// String names the way in words.
func (k AuthKind) String() string {
	switch k {
	case AuthNone:
		return "none"
	case AuthBasic:
		return "Basic: user and password"
	case AuthKey:
		return "API key"
	case AuthBearer:
		return "bearer token"
	case AuthClient:
		return "OAuth 2.0 client with a secret"
	case AuthBackend:
		return "SMART backend service with a key"
	}
	return string(k)
}

func (a *Auth) header() string {
	if a.Header == "" {
		return "X-API-Key"
	}
	return a.Header
}

func (a *Auth) scope() string {
	if a.Scope == "" {
		return DefaultScope
	}
	return a.Scope
}

// fetches says that a token is asked for before the first request.
func (a *Auth) fetches() bool { return a.Kind == AuthClient || a.Kind == AuthBackend }

// Validate says what is missing.
func (a *Auth) Validate() error {
	switch {
	case a.Kind == AuthNone:
		return nil
	case len(a.Secret) == 0:
		return fmt.Errorf("the authentication needs %s", a.Kind.secret())
	case (a.Kind == AuthBasic || a.fetches()) && a.User == "":
		return fmt.Errorf("the authentication %q needs its user or client_id", string(a.Kind))
	case a.Kind == AuthBasic && strings.Contains(a.User, ":"):
		return errors.New("a user of Basic authentication has no colon in its name (RFC 7617)")
	case a.Kind == AuthKey && !validHeader(a.header(), ""):
		return errors.New("the name of the API key's header may have letters, digits and dashes")
	case (a.Kind == AuthKey || a.Kind == AuthBearer) && !validHeader("X", string(a.Secret)):
		return errors.New("the key or token has characters that HTTP does not allow in a header; line ends at its end perhaps")
	case a.Kind == AuthBackend:
		_, _, err := readKey(a.Secret)
		return err
	case a.Kind == AuthBasic, a.Kind == AuthKey, a.Kind == AuthBearer, a.Kind == AuthClient:
		return nil
	}
	return fmt.Errorf("there is no authentication %q", string(a.Kind))
}

// secret names in words what the secret of a way is.
func (k AuthKind) secret() string {
	switch k {
	case AuthBasic:
		return "a password"
	case AuthKey:
		return "an API key"
	case AuthBearer:
		return "a token"
	case AuthClient:
		return "the client's secret"
	}
	return "the private key in PEM"
}

// Secret names in words what the secret of a way is; "" where there is none.
func (k AuthKind) Secret() string {
	if k == AuthNone {
		return ""
	}
	return k.secret()
}

// put writes the credentials into a request; token is that which was fetched.
func (a *Auth) put(h http.Header, token string) {
	switch a.Kind {
	case AuthBasic:
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(a.User+":"+string(a.Secret))))
	case AuthKey:
		h.Set(a.header(), string(a.Secret))
	case AuthBearer:
		h.Set("Authorization", "Bearer "+string(a.Secret))
	case AuthClient, AuthBackend:
		h.Set("Authorization", "Bearer "+token)
	}
}

// hides says which headers are kept nowhere.
func (a *Auth) hides(name string) bool {
	switch name = http.CanonicalHeaderKey(name); name {
	case "Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization":
		return true
	}
	return a.Kind == AuthKey && name == http.CanonicalHeaderKey(a.header())
}

// readKey reads a private key in PEM (PKCS #8, PKCS #1 or SEC 1) and says by which algorithm it signs: RS384 or ES384, those of SMART
// Backend Services 2.2.
func readKey(text []byte) (crypto.Signer, string, error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, "", errors.New("there is no private key in PEM in it; it begins with -----BEGIN PRIVATE KEY-----")
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			text = rest
			continue
		}
		if strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
			return nil, "", errors.New("the private key is encrypted: take its passphrase off with openssl pkey, and keep it as a sealed secret of the workspace")
		}
		var key any
		var err error
		switch block.Type {
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		default:
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		}
		if err != nil {
			return nil, "", errors.New("the private key cannot be read: it is damaged, or of a kind that is not known")
		}
		switch k := key.(type) {
		case *rsa.PrivateKey:
			if k.N.BitLen() < 2048 {
				return nil, "", errors.New("the RSA key has fewer than 2048 bits, which no server takes")
			}
			return k, "RS384", nil
		case *ecdsa.PrivateKey:
			if k.Curve != elliptic.P384() {
				return nil, "", errors.New("an EC key must be of the curve P-384, for ES384")
			}
			return k, "ES384", nil
		}
		return nil, "", errors.New("the key must be RSA, for RS384, or EC P-384, for ES384")
	}
}

// assertion makes the signed JWT that stands for the client (RFC 7523, SMART Backend Services 2.2).
func (a *Auth) assertion(audience string, now time.Time) (string, error) {
	key, algorithm, err := readKey(a.Secret)
	if err != nil {
		return "", err
	}
	head := map[string]string{"typ": "JWT", "alg": algorithm}
	if a.KeyID != "" {
		head["kid"] = a.KeyID
	}
	claims := map[string]any{"iss": a.User, "sub": a.User, "aud": audience, "exp": now.Add(4 * time.Minute).Unix(), "iat": now.Unix(), "jti": rand.Text()}
	part := func(v any) string {
		b, _ := json.Marshal(v) // maps of texts and numbers
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(head) + "." + part(claims)
	sum := sha512.Sum384([]byte(text))
	var signature []byte
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			return "", err
		}
		signature = make([]byte, 96) // RFC 7518 3.4: both numbers, of 48 bytes each
		r.FillBytes(signature[:48])
		s.FillBytes(signature[48:])
	default:
		if signature, err = key.Sign(rand.Reader, sum[:], crypto.SHA384); err != nil {
			return "", err
		}
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
