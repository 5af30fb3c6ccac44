package endpoint

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"

	"trestle/internal/endpoint/rules"
	"trestle/internal/mllp"
)

// Config is a listener as it is stored: everything but its rules, which are a file of their own ([rules.File]), and what only the running
// program knows. The zero Config with an address is a plain MLLP listener.
type Config struct {
	Name    string   `yaml:"name" json:"name"`
	Address string   `yaml:"address" json:"address"`                 // 127.0.0.1:2575; port 0 takes a free one
	Open    bool     `yaml:"open,omitempty" json:"open,omitempty"`   // may listen where other computers reach it
	Allow   []string `yaml:"allow,omitempty" json:"allow,omitempty"` // addresses and networks that may connect; none is everyone

	TLS            bool `yaml:"tls,omitempty" json:"tls,omitempty"`                        // certificate and key are given to the Listener
	ClientRequired bool `yaml:"client-required,omitempty" json:"clientRequired,omitempty"` // clients need a certificate

	// Start and End are the bytes around a message in hexadecimal, at most 31 each; empty is 0B and 1C0D.
	Start    string `yaml:"start,omitempty" json:"start,omitempty"`
	End      string `yaml:"end,omitempty" json:"end,omitempty"`
	Release2 bool   `yaml:"release-2,omitempty" json:"release2,omitempty"` // commit bytes of MLLP release 2

	// Charset reads every message in this character set, by its IANA name, whatever MSH-18 says: for rules and for what the journal
	// searches by. Empty follows MSH-18 and the bytes. The bytes themselves stay as they are.
	Charset string `yaml:"charset,omitempty" json:"charset,omitempty"`
	// Check has every message checked, so that the journal has its findings, also where no rule asks for them.
	Check bool `yaml:"check,omitempty" json:"check,omitempty"`
	// Profile names the partner profile that messages are checked against. Whoever makes the Listener finds it and gives its check as
	// Options.Check.
	Profile string `yaml:"profile,omitempty" json:"profile,omitempty"`

	Ack Ack `yaml:"ack,omitempty" json:"ack,omitzero"`

	MaxFrame       int           `yaml:"max-frame,omitempty" json:"maxFrame,omitempty"`             // bytes; 0 is 64 MB
	MaxConnections int           `yaml:"max-connections,omitempty" json:"maxConnections,omitempty"` // 0 is 4096
	Idle           time.Duration `yaml:"idle,omitempty" json:"idle,omitempty"`                      // closes a connection on which nothing comes; 0 never
	Partial        time.Duration `yaml:"partial,omitempty" json:"partial,omitempty"`                // gives a frame up that does not go on; 0 is 30 s
	Deadline       time.Duration `yaml:"deadline,omitempty" json:"deadline,omitempty"`              // for one whole frame; 0 is none

	DropPayloads bool `yaml:"drop-payloads,omitempty" json:"dropPayloads,omitempty"` // the journal keeps sizes, times and hashes only
}

// Ack is what the standard leaves to the receiver.
type Ack struct {
	// OneValued says what a message means in which only one of MSH-15 and MSH-16 is valued: "either" is enhanced mode (and the usual
	// reading), "both" needs both, else it is original mode, "msh-15" looks at that alone.
	OneValued string `yaml:"one-valued,omitempty" json:"oneValued,omitempty"`
	// OddApplication stands for a value of MSH-16 outside table 0155: AL, NE, ER or SU; empty is AL.
	OddApplication string `yaml:"odd-application,omitempty" json:"oddApplication,omitempty"`
	// NeverAccept is where the application acknowledgement goes if MSH-15 is NE: "same" connection as a reply (usual), or "new"
	// exchange, as 2.9.1 has it.
	NeverAccept string `yaml:"never-accept,omitempty" json:"neverAccept,omitempty"`
	// Silent leaves messages that cannot be correlated without an answer.
	Silent bool `yaml:"silent,omitempty" json:"silent,omitempty"`
	// ApplicationTo is the host:port to which application acknowledgements go that are exchanges of their own; empty is the
	// connection of the message.
	ApplicationTo string `yaml:"application-to,omitempty" json:"applicationTo,omitempty"`
	// Application and Facility are the name in MSH-3 and MSH-4 of replies; empty takes MSH-5 and MSH-6 of the message.
	Application string `yaml:"application,omitempty" json:"application,omitempty"`
	Facility    string `yaml:"facility,omitempty" json:"facility,omitempty"`
}

// DefaultPartial is how long a frame may stand unfinished without a further byte.
const DefaultPartial = 30 * time.Second

// unknownKey is how the YAML package speaks of a key that it does not know.
var unknownKey = regexp.MustCompile(`field (\S+) not found in type \S+`)

// ParseConfig reads a listener from YAML. Unknown keys are errors.
func ParseConfig(b []byte) (Config, error) {
	var c Config
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		text := unknownKey.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "there is no key $1")
		return Config{}, fmt.Errorf("read the endpoint: %s", strings.Join(strings.Fields(text), " "))
	}
	return c, c.Validate()
}

// Format writes the listener as YAML that ParseConfig reads.
func (c Config) Format() ([]byte, error) {
	b, err := yaml.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write the endpoint: %w", err)
	}
	return b, nil
}

// Validate says what is wrong with the settings, all at once.
func (c *Config) Validate() error {
	var all []error
	if _, port, err := net.SplitHostPort(c.Address); err != nil || port == "" {
		all = append(all, fmt.Errorf("the address %q must be host:port, as in 127.0.0.1:2575", c.Address))
	}
	if _, err := c.prefixes(); err != nil {
		all = append(all, err)
	}
	if _, err := c.framing(); err != nil {
		all = append(all, err)
	}
	if _, err := c.Ack.settings(); err != nil {
		all = append(all, err)
	}
	if _, err := c.charset(); err != nil {
		all = append(all, err)
	}
	if c.MaxFrame < 0 || c.MaxConnections < 0 || c.Idle < 0 || c.Partial < 0 || c.Deadline < 0 {
		all = append(all, errors.New("limits and time-outs cannot be negative; 0 takes the usual one"))
	}
	return errors.Join(all...)
}

// Reach says where the endpoint listens and who may come, in words for a record.
func (c *Config) Reach() string {
	parts := []string{"listening on " + c.Address}
	if c.Open {
		parts = append(parts, "open to other computers")
	}
	if len(c.Allow) > 0 {
		parts = append(parts, "only from "+strings.Join(c.Allow, " "))
	}
	switch {
	case c.TLS && c.ClientRequired:
		parts = append(parts, "TLS with client certificates")
	case c.TLS:
		parts = append(parts, "TLS")
	}
	return strings.Join(parts, ", ")
}

func (c *Config) prefixes() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, s := range c.Allow {
		p, err := rules.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("allow: %w", err)
		}
		list = append(list, p)
	}
	return list, nil
}

func (c *Config) framing() (mllp.Framing, error) {
	if c.Start == "" && c.End == "" {
		return mllp.MLLP(), nil
	}
	f := mllp.MLLP()
	for _, x := range []struct {
		name, text string
		to         *[]byte
	}{{"start", c.Start, &f.Start}, {"end", c.End, &f.End}} {
		if x.text == "" {
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(x.text, " ", ""))
		if err != nil {
			return f, fmt.Errorf("the %s bytes %q must be pairs of hexadecimal digits, as in 0B or 1C0D", x.name, x.text)
		}
		*x.to = b
	}
	return f, f.Validate()
}

// charset is the character set that is forced, nil for none.
func (c *Config) charset() (encoding.Encoding, error) {
	if c.Charset == "" {
		return nil, nil
	}
	e, err := ianaindex.IANA.Encoding(c.Charset)
	if err != nil || e == nil {
		return nil, fmt.Errorf("the character set %q is not known: give its IANA name, such as ISO-8859-1, windows-1252 or UTF-8", c.Charset)
	}
	return e, nil
}

func (a *Ack) settings() (s mllp.Settings, err error) {
	s.Silent = a.Silent
	switch a.OneValued {
	case "", "either":
	case "both":
		s.OneValued = mllp.BothNeeded
	case "msh-15":
		s.OneValued = mllp.AcceptDecides
	default:
		err = fmt.Errorf("one-valued is %q; it must be either, both or msh-15", a.OneValued)
	}
	switch a.OddApplication {
	case "", "AL", "NE", "ER", "SU":
		s.OddApplication = a.OddApplication
	default:
		err = errors.Join(err, fmt.Errorf("odd-application is %q; it must be AL, NE, ER or SU", a.OddApplication))
	}
	switch a.NeverAccept {
	case "", "same":
	case "new":
		s.NeverAccept = mllp.NewExchange
	default:
		err = errors.Join(err, fmt.Errorf("never-accept is %q; it must be same or new", a.NeverAccept))
	}
	return s, err
}
