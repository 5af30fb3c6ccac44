package fhirserver

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/endpoint/rules"
	"trestle/internal/fhir"
)

func itoa(n int) string { return strconv.Itoa(n) }

func parseQuality(s string) float64 {
	q, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 1
	}
	return q
}

// ServeHTTP answers one request: authentication, rate limit and rules first, then the interaction, then the faults.
func (s *Server) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	x := &exchange{s: s, w: w, h: h, first: time.Now()}
	defer x.survive()
	path, under := strings.CutPrefix(h.URL.Path, s.c.Base)
	if !under || path != "" && path[0] != '/' {
		path = ""
	}
	x.path = strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
	body, err := s.readBody(h)
	x.body, x.last = body, time.Now()
	switch {
	case s.now().UnixMilli() < s.down.Load():
		x.abort("the server plays that it is down", true)
		return
	case h.Method == http.MethodOptions:
		x.preflight()
		return
	case err != nil:
		x.answer = x.refuse(asFailure(err))
	case !under && s.c.Personality.otherTenant(h.URL.Path):
		x.answer = x.refuse(fail(s.c.Personality.WrongTenant, "the path is that of another tenant; this server is %s", s.c.Base))
	case !under:
		x.answer = x.refuse(fail(404, "the FHIR service of this server begins at %s", s.c.Base))
	default:
		x.answer = x.safely()
	}
	x.finish()
}

// survive closes the connection after a panic without a word: what net/http would write to the terminal can hold patient data.
func (x *exchange) survive() {
	if why := recover(); why != nil {
		panic(http.ErrAbortHandler)
	}
}

// exchange is one HTTP request with what becomes of it.
type exchange struct {
	s           *Server
	w           http.ResponseWriter
	h           *http.Request
	path        []string
	body        []byte
	first, last time.Time
	request     *request
	answer      *response
	xml, pretty bool
	decision    rules.Decision
	sentence    string
	faults      []rules.Fault
	payload     []byte
}

// readBody reads what the client sent, decompressed, up to the limit.
func (s *Server) readBody(h *http.Request) ([]byte, error) {
	if h.Body == nil || h.ContentLength == 0 {
		return nil, nil
	}
	tooLarge := fail(413, "the body has more than %d bytes", s.c.MaxBody)
	if h.ContentLength > s.c.MaxBody {
		return nil, tooLarge
	}
	from := io.Reader(h.Body)
	switch encoding := h.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(h.Body)
		if err != nil {
			return nil, fail(400, "the body is not compressed as Content-Encoding says")
		}
		from = z
	default:
		return nil, fail(415, "the body may be compressed with gzip only")
	}
	var b bytes.Buffer
	if h.ContentLength > 0 {
		b.Grow(int(h.ContentLength) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(from, s.c.MaxBody+1)); err != nil {
		return nil, fail(400, "the body could not be read to its end")
	}
	if int64(b.Len()) > s.c.MaxBody {
		return nil, tooLarge
	}
	return b.Bytes(), nil
}

// base is the address of the service root as the client knows it, through a proxy too.
func (s *Server) base(h *http.Request) string {
	scheme, host := "http", h.Host
	if h.TLS != nil {
		scheme = "https"
	}
	if v := h.Header.Get("X-Forwarded-Proto"); v == "http" || v == "https" {
		scheme = v
	}
	if v := h.Header.Get("X-Forwarded-Host"); v != "" && !strings.ContainsAny(v, "/?# ,\"<>") {
		host = v
	}
	return scheme + "://" + host + s.c.Base
}

// safely answers with 500 where the server itself is at fault.
func (x *exchange) safely() (p *response) {
	defer func() {
		if why := recover(); why != nil {
			p = x.refuse(fail(500, "the server failed at this request; nothing was changed"))
		}
	}()
	return x.serve()
}

func (x *exchange) serve() *response {
	s, h := x.s, x.h
	r := &request{ctx: h.Context(), method: h.Method, path: x.path, query: fhirstore.Pairs(h.URL.RawQuery), header: h.Header, body: x.body, base: s.base(h)}
	x.request = r
	x.pretty = r.get("_pretty") == "true"
	var ok bool
	if x.xml, ok = r.wantsXML(); !ok && !(len(x.path) > 1 && x.path[0] == "Binary") || x.xml && s.c.Personality != nil && !s.c.Personality.xml() {
		x.xml = false
		return x.refuse(fail(406, "the answer can be %s or %s; for this personality only what its statement lists", typeJSON, typeXML))
	}
	if p := x.authenticate(r); p != nil {
		return p
	}
	if wait := s.limit.take(s.now()); wait > 0 {
		f := fail(429, "more than %d requests came within %s", s.limit.most, s.limit.per)
		if p := s.c.Personality; p != nil && p.Limit.RetryAfter {
			f.header = http.Header{"Retry-After": {itoa(int(wait/time.Second) + 1)}}
		}
		return x.refuse(f)
	}
	x.decide()
	if p := x.ruled(); p != nil {
		return p
	}
	return s.answer(r)
}

// authenticate lets a request pass with nil, or answers it: with a refusal, or as the authorization server.
func (x *exchange) authenticate(r *request) *response {
	s, path := x.s, strings.Join(x.path, "/")
	if s.smart == nil {
		if f := s.c.Auth.check(x.h, path); f != nil {
			return x.refuse(f)
		}
		return nil
	}
	if p := s.smart.serve(x.h, r.base, path, x.body); p != nil {
		return p
	}
	if path == "metadata" && isRead(r.method) {
		return nil
	}
	var f *failure
	if r.access, f = s.smart.bearer(x.h); f != nil {
		return x.refuse(f)
	}
	return nil
}

func (x *exchange) refuse(f *failure) *response {
	return &response{status: f.status, tree: outcome(f.issues), header: f.header}
}

// kind is what the request is about: a resource type, an operation, or a word such as metadata.
func (x *exchange) kind() string {
	for _, p := range x.path {
		if p[0] == '$' || x.s.d.IsResource(p) || p == "metadata" || p == "_bulk" || p == "_history" || p == "_search" {
			return p
		}
	}
	return ""
}

func (x *exchange) decide() {
	subject := rules.Subject{Type: x.h.Method, Trigger: x.kind(), Time: x.s.now()}
	if a, err := netip.ParseAddrPort(x.h.RemoteAddr); err == nil {
		subject.Client = a.Addr()
	}
	program := x.s.program.Load()
	x.decision = program.Decide(&subject)
	x.sentence = program.Sentence(x.decision.Index)
	x.faults = x.decision.Faults
}

// render writes the answer in the form that the client asked for.
func (x *exchange) render() {
	p := x.answer
	switch {
	case p.raw != nil:
		x.payload = p.raw
	case p.version != nil && !x.xml && !x.pretty:
		x.payload = p.version.Body
	default:
		n := p.resource()
		if n == nil {
			return
		}
		indent := ""
		if x.pretty {
			indent = "  "
		}
		if x.xml {
			b, err := x.s.d.AppendXML(nil, n, indent)
			if err == nil {
				x.payload = b
				return
			}
			x.answer = x.refuse(fail(500, "the resource holds what XML cannot: %s", err))
			b, _ = x.s.d.AppendXML(nil, x.answer.tree, indent)
			x.payload = b
			return
		}
		if x.pretty {
			x.payload = fhir.AppendIndentedJSON(nil, n, indent)
		} else {
			x.payload = fhir.AppendJSON(nil, n)
		}
	}
}

// finish writes the journal, then the answer, and counts.
func (x *exchange) finish() {
	x.render()
	x.spoil()
	p, header := x.answer, x.w.Header()
	for name, values := range p.header {
		header[name] = values
	}
	if p.etag != "" {
		header.Set("ETag", p.etag)
	}
	if p.modified != "" {
		header.Set("Last-Modified", p.modified)
	}
	if p.location != "" {
		header.Set("Location", p.location)
	}
	if x.payload != nil {
		switch {
		case x.has(rules.WrongContentType):
			header.Set("Content-Type", "text/html")
		case p.raw != nil:
			header.Set("Content-Type", p.rawType)
		case x.xml:
			header.Set("Content-Type", typeXML+"; charset=utf-8")
		default:
			header.Set("Content-Type", typeJSON+"; charset=utf-8")
		}
	}
	if x.h.Header.Get("Origin") != "" {
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Access-Control-Expose-Headers", "Content-Location, Location, ETag, Last-Modified, Retry-After")
	}
	e := x.record()
	if err := x.keep(e); err != nil {
		x.answer = x.refuse(fail(503, "the exchange could not be kept in the journal, so the answer is withheld; what was asked may have been done"))
		x.payload = fhir.AppendJSON(nil, x.answer.tree)
		header.Set("Content-Type", typeJSON+"; charset=utf-8")
		e.Outcome, e.Code = endpoint.OutcomeRejected, "503"
	}
	if !x.perform() {
		e.Outcome = endpoint.OutcomeSilent
		x.count(e, time.Time{})
		panic(http.ErrAbortHandler) // net/http's way to close a connection without an answer
	}
	x.count(e, time.Now())
	if x.has(rules.Truncate) || x.has(rules.CloseBefore) {
		panic(http.ErrAbortHandler)
	}
}

var zippers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// smallest body that is worth compressing, in bytes.
const worthZipping = 1400

// write sends status, headers and body; n is how much of the body, all if it is negative.
func (x *exchange) write(body []byte) {
	header := x.w.Header()
	head := x.h.Method == http.MethodHead
	if len(body) >= worthZipping && acceptsGzip(x.h) && !head {
		header.Set("Content-Encoding", "gzip")
		header.Add("Vary", "Accept-Encoding")
		x.w.WriteHeader(x.answer.status)
		z := zippers.Get().(*gzip.Writer)
		z.Reset(x.w)
		z.Write(body)
		z.Close()
		zippers.Put(z)
		return
	}
	if x.answer.status != http.StatusNoContent && x.answer.status != http.StatusNotModified {
		header.Set("Content-Length", itoa(len(x.payload)))
	}
	x.w.WriteHeader(x.answer.status)
	if !head {
		x.w.Write(body)
	}
}

func acceptsGzip(h *http.Request) bool {
	for part := range strings.SplitSeq(h.Header.Get("Accept-Encoding"), ",") {
		name, parameters, _ := strings.Cut(strings.TrimSpace(part), ";")
		if (name == "gzip" || name == "*") && quality(parameters) > 0 {
			return true
		}
	}
	return false
}

// preflight answers a browser that asks whether it may ask.
func (x *exchange) preflight() {
	header := x.w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
	header.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer, X-Requested-With")
	if x.s.c.Auth.Header != "" {
		header.Add("Access-Control-Allow-Headers", x.s.c.Auth.Header)
	}
	header.Set("Access-Control-Max-Age", "600")
	x.w.WriteHeader(http.StatusNoContent)
}

// record makes the journal's exchange of it.
func (x *exchange) record() *endpoint.Exchange {
	e := &endpoint.Exchange{
		Endpoint: x.s.c.Name, Kind: endpoint.KindFHIR, Direction: endpoint.Inbound, Peer: x.h.RemoteAddr, FirstByte: x.first.UTC(), LastByte: x.last.UTC(), Decided: time.Now().UTC(),
		Type: x.h.Method, Trigger: x.kind(), Code: itoa(x.answer.status), Rule: x.decision.Name(), Sentence: x.sentence,
	}
	e.ControlID = x.h.Header.Get("X-Request-Id")
	e.Conversation = e.ControlID
	for _, f := range x.faults {
		e.Faults = append(e.Faults, f.Sentence())
	}
	switch {
	case x.answer.status < 400:
		e.Outcome = endpoint.OutcomeAccepted
	case x.answer.status < 500:
		e.Outcome = endpoint.OutcomeError
	default:
		e.Outcome = endpoint.OutcomeRejected
	}
	if n := x.answer.tree; x.answer.status >= 400 && n.ResourceType() == "OperationOutcome" {
		for i := range n.All("issue") { // its words may quote a value
			e.Detail = strings.TrimSpace(i.Member("code").String() + " " + i.Member("expression").Item(0).String())
			break
		}
	}
	e.RequestSize, e.ReplySize = int64(len(x.body)), int64(len(x.payload))
	if t := x.h.TLS; t != nil {
		e.TLS = endpoint.TLSOf(t)
	}
	return e
}

var errStopped = errors.New("the server is ending")

// keep hands the exchange to the journal, and returns when it is durable.
func (x *exchange) keep(e *endpoint.Exchange) error {
	s := x.s
	if s.journal == nil {
		return nil
	}
	e.Request = x.requestBytes()
	e.Reply = x.replyBytes()
	if x.secret() {
		e.Request, e.Reply = nil, nil
	}
	e.Seal(!s.c.DropPayloads)
	s.commitMu.RLock()
	defer s.commitMu.RUnlock()
	if s.commits == nil {
		if s.listener != nil {
			return errStopped
		}
		return s.journal.Append(x.h.Context(), []*endpoint.Exchange{e}) // served without Run, as in a test
	}
	done := make(chan error, 1)
	s.commits.Append(e, func(err error) { done <- err })
	return <-done
}

// secret says that the exchange carries credentials in its address or body: only that it happened is kept.
func (x *exchange) secret() bool {
	return x.s.smart != nil && len(x.path) == 2 && x.path[0] == "auth"
}

func (x *exchange) count(e *endpoint.Exchange, written time.Time) {
	e.ReplyWritten = written.UTC()
	if written.IsZero() {
		e.ReplyWritten = time.Time{}
	}
	x.s.meter.Count(e)
	if x.s.journal == nil || e.ID == 0 {
		return
	}
	x.s.commitMu.RLock()
	defer x.s.commitMu.RUnlock()
	if x.s.commits != nil {
		x.s.commits.Complete(endpoint.Completion{ID: e.ID, Committed: e.Committed, ReplyWritten: e.ReplyWritten, Outcome: e.Outcome})
	}
}

// requestBytes writes the request as it was on the wire, but for credentials.
func (x *exchange) requestBytes() []byte {
	b := fmt.Appendf(nil, "%s %s %s\r\nHost: %s\r\n", x.h.Method, x.h.URL.RequestURI(), x.h.Proto, x.h.Host)
	b = x.appendHeader(b, x.h.Header)
	return append(append(b, "\r\n"...), x.body...)
}

func (x *exchange) replyBytes() []byte {
	b := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n", x.answer.status, http.StatusText(x.answer.status))
	b = x.appendHeader(b, x.w.Header())
	return append(append(b, "\r\n"...), x.payload...)
}

func (x *exchange) appendHeader(b []byte, header http.Header) []byte {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range header[name] {
			if x.s.c.Auth.hides(name) {
				v = "(not kept)"
			}
			b = append(append(append(append(b, name...), ": "...), v...), "\r\n"...)
		}
	}
	return b
}
