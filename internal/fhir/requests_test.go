package fhir

import "testing"

// An entry asks for what is safe: by its identifier, else by its id, else anew.
func TestRequestsOfEntries(t *testing.T) {
	const a, b = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	entry := func(id, more string) string {
		return `{"fullUrl":"urn:uuid:` + id + `","resource":{"resourceType":"Patient","id":"` + id + `"` + more + `}}`
	}
	for name, c := range map[string]struct{ entries, want, id string }{
		"identifier":             {entry(a, `,"identifier":[{"system":"urn:oid:2.999.1","value":"77"}]`), "PUT Patient?identifier=urn:oid:2.999.1%7C77", ""},
		"signs":                  {entry(a, `,"identifier":[{"system":"http://a.example/x y","value":"7|7&8,+"}]`), `PUT Patient?identifier=http://a.example/x%20y%7C7%5C%7C7%268%5C%2C%2B`, ""},
		"the first of today":     {entry(a, `,"identifier":[{"use":"old","system":"urn:oid:2.999.1","value":"1"},{"system":"urn:oid:2.999.1","value":"77"}]`), "PUT Patient?identifier=urn:oid:2.999.1%7C77", ""},
		"no system":              {entry(a, `,"identifier":[{"value":"77"},{"system":"urn:oid:2.999.1","value":"78"}]`), "PUT Patient/" + a, a},
		"social security number": {entry(a, `,"identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"900-12-3456"}]`), "PUT Patient/" + a, a},
		"one by its type":        {entry(a, `,"identifier":[{"type":{"coding":[{"code":"SS"}]},"system":"urn:oid:2.999.9","value":"900-12-3456"}]`), "PUT Patient/" + a, a},
		"of two entries":         {entry(a, `,"identifier":[{"system":"urn:oid:2.999.1","value":"77"}]`) + "," + entry(b, `,"identifier":[{"value":"1"},{"system":"urn:oid:2.999.1","value":"77"}]`), "PUT Patient/" + a, a},
		"an id of its own":       {`{"fullUrl":"http://a.example/Patient/7","resource":{"resourceType":"Patient","id":"7","identifier":[{"system":"urn:oid:2.999.1","value":"77"}]}}`, "PUT Patient/7", "7"},
		"nothing":                {`{"resource":{"resourceType":"Patient"}}`, "POST Patient", ""},
		"what is there":          {`{"resource":{"resourceType":"Patient","id":"7"},"request":{"method":"DELETE","url":"Patient/7"}}`, "DELETE Patient/7", "7"},
	} {
		n, err := ParseJSON([]byte(`{"resourceType":"Bundle","type":"collection","entry":[` + c.entries + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		if !AsTransaction(n) || n.Member("type").String() != "transaction" {
			t.Errorf("%s: no transaction", name)
		}
		e := n.Find("entry")
		if got := e.Find("request", "method").String() + " " + e.Find("request", "url").String(); got != c.want || e.Find("resource", "id").String() != c.id {
			t.Errorf("%s: %s with the id %q, want %s with %q", name, got, e.Find("resource", "id"), c.want, c.id)
		}
	}
}

func TestOnlyCollectionsBecomeTransactions(t *testing.T) {
	for _, text := range []string{
		`{"resourceType":"Bundle","type":"collection"}`,
		`{"resourceType":"Bundle","type":"document","entry":[{"resource":{"resourceType":"Patient"}}]}`,
		`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient"}},{"fullUrl":"urn:uuid:1"}]}`,
		`{"resourceType":"Patient","type":"collection"}`,
	} {
		n, err := ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if AsTransaction(n) || string(AppendJSON(nil, n)) != text {
			t.Errorf("%s became %s", text, AppendJSON(nil, n))
		}
	}
}
