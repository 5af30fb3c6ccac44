package twodoors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// Translator turns what one side says into what the other understands. Its errors hold no patient data.
type Translator interface {
	// Resources makes a Bundle of an HL7 v2 message; nil if it knows no way for messages of this type.
	Resources(ctx context.Context, message []byte) (*fhir.Node, error)
	// Message makes an HL7 v2 message of a Bundle: it has the control ID as its identifier and the time as its timestamp, a MessageHeader
	// with the event, the patient, what the event is about, and what that points to. nil if it knows no way for this type of message.
	Message(ctx context.Context, event Event, bundle *fhir.Node) ([]byte, error)
}

// Options of a door. Store and Translator are needed.
type Options struct {
	Store      *fhirstore.Store
	Translator Translator
	// Send says where messages of changes go; nil sends none.
	Send    *endpoint.SendConfig
	Journal endpoint.Journal // of what is sent; nil keeps nothing
	// Problem is told of a change that could not become a message, without patient data; nil tells nobody.
	Problem func(text string)
	Now     func() time.Time // nil is time.Now
}

// Door is the way between the two sides.
type Door struct {
	o       Options
	changes *fhirstore.Changes
	sender  *endpoint.Sender
	stats   counters
	ids     atomic.Uint64
	first   string // what the control IDs of this door begin with
	out     chan endpoint.Outgoing
}

type counters struct{ received, changed, sent, failed atomic.Int64 }

// Stats count since the door was made.
type Stats struct {
	Received int64 // messages that were brought into the store
	Changed  int64 // resources that they changed
	Sent     int64 // messages that were acknowledged as was expected
	Failed   int64 // those that were not, or could not be made
}

// origin marks the changes that messages make, so that they are not sent back.
const origin = "mllp"

// most is how many changes may wait to be looked at.
const most = 100_000

// New makes a door. What is changed from then on is sent when it runs.
func New(o Options) (*Door, error) {
	if o.Store == nil || o.Translator == nil {
		return nil, errors.New("two doors need a store and a translator")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Problem == nil {
		o.Problem = func(string) {}
	}
	d := &Door{o: o, first: "F" + strconv.FormatInt(o.Now().Unix(), 36), out: make(chan endpoint.Outgoing)}
	if o.Send != nil {
		c := *o.Send
		if c.Retry == (endpoint.Retry{}) { // the order is kept, and the partner may be away for a while
			c.Retry = endpoint.Retry{Forever: true}
		}
		s, err := endpoint.NewSender(c, o.Journal)
		if err != nil {
			return nil, err
		}
		d.sender, d.changes = s, o.Store.Follow(most)
	}
	return d, nil
}

// Stats says how it does.
func (d *Door) Stats() Stats {
	return Stats{d.stats.received.Load(), d.stats.changed.Load(), d.stats.sent.Load(), d.stats.failed.Load()}
}

// Sender is what sends the messages, to be looked on; nil if none are sent.
func (d *Door) Sender() *endpoint.Sender { return d.sender }

// Receive brings a message into the store. A message of a type that the translator does not know changes nothing. It is an
// endpoint.Options.Accept.
func (d *Door) Receive(ctx context.Context, message []byte) error {
	bundle, err := d.o.Translator.Resources(ctx, message)
	switch {
	case err != nil:
		return fmt.Errorf("the message could not be mapped to resources: %w", err)
	case bundle == nil:
		return nil
	}
	made, err := d.o.Store.Merge(ctx, bundle, origin)
	if err != nil {
		return fmt.Errorf("the resources of the message could not be stored: %w", err)
	}
	d.stats.received.Add(1)
	d.stats.changed.Add(int64(len(made)))
	return nil
}

// Run sends messages of changes until ctx ends; it is called once. Without Options.Send it only waits.
func (d *Door) Run(ctx context.Context) error {
	if d.sender == nil {
		<-ctx.Done()
		return nil
	}
	defer d.changes.Close()
	looked := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		<-looked
	}()
	go func() {
		defer close(looked)
		d.look(ctx)
	}()
	_, err := d.sender.Run(ctx, func(yield func(endpoint.Outgoing, error) bool) {
		for {
			select {
			case o := <-d.out:
				if !yield(o, nil) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}, func(r *endpoint.Result) {
		if r.Passed {
			d.stats.sent.Add(1)
		} else {
			d.stats.failed.Add(1)
		}
	})
	if ctx.Err() != nil {
		err = nil // it was told to end
	}
	return err
}

// look makes messages of changes.
func (d *Door) look(ctx context.Context) {
	for {
		list, lost := d.changes.Take()
		if lost > 0 {
			d.stats.failed.Add(lost)
			d.o.Problem(strconv.FormatInt(lost, 10) + " changes came faster than messages could be made of them")
		}
		for _, n := range d.news(list) {
			b, err := d.message(ctx, n)
			if err != nil {
				d.stats.failed.Add(1)
				d.o.Problem("no " + n.event.Type + "^" + n.event.Trigger + " could be made of a change of " + n.v.Type + ": " + err.Error())
				continue
			}
			if b == nil {
				continue
			}
			select {
			case d.out <- endpoint.Outgoing{Bytes: b, Name: n.v.Reference()}:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-d.changes.C():
		case <-ctx.Done():
			return
		}
	}
}

// news is one thing to tell.
type news struct {
	event   Event
	v       *fhirstore.Version
	patient string
}

// news are the events of changes, each patient's told once where one tells of the others too: a visit of its patient and coverages, a
// patient of the coverages.
func (d *Door) news(list []*fhirstore.Version) (out []news) {
	rank := map[string]int{"Encounter": 3, "Patient": 2, "Coverage": 1}
	best := map[string]int{}
	for _, v := range list {
		if v.Origin != "" || !slices.Contains(shared, v.Type) {
			continue
		}
		before := d.version(v, v.Number-1)
		n := news{event: EventOf(before, v), v: v, patient: v.ID}
		if v.Type != "Patient" {
			last := v
			if v.Deleted() {
				last = before
			}
			n.patient = patientOf(last.Tree())
		}
		if n.event == (Event{}) || n.patient == "" {
			continue
		}
		out = append(out, n)
		if n.event.Type == "ADT" {
			best[n.patient] = max(best[n.patient], rank[v.Type])
		}
	}
	return slices.DeleteFunc(out, func(n news) bool { return n.event.Type == "ADT" && rank[n.v.Type] < best[n.patient] })
}

// version is one of a resource, nil if there is none; that of a delete comes with an error, which does not matter here.
func (d *Door) version(of *fhirstore.Version, number int64) *fhirstore.Version {
	v, _ := d.o.Store.ReadVersion(of.Type, of.ID, number)
	return v
}

// message makes the message of an event.
func (d *Door) message(ctx context.Context, n news) ([]byte, error) {
	about := n.v
	if about.Deleted() {
		about = d.version(about, about.Number-1)
	}
	bundle := d.bundle(n.event, about, n.patient)
	if bundle == nil {
		return nil, nil
	}
	return d.o.Translator.Message(ctx, n.event, bundle)
}

// base is what the addresses of resources in a Bundle begin with, so that references between them can be followed.
const base = "http://fhir.invalid/"

// along are the types that come along where a resource points to them.
var along = []string{"Practitioner", "PractitionerRole", "Organization", "Location", "RelatedPerson", "Condition", "HealthcareService", "Device"}

// depth is how many references are followed, as from a bed by its room and its ward to the building.
const depth = 5

// bundle gathers what an event is about, and what that points to: nil if the patient is not here.
func (d *Door) bundle(event Event, about *fhirstore.Version, patient string) *fhir.Node {
	s := d.o.Store
	who, err := s.Read("Patient", patient)
	if err != nil && about.Type != "Patient" {
		return nil
	}
	if about.Type == "Patient" {
		who = about
	}
	text := func(name, value string) *fhir.Node { return fhir.NewString(value).Named(name) }
	id := d.first + strconv.FormatUint(d.ids.Add(1), 36)
	header := fhir.NewObject(text("resourceType", "MessageHeader"), text("id", id),
		fhir.NewObject(text("system", "http://terminology.hl7.org/CodeSystem/v2-0003"), text("code", event.Trigger)).Named("eventCoding"))
	entries := fhir.NewArray(fhir.NewObject(text("fullUrl", base+"MessageHeader/"+id), header.Named("resource"))).Named("entry")
	seen := map[string]bool{}
	var add func(v *fhirstore.Version, level int)
	add = func(v *fhirstore.Version, level int) {
		if seen[v.Reference()] || level > depth {
			return
		}
		seen[v.Reference()] = true
		n := v.Tree()
		entries.Children = append(entries.Children, fhir.NewObject(text("fullUrl", base+v.Reference()), n.Named("resource")))
		n.Walk(func(_ string, c *fhir.Node) bool {
			if typ, id := fhirstore.SplitReference(c.Text); c.Name == "reference" && slices.Contains(along, typ) {
				if other, err := s.Read(typ, id); err == nil {
					add(other, level+1)
				}
			}
			return true
		})
	}
	add(who, 0)
	if about.Type != "Coverage" {
		add(about, 0)
	}
	if event.Type == "ADT" {
		for _, x := range [][2]string{{"RelatedPerson", "patient"}, {"AllergyIntolerance", "patient"}, {"Coverage", "beneficiary"}} {
			if p := s.Param(x[0], x[1]); p != nil {
				for _, v := range s.Pointing(x[0], p, "Patient/"+patient) {
					add(v, 0)
				}
			}
		}
	}
	return fhir.NewObject(text("resourceType", "Bundle"), fhir.NewObject(text("value", id)).Named("identifier"), text("type", "message"),
		text("timestamp", d.o.Now().UTC().Format("2006-01-02T15:04:05.000Z07:00")), entries)
}
