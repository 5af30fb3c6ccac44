package fhirserver

import (
	"errors"
	"fmt"
	"net/http"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
	"trestle/internal/fhir/validate"
)

// issue is one thing that an OperationOutcome tells.
type issue struct {
	severity, code, text string
	expression           string
	detail               string // a code of the server's own
}

// failure is an answer that is no success.
type failure struct {
	status int
	issues []issue
	header http.Header
}

func (f *failure) Error() string {
	if len(f.issues) > 0 {
		return f.issues[0].text
	}
	return http.StatusText(f.status)
}

// codes of issues by status (R4, value set issue-type).
var issueCodes = map[int]string{
	400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 406: "not-supported", 409: "conflict", 410: "deleted",
	412: "conflict", 413: "too-costly", 415: "not-supported", 422: "processing", 429: "throttled", 500: "exception", 501: "not-supported", 503: "transient",
}

func fail(status int, format string, args ...any) *failure {
	return &failure{status: status, issues: []issue{{severity: "error", code: issueCodes[status], text: fmt.Sprintf(format, args...)}}}
}

// asFailure gives any error its status.
func asFailure(err error) *failure {
	var f *failure
	var value *fhirstore.ValueError
	var conflict *fhirstore.ConflictError
	var syntax *fhir.SyntaxError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &value):
		return fail(400, "%s", value)
	case errors.As(err, &conflict):
		return fail(412, "%s", conflict)
	case errors.As(err, &syntax):
		f := fail(400, "the body is not readable: %s", syntax)
		f.issues[0].code = "structure"
		return f
	case errors.Is(err, fhirstore.ErrGone):
		return fail(410, "%s", err)
	case errors.Is(err, fhirstore.ErrNotFound):
		return fail(404, "%s", err)
	}
	return fail(500, "%s", err)
}

// outcome writes issues as a resource.
func outcome(issues []issue) *fhir.Node {
	list := fhir.NewArray().Named("issue")
	for _, i := range issues {
		n := fhir.NewObject(fhir.NewString(i.severity).Named("severity"), fhir.NewString(i.code).Named("code"))
		if i.detail != "" {
			n.Children = append(n.Children, fhir.NewObject(fhir.NewArray(fhir.NewObject(text("code", i.detail))).Named("coding"), text("text", i.text)).Named("details"))
		}
		n.Children = append(n.Children, fhir.NewString(i.text).Named("diagnostics"))
		if i.expression != "" {
			n.Children = append(n.Children, fhir.NewArray(fhir.NewString(i.expression)).Named("expression"))
		}
		list.Children = append(list.Children, n)
	}
	return fhir.NewObject(fhir.NewString("OperationOutcome").Named("resourceType"), list)
}

var severities = [...]string{validate.Information: "information", validate.Warning: "warning", validate.Error: "error", validate.Fatal: "fatal"}

// issueOf gives a finding the code that FHIR has for it.
func issueOf(f validate.Finding) issue {
	code := "invalid"
	switch f.Code {
	case validate.CodeSyntax, validate.CodeForm, validate.CodeNoResource, validate.CodeDuplicate, validate.CodeUnknown, validate.CodeList, validate.CodeEmpty, validate.CodeType:
		code = "structure"
	case validate.CodeMissing:
		code = "required"
	case validate.CodeValue, validate.CodeFixed:
		code = "value"
	case validate.CodeBinding:
		code = "code-invalid"
	case validate.CodeInvariant, validate.CodeProfile:
		code = "invariant"
	case validate.CodeReference:
		code = "not-found"
	case validate.CodeExtension:
		code = "extension"
	case validate.CodeNotChecked:
		code = "informational"
	}
	return issue{severity: severities[f.Severity], code: code, text: f.Text, expression: f.Path}
}
