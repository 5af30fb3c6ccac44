package fhirclient

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/fhir"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Capabilities is what a server's CapabilityStatement says that it can do.
type Capabilities struct {
	Software, Version string // of the server
	FHIRVersion       string
	Date              string
	Formats           []string
	Types             map[string]*TypeCapabilities
	System            []string // interactions with the whole server: transaction, batch, search-system, history-system
	Operations        []string // of the whole server, without $
}

// TypeCapabilities is what a server can do with a type.
type TypeCapabilities struct {
	Interactions []string // read, vread, update, patch, delete, history-instance, history-type, create, search-type
	Params       []Param
	Operations   []string // without $
	Includes     []string
}

// Param is a search parameter.
type Param struct{ Name, Type, Text string }

// Can says whether the type has an interaction.
func (t *TypeCapabilities) Can(interaction string) bool {
	return t != nil && slices.Contains(t.Interactions, interaction)
}

// Names lists the types by name.
func (c *Capabilities) Names() []string { return slices.Sorted(maps.Keys(c.Types)) }

// Fetch asks the server for its statement (R4 3.1.0.6.1) and keeps it for completion. The exchange is in the journal like any other.
func (c *Client) Fetch(ctx context.Context) (*Capabilities, error) {
	p, err := c.Do(ctx, Request{Method: http.MethodGet, Path: "metadata"})
	if err != nil {
		return nil, err
	}
	if p.Status != http.StatusOK {
		return nil, fmt.Errorf("the server answered %s when it was asked for its CapabilityStatement", p.StatusText())
	}
	n := p.Tree()
	if n.ResourceType() != "CapabilityStatement" {
		return nil, fmt.Errorf("what answers at %s/metadata is no FHIR server: its answer is no CapabilityStatement", c.base)
	}
	s := ReadCapabilities(n)
	c.capabilities.Store(s)
	return s, nil
}

// Capabilities is the statement that was fetched last, nil before.
func (c *Client) Capabilities() *Capabilities { return c.capabilities.Load() }

// ReadCapabilities reads a CapabilityStatement.
func ReadCapabilities(n *fhir.Node) *Capabilities {
	c := &Capabilities{
		Software: n.Find("software", "name").String(), Version: n.Find("software", "version").String(), FHIRVersion: n.Member("fhirVersion").String(), Date: n.Member("date").String(),
		Formats: textsOf(n.All("format")), Types: map[string]*TypeCapabilities{},
	}
	for rest := range n.All("rest") {
		if mode := rest.Member("mode").String(); mode != "server" && mode != "" {
			continue
		}
		c.System = append(c.System, codes(rest, "interaction", "code")...)
		c.Operations = append(c.Operations, operations(rest)...)
		for r := range rest.All("resource") {
			t := &TypeCapabilities{Interactions: codes(r, "interaction", "code"), Operations: operations(r), Includes: textsOf(r.All("searchInclude"))}
			for p := range r.All("searchParam") {
				t.Params = append(t.Params, Param{p.Member("name").String(), p.Member("type").String(), p.Member("documentation").String()})
			}
			if name := r.Member("type").String(); name != "" {
				c.Types[name] = t
			}
		}
	}
	return c
}

func textsOf(nodes func(func(*fhir.Node) bool)) (list []string) {
	for n := range nodes {
		list = append(list, n.String())
	}
	return list
}

func codes(n *fhir.Node, names ...string) []string { return textsOf(n.All(names...)) }

func operations(n *fhir.Node) (list []string) {
	for o := range n.All("operation") {
		if name := strings.TrimPrefix(o.Member("name").String(), "$"); name != "" {
			list = append(list, name)
		}
	}
	return list
}
