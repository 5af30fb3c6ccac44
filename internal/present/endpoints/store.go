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

// readSettings reads an endpoint that is stored as YAML.
func readSettings(b []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("its settings cannot be read: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return nil
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
	for kind, document := range documentKinds {
		list, err := m.store.Documents(ctx, document)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			p, err := m.readPoint(ctx, Kind(kind), d.Name)
			if err != nil {
				return nil, fmt.Errorf("the endpoint %s: %w", d.Name, err)
			}
			points = append(points, p)
		}
	}
	return points, nil
}

func (m *Model) readPoint(ctx context.Context, kind Kind, name string) (*point, error) {
	d, err := m.store.Document(ctx, documentKinds[kind], name)
	if err != nil {
		return nil, err
	}
	p := &point{name: d.Name, kind: kind, revision: d.Revision}
	switch kind {
	case Sender:
		p.sender = &SenderSettings{}
		return p, readSettings(d.Bytes, p.sender)
	case RESTClient:
		p.rest = &RESTSettings{}
		return p, readSettings(d.Bytes, p.rest)
	case FHIRServer:
		p.fhir = &FHIRSettings{}
		err = readSettings(d.Bytes, p.fhir)
	default:
		p.config, err = endpoint.ParseConfig(d.Bytes)
		p.config.Name = d.Name
	}
	if err != nil {
		p.problem = err.Error() // it is shown, and can be mended in the settings
	}
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

// putSettings stores an endpoint that is stored as YAML.
func (m *Model) putSettings(ctx context.Context, kind Kind, name string, settings any, revision int64) error {
	b, err := yaml.Marshal(settings)
	if err != nil {
		return err
	}
	_, err = m.store.PutDocument(ctx, documentKinds[kind], name, b, revision)
	return err
}
