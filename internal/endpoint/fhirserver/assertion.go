package fhirserver

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"time"
)

// KeySet is a JSON Web Key Set (RFC 7517) of public keys.
type KeySet struct {
	Keys []Key `json:"keys"`
}

// Key is a public key for RS384 or ES384.
type Key struct {
	Type  string `json:"kty"` // RSA or EC
	ID    string `json:"kid"`
	N     string `json:"n,omitempty"` // of RSA, with E
	E     string `json:"e,omitempty"`
	Curve string `json:"crv,omitempty"` // P-384, with X and Y
	X     string `json:"x,omitempty"`
	Y     string `json:"y,omitempty"`
}

// claims of an assertion (RFC 7523).
type claims struct {
	Issuer   string  `json:"iss"`
	Subject  string  `json:"sub"`
	Audience string  `json:"aud"`
	ID       string  `json:"jti"`
	Expires  float64 `json:"exp"` // seconds since 1970
}

func (c claims) expires() time.Time { return time.Unix(int64(c.Expires), 0) }

// readAssertion reads a signed JWT and checks its signature with the keys of the client that it names.
func readAssertion(token string, keys func(client, kid string) (KeySet, bool, error)) (c claims, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, errors.New("client_assertion is no signed JWT")
	}
	var header struct {
		Algorithm string `json:"alg"`
		Key       string `json:"kid"`
	}
	if decodePart(parts[0], &header) != nil || decodePart(parts[1], &c) != nil {
		return c, errors.New("client_assertion is no signed JWT")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return c, errors.New("the signature of the assertion is no base64url")
	}
	set, known, err := keys(c.Issuer, header.Key)
	if err != nil {
		return c, err
	}
	if !known {
		return c, errors.New("the client of the assertion is not registered")
	}
	sum := sha512.Sum384([]byte(parts[0] + "." + parts[1]))
	for _, k := range set.Keys {
		if k.ID == header.Key && k.verify(header.Algorithm, sum[:], signature) {
			return c, nil
		}
	}
	return c, errors.New("no registered key verifies the assertion; it must be signed with RS384 or ES384 and name its kid")
}

func decodePart(text string, into any) error {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

func (k Key) verify(algorithm string, sum, signature []byte) bool {
	number := func(text string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return new(big.Int)
		}
		return new(big.Int).SetBytes(b)
	}
	switch {
	case algorithm == "RS384" && k.Type == "RSA":
		n, e := number(k.N), number(k.E)
		if n.BitLen() < 2048 || !e.IsInt64() || e.Int64() > 1<<31-1 {
			return false
		}
		return rsa.VerifyPKCS1v15(&rsa.PublicKey{N: n, E: int(e.Int64())}, crypto.SHA384, sum, signature) == nil
	case algorithm == "ES384" && k.Type == "EC" && k.Curve == "P-384" && len(signature) == 96:
		x, y := number(k.X), number(k.Y)
		point := make([]byte, 97)
		point[0] = 4
		if x.BitLen() > 384 || y.BitLen() > 384 {
			return false
		}
		x.FillBytes(point[1:49])
		y.FillBytes(point[49:])
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P384(), point)
		if err != nil {
			return false
		}
		return ecdsa.Verify(public, sum, new(big.Int).SetBytes(signature[:48]), new(big.Int).SetBytes(signature[48:]))
	}
	return false
}
