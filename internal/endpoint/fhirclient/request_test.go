package fhirclient

import (
	"strings"
	"testing"
)

func TestParseRequest(t *testing.T) {
	for _, c := range []struct {
		name, text, want string // want is the canonical text, or "error: words"
	}{
		{"a path alone", "Patient?name=roe", "GET Patient?name=roe"},
		{"lower case", "get Patient/1", "GET Patient/1"},
		{"the service itself", "POST\n\n{}", "POST\n\n{}"},
		{"the end of a recording's first line", "GET /fhir/metadata HTTP/1.1\r\nAccept: application/json\r\n\r\n", "GET /fhir/metadata\nAccept: application/json"},
		{"headers and body", "PUT Patient/1\nIf-Match: W/\"3\"\n\n{\n  \"a\": 1\n}\n", "PUT Patient/1\nIf-Match: W/\"3\"\n\n{\n  \"a\": 1\n}\n"},
		{"comments", "# of the kickoff\n// twice\n\nDELETE Patient/1", "DELETE Patient/1"},
		{"byte order mark", "\ufeffGET metadata", "GET metadata"},
		{"blanks in a value", "GET Patient?name=van der roe", "GET Patient?name=van der roe"},
		{"nothing", " \n# only words\n", "error: there is no request"},
		{"an unknown method", "FETCH Patient", "error: is no method"},
		{"body without an empty line", "POST Patient\n{\"a\":1}", "error: header"},
		{"body of one brace", "POST Patient\n{", "error: an empty line"},
		{"header with a blank", "GET Patient\nX Y: 1", "error: header"},
		{"fragment", "GET Patient#1", "error: %23"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := ParseRequest(c.text)
			if want, ok := strings.CutPrefix(c.want, "error: "); ok {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("error %v, want one with %q", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Text(); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add("GET Patient?name=a&b=c\nAccept: x\n\nbody")
	f.Add("POST\r\nA:b\r\n\r\n\x00")
	f.Add("### one\nGET a\n### two\nPUT b/1\n\n{}")
	f.Fuzz(func(t *testing.T, text string) {
		ParseRequests(text)
		FromWire([]byte(text), "/fhir")
		r, err := ParseRequest(text)
		if err != nil {
			return
		}
		again, err := ParseRequest(r.Text())
		if err != nil {
			t.Fatalf("its own text %q is not read: %v", r.Text(), err)
		}
		if again.Text() != r.Text() {
			t.Fatalf("%q is read as %q", r.Text(), again.Text())
		}
		if base, err := parseBase("https://server.example/fhir"); err == nil {
			if u, err := r.resolve(base); err == nil && (u.Host != "server.example" || !strings.HasPrefix(u.Path, "/fhir")) {
				t.Fatalf("%q leads to %s%s", r.Path, u.Host, u.Path)
			}
		}
	})
}

func TestParseRequests(t *testing.T) {
	list, err := ParseRequests("# a collection\n### everybody\nGET Patient\n\n### \n### make one\nPOST Patient\nPrefer: return=minimal\n\n{\"resourceType\":\"Patient\"}\n\n")
	if err != nil || len(list) != 2 {
		t.Fatalf("%d requests, %v", len(list), err)
	}
	if list[0].Name != "everybody" || list[0].Text() != "GET Patient" {
		t.Errorf("the first is %q: %q", list[0].Name, list[0].Text())
	}
	if list[1].Name != "make one" || string(list[1].Body) != `{"resourceType":"Patient"}` || list[1].Header("prefer") != "return=minimal" {
		t.Errorf("the second is %q: %q", list[1].Name, list[1].Text())
	}
	if _, err := ParseRequests("GET a\n###\nGOT b c"); err == nil || !strings.Contains(err.Error(), "request 2") {
		t.Errorf("error %v, want it to name request 2", err)
	}
	if _, err := ParseRequests("###\n"); err == nil {
		t.Error("a file without a request is no error")
	}
}

func TestFromWireLeavesTheConnectionOut(t *testing.T) {
	r, err := FromWire([]byte("POST /r4/Patient?x=1 HTTP/1.1\r\nHost: a:1\r\nAuthorization: (not kept)\r\nX-Api-Key: (not kept)\r\nContent-Length: 2\r\nAccept-Encoding: gzip\r\nPrefer: return=minimal\r\n\r\n{}"), "/r4")
	if err != nil {
		t.Fatal(err)
	}
	if want := "POST Patient?x=1\nPrefer: return=minimal\n\n{}"; r.Text() != want {
		t.Errorf("got %q, want %q", r.Text(), want)
	}
}

func TestRequestsStayInTheService(t *testing.T) {
	base, err := parseBase("https://server.example/r4/")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"":                                "https://server.example/r4",
		"Patient?name=van der roe":        "https://server.example/r4/Patient?name=van%20der%20roe",
		"/Patient":                        "https://server.example/r4/Patient",
		"?_type=Patient":                  "https://server.example/r4?_type=Patient",
		"Patient?identifier=urn:x|12":     "https://server.example/r4/Patient?identifier=urn:x%7C12",
		"https://server.example/r4/p?c=1": "https://server.example/r4/p?c=1",
		"https://server.example/r4":       "https://server.example/r4",
		"https://server.example/r4x":      "error",
		"https://other.example/r4/p":      "error",
		"http://server.example/r4/p":      "error",
		"../admin":                        "error",
		"Patient/%2e%2e/%2e%2e/admin":     "error",
		"Patient/%zz":                     "error",
		"Patient?url=http://x.example/y":  "https://server.example/r4/Patient?url=http://x.example/y",
	} {
		u, err := Request{Method: "GET", Path: path}.resolve(base)
		if got := "error"; err == nil {
			if got = u.String(); got != want {
				t.Errorf("%q leads to %s, want %s", path, got, want)
			}
		} else if want != got {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, bad := range []string{"", "server.example/fhir", "ftp://a/b", "https://u:p@a/b", "https://a/b?c", "https://a/b#c", "http://"} {
		if _, err := parseBase(bad); err == nil {
			t.Errorf("%q is taken as an address", bad)
		}
	}
}

func TestCURL(t *testing.T) {
	for _, c := range []struct {
		name string
		r    Request
		c    Config
		want string
	}{
		{"a search", Request{Method: "GET", Path: "Patient?name=o'hara"}, Config{Base: "http://127.0.0.1:8080/fhir"},
			`curl 'http://127.0.0.1:8080/fhir/Patient?name=o'\''hara' \` + "\n  --header 'Accept: application/fhir+json'"},
		{"a body with a quote", Request{Method: "POST", Path: "Patient", Body: []byte(`{"t":"it's"}`)}, Config{Base: "https://s.example/r4", Auth: Auth{Kind: AuthBasic, User: "me", Secret: []byte("hidden")}},
			"curl \\\n  --request POST 'https://s.example/r4/Patient' \\\n  --header 'Accept: application/fhir+json' \\\n  --header 'Content-Type: application/fhir+json' \\\n  --user 'me:'\"$PASSWORD\" \\\n  --data-binary '{\"t\":\"it'\\''s\"}'"},
		{"a key", Request{Method: "HEAD", Path: "Patient/1", Headers: []Header{{"Accept", "*/*"}}}, Config{Base: "https://s.example/r4", Auth: Auth{Kind: AuthKey, Header: "X-Key", Secret: []byte("hidden")}},
			"curl \\\n  --head 'https://s.example/r4/Patient/1' \\\n  --header 'Accept: */*' \\\n  --header 'X-Key: '\"$API_KEY\""},
		{"a token", Request{Method: "DELETE", Path: "Patient/1", Headers: []Header{{"Accept", "*/*"}}}, Config{Base: "https://s.example/r4", Auth: Auth{Kind: AuthBackend, User: "c", Secret: []byte("hidden")}},
			"curl \\\n  --request DELETE 'https://s.example/r4/Patient/1' \\\n  --header 'Accept: */*' \\\n  --header 'Authorization: Bearer '\"$TOKEN\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.r.CURL(c.c)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if strings.Contains(got, "hidden") {
				t.Error("the secret is in it")
			}
		})
	}
}
