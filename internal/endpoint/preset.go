package endpoint

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/endpoint/rules"
)

//go:embed presets/*.yaml
var presetFiles embed.FS

// Preset is a partner that one click makes: rules, and the settings of a listener that go with them.
type Preset struct {
	ID    string // on the command line
	Title string
	Note  string // what it does, and for engines what is known of their defaults and how well
	Rules rules.File
	// Apply changes the settings of a listener to those of the partner. The address is changed only where none is given.
	Apply func(*Config)
}

// presetOrder is the order in which a window shows them: behaviour first, then engines.
var presetOrder = []struct {
	id    string
	apply func(*Config)
}{
	{"always-accepts", nil},
	{"validates", nil},
	{"flaky-vpn", nil},
	{"slow-mondays", nil},
	{"unknown-mrn", nil},
	{"loses-acknowledgements", nil},
	{"mirth", func(c *Config) { c.MaxConnections = 10; c.port("6661") }},
	{"rhapsody", nil},
	{"intersystems", nil},
	{"egate", func(c *Config) { c.Start, c.End = "0B", "1C0D" }},
	{"redox", func(c *Config) { c.port("9960") }},
}

// port sets the port where the user left the address open.
func (c *Config) port(p string) {
	if c.Address == "" {
		c.Address = "127.0.0.1:" + p
	}
}

// Presets lists all of them.
func Presets() []Preset {
	list := make([]Preset, 0, len(presetOrder))
	for _, x := range presetOrder {
		p, err := FindPreset(x.id)
		if err != nil {
			panic(err) // the files are ours, and a test reads each
		}
		list = append(list, p)
	}
	return list
}

// FindPreset returns the preset of this name.
func FindPreset(id string) (Preset, error) {
	i := -1
	var names []string
	for k, x := range presetOrder {
		names = append(names, x.id)
		if x.id == id {
			i = k
		}
	}
	if i < 0 {
		return Preset{}, fmt.Errorf("there is no preset %q; there are %s", id, strings.Join(slices.Clip(names), ", "))
	}
	b, err := presetFiles.ReadFile("presets/" + id + ".yaml")
	if err != nil {
		return Preset{}, fmt.Errorf("preset %s: %w", id, err)
	}
	f, err := rules.Parse(b)
	if err != nil {
		return Preset{}, fmt.Errorf("preset %s: %w", id, err)
	}
	apply := presetOrder[i].apply
	if apply == nil {
		apply = func(*Config) {}
	}
	return Preset{ID: id, Title: f.Title, Note: f.Note, Rules: f, Apply: apply}, nil
}
