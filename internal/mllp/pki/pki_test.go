package pki

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

func authority(t *testing.T) *Authority {
	t.Helper()
	a, err := NewAuthority("Riverside", now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func parse(t *testing.T, p Pair) *x509.Certificate {
	t.Helper()
	b, _ := pem.Decode(p.Cert)
	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCertificatesAreTrustedForWhatTheyAreMade(t *testing.T) {
	a := authority(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.Cert)
	server, err := a.Server([]string{"lab.example", "127.0.0.1", "::1"}, now)
	if err != nil {
		t.Fatal(err)
	}
	client, err := a.Client("sender", now)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		p    Pair
		o    x509.VerifyOptions
		ok   bool
	}{
		{"the host", server, x509.VerifyOptions{DNSName: "lab.example"}, true},
		{"the address", server, x509.VerifyOptions{DNSName: "127.0.0.1"}, true},
		{"the address of version 6", server, x509.VerifyOptions{DNSName: "::1"}, true},
		{"another host", server, x509.VerifyOptions{DNSName: "other.example"}, false},
		{"after a year", server, x509.VerifyOptions{DNSName: "lab.example", CurrentTime: now.AddDate(1, 0, 1)}, false},
		{"a client", client, x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, true},
		{"a client as a server", client, x509.VerifyOptions{}, false},
		{"a server as a client", server, x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, false},
	}
	for _, test := range tests {
		test.o.Roots = roots
		if test.o.CurrentTime.IsZero() {
			test.o.CurrentTime = now
		}
		if _, err := parse(t, test.p).Verify(test.o); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if c := parse(t, a.Pair); !c.IsCA || c.NotAfter.Year() != 2036 || !strings.Contains(c.Subject.CommonName, "Riverside") {
		t.Errorf("the authority: %v until %v", c.Subject, c.NotAfter)
	}
}

func TestAuthorityIsReadAgain(t *testing.T) {
	a := authority(t)
	again, err := LoadAuthority(a.Pair)
	if err != nil {
		t.Fatal(err)
	}
	p, err := again.Client("x", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := parse(t, p).CheckSignatureFrom(parse(t, a.Pair)); err != nil {
		t.Error(err)
	}
	if _, err := LoadAuthority(p); err == nil {
		t.Error("a client's certificate is taken for an authority")
	}
	if _, err := a.Server([]string{"a"}, now.AddDate(11, 0, 0)); err == nil {
		t.Error("an expired authority signs")
	}
	late, err := a.Server([]string{"a"}, now.AddDate(9, 6, 0))
	if err != nil {
		t.Fatal(err)
	}
	if parse(t, late).NotAfter.After(parse(t, a.Pair).NotAfter) {
		t.Error("a certificate is valid longer than its authority")
	}
}

func TestFaultsAreExplained(t *testing.T) {
	a, other := authority(t), authority(t)
	good, err := a.Server([]string{"localhost"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		p    Pair
		want string
	}{
		{"encrypted", Pair{good.Cert, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")}, "passphrase"},
		{"old encryption", Pair{good.Cert, []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n")}, "passphrase"},
		{"another key", Pair{good.Cert, other.Key}, "do not go together"},
		{"no PEM", Pair{[]byte("0\x82"), good.Key}, "not PEM"},
		{"no key", Pair{good.Cert, nil}, "not PEM"},
	}
	for _, test := range tests {
		if _, err := ServerConfig(test.p, nil, false); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := ServerConfig(good, nil, true); err == nil {
		t.Error("client certificates are required of nobody in particular")
	}
	if _, err := ServerConfig(good, []byte("x"), true); err == nil {
		t.Error("an authority that is none is taken")
	}
	if _, err := ClientConfig([]byte("x"), Pair{}, ""); err == nil {
		t.Error("an authority that is none is taken")
	}
	for _, f := range []func() error{
		func() error { _, err := NewAuthority(" ", now); return err },
		func() error { _, err := a.Server(nil, now); return err },
		func() error { _, err := a.Client("", now); return err },
	} {
		if f() == nil {
			t.Error("a certificate for nobody is made")
		}
	}
}
