package fhirserver

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"sync"
	"time"
)

// signingKey signs id tokens. It is made when it is first needed, and lasts as long as the server.
type signingKey struct {
	once sync.Once
	key  *rsa.PrivateKey
	id   string
	err  error
}

func (k *signingKey) private() (*rsa.PrivateKey, string, error) {
	k.once.Do(func() {
		if k.key, k.err = rsa.GenerateKey(rand.Reader, 2048); k.err == nil {
			sum := sha256.Sum256(k.key.N.Bytes())
			k.id = hex.EncodeToString(sum[:8])
		}
	})
	return k.key, k.id, k.err
}

// published is the public half as a JSON Web Key Set (RFC 7517).
func (k *signingKey) published() map[string]any {
	key, id, err := k.private()
	if err != nil {
		return map[string]any{"keys": []any{}}
	}
	number := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	return map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": number(key.N.Bytes()), "e": number(big.NewInt(int64(key.E)).Bytes()),
	}}}
}

// subjectOf is the sub of a user: stable, and not the id of the resource.
func subjectOf(user string) string {
	sum := sha256.Sum256([]byte("subject " + user))
	return hex.EncodeToString(sum[:16])
}

// idToken says who is signed in (OpenID Connect Core 1.0, section 2; SMART 2.2, fhirUser).
func (m *smart) idToken(g *grant, base string) (string, error) {
	key, id, err := m.signing.private()
	if err != nil {
		return "", err
	}
	now := m.now()
	claims := map[string]any{"iss": base, "sub": subjectOf(g.user), "aud": g.client, "iat": now.Unix(), "exp": now.Add(tokenLifetime).Unix()}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	if g.asked("fhirUser") {
		claims["fhirUser"] = base + "/" + g.user
	}
	if g.asked("profile") {
		claims["profile"] = base + "/" + g.user
	}
	part := func(v any) string {
		b, _ := json.Marshal(v) // maps of texts and numbers
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": "RS256", "typ": "JWT", "kid": id}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

const (
	// keysKept is how long fetched keys are used, and keysAgain how soon they are fetched again for a key that is not among them.
	keysKept  = 5 * time.Minute
	keysAgain = 10 * time.Second
	// keysTimeout is how long a client's server may take.
	keysTimeout = 5 * time.Second
)

// keyCache holds the key sets that clients publish at an address.
type keyCache struct {
	mu  sync.Mutex
	all map[string]fetchedKeys
}

type fetchedKeys struct {
	set KeySet
	at  time.Time
}

// keysOf finds the keys of a client: those that are registered, or those that it publishes.
func (m *smart) keysOf(client, kid string) (KeySet, bool, error) {
	c, known := m.client(client)
	if !known || c.KeysURL == "" {
		return c.Keys, known, nil
	}
	m.fetched.mu.Lock()
	defer m.fetched.mu.Unlock()
	old := m.fetched.all[client]
	age := m.now().Sub(old.at)
	if !old.at.IsZero() && (age < keysAgain || age < keysKept && old.set.has(kid)) {
		return old.set, true, nil
	}
	set, err := fetchKeys(m.s.stopping, c.KeysURL)
	if err != nil {
		return KeySet{}, true, err
	}
	if m.fetched.all == nil {
		m.fetched.all = map[string]fetchedKeys{}
	}
	m.fetched.all[client] = fetchedKeys{set, m.now()}
	return set, true, nil
}

func (s KeySet) has(kid string) bool {
	for _, k := range s.Keys {
		if k.ID == kid {
			return true
		}
	}
	return false
}

// fetchKeys reads a key set from the address that was registered for a client.
func fetchKeys(ctx context.Context, address string) (set KeySet, err error) {
	ctx, cancel := context.WithTimeout(ctx, keysTimeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return set, err
	}
	q.Header.Set("Accept", "application/json")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	p, err := (&http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(q)
	if err != nil {
		return set, fmt.Errorf("the keys of the client could not be fetched from its jwks_uri")
	}
	defer p.Body.Close()
	if p.StatusCode != http.StatusOK {
		return set, fmt.Errorf("the jwks_uri of the client answered with status %d", p.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(p.Body, 1<<20)).Decode(&set); err != nil {
		return set, fmt.Errorf("the jwks_uri of the client holds no key set")
	}
	return set, nil
}
