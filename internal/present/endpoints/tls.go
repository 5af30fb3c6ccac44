package endpoints

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/job"
	"trestle/internal/mllp/pki"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// The project has a certificate authority of its own, made at the first use of TLS. Its certificate is a document, which is
// given to the partner; the keys are secrets of the project.
const documentCertificate workspace.DocumentKind = "certificate"

const (
	authorityName = "test authority"
	keyKind       = "private key"
)

// secretOf is the name under which the key of a certificate is kept.
func secretOf(certificate string) string { return "key of " + certificate }

// authority reads the project's certificate authority, or makes it.
func (m *Model) authority(ctx context.Context) (*pki.Authority, error) {
	pair, err := m.pair(ctx, authorityName)
	if err == nil {
		return pki.LoadAuthority(pair)
	}
	if !errors.Is(err, workspace.ErrNotFound) {
		return nil, err
	}
	a, err := pki.NewAuthority("Trestle test authority", time.Now())
	if err != nil {
		return nil, err
	}
	return a, m.keepPair(ctx, authorityName, a.Pair)
}

// pair reads a certificate with its key.
func (m *Model) pair(ctx context.Context, name string) (pki.Pair, error) {
	d, err := m.store.Document(ctx, documentCertificate, name)
	if err != nil {
		return pki.Pair{}, err
	}
	key, err := m.store.Secrets().Use(ctx, secretOf(name))
	return pki.Pair{Cert: d.Bytes, Key: key}, err
}

func (m *Model) keepPair(ctx context.Context, name string, p pki.Pair) error {
	if err := m.store.Secrets().Put(ctx, secretOf(name), keyKind, p.Key); err != nil {
		return err
	}
	return m.putDocument(ctx, name, p.Cert)
}

// putDocument stores a certificate, in the place of one that is there.
func (m *Model) putDocument(ctx context.Context, name string, b []byte) error {
	revision := int64(0)
	if d, err := m.store.Document(ctx, documentCertificate, name); err == nil {
		revision = d.Revision
	}
	_, err := m.store.PutDocument(ctx, documentCertificate, name, b, revision)
	return err
}

// ownCertificate and clientAuthority name the user's own certificates of an endpoint.
func ownCertificate(endpoint string) string { return "certificate of " + endpoint }

func clientAuthority(endpoint string) string { return "client authority of " + endpoint }

// own is the user's own certificate of an endpoint, and the authority that it trusts; ok is false where there is none.
func (m *Model) own(ctx context.Context, name string) (p pki.Pair, authority []byte, ok bool, err error) {
	if p, err = m.pair(ctx, ownCertificate(name)); err != nil {
		if errors.Is(err, workspace.ErrNotFound) {
			err = nil
		}
		return p, nil, false, err
	}
	d, err := m.store.Document(ctx, documentCertificate, clientAuthority(name))
	if errors.Is(err, workspace.ErrNotFound) {
		return p, nil, true, nil
	}
	return p, d.Bytes, true, err
}

// OwnCertificate gives the chosen endpoint the user's own certificate and key, and the authority of the other side, all as
// PEM files; the authority may be "". The key is kept as a secret of the project.
func (m *Model) OwnCertificate(certificate, key, authority string) {
	p := m.current()
	if p == nil {
		return
	}
	name := p.name
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		var pair pki.Pair
		var err error
		if pair.Cert, err = readPEM(certificate); err != nil {
			return struct{}{}, err
		}
		if pair.Key, err = readPEM(key); err != nil {
			return struct{}{}, err
		}
		if err := pair.Check(); err != nil {
			return struct{}{}, err
		}
		if authority != "" {
			trusted, err := readPEM(authority)
			if err != nil {
				return struct{}{}, err
			}
			if err := m.putDocument(ctx, clientAuthority(name), trusted); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, m.keepPair(ctx, ownCertificate(name), pair)
	}, func(_ struct{}, err error) {
		if err != nil {
			m.Fail("The certificate cannot be used", err)
			return
		}
		m.Say(screen.News{Text: name + " uses this certificate from its next start. The key is kept among the project's secrets."}, nil)
	})
}

// maxPEM is the largest certificate or key file that is read.
const maxPEM = 1 << 20

func readPEM(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(b) > maxPEM {
		err = fmt.Errorf("%s is no certificate or key: it is larger than 1 MB", filepath.Base(path))
	}
	return b, err
}

// serverTLS is the encryption of a listener: the user's own certificate, or one from the project's authority.
func (m *Model) serverTLS(ctx context.Context, c endpoint.Config) (*tls.Config, error) {
	switch p, authority, ok, err := m.own(ctx, c.Name); {
	case err != nil:
		return nil, err
	case ok && c.ClientRequired && authority == nil:
		return nil, errors.New("clients need a certificate, but it is not known whose: give the endpoint the authority that signs them")
	case ok:
		return pki.ServerConfig(p, authority, c.ClientRequired)
	}
	a, err := m.authority(ctx)
	if err != nil {
		return nil, fmt.Errorf("the project's certificate authority: %w", err)
	}
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if host, _, ok := cutAddress(c.Address); ok && host != "" && host != "127.0.0.1" && host != "localhost" {
		hosts = append(hosts, host)
	}
	leaf, err := a.Server(hosts, time.Now())
	if err != nil {
		return nil, err
	}
	return pki.ServerConfig(leaf, a.Cert, c.ClientRequired)
}

// clientTLS is the encryption of a sender: with the user's own certificate, or one from the project's authority, which it
// then trusts.
func (m *Model) clientTLS(ctx context.Context, name, to string) (*tls.Config, error) {
	host, _, ok := cutAddress(to)
	if !ok {
		return nil, fmt.Errorf("the address %q is not host:port", to)
	}
	if p, authority, ok, err := m.own(ctx, name); ok || err != nil {
		if err != nil {
			return nil, err
		}
		return pki.ClientConfig(authority, p, host)
	}
	a, err := m.authority(ctx)
	if err != nil {
		return nil, fmt.Errorf("the project's certificate authority: %w", err)
	}
	own, err := a.Client("trestle", time.Now())
	if err != nil {
		return nil, err
	}
	return pki.ClientConfig(a.Cert, own, host)
}

// restTLS is the encryption of a REST console: the user's own certificate, the authorities of the system, or those of the project.
func (m *Model) restTLS(ctx context.Context, name string, s *RESTSettings) (*tls.Config, error) {
	u, err := url.Parse(s.Base)
	if err != nil {
		return nil, err
	}
	if s.SystemTrust {
		p, authority, ok, err := m.own(ctx, name)
		if err != nil || !ok {
			return nil, err
		}
		return pki.ClientConfig(authority, p, u.Hostname())
	}
	host := u.Host
	if u.Port() == "" {
		host += ":443"
	}
	return m.clientTLS(ctx, name, host)
}

// CertificateForPartner writes the authority's certificate, which the partner has to trust, and gives its PEM text.
func (m *Model) CertificateForPartner(then func(pem []byte)) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]byte, error) {
		a, err := m.authority(ctx)
		if err != nil {
			return nil, err
		}
		return a.Cert, nil
	}, func(pem []byte, err error) {
		if err != nil {
			m.Fail("Could not make the certificate", err)
			return
		}
		then(pem)
	})
}
