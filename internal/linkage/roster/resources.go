package roster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/job"
)

// maxBundle is how large one bundle may be, in bytes. NDJSON has no such limit: it is read by lines.
const maxBundle = 512 << 20

// readResources reads Patient, Coverage, Organization and RelatedPerson of bundles or NDJSON.
func (b *builder) readResources(ctx context.Context, br *bufio.Reader, lines bool, s Spec, p *job.Progress) error {
	x := resources{records: records{b: b}, patients: map[string]*record{}, payers: map[string]string{}}
	if lines {
		if err := x.lines(ctx, br, p); err != nil {
			return err
		}
	} else {
		data, err := io.ReadAll(io.LimitReader(br, maxBundle+1))
		if err != nil {
			return err
		}
		if len(data) > maxBundle {
			return fmt.Errorf("one bundle of more than %d MB cannot be read: export NDJSON, one resource to a line", maxBundle>>20)
		}
		root, err := fhir.ParseJSON(data)
		if err != nil {
			return fmt.Errorf("reading FHIR: %w", err)
		}
		x.resource(root, 1)
	}
	x.join()
	x.finish(s)
	return nil
}

// resources gathers what refers to each other.
type resources struct {
	records
	patients  map[string]*record // by what references say: Patient/1, urn:uuid:..., a full address
	payers    map[string]string
	coverages []*fhir.Node
	related   []*fhir.Node
	last      *record // the latest patient
	unknown   int
}

func (x *resources) lines(ctx context.Context, br *bufio.Reader, p *job.Progress) error {
	read := int64(0)
	for n := 1; ; n++ {
		line, err := br.ReadBytes('\n')
		read += int64(len(line))
		if n%256 == 0 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			p.Set(read)
		}
		if t := bytes.TrimSpace(line); len(t) > 0 {
			node, parseErr := fhir.ParseJSON(bytes.Clone(t))
			if parseErr != nil {
				x.b.bad(n, nil, "the line is no resource: "+parseErr.Error())
			} else {
				x.resource(node, n)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (x *resources) resource(n *fhir.Node, line int) {
	switch n.ResourceType() {
	case "Bundle":
		i := 0
		for entry := range n.All("entry") {
			i++
			r := entry.Member("resource")
			if r == nil {
				continue
			}
			x.resource(r, i)
			if full := entry.Find("fullUrl").String(); full != "" && r.ResourceType() == "Patient" {
				x.patients[full] = x.last
			}
			if full := entry.Find("fullUrl").String(); full != "" && r.ResourceType() == "Organization" {
				x.payers[full] = r.Find("name").String()
			}
		}
	case "Patient":
		rec := x.add(patientResource(n, line))
		x.last = rec
		if id := n.Find("id").String(); id != "" {
			x.patients["Patient/"+id] = rec
		}
	case "Organization":
		if id := n.Find("id").String(); id != "" {
			x.payers["Organization/"+id] = n.Find("name").String()
		}
	case "Coverage":
		x.coverages = append(x.coverages, n)
	case "RelatedPerson":
		x.related = append(x.related, n)
	default:
		x.unknown++
	}
}

// join gives patients what other resources say of them.
func (x *resources) join() {
	for _, c := range x.coverages {
		rec := x.patients[c.Find("beneficiary", "reference").String()]
		if rec == nil {
			continue
		}
		payer := c.Find("payor")
		if payer == nil {
			payer = c.Find("insurer") // R5
		}
		plan := first(payer.Find("display").String(), x.payers[payer.Find("reference").String()])
		for class := range c.All("class") {
			if class.Find("type", "coding", "code").String() == "plan" {
				plan = first(class.Find("name").String(), plan)
			}
		}
		rec.fields[Plan] = first(rec.fields[Plan], plan)
		rec.fields[MemberID] = first(rec.fields[MemberID], c.Find("subscriberId").String(), c.Find("subscriberId", "value").String(), c.Find("identifier", "value").String())
	}
	for _, r := range x.related {
		rec := x.patients[r.Find("patient", "reference").String()]
		if rec == nil {
			continue
		}
		role := Guarantor
		for code := range r.All("relationship", "coding", "code") {
			if c := code.String(); c == "MTH" || c == "NMTH" {
				role = Mother
			}
		}
		rec.fields[role] = first(rec.fields[role], strings.TrimSpace(r.Find("name", "family").String()+" "+r.Find("name", "given").String()))
	}
	if x.unknown > 0 {
		x.b.note("%d resources are of types that say nothing about who a patient is; they were left out.", x.unknown)
	}
}

func patientResource(n *fhir.Node, line int) *record {
	r := &record{line: line, fields: map[Role]string{}}
	for id := range n.All("identifier") {
		v := id.Find("value").String()
		if v == "" {
			continue
		}
		kind, system := id.Find("type", "coding", "code").String(), id.Find("system").String()
		if kind == "SS" || kind == "SB" || system == "http://hl7.org/fhir/sid/us-ssn" {
			r.fields[SSN] = first(r.fields[SSN], v)
			continue
		}
		r.ids = append(r.ids, identity{v, system, kind})
	}
	if id := n.Find("id").String(); id != "" {
		r.ids = append(r.ids, identity{id, "", "id"})
	}
	name := n.Find("name")
	for x := range n.All("name") {
		switch x.Find("use").String() {
		case "official":
			name = x
		case "maiden":
			r.fields[MaidenName] = x.Find("family").String()
		}
	}
	r.fields[LastName] = name.Find("family").String()
	i := 0
	for g := range name.All("given") {
		switch i++; i {
		case 1:
			r.fields[FirstName] = g.String()
		default:
			r.fields[MiddleName] = strings.TrimSpace(r.fields[MiddleName] + " " + g.String())
		}
	}
	r.fields[NameSuffix] = name.Find("suffix").String()
	r.fields[BirthDate] = n.Find("birthDate").String()
	r.fields[Sex] = n.Find("gender").String()
	address := n.Find("address")
	for x := range n.All("address") {
		if x.Find("use").String() == "home" {
			address = x
			break
		}
	}
	i = 0
	for l := range address.All("line") {
		switch i++; i {
		case 1:
			r.fields[Address] = l.String()
		case 2:
			r.fields[AddressMore] = l.String()
		}
	}
	r.fields[City], r.fields[State], r.fields[PostalCode] = address.Find("city").String(), address.Find("state").String(), address.Find("postalCode").String()
	for t := range n.All("telecom") {
		v := t.Find("value").String()
		role := HomePhone
		switch t.Find("system").String() {
		case "email":
			role = Email
		case "phone", "sms", "":
			switch t.Find("use").String() {
			case "mobile":
				role = MobilePhone
			case "work":
				role = WorkPhone
			}
		default:
			continue
		}
		r.fields[role] = first(r.fields[role], v)
	}
	r.fields[PCP] = n.Find("generalPractitioner", "display").String()
	return r
}
