package fhirserver

import (
	"strings"
	"testing"
)

// FuzzSMART reads scopes, registrations and assertions of anybody. None may panic, and no text without a registered key is an assertion.
func FuzzSMART(f *testing.F) {
	f.Add("patient/Observation.rs?category=vital-signs user/*.cruds launch/patient openid", `[{"client_id":"a","jwks":{"keys":[{"kty":"EC"}]}}]`, "e30.e30.AAAA")
	f.Add("patient/.. /. system/Patient.", `[{"client_id":"a","jwks_uri":"http://[::1"}]`, "..")
	f.Add("user/Patient.read?", "[]", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJhIn0.")
	f.Fuzz(func(t *testing.T, scopes, clients, assertion string) {
		for _, s := range parseScopes(scopes) {
			if s.context == "" || strings.ContainsAny(s.letters, " ") {
				t.Errorf("%q gives the scope %+v", scopes, s)
			}
		}
		list, err := ParseClients([]byte(clients))
		for _, c := range list {
			if err == nil && c.ID == "" {
				t.Errorf("%q gives a client without an id", clients)
			}
		}
		if _, err := readAssertion(assertion, func(string, string) (KeySet, bool, error) {
			return KeySet{Keys: []Key{{Type: "RSA", N: "AQAB", E: "AQAB"}, {Type: "EC", Curve: "P-384", X: "AA", Y: "AA"}}}, true, nil
		}); err == nil {
			t.Errorf("%q is verified by keys that are none", assertion)
		}
	})
}
