package endpoints

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/project"
)

// The project file says which wires there are. From the partner's side of it comes a stand-in in one click: a listener where
// the partner listens, and a sender where it sends.

// partner is what the project file says of the other side.
type partner struct {
	name   string
	drafts []Draft // of those that the project has no endpoint for
}

// Partner is the other side's name and how many endpoints would stand in for it; none where the project file names no
// connection, or all are there.
func (m *Model) Partner() (name string, endpoints int) { return m.partner.name, len(m.partner.drafts) }

// StandIn makes the endpoints that stand in for the partner.
func (m *Model) StandIn() {
	drafts := m.partner.drafts
	var puts []func(context.Context) error
	for _, d := range drafts {
		put, err := m.prepare(d)
		if err != nil {
			m.Fail("The project file's connection "+d.Name+" cannot be an endpoint", err)
			return
		}
		puts = append(puts, put)
	}
	if len(puts) == 0 {
		return
	}
	m.write("make the partner's endpoints", func(ctx context.Context) error {
		for _, put := range puts {
			if err := put(ctx); err != nil {
				return err
			}
		}
		return nil
	}, func() {
		m.chooseNamed(drafts[0].Name)
		m.Say(screen.News{Text: screen.Plural(len(drafts), "endpoint") + " stand in for " + m.partner.name + " now, by the project file. Start a listener, or send."}, nil)
		m.readPartner()
	})
}

// readPartner reads what the project file says, in the background.
func (m *Model) readPartner() {
	taken := m.names()
	job.StartLatest(m.ctx, m.runner, &m.standing, func(ctx context.Context) (partner, error) {
		text, ok, err := m.store.Setting(ctx, project.FileName)
		if err != nil || !ok {
			return partner{}, err
		}
		p, err := project.Parse([]byte(text))
		if err != nil {
			return partner{}, nil // Overview says what is wrong with it
		}
		return standIn(p, taken), nil
	}, func(p partner, err error) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m.Fail("Could not read the project file", err)
			}
			return
		}
		m.partner = p
		m.Changed(List)
	})
}

// standInFHIR drafts an endpoint for a FHIR connection of the other side: a server where it listens, a console where it sends.
func standInFHIR(c project.Connection) Draft {
	d := Draft{Kind: RESTClient, Name: c.ID, Address: c.Address, Timeout: "30", KeepPayloads: true}
	if u, err := url.Parse(c.Address); err == nil && c.Role != project.Sends {
		d.Kind, d.Address, d.Base, d.TLS, d.Validate, d.Invent = FHIRServer, u.Host, strings.TrimSuffix(u.Path, "/"), u.Scheme == "https", true, true
		if u.Port() == "" {
			d.Address += map[bool]string{false: ":80", true: ":443"}[d.TLS]
		}
	}
	return d
}

// standIn drafts an endpoint for each MLLP or FHIR connection of the other side that none of the names has taken.
func standIn(p *project.Project, taken []string) (out partner) {
	has := map[string]bool{}
	for _, n := range taken {
		has[n] = true
	}
	for _, s := range p.Systems {
		if s.Side != project.Theirs {
			continue
		}
		out.name = s.Name
		for _, c := range s.Connections {
			if c.Address == "" || has[c.ID] {
				continue
			}
			if c.Type == project.FHIR {
				out.drafts = append(out.drafts, standInFHIR(c))
				continue
			}
			if c.Type != project.MLLP {
				continue
			}
			d := Draft{Name: c.ID, Address: c.Address, KeepPayloads: true, Start: "0B", End: "1C0D", MaxFrame: "64", Timeout: "30", Connections: "1", Retries: "0", Preset: "always-accepts"}
			if c.Role == project.Sends {
				d.Kind = Sender
			} else {
				d.Application, d.Facility = s.Application, s.Facility
			}
			out.drafts = append(out.drafts, d)
		}
	}
	return out
}
