package fhirclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/fhir"
)

// Config says where requests go and how.
type Config struct {
	Name string // of the sender, in the journal; default "rest"
	Run  string // of this set of requests; empty for none
	Base string // address of the service, as https://host/fhir
	TLS  *tls.Config
	Auth Auth
	// Plain lets credentials go over HTTP without TLS to other computers.
	Plain        bool
	Timeout      time.Duration // for a whole answer; default [DefaultTimeout]
	MaxBody      int64         // bytes of an answer; default [DefaultMaxBody]
	DropPayloads bool          // the journal keeps sizes, times and hashes only
}

// Usual limits.
const (
	DefaultTimeout = 30 * time.Second
	DefaultMaxBody = 256 << 20
)

// Client sends requests to one server. It may be used by many goroutines.
type Client struct {
	c       Config
	base    *url.URL
	journal endpoint.Journal
	meter   *endpoint.Meter
	http    *http.Client
	now     func() time.Time

	mu    sync.Mutex // of the token
	token token

	capabilities atomic.Pointer[Capabilities]
}

// New checks the settings. journal may be nil. Nothing is sent yet.
func New(c Config, journal endpoint.Journal) (*Client, error) {
	base, err := parseBase(c.Base)
	if err != nil {
		return nil, err
	}
	if err := c.Auth.Validate(); err != nil {
		return nil, err
	}
	if c.Auth.Kind != AuthNone && base.Scheme == "http" && !c.Plain && !onlyHere(base.Hostname()) {
		return nil, errors.New("credentials would go over the network unencrypted: use an https address, or allow plain HTTP on purpose")
	}
	if c.Timeout < 0 || c.MaxBody < 0 {
		return nil, errors.New("limits cannot be negative")
	}
	if c.Name == "" {
		c.Name = "rest"
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: c.TLS, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, DialContext: (&net.Dialer{Timeout: endpoint.DefaultConnect}).DialContext,
	}
	asIs := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{c: c, base: base, journal: journal, meter: endpoint.NewMeter(), http: &http.Client{Transport: transport, CheckRedirect: asIs}, now: time.Now}, nil
}

// onlyHere says whether only this computer is reached by the name.
func onlyHere(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// Close lets connections go that wait for another request.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Base is the address of the service.
func (c *Client) Base() string { return c.base.String() }

// Stats are the live numbers.
func (c *Client) Stats() endpoint.Stats { return c.meter.Stats() }

// media types that are filled in where a request has none.
const (
	typeJSON  = "application/fhir+json"
	typeXML   = "application/fhir+xml"
	typePatch = "application/json-patch+json"
	typeForm  = "application/x-www-form-urlencoded"
)

// filled are the headers of the request with those that it needs and a person need not write.
func (r Request) filled() []Header {
	list := slices.Clone(r.Headers)
	if r.Header("Accept") == "" {
		list = append(list, Header{"Accept", typeJSON})
	}
	if len(r.Body) > 0 && r.Header("Content-Type") == "" {
		list = append(list, Header{"Content-Type", r.contentType()})
	}
	return list
}

// contentType is what the body seems to be.
func (r Request) contentType() string {
	path, _, _ := strings.Cut(r.Path, "?")
	switch body := bytes.TrimSpace(r.Body); {
	case strings.HasSuffix(path, "_search"):
		return typeForm
	case fhir.LooksLikeXML(body):
		return typeXML
	case r.Method == http.MethodPatch && len(body) > 0 && body[0] == '[':
		return typePatch
	}
	return typeJSON
}

// Do sends one request and returns when its answer is whole and, with a journal, durable there. An error status of the server is an
// answer, not an error. An error says what to do; the exchange that failed is in the journal too.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	to, err := r.resolve(c.base)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.c.Timeout)
	defer cancel()
	fresh := false
	for {
		bearer, err := c.bearer(ctx, fresh)
		if err != nil {
			return nil, c.explain(ctx, err)
		}
		out, err := c.once(ctx, r, to, bearer)
		if err == nil && out.Status == http.StatusUnauthorized && c.c.Auth.fetches() && !fresh {
			fresh = true // the server forgot the token, as servers do that were started anew
			continue
		}
		return out, err
	}
}

// once sends the request a single time.
func (c *Client) once(ctx context.Context, r Request, to *url.URL, bearer string) (*Response, error) {
	out := &Response{Method: r.Method, Began: c.now().UTC()}
	e := &endpoint.Exchange{Endpoint: c.c.Name, Run: c.c.Run, Kind: endpoint.KindFHIR, Direction: endpoint.Outbound, Peer: to.Host, Type: r.Method, Trigger: r.Kind(), Attempt: 1, FirstByte: out.Began, ControlID: r.Header("X-Request-Id")}
	e.Conversation = e.ControlID
	var sent, first time.Time
	trace := &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { sent = time.Now() },
		GotFirstResponseByte: func() { first = time.Now() },
		GotConn:              func(i httptrace.GotConnInfo) { e.Peer = i.Conn.RemoteAddr().String() },
	}
	h, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), r.Method, to.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, errors.New("the path is no part of an address")
	}
	for _, line := range r.filled() {
		h.Header.Add(line.Name, line.Value)
	}
	if host := h.Header.Get("Host"); host != "" {
		h.Host = host
		h.Header.Del("Host")
	}
	if h.Header.Get("User-Agent") == "" {
		h.Header.Set("User-Agent", "Trestle")
	}
	given := h.Header.Get("Authorization") != ""
	e.Request = c.wire(h, r.Body)
	if !given {
		c.c.Auth.put(h.Header, bearer)
	}
	answer, err := c.http.Do(h)
	if err == nil {
		out.read(answer, c.c.MaxBody, &err)
	}
	out.Sent, out.First, out.Ended = sent.UTC(), first.UTC(), c.now().UTC()
	e.LastByte, e.Decided = out.Sent, out.Ended
	if sent.IsZero() {
		e.LastByte = out.Began
	}
	if answer != nil {
		e.TLS = endpoint.TLSOf(answer.TLS)
		out.TLS = e.TLS
		e.Code, e.Reply = strconv.Itoa(out.Status), c.reply(out)
		e.Outcome, e.Passed = outcomeOf(out.Status), out.Status < 400
		if !e.Passed {
			if list := Issues(out.Tree()); len(list) > 0 { // its words may quote a value
				e.Detail = strings.TrimSpace(list[0].Code + " " + list[0].Expression)
			}
		}
	}
	if err != nil {
		err = c.explain(ctx, err)
		e.Outcome, e.Detail, e.Passed = endpoint.OutcomeFailed, err.Error(), false
	}
	if keepErr := c.keep(ctx, e); keepErr != nil {
		return out, errors.Join(err, fmt.Errorf("the exchange could not be kept in the journal: %w", keepErr))
	}
	out.Exchange = e.ID
	if err != nil {
		return nil, err
	}
	return out, nil
}

// keep counts the exchange and hands it to the journal, also when the request was cancelled meanwhile.
func (c *Client) keep(ctx context.Context, e *endpoint.Exchange) error {
	e.Seal(!c.c.DropPayloads)
	c.meter.Count(e)
	if c.journal == nil {
		return nil
	}
	return c.journal.Append(context.WithoutCancel(ctx), []*endpoint.Exchange{e})
}

// wire writes the request as it goes out, without what authenticates it.
func (c *Client) wire(h *http.Request, body []byte) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\n", h.Method, h.URL.RequestURI(), h.URL.Host)
	b = c.appendHeader(b, h.Header)
	return append(append(b, "\r\n"...), body...)
}

func (c *Client) reply(out *Response) []byte {
	b := fmt.Appendf(nil, "%s %d %s\r\n", out.Proto, out.Status, http.StatusText(out.Status))
	for _, h := range out.Headers {
		b = c.appendLine(b, h.Name, h.Value)
	}
	return append(append(b, "\r\n"...), out.Body...)
}

func (c *Client) appendHeader(b []byte, header http.Header) []byte {
	for _, h := range sorted(header) {
		b = c.appendLine(b, h.Name, h.Value)
	}
	return b
}

func (c *Client) appendLine(b []byte, name, value string) []byte {
	if c.c.Auth.hides(name) {
		value = notKept
	}
	return append(append(append(append(b, name...), ": "...), value...), "\r\n"...)
}

// sorted lists headers by their names.
func sorted(header http.Header) []Header {
	var list []Header
	for name, values := range header {
		for _, v := range values {
			list = append(list, Header{name, v})
		}
	}
	slices.SortStableFunc(list, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func outcomeOf(status int) endpoint.Outcome {
	switch {
	case status < 400:
		return endpoint.OutcomeAccepted
	case status < 500:
		return endpoint.OutcomeError
	}
	return endpoint.OutcomeRejected
}

// errTooLarge ends an answer that never ends.
type errTooLarge struct{ most int64 }

func (e errTooLarge) Error() string {
	return fmt.Sprintf("the answer has more than %d bytes: ask for less with _count, _elements or _summary", e.most)
}

// read takes the answer in, to its end.
func (p *Response) read(answer *http.Response, most int64, err *error) {
	defer answer.Body.Close()
	p.Status, p.Proto, p.Headers = answer.StatusCode, answer.Proto, sorted(answer.Header)
	p.Unzipped = answer.Uncompressed
	var b bytes.Buffer
	_, *err = b.ReadFrom(io.LimitReader(answer.Body, most+1))
	if int64(b.Len()) > most {
		*err = errTooLarge{most}
		b.Truncate(int(most))
	}
	p.Body = b.Bytes()
}

// explain says what happened in words that help, without the address's query, which can hold patient data.
func (c *Client) explain(ctx context.Context, err error) error {
	var large errTooLarge
	var own *tokenError
	var wrapped *url.Error
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case errors.As(err, &large), errors.As(err, &own):
		return err
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() == context.DeadlineExceeded:
		return fmt.Errorf("no whole answer came within %s; the server may have done what was asked", c.c.Timeout)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &dns):
		return fmt.Errorf("there is no computer named %s, as far as this one knows: check the address and whether a VPN is needed", c.base.Hostname())
	case errors.As(err, &certificate):
		return fmt.Errorf("the server's certificate was not accepted (%w): name the authority that signed it", certificate.Err)
	case errors.As(err, &record):
		return errors.New("the server does not speak TLS at this port: try http instead of https, or another port")
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return errors.New("the server does not speak TLS at this port: try http instead of https, or another port")
	case strings.Contains(err.Error(), "malformed HTTP"):
		return errors.New("what answered does not speak HTTP; perhaps it speaks TLS (https) or is a listener of another kind")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection was closed in the middle of the answer; the server may have done what was asked")
	case errors.Is(err, io.EOF):
		return errors.New("the server closed the connection without an answer; it may have done what was asked")
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("nothing answers at %s: %w", c.base.Host, op.Err)
	case errors.As(err, &op):
		return fmt.Errorf("the connection broke (%w); the server may have done what was asked", op.Err)
	case errors.As(err, &wrapped):
		return wrapped.Err
	}
	return err
}
