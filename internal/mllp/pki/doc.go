// Package pki makes the certificates that a TLS test between two systems
// needs: a local certificate authority in one call, and from it certificates for
// listeners and senders.
//
// The central type is [Pair]: a certificate and its key in PEM. Keys are
// returned as bytes; storing them safely is the caller's part.
//
//	ca, err := pki.NewAuthority("Riverside test", time.Now())
//	server, err := ca.Server([]string{"localhost", "127.0.0.1"}, time.Now())
//	config, err := pki.ServerConfig(server, ca.Cert, true)
package pki
