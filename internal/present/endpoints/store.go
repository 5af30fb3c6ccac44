package endpoints

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

// An endpoint is a document of the kind "endpoint" for a listener or "sender"; a listener's rules are another with the same
// name.
const documentSender workspace.DocumentKind = "sender"

// SenderSettings is a sender as it is stored.
type SenderSettings struct {
	To          string        `yaml:"to"`
	TLS         bool          `yaml:"tls,omitempty"`
	Connections int           `yaml:"connections,omitempty"`
	PerMessage  bool          `yaml:"per-message,omitempty"`
	Rate        float64       `yaml:"rate,omitempty"`
	Timeout     time.Duration `yaml:"timeout,omitempty"`
	Retries     int           `yaml:"retries,omitempty"`
	NewIDs      bool          `yaml:"new-ids,omitempty"`
	Expect      string        `yaml:"expect,omitempty"` // acknowledgement codes, such as "AA,CA"
	DropPayload bool          `yaml:"drop-payloads,omitempty"`
}

func parseSender(b []byte) (*SenderSettings, error) {
	var s SenderSettings
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the sender: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return &s, nil
}

// config is what the engine is told.
func (s *SenderSettings) config(name, run string) (endpoint.SendConfig, error) {
	expect, err := endpoint.ParseCodes(s.Expect)
	if s.Expect == "" {
		expect, err = nil, nil
	}
	return endpoint.SendConfig{
		Endpoint: name, Run: run, To: s.To, Connections: s.Connections, PerMessage: s.PerMessage, Rate: s.Rate, Timeout: s.Timeout,
		Retry: endpoint.Retry{Times: s.Retries}, NewIDs: s.NewIDs, Expect: expect, DropPayloads: s.DropPayload,
	}, err
}

// readPoints reads all endpoints with their rules.
func (m *Model) readPoints(ctx context.Context) ([]*point, error) {
	var points []*point
	for _, kind := range []workspace.DocumentKind{workspace.DocumentEndpoint, documentSender} {
		list, err := m.store.Documents(ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			p, err := m.readPoint(ctx, kind, d.Name)
			if err != nil {
				return nil, fmt.Errorf("the endpoint %s: %w", d.Name, err)
			}
			points = append(points, p)
		}
	}
	return points, nil
}

func (m *Model) readPoint(ctx context.Context, kind workspace.DocumentKind, name string) (*point, error) {
	d, err := m.store.Document(ctx, kind, name)
	if err != nil {
		return nil, err
	}
	p := &point{name: d.Name, revision: d.Revision}
	if kind == documentSender {
		p.sender, err = parseSender(d.Bytes)
		return p, err
	}
	if p.config, err = endpoint.ParseConfig(d.Bytes); err != nil {
		p.problem = err.Error() // it is shown, and can be mended in the settings
	}
	p.config.Name = d.Name
	r, err := m.store.Document(ctx, workspace.DocumentRules, name)
	switch {
	case errors.Is(err, workspace.ErrNotFound):
	case err != nil:
		return nil, err
	default:
		p.ruleRev = r.Revision
		if p.rules, err = rules.Parse(r.Bytes); err != nil {
			p.problem = "Its rules cannot be read: " + err.Error()
		}
	}
	return p, nil
}

// write changes the project in the background and then reads the endpoints again.
func (m *Model) write(doing string, do func(context.Context) error, then func()) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]*point, error) {
		if err := do(ctx); err != nil {
			return nil, err
		}
		return m.readPoints(ctx)
	}, func(points []*point, err error) {
		if err != nil {
			m.Fail("Could not "+doing, err)
			return
		}
		m.take(points)
		if then != nil {
			then()
		}
	})
}

// putConfig stores a listener's settings.
func (m *Model) putConfig(ctx context.Context, name string, c endpoint.Config, revision int64) error {
	b, err := c.Format()
	if err != nil {
		return err
	}
	_, err = m.store.PutDocument(ctx, workspace.DocumentEndpoint, name, b, revision)
	return err
}

func (m *Model) putRules(ctx context.Context, name string, f rules.File, revision int64) (workspace.Document, error) {
	b, err := rules.Format(f)
	if err != nil {
		return workspace.Document{}, err
	}
	return m.store.PutDocument(ctx, workspace.DocumentRules, name, b, revision)
}

func (m *Model) putSender(ctx context.Context, name string, s *SenderSettings, revision int64) error {
	b, err := yaml.Marshal(s)
	if err != nil {
		return err
	}
	_, err = m.store.PutDocument(ctx, documentSender, name, b, revision)
	return err
}
