package endpoints

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trestle/internal/endpoint/fhirclient"
	"trestle/internal/fhir"
	"trestle/internal/fhir/validate"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// console is the request that is written in a REST console, and what came back. Each console of the project has its own, as long as the
// program runs; what was sent is in the journal.
type console struct {
	m       *Model
	written map[string]*sheet // by the name of the endpoint
}

// sheet is what one console has on it.
type sheet struct {
	method, path, rest string // rest is headers, an empty line, the body
	fresh              int    // counts what was put there by the program, so that a view knows when to show it

	findings []validate.Finding
	problem  string // why the request cannot be sent
	checking job.Latest

	sending  *job.Job
	answer   *fhirclient.Response
	tree     *fhir.Node
	issues   []fhirclient.Issue
	failure  string
	links    map[string]string
	seen     []string // ids that answers told of
	capable  *fhirclient.Capabilities
	asked    bool // the server was asked what it can do
	fetching job.Latest
}

// begin makes the chosen console ready.
func (c *console) begin() {
	if s := c.sheet(); s != nil && s.method == "" {
		s.method, s.path = "GET", "Patient?_count=10"
		s.fresh++
	}
}

// sheet is what the chosen console has on it, nil where none is chosen.
func (c *console) sheet() *sheet {
	p := c.m.current()
	if p == nil || p.kind != RESTClient {
		return nil
	}
	if c.written == nil {
		c.written = map[string]*sheet{}
	}
	s := c.written[p.name]
	if s == nil {
		s = &sheet{}
		c.written[p.name] = s
	}
	return s
}

// Methods are those of a request.
var Methods = fhirclient.Methods

// Written is the request of the chosen console: method, path, and headers with the body after an empty line. fresh changes whenever
// something else than the user's typing changed it.
func (m *Model) Written() (method, path, rest string, fresh int) {
	s := m.console.sheet()
	if s == nil {
		return "", "", "", 0
	}
	return s.method, s.path, s.rest, s.fresh
}

// Write takes over what the user has typed.
func (m *Model) Write(method, path, rest string) {
	s := m.console.sheet()
	if s == nil || s.method == method && s.path == path && s.rest == rest {
		return
	}
	s.method, s.path, s.rest = method, path, rest
	m.console.check(s)
}

// Put writes a request in the place of what is there.
func (m *Model) Put(method, path, rest string) {
	if s := m.console.sheet(); s != nil {
		s.fresh++
		m.Write(method, path, rest)
	}
}

// request reads what is written.
func (s *sheet) request() (fhirclient.Request, error) {
	rest := s.rest
	if trimmed := strings.TrimSpace(rest); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "<") || strings.HasPrefix(trimmed, "[") {
		rest = "\n" + rest // a body without headers
	}
	return fhirclient.ParseRequest(strings.TrimSpace(s.method+" "+s.path) + "\n" + rest)
}

// checkPause is how long the user must stop typing before the body is checked.
const checkPause = 300 * time.Millisecond

// check looks at the request while it is written: whether it can be sent, and whether its body is valid.
func (c *console) check(s *sheet) {
	r, err := s.request()
	if s.problem = ""; err != nil {
		s.problem = err.Error()
	}
	c.m.Changed(Console)
	job.StartLatest(c.m.ctx, c.m.runner, &s.checking, func(ctx context.Context) ([]validate.Finding, error) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(checkPause):
		}
		if !checkable(r) {
			return nil, nil
		}
		list := validate.Bytes(ctx, r.Body, validate.Options{})
		return slices.DeleteFunc(list, func(f validate.Finding) bool { return f.Severity < validate.Warning }), ctx.Err()
	}, func(list []validate.Finding, err error) {
		if err == nil {
			s.findings = list
			c.m.Changed(Console)
		}
	})
}

// checkable says whether the body is to be a resource: not a patch of JSON's own, not a form.
func checkable(r fhirclient.Request) bool {
	path, _, _ := strings.Cut(r.Path, "?")
	body := strings.TrimSpace(string(r.Body))
	return body != "" && body[0] != '[' && !strings.HasSuffix(path, "_search") && (r.Method == "POST" || r.Method == "PUT")
}

// WrittenProblem says why the request cannot be sent as it is, "" where it can.
func (m *Model) WrittenProblem() string {
	if s := m.console.sheet(); s != nil {
		return s.problem
	}
	return ""
}

var bodyFindingColumns = []screen.Column{
	{ID: "path", Title: "Findings in the body", Width: 170, MinWidth: 80, Mono: true, Fixed: true},
	{ID: "text", Title: "", Width: 260, MinWidth: 80, Flex: true, Fixed: true},
}

// BodyFindings is what is wrong with the body that is written.
func (m *Model) BodyFindings() screen.Grid { return (*bodyFindingGrid)(m) }

type bodyFindingGrid Model

func (g *bodyFindingGrid) Columns() []screen.Column { return bodyFindingColumns }

func (g *bodyFindingGrid) Len() int {
	if s := (*Model)(g).console.sheet(); s != nil {
		return len(s.findings)
	}
	return 0
}

func (g *bodyFindingGrid) Cell(row, col int) screen.Cell {
	s := (*Model)(g).console.sheet()
	if s == nil || row >= len(s.findings) {
		return screen.Cell{}
	}
	f := s.findings[row]
	if col == 0 {
		c := screen.Cell{Text: f.Path, Role: screen.RoleWarning, Shape: screen.ShapeTriangle}
		if f.Severity >= validate.Error {
			c.Role, c.Shape = screen.RoleError, screen.ShapeSquare
		}
		return c
	}
	return screen.Cell{Text: f.Text, Masked: g.masked}
}

// CompletePath suggests how the path may go on, from what the server says that it can do; until it was asked, from all of FHIR R4.
func (m *Model) CompletePath(method, path string) []fhirclient.Suggestion {
	s := m.console.sheet()
	if s == nil {
		return nil
	}
	return s.capable.Complete(method, path, s.seen)
}

// AskServer fetches the server's CapabilityStatement, for completion. Unless loud is set, a server that does not answer is no news: it is
// when the request is sent.
func (m *Model) AskServer(loud bool) {
	s, p := m.console.sheet(), m.current()
	if s == nil {
		return
	}
	dial := m.clientOf(p)
	job.StartLatest(m.ctx, m.runner, &s.fetching, func(ctx context.Context) (*fhirclient.Capabilities, error) {
		c, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		return c.Fetch(ctx)
	}, func(c *fhirclient.Capabilities, err error) {
		switch {
		case err == nil:
			s.capable = c
			if loud {
				m.Say(screen.News{Text: statementWords(c)}, nil)
			}
		case loud && !errors.Is(err, context.Canceled):
			m.Fail("Could not learn what the server can do", err)
		}
		m.journal.follow()
		m.Changed(Console)
	})
}

// statementWords sums up what a server says of itself.
func statementWords(c *fhirclient.Capabilities) string {
	name := strings.TrimSpace(c.Software + " " + c.Version)
	if name == "" {
		name = "The server"
	}
	var writes []string
	for _, t := range c.Names() {
		if x := c.Types[t]; x.Can("create") || x.Can("update") {
			writes = append(writes, t)
		}
	}
	text := fmt.Sprintf("%s: FHIR %s, %s, ", name, c.FHIRVersion, screen.Plural(len(c.Types), "type"))
	switch {
	case len(writes) == 0:
		return text + "none of which can be written."
	case len(writes) == len(c.Types):
		return text + "all of which can be written."
	case len(writes) > 8:
		return text + screen.Count(len(writes)) + " of which can be written."
	}
	return text + "of which can be written: " + strings.Join(writes, ", ") + "."
}

// clientOf is what makes the client of a console, off the goroutine of the screen.
func (m *Model) clientOf(p *point) func(context.Context) (*fhirclient.Client, error) {
	name, s := p.name, *p.rest
	return func(ctx context.Context) (*fhirclient.Client, error) {
		keeper, err := m.openJournal(ctx)
		if err != nil {
			return nil, err
		}
		config := s.config(name, "", nil)
		if needsSecret(s.Auth) {
			if config.Auth.Secret, err = m.store.Secrets().Use(ctx, credentialOf(name)); err != nil {
				return nil, fmt.Errorf("%s is not among the project's secrets; give it anew in the settings: %w", s.Auth.Secret(), err)
			}
		}
		if strings.HasPrefix(strings.ToLower(s.Base), "https:") {
			if config.TLS, err = m.restTLS(ctx, name, &s); err != nil {
				return nil, err
			}
		}
		return fhirclient.New(config, keeper)
	}
}

// SendRequest sends what is written.
func (m *Model) SendRequest() {
	s, p := m.console.sheet(), m.current()
	if s == nil || s.sending != nil {
		return
	}
	r, err := s.request()
	if err != nil {
		s.problem = err.Error()
		m.Changed(Console)
		return
	}
	m.exchange(p, s, r)
}

// FollowPage asks for another page of the answer: next or previous.
func (m *Model) FollowPage(relation string) {
	s, p := m.console.sheet(), m.current()
	if s == nil || s.sending != nil || s.links[relation] == "" {
		return
	}
	m.exchange(p, s, fhirclient.Request{Method: "GET", Path: s.links[relation]})
}

// Pages says which other pages the answer has.
func (m *Model) Pages() (next, previous bool) {
	if s := m.console.sheet(); s != nil {
		return s.links["next"] != "", s.links["previous"] != "" || s.links["prev"] != ""
	}
	return false, false
}

// answered is what the background brings.
type answered struct {
	response *fhirclient.Response
	tree     *fhir.Node
}

func (m *Model) exchange(p *point, s *sheet, r fhirclient.Request) {
	dial, name := m.clientOf(p), p.name
	s.failure = ""
	s.sending = job.Track(m.ctx, m.runner, "ask "+hostOf(p.rest.Base), func(ctx context.Context, _ *job.Progress) (a answered, err error) {
		c, err := dial(ctx)
		if err != nil {
			return a, err
		}
		defer c.Close()
		if a.response, err = c.Do(ctx, r); err != nil {
			return a, err
		}
		a.tree = a.response.Tree()
		return a, nil
	}, func(a answered, err error) {
		s.sending = nil
		s.answer, s.tree, s.issues, s.links = a.response, a.tree, nil, nil
		switch {
		case errors.Is(err, context.Canceled):
			s.failure = "Stopped. The server may have done what was asked."
		case err != nil:
			s.failure = err.Error()
		default:
			s.issues, s.links = fhirclient.Issues(a.tree), fhirclient.Links(a.tree)
			s.remember(a.response, a.tree)
			if !s.asked { // it answers: what it can do is worth knowing
				s.asked = true
				if m.named(name) == m.current() {
					m.AskServer(false)
				}
			}
		}
		if q := m.named(name); q != nil {
			q.stats.Out++
			if err != nil || a.response.Status >= 400 {
				q.stats.Errors++
			}
			if q == m.current() {
				m.journal.follow()
			}
		}
		m.Changed(Console | List | Chosen)
	})
	m.Changed(Console)
}

// mostSeen is how many ids of answers are remembered for completion.
const mostSeen = 500

// remember keeps the ids that an answer told of.
func (s *sheet) remember(p *fhirclient.Response, n *fhir.Node) {
	add := func(typ, id string) {
		if name := typ + "/" + id; typ != "" && id != "" && !slices.Contains(s.seen, name) && len(s.seen) < mostSeen {
			s.seen = append(s.seen, name)
		}
	}
	if n.ResourceType() == "Bundle" {
		for e := range n.All("entry", "resource") {
			add(e.ResourceType(), e.Member("id").String())
		}
	} else {
		add(n.ResourceType(), n.Member("id").String())
	}
	parts := strings.Split(p.Header("Location"), "/")
	for i, part := range parts {
		if i+1 < len(parts) && fhir.R4().IsResource(part) {
			add(part, parts[i+1])
		}
	}
}

// IsAsking says whether a request is on its way.
func (m *Model) IsAsking() bool {
	s := m.console.sheet()
	return s != nil && s.sending != nil
}

// CancelRequest stops waiting for the answer.
func (m *Model) CancelRequest() {
	if s := m.console.sheet(); s != nil && s.sending != nil {
		s.sending.Cancel()
	}
}

// AnswerLine is the status of the answer in one line, and how it is.
func (m *Model) AnswerLine() (text string, role screen.Role) {
	s := m.console.sheet()
	switch {
	case s == nil:
		return "", screen.RoleMuted
	case s.sending != nil:
		return "waiting for the answer", screen.RoleMuted
	case s.failure != "":
		return s.failure, screen.RoleError
	case s.answer == nil:
		return "", screen.RoleMuted
	}
	a := s.answer
	parts := []string{a.StatusText(), short(a.Latency()), screen.Plural(len(a.Body), "byte")}
	if s.tree.ResourceType() == "Bundle" {
		text := "Bundle"
		if total := s.tree.Member("total").String(); total != "" {
			text += " of " + total
		}
		if e := s.tree.Member("entry"); e != nil {
			text += ", " + screen.Count(len(e.Children)) + " here"
		}
		parts = append(parts, text)
	}
	switch {
	case a.Status >= 400:
		role = screen.RoleError
	case a.Status >= 300:
		role = screen.RoleWarning
	default:
		role = screen.RoleOK
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "  ·  "), role
}

// AnswerText is the body of the answer, indented; nil where there is none.
func (m *Model) AnswerText() screen.Text {
	s := m.console.sheet()
	if s == nil || s.answer == nil {
		return nil
	}
	return drawJSON(indented(s.answer.Body), m.masked)
}

// AnswerNumber changes with each answer; 0 is none.
func (m *Model) AnswerNumber() int64 {
	s := m.console.sheet()
	if s == nil || s.answer == nil {
		return 0
	}
	return s.answer.Ended.UnixNano()
}

// maxWritten is how long a body may be that is shown in the field in which it is written, in bytes.
const maxWritten = 512 << 10

// BodyFromFile takes the body of the request from a file.
func (m *Model) BodyFromFile(path string) {
	s := m.console.sheet()
	if s == nil {
		return
	}
	job.Start(m.ctx, m.runner, func(context.Context) ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, maxWritten+1))
		if err == nil && len(b) > maxWritten {
			err = fmt.Errorf("%s is longer than %d kB: send it with trestle fhir send, or load it into the server", filepath.Base(path), maxWritten>>10)
		}
		return b, err
	}, func(b []byte, err error) {
		if err != nil {
			m.Fail("Could not read the body", err)
			return
		}
		if head, _, ok := strings.Cut(s.rest, "\n\n"); ok && !strings.HasPrefix(strings.TrimSpace(head), "{") {
			s.rest = head + "\n\n" + string(b)
		} else {
			s.rest = string(b)
		}
		if s.method == "GET" {
			s.method = "POST"
		}
		s.fresh++
		m.console.check(s)
	})
}

// AnswerBytes is the body of the answer as it came, and under what name other places keep it.
func (m *Model) AnswerBytes() (name string, b []byte) {
	s, p := m.console.sheet(), m.current()
	if s == nil || s.answer == nil {
		return "", nil
	}
	return p.name + " " + s.answer.Ended.Local().Format("2006-01-02 15:04:05") + " answer", s.answer.Body
}

var (
	issueColumns = []screen.Column{
		{ID: "what", Title: "What the server says", Width: 150, MinWidth: 80, Fixed: true},
		{ID: "text", Title: "", Width: 300, MinWidth: 80, Flex: true, Fixed: true},
	}
	headerColumns = []screen.Column{
		{ID: "name", Title: "Header", Width: 150, MinWidth: 80, Fixed: true},
		{ID: "value", Title: "", Width: 300, MinWidth: 80, Flex: true, Fixed: true},
	}
)

// AnswerFacts is the headers of the answer.
func (m *Model) AnswerFacts() screen.Grid { return (*headerGrid)(m) }

type headerGrid Model

func (g *headerGrid) list() []fhirclient.Header {
	if s := (*Model)(g).console.sheet(); s != nil && s.answer != nil {
		return s.answer.Headers
	}
	return nil
}

func (g *headerGrid) Columns() []screen.Column { return headerColumns }
func (g *headerGrid) Len() int                 { return len(g.list()) }

func (g *headerGrid) Cell(row, col int) screen.Cell {
	list := g.list()
	if row >= len(list) {
		return screen.Cell{}
	}
	if col == 0 {
		return screen.Cell{Text: list[row].Name, Role: screen.RoleMuted}
	}
	return screen.Cell{Text: list[row].Value, Masked: g.masked}
}

// AnswerIssues is what the server explains: the issues of an OperationOutcome in words.
func (m *Model) AnswerIssues() screen.Grid { return (*issueGrid)(m) }

type issueGrid Model

func (g *issueGrid) list() []fhirclient.Issue {
	if s := (*Model)(g).console.sheet(); s != nil && s.answer != nil {
		return s.issues
	}
	return nil
}

func (g *issueGrid) Columns() []screen.Column { return issueColumns }
func (g *issueGrid) Len() int                 { return len(g.list()) }

func (g *issueGrid) Cell(row, col int) screen.Cell {
	list := g.list()
	if row >= len(list) {
		return screen.Cell{}
	}
	i := list[row]
	if col == 0 {
		c := screen.Cell{Text: i.Severity + "  " + i.Code, Role: screen.RoleInformation, Shape: screen.ShapeCircle}
		switch i.Severity {
		case "fatal", "error":
			c.Role, c.Shape = screen.RoleError, screen.ShapeSquare
		case "warning":
			c.Role, c.Shape = screen.RoleWarning, screen.ShapeTriangle
		}
		return c
	}
	return screen.Cell{Text: strings.TrimPrefix(i.Expression+"  "+i.Text, "  "), Masked: g.masked}
}

// AnswerWords is what the server says is wrong, in full; "" where it is content, and under the mask.
func (m *Model) AnswerWords() string {
	if !m.HasIssues() || m.masked {
		return ""
	}
	var lines []string
	for _, i := range m.console.sheet().issues {
		if i.Severity == "error" || i.Severity == "fatal" {
			lines = append(lines, strings.TrimPrefix(i.Expression+": "+i.Text, ": "))
		}
		if len(lines) == 3 {
			break
		}
	}
	return strings.Join(lines, "\n")
}

// HasIssues says whether the server explains itself.
func (m *Model) HasIssues() bool {
	s := m.console.sheet()
	return s != nil && len(s.issues) > 0 && s.answer != nil && s.answer.Status >= 400
}

// CopyCURL is the command for curl that sends what is written.
func (m *Model) CopyCURL() (string, error) {
	s, p := m.console.sheet(), m.current()
	if s == nil {
		return "", errors.New("choose a REST console first")
	}
	r, err := s.request()
	if err != nil {
		return "", err
	}
	return r.CURL(p.rest.config(p.name, "", nil))
}

// offerRequest puts a request on the console that is chosen, or on the first of the project; false where there is none.
func (m *Model) offerRequest(r fhirclient.Request) bool {
	if p := m.current(); p == nil || p.kind != RESTClient {
		i := slices.IndexFunc(m.points, func(p *point) bool { return p.kind == RESTClient })
		if i < 0 {
			return false
		}
		m.Choose(i)
	}
	s := m.console.sheet()
	head, _, _ := strings.Cut(r.Text(), "\n")
	s.method, s.path, s.rest = r.Method, r.Path, strings.TrimPrefix(strings.TrimPrefix(r.Text(), head), "\n")
	s.fresh++
	m.console.check(s)
	m.Changed(Console)
	return true
}

// OfferResource proposes a resource that another place shows to be sent: a Bundle that is a batch or transaction to the service itself, one
// with an id as an update, everything else as a create. It says whether there is a console to send it with.
func (m *Model) OfferResource(b []byte) bool {
	n, err := fhir.R4().Parse(b)
	if err != nil || n.ResourceType() == "" {
		return false
	}
	r := fhirclient.Request{Method: "POST", Path: n.ResourceType(), Body: b}
	switch id := n.Member("id").String(); {
	case n.ResourceType() == "Bundle" && (n.Member("type").String() == "transaction" || n.Member("type").String() == "batch"):
		r.Path = ""
	case id != "":
		r.Method, r.Path = "PUT", n.ResourceType()+"/"+id
	}
	return m.offerRequest(r)
}

// HasConsole says whether the project has a REST console.
func (m *Model) HasConsole() bool {
	return slices.ContainsFunc(m.points, func(p *point) bool { return p.kind == RESTClient })
}
