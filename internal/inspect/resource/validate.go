package resource

import (
	"context"
	"errors"
	"strings"

	"trestle/internal/check"
	"trestle/internal/fhir"
	"trestle/internal/fhir/validate"
)

// Findings validates the document against the definitions of FHIR, in the form that findings on HL7 v2 have. It takes a
// while for a large Bundle and ends when ctx does, with what was found until then.
func (d *Document) Findings(ctx context.Context) []check.Finding {
	var found []validate.Finding
	var syntax *fhir.SyntaxError
	switch {
	case d.Tree != nil && !d.XML && !d.Loose:
		found = validate.Tree(ctx, d.Tree, validate.Options{Definitions: d.Definitions})
	case d.Tree != nil || errors.As(d.Problem, &syntax):
		found = validate.Bytes(ctx, d.Bytes, validate.Options{Definitions: d.Definitions})
	default:
		return []check.Finding{{Code: validate.CodeNotChecked, Severity: check.Information, Text: sentence(d.Problem.Error())}}
	}
	out := make([]check.Finding, len(found))
	for i, f := range found {
		out[i] = check.Finding{Code: f.Code, Severity: check.Severity(f.Severity), Path: f.Path, Offset: f.Offset, Length: f.Length, Text: sentence(f.Text)}
	}
	return out
}

// sentence gives a text a capital letter and a full stop. A rule of FHIR keeps its key as it is written: per-1.
func sentence(s string) string {
	if s == "" {
		return s
	}
	key, _, isRule := strings.Cut(s, ":")
	isRule = isRule && !strings.Contains(key, " ")
	if c := s[0]; c >= 'a' && c <= 'z' && !isRule {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "…") {
		s += "."
	}
	return s
}
