package ui

import (
	"context"
	"time"

	"trestle/internal/endpoint/twodoors"
	"trestle/internal/mapping"
	"trestle/internal/present/endpoints"
	"trestle/internal/present/mapper"
	"trestle/internal/present/translation"
	"trestle/internal/workspace"
)

// translatorOf turns messages into resources and back by mappings of the project.
func translatorOf(w *workspace.Workspace) func(ctx context.Context, names []string) (twodoors.Translator, error) {
	return func(ctx context.Context, names []string) (twodoors.Translator, error) {
		var files []*mapping.File
		for _, name := range names {
			d, err := w.Document(ctx, workspace.DocumentMapping, name)
			if err != nil {
				return nil, err
			}
			f, err := mapping.Unpack(d.Bytes)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
		return translation.New(files)
	}
}

// wires are the project's endpoints as the routes of Map see them.
type wires struct{ m *endpoints.Model }

func (w wires) Listeners() []string { return w.m.ListenerNames() }
func (w wires) Partners() []string  { return w.m.PartnerNames() }

// Connect implements mapper.Wires.
func (w wires) Connect(name string) (mapper.Delivery, error) {
	d, err := w.m.OpenDelivery(name, "route "+time.Now().Format("2006-01-02 15:04:05"))
	if err != nil {
		return nil, err
	}
	return d, nil
}
