package fhirserver

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// authorize approves, at once or when the page was answered (picked), and sends the browser back with a code.
func (m *smart) authorize(q url.Values, base string, picked bool) *response {
	client, known := m.client(q.Get("client_id"))
	target, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case !known:
		return oauthError(400, "invalid_client", "the client_id is not registered")
	case err != nil || target.Scheme == "" || target.Host == "":
		return oauthError(400, "invalid_request", "redirect_uri must be an absolute address")
	case len(client.Redirects) > 0 && !slices.Contains(client.Redirects, q.Get("redirect_uri")):
		return oauthError(400, "invalid_request", "redirect_uri is not one that the client registered")
	}
	back := func(values url.Values) *response {
		values.Set("state", q.Get("state"))
		old := target.Query()
		for k, v := range values {
			old[k] = v
		}
		target.RawQuery = old.Encode()
		return &response{status: 302, location: target.String()}
	}
	refuse := func(code, text string) *response {
		return back(url.Values{"error": {code}, "error_description": {text}})
	}
	g := &grant{redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), nonce: q.Get("nonce"), until: m.now().Add(codeLifetime)}
	g.client = client.ID
	g.scope = client.granted(q.Get("scope"), func(word string) bool { return !strings.HasPrefix(word, "system/") })
	g.scopes = parseScopes(g.scope)
	switch {
	case q.Get("response_type") != "code":
		return refuse("unsupported_response_type", "response_type must be code")
	case strings.TrimSuffix(q.Get("aud"), "/") != base:
		return refuse("invalid_request", "aud must be the address of this FHIR server")
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		return refuse("invalid_request", "a code_challenge of the method S256 is needed")
	case len(g.scopes) == 0 && !strings.Contains(g.scope, "launch"):
		return refuse("invalid_scope", "no scope on resources is asked for, or none that the client is registered for")
	case picked && q.Get("deny") != "":
		return refuse("access_denied", "the user refused")
	}
	var context Launch
	if token := q.Get("launch"); token != "" {
		m.mu.Lock()
		l, ok := m.launches[token]
		m.mu.Unlock()
		if !ok || !m.now().Before(l.until) {
			return refuse("invalid_request", "launch is not one that this server handed out, or it is too old")
		}
		context, g.fromEHR = l, true
	}
	forPatient := g.asked("launch/patient") || g.fromEHR || slices.ContainsFunc(g.scopes, func(s scope) bool { return s.context == "patient" })
	if m.picker && !picked {
		return m.page(q, base, client, forPatient && context.Patient == "")
	}
	if id := q.Get("patient"); picked && context.Patient == "" && id != "" {
		if _, err := m.s.store.Read("Patient", id); err != nil {
			return refuse("invalid_request", "there is no such patient")
		}
		context.Patient = id
	}
	m.fill(g, context, forPatient)
	code := secretText()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.codes) >= maxHandedOut {
		clear(m.codes)
	}
	m.codes[code] = g
	return back(url.Values{"code": {code}})
}

// fill puts patient, encounter and user in context: those of the launch, else the first of the store.
func (m *smart) fill(g *grant, l Launch, forPatient bool) {
	if g.patient = l.Patient; g.patient == "" && forPatient {
		g.patient = m.first("Patient", "")
	}
	if g.encounter = l.Encounter; g.encounter == "" && g.asked("launch/encounter") && g.patient != "" {
		g.encounter = m.first("Encounter", "patient="+g.patient)
	}
	if g.user = l.User; g.user == "" {
		if id := m.first("Practitioner", ""); id != "" {
			g.user = "Practitioner/" + id
		} else if g.patient != "" {
			g.user = "Patient/" + g.patient
		}
	}
}

// first is the id of the first resource that a query finds, "" if it finds none.
func (m *smart) first(typ, query string) string {
	found := m.find(typ, query)
	if len(found) == 0 {
		return ""
	}
	return found[0].ID
}

func (m *smart) find(typ, query string) []*fhirstore.Version {
	q, err := m.s.store.ParseQuery(typ, fhirstore.Pairs(query), fhirstore.QueryOptions{})
	if err != nil {
		return nil
	}
	found, err := m.s.store.Search(context.Background(), q)
	if err != nil {
		return nil
	}
	return found
}

// Launch hands out the launch parameter of an EHR launch, good for five minutes; "" where the server has no SMART. The app is opened with
// iss, the address of the service root, and this parameter.
func (s *Server) Launch(l Launch) string {
	if s.smart == nil {
		return ""
	}
	return s.smart.launch(l)
}

func (m *smart) launch(l Launch) string {
	l.until = m.now().Add(launchLifetime)
	token := secretText()
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, old := range m.launches {
		if len(m.launches) >= maxHandedOut || !m.now().Before(old.until) {
			delete(m.launches, key)
		}
	}
	m.launches[token] = l
	return token
}

// launcher is the page from which a person launches an app as an EHR does, and the address to which it leads.
func (m *smart) launcher(h *http.Request, base string) *response {
	q := h.URL.Query()
	app := q.Get("app")
	if app == "" {
		return m.show("Launch an app", `<form action="`+html.EscapeString(base)+`/auth/launcher"><p><label>Launch address of the app <input name="app" type="url" required size="60" placeholder="http://localhost:3000/launch"></label></p>`+
			m.choice()+`<p><button>Launch</button></p></form>`)
	}
	u, err := url.Parse(app)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return oauthError(400, "invalid_request", "app must be the launch address of the app")
	}
	l := Launch{Patient: q.Get("patient"), Encounter: q.Get("encounter"), User: q.Get("user")}
	values := u.Query()
	values.Set("iss", base)
	values.Set("launch", m.launch(l))
	u.RawQuery = values.Encode()
	return &response{status: 302, location: u.String()}
}

// page asks a person to approve, and to pick a patient where one is needed.
func (m *smart) page(q url.Values, base string, c *Client, pick bool) *response {
	var b strings.Builder
	b.WriteString(`<form method="post" action="` + html.EscapeString(base) + `/auth/pick">`)
	for name, values := range q {
		for _, v := range values {
			if name != "patient" && name != "deny" {
				b.WriteString(`<input type="hidden" name="` + html.EscapeString(name) + `" value="` + html.EscapeString(v) + `">`)
			}
		}
	}
	b.WriteString(`<p>The app <b>` + html.EscapeString(c.ID) + `</b> asks for:</p><ul>`)
	for word := range strings.FieldsSeq(q.Get("scope")) {
		b.WriteString(`<li><code>` + html.EscapeString(word) + `</code></li>`)
	}
	b.WriteString(`</ul>`)
	if pick {
		b.WriteString(m.choice())
	}
	b.WriteString(`<p><button>Allow</button> <button name="deny" value="1" formnovalidate>Refuse</button></p></form>`)
	return m.show("Authorize an app", b.String())
}

// maxChoice is how many patients a page proposes; any other can be typed by id.
const maxChoice = 500

// choice is a field for the id of a patient that proposes those that there are.
func (m *smart) choice() string {
	found := m.find("Patient", "_sort=family")
	var b strings.Builder
	b.WriteString(`<p><label>Patient <input name="patient" list="patients" required size="40" placeholder="type a name or id" autocomplete="off"></label><datalist id="patients">`)
	for _, v := range found[:min(len(found), maxChoice)] {
		b.WriteString(`<option value="` + html.EscapeString(v.ID) + `">` + html.EscapeString(nameOf(v.Tree())) + `</option>`)
	}
	b.WriteString(`</datalist></p>`)
	return b.String()
}

// nameOf is how a list shows a patient: name, birth date, id.
func nameOf(n *fhir.Node) string {
	words := []string{}
	for g := range n.All("name", "given") {
		words = append(words, g.Text)
	}
	name := strings.TrimPrefix(n.Find("name", "family").String()+", "+strings.Join(words, " "), ", ")
	return strings.Join(slices.DeleteFunc([]string{strings.TrimSuffix(name, ", "), n.Member("birthDate").String(), n.Member("id").String()}, func(s string) bool { return s == "" }), " · ")
}

func (m *smart) show(title, body string) *response {
	page := `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>` + html.EscapeString(title) +
		`</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em}button,input,select{font:inherit;padding:.3em .6em}</style><h1>` +
		html.EscapeString(title) + `</h1><p>This is a mock. Nobody signs in.</p>` + body
	return &response{status: 200, raw: []byte(page), rawType: "text/html; charset=utf-8", header: http.Header{"Cache-Control": {"no-store"}, "Content-Security-Policy": {"default-src 'none'; style-src 'unsafe-inline'"}, "X-Frame-Options": {"DENY"}}}
}
