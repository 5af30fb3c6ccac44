package endpoints

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirclient"
	"trestle/internal/fhir"
)

// ListenerNames are the endpoints that receive HL7 v2, for routes that begin there.
func (m *Model) ListenerNames() (names []string) {
	for _, p := range m.points {
		if p.kind == Listener {
			names = append(names, p.name)
		}
	}
	return names
}

// PartnerNames are the endpoints that send: over MLLP, or to a FHIR server.
func (m *Model) PartnerNames() (names []string) {
	for _, p := range m.points {
		if !p.kind.Listens() {
			names = append(names, p.name)
		}
	}
	return names
}

// Delivery sends what another place made through an endpoint, one after the other. Every message is an exchange of the journal.
type Delivery struct {
	m      *Model
	name   string
	sender *endpoint.SendConfig // over MLLP
	tls    bool
	dial   func(context.Context) (*fhirclient.Client, error) // to a FHIR server
	client *fhirclient.Client

	in     chan []byte // of a sender that waits for messages; nil until the first
	out    chan *endpoint.Result
	done   chan struct{} // closed when it has ended
	stop   context.CancelFunc
	failed error // why it has ended; after done
}

// OpenDelivery opens a way through the endpoint of a name. run is what its exchanges are called in the journal.
func (m *Model) OpenDelivery(name, run string) (*Delivery, error) {
	p := m.named(name)
	switch {
	case p == nil:
		return nil, fmt.Errorf("there is no endpoint %q any more: choose another", name)
	case p.kind == RESTClient:
		return &Delivery{m: m, name: p.name, dial: m.clientOf(p)}, nil
	case p.kind == Sender:
		config, err := p.sender.config(p.name, run)
		if err != nil {
			return nil, err
		}
		config.Connections, config.Window, config.Rate, config.Retry = 1, 1, 0, endpoint.Retry{} // the route keeps the order, and tries again
		return &Delivery{m: m, name: p.name, sender: &config, tls: p.sender.TLS}, nil
	}
	return nil, fmt.Errorf("%s receives: choose an endpoint that sends", p.name)
}

// Deliver sends one message, or one resource, and returns when it is answered. refused is the partner's reason not to take it; an error
// says that there was no answer.
func (d *Delivery) Deliver(ctx context.Context, b []byte) (refused string, err error) {
	if d.sender != nil {
		return d.message(ctx, b)
	}
	if d.client == nil {
		if d.client, err = d.dial(ctx); err != nil {
			return "", err
		}
	}
	r := fhirclient.Request{Method: "POST", Body: b}
	n, err := fhir.R4().Parse(b)
	if err != nil || n.ResourceType() == "" {
		return "what the mapping made is no FHIR resource, and " + d.name + " sends to a FHIR server", nil
	}
	if fhir.AsTransaction(n) { // as one resource a collection would lie at /Bundle, and nobody would find what is in it
		r.Body = fhir.AppendJSON(nil, n)
	}
	if kind := n.Member("type").String(); n.ResourceType() != "Bundle" || kind != "transaction" && kind != "batch" {
		r.Path = n.ResourceType()
		if id := n.Member("id").String(); id != "" && n.ResourceType() != "Bundle" {
			r.Method, r.Path = "PUT", n.ResourceType()+"/"+id
		}
	}
	p, err := d.client.Do(ctx, r)
	if err != nil {
		return "", err
	}
	if p.Status < 400 {
		return "", nil
	}
	words := p.StatusText()
	for _, i := range fhirclient.Issues(p.Tree()) {
		if i.Severity == "error" || i.Severity == "fatal" {
			words += ", " + strings.TrimSpace(i.Code+" "+i.Expression) // the text may quote a value
			break
		}
	}
	if p.Status == 429 || p.Status >= 502 { // it may take it later
		return "", errors.New(words)
	}
	return words, nil
}

// message sends over MLLP, on one connection for all.
func (d *Delivery) message(ctx context.Context, b []byte) (refused string, err error) {
	if d.in == nil {
		if err := d.start(ctx); err != nil {
			return "", err
		}
	}
	select {
	case d.in <- b:
	case <-d.done:
		return "", d.failed
	case <-ctx.Done():
		return "", ctx.Err()
	}
	select {
	case r := <-d.out:
		switch {
		case r.Passed:
			return "", nil
		case r.Code != "":
			return strings.TrimSpace(string(r.Code) + " " + r.Detail), nil
		}
		return "", errors.New(r.Detail)
	case <-d.done:
		return "", d.failed
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// start lets a sender wait for messages until Close.
func (d *Delivery) start(ctx context.Context) error {
	keeper, err := d.m.openJournal(ctx)
	if err != nil {
		return err
	}
	if d.tls {
		if d.sender.TLS, err = d.m.clientTLS(ctx, d.sender.Endpoint, d.sender.To); err != nil {
			return err
		}
	}
	sender, err := endpoint.NewSender(*d.sender, keeper)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.in, d.out, d.done, d.stop = make(chan []byte), make(chan *endpoint.Result, 1), make(chan struct{}), stop
	messages := func(yield func(endpoint.Outgoing, error) bool) {
		for n := 0; ; n++ {
			select {
			case b := <-d.in:
				if !yield(endpoint.Outgoing{Bytes: b, Name: "mapped", Index: n}, nil) {
					return
				}
			case <-running.Done():
				return
			}
		}
	}
	go func() {
		defer close(d.done)
		_, err := sender.Run(running, messages, func(r *endpoint.Result) { d.out <- r })
		if d.failed = err; err == nil {
			d.failed = errors.New("the sender has ended")
		}
	}()
	return nil
}

// Close ends the connection.
func (d *Delivery) Close() {
	if d.client != nil {
		d.client.Close()
	}
	if d.stop != nil {
		d.stop()
		<-d.done
	}
}
