package endpoints

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/job"
	"trestle/internal/mllp/pki"
	"trestle/internal/workspace"
)

// The project has a certificate authority of its own, made at the first use of TLS. Its certificate is a document, which is
// given to the partner; the keys are secrets of the project.
const (
	documentCertificate workspace.DocumentKind = "certificate"
	authorityName                              = "test authority"
	keyKind                                    = "private key"
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
	_, err := m.store.PutDocument(ctx, documentCertificate, name, p.Cert, 0)
	return err
}

// serverTLS is the encryption of a listener: a certificate of its own, from the project's authority.
func (m *Model) serverTLS(ctx context.Context, c endpoint.Config) (*tls.Config, error) {
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

// clientTLS is the encryption of a sender: it trusts the project's authority, and has a certificate from it.
func (m *Model) clientTLS(ctx context.Context, to string) (*tls.Config, error) {
	a, err := m.authority(ctx)
	if err != nil {
		return nil, fmt.Errorf("the project's certificate authority: %w", err)
	}
	own, err := a.Client("trestle", time.Now())
	if err != nil {
		return nil, err
	}
	host, _, ok := cutAddress(to)
	if !ok {
		return nil, fmt.Errorf("the address %q is not host:port", to)
	}
	return pki.ClientConfig(a.Cert, own, host)
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
			m.fail("Could not make the certificate", err)
			return
		}
		then(pem)
	})
}
