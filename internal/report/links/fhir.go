package links

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"time"

	"trestle/internal/linkage"
)

// reference is a logical reference: both systems may be anywhere.
type reference struct {
	Type       string         `json:"type"`
	Identifier fhirIdentifier `json:"identifier"`
}

type fhirIdentifier struct {
	Type   *concept `json:"type,omitempty"`
	System string   `json:"system,omitempty"`
	Value  string   `json:"value"`
}

type concept struct {
	Coding []coding `json:"coding"`
}

type coding struct {
	System string `json:"system"`
	Code   string `json:"code"`
}

type linkageItem struct {
	Type     string    `json:"type"`
	Resource reference `json:"resource"`
}

// linkageResource is FHIR's Linkage (R4, 5.12.3): the right record is the source of truth's, the left the alternate.
type linkageResource struct {
	ResourceType string        `json:"resourceType"`
	Active       bool          `json:"active"`
	Item         []linkageItem `json:"item"`
}

type patientLink struct {
	Other reference `json:"other"`
	Type  string    `json:"type"`
}

// patientResource is a Patient with its links only (R4, 8.1.8).
type patientResource struct {
	ResourceType string           `json:"resourceType"`
	Identifier   []fhirIdentifier `json:"identifier"`
	Active       *bool            `json:"active,omitempty"`
	Link         []patientLink    `json:"link"`
}

// WriteLinkage writes a Bundle with a Linkage for every link. owner is the system of record, whose patient is the source.
func (p *Paper) WriteLinkage(ctx context.Context, w io.Writer, owner linkage.Side) error {
	return p.bundle(ctx, w, len(p.Settled.Links), func(i int) any {
		l := p.Settled.Links[i]
		left, right := linkageItem{"alternate", p.patient(p.Left, l.Left)}, linkageItem{"source", p.patient(p.Right, l.Right)}
		if owner == linkage.Left {
			left.Type, right.Type = "source", "alternate"
			return linkageResource{"Linkage", true, []linkageItem{left, right}}
		}
		return linkageResource{"Linkage", true, []linkageItem{right, left}}
	})
}

// WritePatientLinks writes a Bundle of Patients with Patient.link: seealso both ways for each link, and replaced-by for
// each duplicate that is merged.
func (p *Paper) WritePatientLinks(ctx context.Context, w io.Writer) error {
	links := p.Settled.Links
	return p.bundle(ctx, w, 2*len(links)+len(p.Merges), func(i int) any {
		if i >= 2*len(links) {
			m := p.Merges[i-2*len(links)]
			s := p.Left
			if m.Side == linkage.Right {
				s = p.Right
			}
			inactive := false
			return patientResource{"Patient", []fhirIdentifier{s.fhir(m.Gone)}, &inactive, []patientLink{{reference{"Patient", s.fhir(m.Kept)}, "replaced-by"}}}
		}
		l := links[i/2]
		own, ownID, other, otherID := p.Left, l.Left, p.Right, l.Right
		if i%2 == 1 {
			own, ownID, other, otherID = other, otherID, own, ownID
		}
		return patientResource{"Patient", []fhirIdentifier{own.fhir(own.identifier(ownID))}, nil, []patientLink{{p.patient(other, otherID), "seealso"}}}
	})
}

func (p *Paper) patient(s System, id string) reference {
	return reference{"Patient", s.fhir(s.identifier(id))}
}

var oid = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]*))+$`)

// fhir gives an identifier with the system's URI.
func (s System) fhir(id Identifier) fhirIdentifier {
	out := fhirIdentifier{System: s.URI, Value: id.Value}
	if out.System == "" && oid.MatchString(id.Authority.UniversalID) {
		out.System = "urn:oid:" + id.Authority.UniversalID
	}
	if id.Type != "" {
		out.Type = &concept{[]coding{{"http://terminology.hl7.org/CodeSystem/v2-0203", id.Type}}}
	}
	return out
}

// bundle streams a collection of n resources.
func (p *Paper) bundle(ctx context.Context, w io.Writer, n int, resource func(i int) any) error {
	if p.Kind != linkage.Patients {
		return errNoPatients
	}
	if err := p.Check(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(out, `{"resourceType":"Bundle","type":"collection"`)
	if !p.At.IsZero() {
		fmt.Fprintf(out, `,"timestamp":"%s"`, p.At.UTC().Format(time.RFC3339))
	}
	for i := range n {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		text, err := json.Marshal(resource(i))
		if err != nil {
			return fmt.Errorf("writing FHIR: %w", err)
		}
		if i == 0 {
			out.WriteString(`,"entry":[`)
		} else {
			out.WriteByte(',')
		}
		out.WriteString("\n{\"resource\":")
		out.Write(text)
		out.WriteByte('}')
	}
	if n > 0 {
		out.WriteString("\n]")
	}
	out.WriteString("}\n")
	return out.Flush()
}
