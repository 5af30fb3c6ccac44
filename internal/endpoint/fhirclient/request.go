package fhirclient

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// Header is one line of a request or an answer.
type Header struct{ Name, Value string }

// Request is a request as a person writes it. What is not given is filled in when it is sent: Accept, Content-Type, credentials.
type Request struct {
	Method  string // GET, POST ...; upper case
	Path    string // below the service's address, as Patient?name=roe, or a whole address that lies there; "" is the service itself
	Headers []Header
	Body    []byte
}

// Methods are those of FHIR's RESTful API (R4 3.1.0), in the order in which they are offered.
var Methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

// maxRequestLine is how long the first line and each header may be, in bytes.
const maxRequestLine = 64 << 10

// ParseRequest reads the text form of a request: a first line with method and path, headers of a line each, an empty line, the body. The
// method may be left out for GET, and the first line may end with HTTP/1.1 as in a recording. Lines that begin with # or // before
// the first line are comments.
func ParseRequest(text string) (Request, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	line := ""
	for line == "" {
		if text == "" {
			return Request{}, errors.New("there is no request: write a method and a path, as in GET Patient?name=roe")
		}
		line, text = cutLine(text)
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") {
			line = ""
		}
	}
	r, err := parseFirst(line)
	if err != nil {
		return r, err
	}
	for text != "" {
		line, text = cutLine(text)
		if strings.TrimSpace(line) == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok && (strings.HasPrefix(name, "{") || strings.HasPrefix(name, "<")):
			return r, errors.New("an empty line belongs between the headers and the body")
		case !ok || !validHeader(name, value):
			return r, errors.New("a header is written as Name: value, of letters, digits and dashes before the colon")
		}
		r.Headers = append(r.Headers, Header{name, value})
	}
	if strings.TrimSpace(text) != "" {
		r.Body = []byte(text)
	}
	return r, nil
}

func cutLine(text string) (line, rest string) {
	line, rest, _ = strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

func parseFirst(line string) (Request, error) {
	r := Request{Method: http.MethodGet, Path: line}
	if word, rest, ok := strings.Cut(line, " "); slices.Contains(Methods, strings.ToUpper(word)) {
		r.Method, r.Path = strings.ToUpper(word), ""
		if ok {
			r.Path = strings.TrimSpace(rest)
		}
	} else if ok && word == strings.ToUpper(word) && !strings.ContainsAny(word, "/?$:.") {
		return r, fmt.Errorf("%q is no method: use one of %s", shorten(word), strings.Join(Methods, ", "))
	}
	if i := strings.LastIndexByte(r.Path, ' '); i >= 0 && strings.HasPrefix(r.Path[i+1:], "HTTP/") {
		r.Path = strings.TrimSpace(r.Path[:i])
	} else if strings.HasPrefix(r.Path, "HTTP/") {
		r.Path = ""
	}
	return r, r.Validate()
}

// Validate says what of the request cannot be sent.
func (r Request) Validate() error {
	switch {
	case !slices.Contains(Methods, r.Method):
		return fmt.Errorf("%q is no method: use one of %s", shorten(r.Method), strings.Join(Methods, ", "))
	case len(r.Path) > maxRequestLine:
		return fmt.Errorf("the path has more than %d bytes: send a long search as POST to _search", maxRequestLine)
	case strings.ContainsFunc(r.Path, func(c rune) bool { return c < 0x20 || c == 0x7f }):
		return errors.New("the path has control characters in it")
	case strings.Contains(r.Path, "#"):
		return errors.New("the path has a # in it, which servers never see: write %23 where it is part of a value")
	}
	for _, h := range r.Headers {
		if !validHeader(h.Name, h.Value) {
			return errors.New("a header has characters that HTTP does not allow")
		}
	}
	return nil
}

// validHeader follows RFC 9110 5.1 and 5.5.
func validHeader(name, value string) bool {
	token := func(c rune) bool {
		return c > 0x20 && c < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, c)
	}
	bad := func(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }
	return name != "" && strings.IndexFunc(name, func(c rune) bool { return !token(c) }) < 0 && strings.IndexFunc(value, bad) < 0 && len(name)+len(value) <= maxRequestLine
}

func shorten(s string) string {
	if len(s) > 20 {
		return s[:20] + "..."
	}
	return s
}

// Text is the request in the form that [ParseRequest] reads.
func (r Request) Text() string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(r.Method + " " + r.Path))
	for _, h := range r.Headers {
		b.WriteString("\n" + h.Name + ": " + h.Value)
	}
	if len(r.Body) > 0 {
		b.WriteString("\n\n")
		b.Write(r.Body)
	}
	return b.String()
}

// Header is the value of a header, "" if it is not there.
func (r Request) Header(name string) string {
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// Kind is what the request is about, for lists: a resource type, an operation, or a word such as metadata.
func (r Request) Kind() string {
	path, _, _ := strings.Cut(r.Path, "?")
	if i := strings.Index(path, "://"); i >= 0 {
		path = path[i+3:]
	}
	kind := ""
	for part := range strings.SplitSeq(path, "/") {
		switch {
		case strings.HasPrefix(part, "$"):
			return part
		case kind == "" && (part == "metadata" || part == "_history" || part == "_search" || fhir.R4().IsResource(part)):
			kind = part
		}
	}
	return kind
}

// separator begins another request in a file of requests.
const separator = "###"

// ParseRequests reads a file of requests in their text form, which lines that begin with ### separate. A separator's own words are
// the name of the request that follows. An error names the request by its number.
func ParseRequests(text string) ([]Named, error) {
	var list []Named
	var b strings.Builder
	name := ""
	take := func() error {
		defer b.Reset()
		if onlyComments(b.String()) {
			return nil
		}
		r, err := ParseRequest(b.String())
		if err != nil {
			return fmt.Errorf("request %d: %w", len(list)+1, err)
		}
		r.Body = bytes.TrimRight(r.Body, "\r\n")
		list = append(list, Named{name, r})
		return nil
	}
	for text != "" {
		var line string
		line, text = cutLine(text)
		if words, ok := strings.CutPrefix(line, separator); ok {
			if err := take(); err != nil {
				return list, err
			}
			name = strings.TrimSpace(words)
			continue
		}
		b.WriteString(line + "\n")
	}
	if err := take(); err != nil {
		return list, err
	}
	if len(list) == 0 {
		return nil, errors.New("there is no request in it: write a method and a path, as in GET Patient?name=roe")
	}
	return list, nil
}

// Named is a request of a file.
type Named struct {
	Name string // what the separator before it says
	Request
}

func onlyComments(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "//") {
			return false
		}
	}
	return true
}

// FromWire makes a request from one that a journal kept: the bytes of HTTP, of any server. What belongs to the connection, and what was
// not kept, is left out; the path is that below base, a path as /fhir, where it lies there.
func FromWire(wire []byte, base string) (Request, error) {
	r, err := ParseRequest(string(wire))
	if err != nil {
		return r, err
	}
	r.Headers = slices.DeleteFunc(r.Headers, func(h Header) bool {
		return ofConnection(h.Name) || h.Value == notKept
	})
	if rest, ok := strings.CutPrefix(r.Path, strings.TrimSuffix(base, "/")); ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
		r.Path = rest
	}
	r.Path = strings.TrimPrefix(r.Path, "/")
	return r, nil
}

// notKept stands in a journal where a credential was.
const notKept = "(not kept)"

// ofConnection names headers that a client fills in itself.
func ofConnection(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Connection", "Content-Length", "Transfer-Encoding", "Accept-Encoding", "User-Agent", "Te", "Trailer", "Upgrade", "Authorization", "Cookie", "Keep-Alive":
		return true
	}
	return false
}

// resolve is the address that the request goes to. A whole address must lie below the service's, so that credentials do not go
// elsewhere.
func (r Request) resolve(base *url.URL) (*url.URL, error) {
	path := strings.ReplaceAll(strings.TrimSpace(r.Path), " ", "%20")
	path = strings.ReplaceAll(path, "|", "%7C")
	whole := base.String()
	if strings.Contains(path, "://") && (strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://")) {
		rest, ok := strings.CutPrefix(path, whole)
		if !ok || rest != "" && rest[0] != '/' && rest[0] != '?' {
			return nil, fmt.Errorf("the address does not lie below %s, where this request would send its credentials; write the path only", whole)
		}
		path = rest
	} else if path != "" && path[0] != '?' && path[0] != '/' {
		path = "/" + path
	}
	u, err := url.Parse(whole + path)
	if err != nil {
		return nil, errors.New("the path is no part of an address: a % must be followed by two hexadecimal digits")
	}
	if clean := "/" + strings.Trim(u.Path, "/") + "/"; strings.Contains(clean, "/../") || strings.Contains(clean, "/./") {
		return nil, errors.New("the path may not lead out of the service with two dots")
	}
	return u, nil
}
