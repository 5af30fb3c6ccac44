package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"time"
)

// Pair is a certificate and its private key, each in PEM.
type Pair struct {
	Cert []byte // may hold the chain, leaf first
	Key  []byte // PKCS #8
}

// Authority is a certificate authority of our own.
type Authority struct {
	Pair
	cert *x509.Certificate
	key  crypto.Signer
}

const (
	authorityYears = 10
	leafYears      = 1
	// early is how far before now a certificate begins, for partners whose clock
	// is behind.
	early = time.Hour
)

// NewAuthority makes an authority that is valid for ten years. The name becomes
// a part of its subject, which says that it is for tests.
func NewAuthority(name string, now time.Time) (*Authority, error) {
	if name = strings.TrimSpace(name); name == "" {
		return nil, errors.New("making a certificate authority: give it a name")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}
	t, err := template(pkix.Name{CommonName: name + " test authority", Organization: []string{"Trestle (for tests only)"}}, now, authorityYears)
	if err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLenZero = true, true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	p, err := sign(t, t, key, key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}
	return LoadAuthority(p)
}

// LoadAuthority reads an authority from its PEM.
func LoadAuthority(p Pair) (*Authority, error) {
	c, err := p.load()
	if err != nil {
		return nil, fmt.Errorf("reading the certificate authority: %w", err)
	}
	if !c.Leaf.IsCA {
		return nil, errors.New("reading the certificate authority: the certificate is not that of an authority")
	}
	key, ok := c.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("reading the certificate authority: its key cannot sign")
	}
	return &Authority{Pair: p, cert: c.Leaf, key: key}, nil
}

// Server makes a certificate for a listener, valid for one year, for the host
// names and IP addresses. The chain holds the authority.
func (a *Authority) Server(hosts []string, now time.Time) (Pair, error) {
	if len(hosts) == 0 {
		return Pair{}, errors.New("making a server certificate: name at least one host or IP address that peers connect to")
	}
	return a.leaf(hosts[0], now, func(t *x509.Certificate) {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		for _, h := range hosts {
			if ip, err := netip.ParseAddr(h); err == nil {
				t.IPAddresses = append(t.IPAddresses, ip.Unmap().AsSlice())
			} else {
				t.DNSNames = append(t.DNSNames, h)
			}
		}
	})
}

// Client makes a certificate for a sender, valid for one year.
func (a *Authority) Client(name string, now time.Time) (Pair, error) {
	if name = strings.TrimSpace(name); name == "" {
		return Pair{}, errors.New("making a client certificate: give it a name")
	}
	return a.leaf(name, now, func(t *x509.Certificate) { t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
}

func (a *Authority) leaf(name string, now time.Time, shape func(*x509.Certificate)) (Pair, error) {
	fail := func(err error) (Pair, error) { return Pair{}, fmt.Errorf("making a certificate for %s: %w", name, err) }
	if now.After(a.cert.NotAfter) {
		return fail(errors.New("the authority has expired: make a new one"))
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	t, err := template(pkix.Name{CommonName: name, Organization: a.cert.Subject.Organization}, now, leafYears)
	if err != nil {
		return fail(err)
	}
	if t.NotAfter.After(a.cert.NotAfter) {
		t.NotAfter = a.cert.NotAfter
	}
	t.KeyUsage, t.BasicConstraintsValid = x509.KeyUsageDigitalSignature, true
	shape(t)
	p, err := sign(t, a.cert, key, a.key)
	if err != nil {
		return fail(err)
	}
	p.Cert = append(p.Cert, a.Cert...)
	return p, nil
}

func template(subject pkix.Name, now time.Time, years int) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)), Subject: subject,
		NotBefore: now.Add(-early), NotAfter: now.AddDate(years, 0, 0),
	}, nil
}

func sign(t, parent *x509.Certificate, key *ecdsa.PrivateKey, by crypto.Signer) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), by)
	if err != nil {
		return Pair{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
	}, nil
}

// IsZero reports whether there is neither a certificate nor a key.
func (p Pair) IsZero() bool { return len(p.Cert) == 0 && len(p.Key) == 0 }

// Check says why the pair cannot be used, or nil: no PEM, a key with a
// passphrase, a key of another certificate.
func (p Pair) Check() error {
	_, err := p.load()
	return err
}

func (p Pair) load() (tls.Certificate, error) {
	if bytes.Contains(p.Key, []byte("ENCRYPTED")) {
		return tls.Certificate{}, errors.New("the key has a passphrase, which is not read here: save it without one, as openssl pkey -in key.pem -out plain.pem does")
	}
	if b, _ := pem.Decode(p.Cert); b == nil {
		return tls.Certificate{}, errors.New("the certificate is not PEM: it must have a line BEGIN CERTIFICATE; a .pfx or .p12 file must be converted, as openssl pkcs12 does")
	}
	if b, _ := pem.Decode(p.Key); b == nil {
		return tls.Certificate{}, errors.New("the key is not PEM: it must have a line BEGIN PRIVATE KEY")
	}
	c, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		return c, fmt.Errorf("the certificate and the key do not go together: %w", err)
	}
	if c.Leaf == nil {
		if c.Leaf, err = x509.ParseCertificate(c.Certificate[0]); err != nil {
			return c, fmt.Errorf("reading the certificate: %w", err)
		}
	}
	return c, nil
}

// ServerConfig makes the TLS configuration of a listener, TLS 1.2 or later.
// clientCA, in PEM, is who may have signed the certificates of clients, nil =
// none are asked for; required refuses clients without one.
func ServerConfig(own Pair, clientCA []byte, required bool) (*tls.Config, error) {
	c, err := own.load()
	if err != nil {
		return nil, fmt.Errorf("the listener's certificate: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{c}}
	if len(clientCA) == 0 {
		if required {
			return nil, errors.New("client certificates are required, but no authority is named that signs them")
		}
		return config, nil
	}
	if config.ClientCAs, err = pool(clientCA); err != nil {
		return nil, fmt.Errorf("the authority of client certificates: %w", err)
	}
	config.ClientAuth = tls.VerifyClientCertIfGiven
	if required {
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}

// ClientConfig makes the TLS configuration of a sender, TLS 1.2 or later.
// serverCA is who may have signed the listener's certificate, nil = the system's
// authorities; own may be zero; serverName "" means the host that is dialled.
func ClientConfig(serverCA []byte, own Pair, serverName string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: serverName}
	var err error
	if len(serverCA) > 0 {
		if config.RootCAs, err = pool(serverCA); err != nil {
			return nil, fmt.Errorf("the authority of the listener: %w", err)
		}
	}
	if !own.IsZero() {
		c, err := own.load()
		if err != nil {
			return nil, fmt.Errorf("the sender's certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{c}
	}
	return config, nil
}

func pool(certs []byte) (*x509.CertPool, error) {
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(certs) {
		return nil, errors.New("there is no certificate in PEM in it")
	}
	return p, nil
}
