package command

import (
	"crypto/tls"
	"flag"
	"os"
	"strings"
	"time"

	"trestle/internal/mllp/pki"
)

// security is what the flags say about TLS.
type security struct {
	cert, key, ca *string
}

func tlsFlags(set *flag.FlagSet) security {
	return security{cert: set.String("tls-cert", "", ""), key: set.String("tls-key", "", ""), ca: set.String("tls-ca", "", "")}
}

// pair reads the certificate and the key, if they are given.
func (f security) pair() (pki.Pair, error) {
	var p pki.Pair
	if (*f.cert == "") != (*f.key == "") {
		return p, usagef("--tls-cert and --tls-key belong together")
	}
	var err error
	if p.Cert, err = readPEM(*f.cert); err != nil {
		return p, err
	}
	p.Key, err = readPEM(*f.key)
	return p, err
}

func readPEM(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, &readError{path, err}
	}
	return b, nil
}

// listener makes the settings of a listener, nil for a plain one. The address is where it listens: a certificate that is made for this
// run names it.
func (f security) listener(auto, saveCA, address string, now time.Time) (*tls.Config, error) {
	own, err := f.pair()
	if err != nil {
		return nil, err
	}
	ca, err := readPEM(*f.ca)
	if err != nil {
		return nil, err
	}
	switch {
	case auto != "" && auto != "auto":
		return nil, usagef("--tls can be auto; a certificate of your own is given with --tls-cert and --tls-key")
	case auto != "" && len(own.Cert) > 0:
		return nil, usagef("give --tls auto or --tls-cert, not both")
	case auto == "" && saveCA != "":
		return nil, usagef("--tls-save-ca goes with --tls auto")
	case auto != "":
		authority, err := pki.NewAuthority("Trestle test", now)
		if err != nil {
			return nil, err
		}
		if own, err = authority.Server(namesOf(address), now); err != nil {
			return nil, err
		}
		if saveCA != "" {
			if err := os.WriteFile(saveCA, authority.Cert, 0o644); err != nil {
				return nil, err
			}
		}
	case len(own.Cert) == 0 && len(ca) == 0:
		return nil, nil
	case len(own.Cert) == 0:
		return nil, usagef("--tls-ca needs a certificate of the listener: add --tls auto, or --tls-cert and --tls-key")
	}
	return pki.ServerConfig(own, ca, len(ca) > 0)
}

// namesOf are the names by which clients may call the listener.
func namesOf(address string) []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host := strings.Trim(address[:max(0, strings.LastIndexByte(address, ':'))], "[]"); host != "" && host != "0.0.0.0" && host != "::" && host != names[0] && host != names[1] && host != names[2] {
		names = append(names, host)
	}
	if name, err := os.Hostname(); err == nil {
		names = append(names, name)
	}
	return names
}

// sender makes the settings of a sender, nil for plain.
func (f security) sender(use, insecure bool, name string) (*tls.Config, error) {
	own, err := f.pair()
	if err != nil {
		return nil, err
	}
	ca, err := readPEM(*f.ca)
	if err != nil {
		return nil, err
	}
	if !use && !insecure && len(own.Cert) == 0 && len(ca) == 0 {
		return nil, nil
	}
	c, err := pki.ClientConfig(ca, own, name)
	if err == nil && insecure {
		c.InsecureSkipVerify = true
	}
	return c, err
}
