package ui

import (
	"time"

	"trestle/internal/present/endpoints"
	"trestle/internal/present/mapper"
)

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
