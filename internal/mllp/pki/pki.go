package pki

import (
	"crypto/tls"
	"time"
)

// Pair is a certificate and its private key, each in PEM.
type Pair struct {
	Cert []byte // may hold the chain, leaf first
	Key  []byte // PKCS #8
}

// Authority is a certificate authority of our own.
type Authority struct{ Pair }

// NewAuthority makes an authority that is valid for ten years.
func NewAuthority(name string, now time.Time) (*Authority, error) { panic("api") }

// LoadAuthority reads an authority from its PEM.
func LoadAuthority(p Pair) (*Authority, error) { panic("api") }

// Server makes a certificate for a listener, valid for one year, for the host
// names and IP addresses.
func (a *Authority) Server(hosts []string, now time.Time) (Pair, error) { panic("api") }

// Client makes a certificate for a sender, valid for one year.
func (a *Authority) Client(name string, now time.Time) (Pair, error) { panic("api") }

// ServerConfig makes the TLS configuration of a listener, TLS 1.2 or later.
// clientCA, in PEM, is who may have signed the certificates of clients;
// required refuses clients without one.
func ServerConfig(own Pair, clientCA []byte, required bool) (*tls.Config, error) { panic("api") }

// ClientConfig makes the TLS configuration of a sender. serverCA is who may
// have signed the listener's certificate, nil = the system's authorities; own may
// be zero; serverName "" means the host that is dialled.
func ClientConfig(serverCA []byte, own Pair, serverName string) (*tls.Config, error) { panic("api") }
