package fhirpath

import (
	"errors"
	"testing"
	"time"

	"trestle/internal/fhir"
)

func FuzzEvaluate(f *testing.F) {
	n, err := fhir.ParseJSON([]byte(`{"resourceType":"Patient","id":"1","active":true,"birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"http://example.org/t","valueDateTime":"1974-12-25T14:35:45-05:00"}]},
		"name":[{"family":"Moss","given":["Ada","B"]},{"_given":[{"id":"g"}]}],"multipleBirthInteger":2,"contact":[{"name":{"text":"x"}}],"managingOrganization":{"reference":"#o"},"contained":[{"resourceType":"Organization","id":"o"}]}`))
	if err != nil {
		f.Fatal(err)
	}
	for name := range functions {
		f.Add("name.given." + name + "()")
		f.Add("(1.5|@2014|'a'|1 'mg')." + name + "($this, 'x', 2)")
	}
	for _, s := range []string{
		"Patient.name.where(given = 'Ada').family | 1 + 2.50 * 3 'mg' - 4 days", "@2014-01-05T10:00:00.000+10:00 + 1 month <= now()", "iif(a is Patient, %ucum, {}) implies b[0] ~ $this & `x`",
		"repeat(children())", "1.power(1000000)", "99999999999.99999.power(99999)", "descendants().select(descendants()).select(descendants())", "name.sort(-family)",
		"'aaaa'.replaceMatches('a*', '$0$0$0')", "defineVariable('a', 1).select(%a)", "(1|2).aggregate($total + $this, 0)", "1 'cm'/2 '[in_i].kg-2' = 3 'Cel'",
		"@0001 - 9999 years", "@T23:59 + 99999999999 hours", "1.0.lowBoundary(31)", "resolve().name", "birthDate.highBoundary()", "-9223372036854775808.abs()",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := Compile(s)
		if err != nil {
			var known *Error
			if !errors.As(err, &known) || known.Off < 0 || known.Off > len(s) {
				t.Fatalf("a mistake without a place: %v", err)
			}
			return
		}
		began := time.Now()
		for _, o := range []*Options{{MaxSteps: 20000, MaxItems: 5000}, {MaxSteps: 20000, MaxItems: 5000, Strict: true, CheckOrdered: true, StubReferences: true}} {
			out, err := x.Evaluate(t.Context(), Resource(fhir.R4(), n), o)
			var known *Error
			if err != nil && !errors.As(err, &known) {
				t.Fatalf("an error without a place: %v", err)
			}
			for _, i := range out {
				_ = i.String()
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("took %v", took)
		}
	})
}
