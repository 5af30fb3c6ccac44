package endpoints

import (
	"context"
	"errors"
	"slices"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/twodoors"
	"trestle/internal/present/screen"
	"trestle/internal/workspace"
)

// One patient, two doors: a FHIR server shares its patients with a listener for HL7 v2, whose messages change its resources before they
// are acknowledged, and with a sender, which tells a partner of changes that clients make.

// shared is a FHIR server whose resources a listener changes.
type shared struct {
	shelf    *shelf
	mappings []string
}

// doorsOf are the FHIR servers that share their patients with a listener.
func (m *Model) doorsOf(listener string) (list []shared) {
	for _, p := range m.points {
		if p.kind == FHIRServer && p.fhir.Share == listener {
			list = append(list, shared{m.shelfOf(p), slices.Clone(p.fhir.Mappings)})
		}
	}
	return list
}

var errNoTranslator = errors.New("messages and resources cannot be turned into each other here")

// receivingDoors take what a listener accepts into the FHIR servers that share its patients; nil for none. They need not run.
func (m *Model) receivingDoors(ctx context.Context, list []shared) (accept func(context.Context, []byte) error, err error) {
	var doors []*twodoors.Door
	for _, x := range list {
		if m.Translator == nil {
			return nil, errNoTranslator
		}
		store, err := x.shelf.open(ctx)
		if err != nil {
			return nil, err
		}
		translator, err := m.Translator(ctx, x.mappings)
		if err != nil {
			return nil, err
		}
		door, err := twodoors.New(twodoors.Options{Store: store, Translator: translator})
		if err != nil {
			return nil, err
		}
		doors = append(doors, door)
	}
	if len(doors) == 0 {
		return nil, nil
	}
	return func(ctx context.Context, message []byte) error {
		for _, d := range doors {
			if err := d.Receive(ctx, message); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// tellingDoor tells a partner of the changes that clients of a FHIR server make.
func (m *Model) tellingDoor(ctx context.Context, s *FHIRSettings, store *fhirstore.Store, keeper *workspace.Journal, to *SenderSettings) (*twodoors.Door, error) {
	if m.Translator == nil {
		return nil, errNoTranslator
	}
	translator, err := m.Translator(ctx, s.Mappings)
	if err != nil {
		return nil, err
	}
	config, err := to.config(s.ShareTo, "")
	if err != nil {
		return nil, err
	}
	if to.TLS {
		if config.TLS, err = m.clientTLS(ctx, s.ShareTo, to.To); err != nil {
			return nil, err
		}
	}
	config.Retry = endpoint.Retry{Forever: true} // the order is kept, and the partner may be away
	return twodoors.New(twodoors.Options{Store: store, Translator: translator, Send: &config, Journal: keeper, Problem: func(text string) {
		m.runner.Post(func() { m.Say(screen.News{Text: text, Bad: true}, nil) })
	}})
}

// SharingLine says with whom the chosen FHIR server shares its patients, "" for nobody.
func (m *Model) SharingLine() string {
	p := m.current()
	if p == nil || p.kind != FHIRServer {
		return ""
	}
	text := ""
	if p.fhir.Share != "" {
		text = "What " + p.fhir.Share + " accepts changes these resources."
	}
	if p.fhir.ShareTo != "" {
		text += " Changes by clients are told through " + p.fhir.ShareTo + "."
	}
	return text
}

// SenderNames are the senders of HL7 v2, for changes that are to be told.
func (m *Model) SenderNames() (names []string) {
	for _, p := range m.points {
		if p.kind == Sender {
			names = append(names, p.name)
		}
	}
	return names
}

// sharingWith are the FHIR servers that share their patients with an endpoint.
func (m *Model) sharingWith(name string) (list []*point) {
	for _, p := range m.points {
		if p.kind == FHIRServer && (p.fhir.Share == name || p.fhir.ShareTo == name) {
			list = append(list, p)
		}
	}
	return list
}

// follow lets FHIR servers know an endpoint by its new name.
func (m *Model) follow(ctx context.Context, list []*point, from, to string) error {
	for _, p := range list {
		s := *p.fhir
		if s.Share == from {
			s.Share = to
		}
		if s.ShareTo == from {
			s.ShareTo = to
		}
		if err := m.putSettings(ctx, FHIRServer, p.name, &s, p.revision); err != nil {
			return err
		}
	}
	return nil
}

// shareAnew starts the listeners anew whose messages change other resources than before: what they accept must not be lost. now is nil
// where the FHIR server is deleted.
func (m *Model) shareAnew(before point, now *point) {
	if before.kind != FHIRServer {
		return
	}
	names := []string{before.fhir.Share}
	if now != nil && now.fhir != nil {
		if now.fhir.Share == before.fhir.Share && slices.Equal(now.fhir.Mappings, before.fhir.Mappings) && now.name == before.name {
			return
		}
		names = append(names, now.fhir.Share)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if l := m.named(name); name != "" && l != nil && l.running != nil {
			m.restart(name)
		}
	}
}
