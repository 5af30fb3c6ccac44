package endpoint

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"strings"

	"trestle/internal/check"
	"trestle/internal/hl7"
	"trestle/internal/mllp"
)

// maxText is how many bytes of a value are kept for lists and searches.
const maxText = 250

// facts fills what the journal searches by: type, trigger, control ID, MRN, account, and the conversation.
func (e *Exchange) facts(m *hl7.Message) {
	h, ok := m.Header()
	if ok && h.Name() == "MSH" {
		kind := h.Field(9)
		e.Type, e.Trigger = value(kind.Component(1)), value(kind.Component(2))
		e.ControlID = raw(h.Field(10))
		e.Conversation = conversation(m, h)
	}
	if pid, ok := m.Find("PID", 1); ok {
		e.MRN = mrn(pid)
		e.Account = value(pid.Field(18).Component(1).Subcomponent(1))
	}
}

// conversation names what a message belongs to: its sender and its control ID, for an acknowledgement those of what it
// acknowledges. It is empty where there is no ID.
func conversation(m *hl7.Message, h hl7.Segment) string {
	app, facility, id := h.Field(3), h.Field(4), h.Field(10)
	if msa, ok := m.Find("MSA", 1); ok && msa.Field(2).State() == hl7.Valued {
		app, facility, id = h.Field(5), h.Field(6), msa.Field(2)
	}
	if id.State() != hl7.Valued {
		return ""
	}
	return raw(app.Component(1)) + " " + raw(facility.Component(1)) + " " + raw(id)
}

func value(v hl7.Value) string {
	if v.State() != hl7.Valued {
		return ""
	}
	t := v.Text()
	if len(t) > maxText {
		t = strings.ToValidUTF8(t[:maxText], "")
	}
	return strings.TrimSpace(t)
}

// raw is a value as it was sent, cut to what a list keeps.
func raw(v hl7.Value) string {
	b := v.Raw()
	return string(b[:min(len(b), maxText)])
}

// mrn chooses the identifier by which people look for a patient: the first of type MR, else the first, else PID-2, which was
// the patient's number for many before 2.3.1.
func mrn(pid hl7.Segment) string {
	one := ""
	for r := range pid.Field(3).AllRepetitions() {
		id := value(r.Component(1).Subcomponent(1))
		if id == "" {
			continue
		}
		if one == "" {
			one = id
		}
		if strings.EqualFold(string(r.Component(5).Raw()), "MR") {
			return id
		}
	}
	if one == "" {
		one = value(pid.Field(2).Component(1).Subcomponent(1))
	}
	return one
}

// outcomeOf is what an acknowledgement code says of the exchange.
func outcomeOf(code mllp.Code) Outcome {
	switch code {
	case mllp.AA, mllp.CA:
		return OutcomeAccepted
	case mllp.AE, mllp.CE:
		return OutcomeError
	case mllp.AR, mllp.CR:
		return OutcomeRejected
	}
	return OutcomeSilent
}

// TLSOf is what the journal keeps of a connection's encryption.
func TLSOf(s *tls.ConnectionState) *TLS {
	if s == nil {
		return nil
	}
	t := &TLS{Version: tls.VersionName(s.Version), Cipher: tls.CipherSuiteName(s.CipherSuite), ServerName: s.ServerName}
	if len(s.PeerCertificates) > 0 {
		c := s.PeerCertificates[0]
		sum := sha256.Sum256(c.Raw)
		t.PeerName, t.PeerSHA256 = c.Subject.String(), hex.EncodeToString(sum[:])
	}
	return t
}

// maxBytesKept is how many of the bytes that it is about a finding keeps.
const maxBytesKept = 1 << 10

// deviations turns what the reader says of an event into findings.
func deviations(ev *mllp.Event) []Finding {
	if len(ev.Deviations) == 0 {
		return nil
	}
	list := make([]Finding, 0, len(ev.Deviations))
	for _, d := range ev.Deviations {
		f := Finding{Code: d.Code, Severity: severityOf(ev), Offset: d.Offset - ev.Start, Length: d.Length, Text: d.Text}
		if f.Offset >= 0 && f.Offset < int64(len(ev.Bytes)) {
			rest := ev.Bytes[f.Offset:]
			f.Bytes = bytes.Clone(rest[:min(len(rest), f.Length, maxBytesKept)])
		}
		list = append(list, f)
	}
	return list
}

// severityOf says what a deviation means for the message: it is an error where the message may not be whole.
func severityOf(ev *mllp.Event) check.Severity {
	if ev.Damaged() {
		return check.Error
	}
	return check.Warning
}
