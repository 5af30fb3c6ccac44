package links

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"trestle/internal/hl7"
	"trestle/internal/linkage"
)

// Header is what MSH says in the messages of an export.
type Header struct {
	SendingApplication, SendingFacility     string
	ReceivingApplication, ReceivingFacility string
	Production                              bool // MSH-11: P, else T
}

var (
	errAcross      = errors.New("a merge (A40) must stay within one assigning authority and identifier type: link the records of two systems (A24), or choose two records of one")
	errNoAuthority = errors.New("HL7 messages need the assigning authority of both systems' identifiers: name them, as in PID-3.4, in the project's settings")
	errNoPatients  = errors.New("HL7 and FHIR link patients: plans are exported as tables and SQL")
)

// WriteA24 writes one ADT^A24 a link: it links two PIDs whose records stay distinct (HL7 v2.5.1 section 3.3.24).
func (p *Paper) WriteA24(ctx context.Context, w io.Writer) error {
	return p.writePairs(ctx, w, "A24", p.Settled.Links)
}

// WriteA37 writes one ADT^A37 a link that was taken back: it unlinks two PIDs (HL7 v2.5.1 section 3.3.37).
func (p *Paper) WriteA37(ctx context.Context, w io.Writer) error {
	return p.writePairs(ctx, w, "A37", p.Settled.Unlinked)
}

// ready says whether messages about patients of both systems can be written.
func (p *Paper) ready() error {
	switch {
	case p.Kind != linkage.Patients:
		return errNoPatients
	case p.Left.Authority == (Authority{}) || p.Right.Authority == (Authority{}):
		return errNoAuthority
	}
	return p.Check()
}

func (p *Paper) writePairs(ctx context.Context, w io.Writer, trigger string, pairs []Link) error {
	if err := p.ready(); err != nil {
		return err
	}
	m := p.messages(w, trigger, "ADT_"+trigger)
	for i, l := range pairs {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		m.begin()
		m.pid(1, p.Left.identifier(l.Left))
		m.pid(2, p.Right.identifier(l.Right))
	}
	return m.out.Flush()
}

// WriteA40 writes one ADT^A40 a duplicate: MRG-1 is merged into PID-3, and its identifier is never used again (HL7
// v2.5.1 section 3.3.40). Identifiers of two assigning authorities, or of two types, are refused: those records are
// linked, and never merged.
func (p *Paper) WriteA40(ctx context.Context, w io.Writer) error {
	if p.Kind != linkage.Patients {
		return errNoPatients
	}
	if err := p.Check(); err != nil {
		return err
	}
	m := p.messages(w, "A40", "ADT_A39")
	for i, merge := range p.Merges {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if merge.Kept.Authority == (Authority{}) {
			return errNoAuthority
		}
		m.begin()
		m.pid(1, merge.Kept)
		m.segment("MRG", m.cx(merge.Gone))
	}
	return m.out.Flush()
}

// messages writes ADT messages of one trigger event, one after the other.
type messages struct {
	out                *bufio.Writer
	delimiters         hl7.Delimiters
	header             Header
	at                 time.Time
	trigger, structure string
	n                  int
}

func (p *Paper) messages(w io.Writer, trigger, structure string) *messages {
	return &messages{out: bufio.NewWriter(w), delimiters: hl7.Standard(), header: p.HL7, at: p.At, trigger: trigger, structure: structure}
}

func (m *messages) segment(fields ...string) {
	m.out.WriteString(strings.TrimRight(strings.Join(fields, "|"), "|"))
	m.out.WriteByte('\r')
}

func (m *messages) text(s string) string { return m.delimiters.EscapeText(s) }

// begin writes MSH and EVN. The control ID follows from the time and the number: the same export has the same ones.
func (m *messages) begin() {
	m.n++
	at := m.at.UTC().Format("20060102150405")
	processing := "T"
	if m.header.Production {
		processing = "P"
	}
	control := fmt.Sprintf("%s%s%06d", m.trigger[1:], at[2:], m.n) // 20 characters up to a million messages
	m.segment("MSH", `^~\&`, m.text(m.header.SendingApplication), m.text(m.header.SendingFacility), m.text(m.header.ReceivingApplication),
		m.text(m.header.ReceivingFacility), at+"+0000", "", "ADT^"+m.trigger+"^"+m.structure, control, processing, "2.5.1", "", "", "", "", "", "UNICODE UTF-8")
	m.segment("EVN", m.trigger, at+"+0000")
}

// pid writes PID with the identifier only. PID-5 is required; the name type U (table 0200) says that none is given,
// so that a link cannot change one.
func (m *messages) pid(set int, id Identifier) {
	m.segment("PID", fmt.Sprint(set), "", m.cx(id), "", "^^^^^^U")
}

// cx writes an identifier (HL7 v2.5.1 section 2.A.14).
func (m *messages) cx(id Identifier) string {
	authority := m.text(id.Authority.Namespace)
	if id.Authority.UniversalID != "" {
		authority += "&" + m.text(id.Authority.UniversalID) + "&" + m.text(id.Authority.Type)
	}
	return m.text(id.Value) + "^^^" + authority + "^" + m.text(id.Type)
}
