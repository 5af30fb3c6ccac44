package endpoints

import (
	"fmt"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/present/screen"
)

// Columns of the endpoints.
const (
	colName = iota
	colAddress
	colIn
	colBad
)

var pointColumns = []screen.Column{
	{ID: "name", Title: "Endpoint", Width: 80, MinWidth: 80, Flex: true, Fixed: true},
	{ID: "address", Title: "Address", Width: 74, MinWidth: 52, Mono: true, Fixed: true},
	{ID: "in", Title: "Count", Width: 56, MinWidth: 44, Right: true, Fixed: true},
	{ID: "bad", Title: "Not OK", Width: 58, MinWidth: 40, Right: true, Fixed: true},
}

// Points is the list of endpoints, each with a switch.
func (m *Model) Points() screen.Grid { return (*pointGrid)(m) }

type pointGrid Model

func (g *pointGrid) Columns() []screen.Column { return pointColumns }
func (g *pointGrid) Len() int                 { return len(g.points) }

func (g *pointGrid) Cell(row, col int) screen.Cell {
	if row >= len(g.points) {
		return screen.Cell{}
	}
	p := g.points[row]
	switch col {
	case colName:
		c := screen.Cell{Text: p.name, Switch: screen.SwitchOff}
		switch {
		case !p.kind.Listens():
			c.Switch, c.Shape, c.Role = screen.NoSwitch, screen.ShapeNone, screen.RoleText
		case p.running != nil:
			c.Switch = screen.SwitchOn
		}
		if p.problem != "" && p.running == nil {
			c.Shape, c.Role = screen.ShapeSquare, screen.RoleError
		}
		return c
	case colAddress:
		return screen.Cell{Text: p.address(), Role: screen.RoleMuted}
	case colIn:
		n := p.stats.In
		if !p.kind.Listens() {
			n = p.stats.Out
		}
		return screen.Cell{Text: countOf(n)}
	}
	bad := p.stats.Errors + p.stats.Rejected + p.stats.Failed + p.stats.Refused
	c := screen.Cell{Text: countOf(bad)}
	if bad > 0 {
		c.Role = screen.RoleWarning
	}
	return c
}

// countOf is a count, nothing for none.
func countOf(n int64) string {
	if n == 0 {
		return ""
	}
	return screen.Count(int(n))
}

// address is where the endpoint listens, or what it sends to.
func (p *point) address() string {
	switch {
	case p.kind == Sender:
		return "→ " + strings.TrimPrefix(p.sender.To, "127.0.0.1:")
	case p.kind == RESTClient:
		return "→ " + strings.TrimPrefix(hostOf(p.rest.Base), "127.0.0.1:")
	case p.running != nil:
		return strings.TrimPrefix(p.running.server.Address(), "127.0.0.1:")
	}
	return strings.TrimPrefix(p.listens(), "127.0.0.1:")
}

// listens is the address that an endpoint which listens is to have.
func (p *point) listens() string {
	if p.kind == FHIRServer {
		return p.fhir.Address
	}
	return p.config.Address
}

// encrypts says whether clients of an endpoint which listens need TLS.
func (p *point) encrypts() bool { return p.config.TLS || p.kind == FHIRServer && p.fhir.TLS }

// Header is what stands above the chosen endpoint.
type Header struct {
	Name, State string
	Role        screen.Role
	Shape       screen.Shape
	Numbers     string // counts, rate and latencies in one line
	Problem     string
	Running     bool
	Starting    bool
	Kind        Kind
}

// Header says how the chosen endpoint does; ok is false where none is chosen.
func (m *Model) Header() (h Header, ok bool) {
	p := m.current()
	if p == nil {
		return h, false
	}
	h = Header{Name: p.name, Running: p.running != nil, Starting: p.starting, Kind: p.kind, Problem: p.problem, Numbers: numbers(p.stats, p.kind)}
	switch {
	case p.kind == Sender:
		h.State, h.Role = "sends to "+p.sender.To, screen.RoleMuted
	case p.kind == RESTClient:
		h.State, h.Role = "sends to "+p.rest.Base, screen.RoleMuted
	case p.running != nil:
		h.State, h.Role, h.Shape = "listening on "+p.running.server.Where(), screen.RoleOK, screen.ShapeCircle
		if p.encrypts() && p.kind == Listener {
			h.State += " with TLS"
		}
	case p.starting:
		h.State, h.Role, h.Shape = "starting", screen.RoleMuted, screen.ShapeRing
	default:
		h.State, h.Role, h.Shape = "stopped, "+p.listens(), screen.RoleMuted, screen.ShapeRing
	}
	return h, true
}

// numbers are live counts in one line. What a sender gets in are the answers to what it sent out: they are not counted twice.
func numbers(s endpoint.Stats, kind Kind) string {
	if s.In+s.Out+s.Connected == 0 {
		return ""
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.In > 0 && kind.Listens() {
		add("%s in", screen.Count(int(s.In)))
	}
	if s.Out > 0 {
		add("%s out", screen.Count(int(s.Out)))
	}
	if s.Errors > 0 {
		add("%s", screen.Plural(int(s.Errors), "error"))
	}
	for _, x := range []struct {
		n    int64
		word string
	}{{s.Rejected, "rejected"}, {s.Silent, "unanswered"}, {s.Refused, "refused"}, {s.Failed, "failed"}} {
		if x.n > 0 {
			add("%s %s", screen.Count(int(x.n)), x.word)
		}
	}
	if s.In > 0 && s.ErrorRate() > 0 {
		add("%.1f %% not accepted", 100*s.ErrorRate())
	}
	add("%s a second", rate(s.Rate))
	if s.P50 > 0 {
		add("p50 %s, p95 %s, p99 %s", short(s.P50), short(s.P95), short(s.P99))
	}
	if s.Connections > 0 {
		add("%s open", screen.Plural(int(s.Connections), "connection"))
	}
	return strings.Join(parts, "  ·  ")
}

func rate(r float64) string {
	if r > 0 && r < 10 {
		return fmt.Sprintf("%.1f", r)
	}
	return screen.Count(int(r))
}

// short writes a duration as people read latencies.
func short(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// Line is what the status line says of the listeners wherever the user is: "adt-in 2575  1,204 in  3 not AA", "" for none.
func (m *Model) Line() string {
	var parts []string
	for _, p := range m.points {
		if p.running == nil {
			continue
		}
		text := "● " + p.name + " " + p.address()
		if p.stats.In > 0 {
			text += "  " + screen.Count(int(p.stats.In)) + " in"
		}
		if bad := p.stats.Errors + p.stats.Rejected + p.stats.Refused; bad > 0 {
			text += "  " + screen.Count(int(bad)) + " not OK"
		}
		parts = append(parts, text)
	}
	if len(parts) > 3 {
		parts = append(parts[:2], fmt.Sprintf("and %d more", len(parts)-2))
	}
	return strings.Join(parts, "   ")
}
