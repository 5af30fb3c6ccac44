package endpoint

import (
	"strings"

	"trestle/internal/endpoint/rules"
	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// making is the making of the reply to one message.
type making struct {
	w      *turn
	h      *mllp.Header
	action *rules.Action
	e      *Exchange
	errors []mllp.Error // beside those of the action
	relay  []byte       // what the host answered to which the message was forwarded
	text   string       // in the place of the action's text
}

// make decides which acknowledgements go out and puts the reply into w.reply. It returns the code of the reply in place.
func (m *making) make() mllp.Code {
	w, a := m.w, m.action
	if a.Forward != nil {
		m.forward()
	}
	m.accept()
	outcome, silent := m.outcome()
	d := w.l.settings.Decide(m.h, outcome)
	inPlace, later := d.InPlace(), d.Later()
	whole := !w.t.Event.Damaged() && m.h.Present() && len(m.h.ControlID()) > 0
	if !m.h.IsAck() && whole {
		switch {
		case silent:
			inPlace, later = mllp.None, mllp.None
		case a.Exact:
			inPlace, later = codeOf(a), mllp.None
		}
		if p := a.Application; p != nil && !silent {
			later = mllp.Code(p.Code)
			if later == mllp.None {
				later = applicationCode(codeOf(a))
			}
		}
	}
	m.e.Findings = append(m.e.Findings, warnings(d.Warnings)...)
	m.e.Outcome = outcomeOf(inPlace)
	if inPlace == mllp.None && later != mllp.None {
		m.e.Outcome = outcomeOf(later)
	}
	if inPlace != mllp.None {
		w.reply = m.payload(w.t.Buffer(), inPlace, false)
	}
	if later != mllp.None {
		m.sendLater(later)
	}
	return inPlace
}

// accept hands a message that the rules accept on to whoever else takes it, who may refuse it.
func (m *making) accept() {
	take := m.w.l.options.Accept
	if take == nil || m.w.t.Event.Damaged() || m.h.IsAck() || len(m.h.ControlID()) == 0 || m.action.Code != rules.None && codeOf(m.action) != mllp.AA && codeOf(m.action) != mllp.CA {
		return
	}
	if err := take(m.w.l.stop, m.w.read.Bytes()); err != nil {
		next := *m.action
		next.Code, next.Text = "AE", nil
		m.action = &next
		m.refuse("207", "", err.Error())
	}
}

// outcome is what the rules make of the message, in the words of the table of acknowledgements.
func (m *making) outcome() (o mllp.Outcome, silent bool) {
	switch {
	case m.w.t.Event.Damaged():
		m.refuse("207", "", "the frame was damaged: "+m.firstFinding())
		return mllp.ContentRefused, false
	case !m.h.Present():
		m.refuse("100", "", "there is no MSH segment")
		return mllp.ContentRefused, false
	case len(m.h.ControlID()) == 0:
		m.refuse("101", "MSH-10", "the message has no control ID (MSH-10)")
		return mllp.ContentRefused, false
	}
	switch m.action.Code {
	case rules.None:
		return mllp.Success, true
	case "AE":
		return mllp.AppError, false
	case "AR":
		return mllp.AppReject, false
	case "CE":
		return mllp.ContentRefused, false
	case "CR":
		return mllp.HeaderRefused, false
	}
	return mllp.Success, false
}

func (m *making) firstFinding() string {
	if f := m.w.e.Findings; len(f) > 0 {
		return f[0].Text
	}
	return "it was cut off"
}

// refuse says why a message is not accepted, whatever the rule says.
func (m *making) refuse(condition, location, text string) {
	x := mllp.Error{Condition: condition, Diagnostic: text}
	if location != "" {
		x.Locations = []mllp.Location{locate(location)}
	}
	m.errors = append(m.errors, x)
	m.text, m.e.Detail = text, text
}

func codeOf(a *rules.Action) mllp.Code {
	if a.Code == "" {
		return mllp.AA
	}
	return mllp.Code(a.Code)
}

// applicationCode is the application code that belongs to a commit code.
func applicationCode(c mllp.Code) mllp.Code {
	switch c {
	case mllp.CA:
		return mllp.AA
	case mllp.CE:
		return mllp.AE
	case mllp.CR:
		return mllp.AR
	}
	return c
}

// payload writes the reply with this code. Replies of the rule's own, query answers and relayed ones stand for the application's
// answer; a commit acknowledgement is always a plain one.
func (m *making) payload(dst []byte, code mllp.Code, own bool) []byte {
	w, a := m.w, m.action
	if !code.Accept() && len(m.errors) == 0 {
		switch {
		case m.relay != nil:
			return append(dst, m.relay...)
		case a.Query != nil:
			if b, ok := m.query(dst, code); ok {
				return b
			}
		case a.Reply != nil && a.Reply.IsMessage():
			return append(dst, a.Reply.Segments(m.quoteRaw(code))...)
		}
	}
	r := mllp.Reply{Code: code, Enhanced: own}
	if len(m.errors) > 0 {
		r.Text, r.Errors = m.text, m.errors
	} else {
		if a.Text != nil {
			r.Text = a.Text.Text(m.quote(code))
		}
		if !code.Positive() {
			r.Errors = m.errorsOf(code)
		}
	}
	dst = w.l.builder.Append(dst, m.h, r)
	if !code.Accept() && len(m.errors) == 0 && a.Reply != nil {
		dst = append(dst, a.Reply.Segments(m.quoteRaw(code))...)
	}
	return dst
}

// quote is what templates of text quote from.
func (m *making) quote(code mllp.Code) rules.Quote { return m.quoteOf(m.w.read, code) }

// quoteRaw is what templates of segments quote from: the bytes as they came.
func (m *making) quoteRaw(code mllp.Code) rules.Quote { return m.quoteOf(&m.w.message, code) }

func (m *making) quoteOf(message *hl7.Message, code mllp.Code) rules.Quote {
	return rules.Quote{Message: message, Now: m.w.l.options.Now(), Code: string(code), NewID: func() string { return string(m.w.l.newID()) }}
}

// errorsOf are the ERR segments of the rule. A refusal without any gets one, as the standard recommends: its text, or that the
// application failed.
func (m *making) errorsOf(code mllp.Code) []mllp.Error {
	q := m.quote(code)
	var list []mllp.Error
	for _, x := range m.action.Errors {
		e := mllp.Error{Condition: x.Code, Severity: x.Severity, AppCode: x.Application, Diagnostic: x.Diagnostic.Text(q), UserText: x.User.Text(q)}
		if x.Location != "" {
			e.Locations = []mllp.Location{locate(x.Location)}
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		e := mllp.Error{Condition: "207"}
		if m.action.Text != nil {
			e.UserText = m.action.Text.Text(q)
		}
		list = append(list, e)
	}
	return list
}

// locate reads a path as ERR writes places. The path was checked when the rules were read.
func locate(path string) mllp.Location {
	p, err := hl7.ParsePath(path)
	if err != nil {
		return mllp.Location{}
	}
	n := func(v int) int { return max(v, 0) } // All is no number
	return mllp.Location{Segment: p.Segment, Sequence: max(p.Occurrence, 1), Field: n(p.Field), Repetition: n(p.Repetition), Component: n(p.Component), Subcomponent: n(p.Subcomponent)}
}

// sendLater plans the application acknowledgement as an exchange of its own.
func (m *making) sendLater(code mllp.Code) {
	o := onward{code: code, to: m.w.l.config.Ack.ApplicationTo, conversation: m.e.Conversation}
	if p := m.action.Application; p != nil {
		o.after = p.After
		if p.To != "" {
			o.to = p.To
		}
	}
	o.payload = m.payload(nil, code, true)
	m.w.later = append(m.w.later, o)
}

func warnings(w mllp.Warning) []Finding {
	if w == 0 {
		return nil
	}
	var list []Finding
	add := func(code, path string) {
		f := Finding{Code: code, Severity: warningSeverity, Path: path}
		for _, d := range mllp.Codes() {
			if d.Code == code {
				f.Text = d.Text
			}
		}
		list = append(list, f)
	}
	if w&mllp.WarnOneValued != 0 {
		add(mllp.AckOneValued, "MSH-15")
	}
	if w&mllp.WarnOddAccept != 0 {
		add(mllp.AckOddValue, "MSH-15")
	}
	if w&mllp.WarnOddApplication != 0 {
		add(mllp.AckOddValue, "MSH-16")
	}
	return list
}

// newID makes a control ID for a message of the listener's own.
func (l *Listener) newID() []byte {
	if l.builder.NewID != nil {
		return l.builder.NewID(nil)
	}
	return ids.next(nil)
}

// header makes the MSH and MSA of a reply that is no plain acknowledgement: those of the plain one, with another MSH-9.
func (m *making) header(dst []byte, code mllp.Code, messageType string) []byte {
	plain := m.w.l.builder.Append(nil, m.h, mllp.Reply{Code: code})
	reply := hl7.Parse(plain)
	d := reply.Delimiters()
	typed, err := reply.SetRaw(hl7.MustPath("MSH-9"), []byte(strings.ReplaceAll(messageType, "^", d.Component)))
	if err != nil {
		return append(dst, plain...)
	}
	return append(dst, typed.Bytes()...)
}
