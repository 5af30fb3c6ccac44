package translation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/endpoint/twodoors"
	"trestle/internal/fhir"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
)

// Mappings translate by mappings, each for the messages of one type.
type Mappings struct {
	in, out map[string]*mapping.Engine // by type of message: ADT
}

var _ twodoors.Translator = (*Mappings)(nil)

// usual are the mappings that come with the program and serve two doors.
var usual = []string{"adt-to-patient", "siu-to-appointment", "dft-to-charges", "patient-to-adt", "appointment-to-siu", "charge-to-dft"}

// New makes a translator of mappings; what they do not serve is served by those that come with the program. Two for the same way and type are
// an error, and so is one between anything else than HL7 v2 and FHIR.
func New(files []*mapping.File) (*Mappings, error) {
	m := &Mappings{in: map[string]*mapping.Engine{}, out: map[string]*mapping.Engine{}}
	for _, f := range files {
		ways, typ, err := m.way(f)
		if err != nil {
			return nil, err
		}
		if ways[typ] != nil {
			return nil, fmt.Errorf("two mappings serve %s from %s to %s; name one of them", typ, f.Source.Kind, f.Target.Kind)
		}
		if ways[typ], err = mapping.Compile(f); err != nil {
			return nil, fmt.Errorf("the mapping %s: %w", f.ID, err)
		}
	}
	for _, name := range usual {
		f, err := mapping.Load(starter.FS(), name+".yaml")
		if err != nil {
			return nil, err
		}
		ways, typ, err := m.way(f)
		if err != nil {
			return nil, err
		}
		if ways[typ] == nil {
			if ways[typ], err = mapping.Compile(f); err != nil {
				return nil, fmt.Errorf("the mapping %s: %w", f.ID, err)
			}
		}
	}
	return m, nil
}

// way says which way a mapping leads, and which type of message it serves.
func (m *Mappings) way(f *mapping.File) (ways map[string]*mapping.Engine, typ string, err error) {
	switch {
	case f.Source.Kind == mapping.HL7v2 && f.Target.Kind == mapping.FHIR:
		typ, _, _ = strings.Cut(f.ID, "-")
		if typ = strings.ToUpper(typ); len(typ) != 3 {
			return nil, "", fmt.Errorf("the mapping %s does not say which messages it serves: its id must begin with their type, as in adt-to-patient", f.ID)
		}
		return m.in, typ, nil
	case f.Source.Kind == mapping.FHIR && f.Target.Kind == mapping.HL7v2:
		for _, b := range f.Blocks {
			for _, r := range b.Rules {
				if r.To == "MSH-9.1" && len(r.Value) == 3 {
					return m.out, r.Value, nil
				}
			}
		}
		return nil, "", fmt.Errorf("the mapping %s does not say which message it makes: it needs a rule that puts a text such as ADT into MSH-9.1", f.ID)
	}
	return nil, "", fmt.Errorf("the mapping %s leads from %s to %s; between two doors it must be one of HL7 v2 and FHIR", f.ID, f.Source.Kind, f.Target.Kind)
}

// Serves lists the types of messages that are translated: to resources, and from them.
func (m *Mappings) Serves() (in, out []string) {
	for typ := range m.in {
		in = append(in, typ)
	}
	for typ := range m.out {
		out = append(out, typ)
	}
	slices.Sort(in)
	slices.Sort(out)
	return in, out
}

var messageType = hl7.MustPath("MSH-9.1")

// Resources maps a message of HL7 v2; nil if no mapping serves its type.
func (m *Mappings) Resources(ctx context.Context, message []byte) (*fhir.Node, error) {
	e := m.in[hl7.Parse(message).Get(messageType).String()]
	if e == nil {
		return nil, nil
	}
	r, err := e.Run(ctx, message)
	if err != nil {
		return nil, err
	}
	if r.Tree.ResourceType() != "Bundle" {
		return fhir.NewObject(fhir.NewString("Bundle").Named("resourceType"), fhir.NewString("collection").Named("type"),
			fhir.NewArray(fhir.NewObject(r.Tree.Named("resource"))).Named("entry")), nil
	}
	return r.Tree, nil
}

var (
	trigger   = hl7.MustPath("MSH-9.2")
	structure = hl7.MustPath("MSH-9.3")
	versionID = hl7.MustPath("MSH-12.1")
)

// Message maps a Bundle to a message of HL7 v2; nil if no mapping serves its type. A mapping cannot see what was there before, so that the
// event is put into MSH-9 afterwards, unless one of its rules reads it from the MessageHeader itself.
func (m *Mappings) Message(ctx context.Context, event twodoors.Event, bundle *fhir.Node) ([]byte, error) {
	e := m.out[event.Type]
	if e == nil {
		return nil, nil
	}
	r, err := e.Run(ctx, fhir.AppendJSON(nil, bundle))
	if err != nil {
		return nil, err
	}
	b, err := r.Bytes()
	if err != nil || readsEvent(e.File().Blocks) {
		return b, err
	}
	message, err := hl7.Parse(b).Set(trigger, event.Trigger)
	if err != nil {
		return nil, err
	}
	version, _ := dictionary.For(message.Get(versionID).String())
	if name, ok := version.StructureOf(event.Type, event.Trigger); ok {
		if message, err = message.Set(structure, name); err != nil {
			return nil, err
		}
	}
	return message.Bytes(), nil
}

// readsEvent says whether a rule reads the MessageHeader.
func readsEvent(blocks []mapping.Block) bool {
	for _, b := range blocks {
		for _, r := range b.Rules {
			if slices.ContainsFunc(r.From, func(text string) bool { return strings.Contains(text, "MessageHeader") }) {
				return true
			}
		}
		if readsEvent(b.Blocks) {
			return true
		}
	}
	return false
}
