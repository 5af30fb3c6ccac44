package mapper

import "context"

// Wires are the endpoints of the project as routes see them: where messages come from, and where results go.
type Wires interface {
	// Listeners are the names of the endpoints that receive messages.
	Listeners() []string
	// Partners are the names of the endpoints that send.
	Partners() []string
	// Connect opens a way through an endpoint that sends. It is called on the goroutine of the screen; what it returns is used on another.
	Connect(name string) (Delivery, error)
}

// Delivery hands results to a partner, one after the other.
type Delivery interface {
	// Deliver sends one result and returns when the partner has answered. refused is why the partner does not take it; an error says
	// that there was no answer, so that it may be sent again.
	Deliver(ctx context.Context, b []byte) (refused string, err error)
	// Close ends the connection.
	Close()
}

// SetWires tells the place of the project's endpoints. Without it there are no routes.
func (m *Model) SetWires(w Wires) { m.runs.wires = w }

// Listeners are the endpoints that a route can begin at.
func (m *Model) Listeners() []string {
	if m.runs.wires == nil {
		return nil
	}
	return m.runs.wires.Listeners()
}

// Partners are the endpoints that results can be sent through.
func (m *Model) Partners() []string {
	if m.runs.wires == nil {
		return nil
	}
	return m.runs.wires.Partners()
}
