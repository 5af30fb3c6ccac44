package inspect

import (
	"context"
	"fmt"
	"strings"

	"trestle/internal/check"
	"trestle/internal/fhir/validate"
	"trestle/internal/format"
	"trestle/internal/inspect/resource"
)

// IsFHIR reports whether a format is that of a FHIR resource, in JSON or XML.
func IsFHIR(kind string) bool {
	return kind == string(format.FHIRJSON) || kind == string(format.FHIRXML)
}

// IsResource reports whether the record is a FHIR resource.
func (r Record) IsResource() bool { return IsFHIR(r.Summary.Format) }

// SummariseResource reads the fields that a list shows of a FHIR resource: its type as Type, the kind of a Bundle as
// Structure, its id as ControlID, and what it says of its patient. Segments are the entries of a Bundle.
func SummariseResource(kind string, d *resource.Document) Summary {
	f := d.Facts()
	return Summary{
		Format: kind, Type: f.Type, Structure: f.Kind, ControlID: f.ID, MRN: f.Patient, Name: f.Name, Time: clock(f.Time), Segments: f.Count,
	}
}

// clock writes 2026-03-02T10:14:00.123+01:00 as HL7 v2 does, so that both sort and read alike: 20260302101400.123+0100. Anything
// else stays as it is.
func clock(t string) string {
	if len(t) < 10 || t[4] != '-' || t[7] != '-' {
		return t
	}
	date, time, timed := strings.Cut(t, "T")
	date = strings.ReplaceAll(date, "-", "")
	if !timed {
		return date
	}
	return date + strings.ReplaceAll(strings.TrimSuffix(time, "Z"), ":", "")
}

// resource makes the record of a FHIR resource. A reader is told of findings as it asked for.
func (rd *reader) resource(r *Record, kind format.Kind) {
	d := resource.Read(r.Bytes)
	r.Summary = SummariseResource(string(kind), d)
	if rd.skip {
		return
	}
	container := len(r.Findings)
	found := []check.Finding{{
		Code: validate.CodeNotChecked, Severity: check.Information, Path: d.Type(),
		Text: fmt.Sprintf("The resource has %d MB: it is checked when it is opened.", len(r.Bytes)>>20),
	}}
	if !rd.later || len(r.Bytes) <= LargeResource {
		found = d.Findings(rd.ctx)
	}
	for _, f := range found {
		if f.Severity >= rd.check.Minimum {
			r.Findings = append(r.Findings, f)
		}
	}
	r.Container = r.Findings[:container:container]
}

// ResourceFindings are what is wrong with a stored FHIR resource: what its container said, and what is found anew.
func ResourceFindings(ctx context.Context, d *resource.Document, container []check.Finding) []check.Finding {
	return append(container[:len(container):len(container)], d.Findings(ctx)...)
}
