package fhirclient

import (
	"net/http"
	"strings"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/fhir"
)

// Response is what came back.
type Response struct {
	Method   string
	Status   int
	Proto    string // HTTP/1.1, HTTP/2.0
	Headers  []Header
	Body     []byte // decompressed where the server compressed it
	Unzipped bool   // it was compressed on the wire
	TLS      *endpoint.TLS

	// Began is when the request was begun; Sent when its last byte was written, First when the first byte of the answer came, Ended when
	// the last did. UTC.
	Began, Sent, First, Ended time.Time
	Exchange                  int64 // its number in the journal, 0 without
}

// Header is the value of a header, "" if it is not there.
func (p *Response) Header(name string) string { return Request{Headers: p.Headers}.Header(name) }

// Latency is how long the server took from the last byte of the request to the last of the answer.
func (p *Response) Latency() time.Duration {
	if p.Sent.IsZero() || p.Ended.Before(p.Sent) {
		return p.Ended.Sub(p.Began)
	}
	return p.Ended.Sub(p.Sent)
}

// StatusText is the status in words, as 404 Not Found.
func (p *Response) StatusText() string {
	return strings.TrimSpace(itoa(p.Status) + " " + http.StatusText(p.Status))
}

// Tree is the body as FHIR, nil where it is none.
func (p *Response) Tree() *fhir.Node {
	if len(p.Body) == 0 {
		return nil
	}
	n, err := fhir.R4().Parse(p.Body)
	if err != nil || n.ResourceType() == "" {
		return nil
	}
	return n
}

// Issue is what an OperationOutcome says.
type Issue struct {
	Severity   string `json:"severity"` // fatal, error, warning, information
	Code       string `json:"code"`
	Text       string `json:"text,omitempty"`       // details and diagnostics
	Expression string `json:"expression,omitempty"` // where, in FHIRPath
}

// Issues are those of the OperationOutcome that n is, or that a Bundle of search results or responses holds.
func Issues(n *fhir.Node) (list []Issue) {
	switch n.ResourceType() {
	case "OperationOutcome":
		for i := range n.All("issue") {
			text := i.Find("details", "text").String()
			if text == "" {
				for c := range i.All("details", "coding") {
					if text = c.Member("display").String(); text != "" {
						break
					}
				}
			}
			if d := i.Member("diagnostics").String(); d != "" && d != text {
				text = strings.TrimPrefix(text+": "+d, ": ")
			}
			var where []string
			for e := range i.All("expression") {
				where = append(where, e.String())
			}
			if len(where) == 0 {
				for l := range i.All("location") {
					where = append(where, l.String())
				}
			}
			list = append(list, Issue{i.Member("severity").String(), i.Member("code").String(), text, strings.Join(where, ", ")})
		}
	case "Bundle":
		for e := range n.All("entry") {
			list = append(list, Issues(e.Member("resource"))...)
			list = append(list, Issues(e.Find("response", "outcome"))...)
		}
	}
	return list
}

// Links are the addresses of a Bundle's other pages by their relation: self, next, previous.
func Links(n *fhir.Node) map[string]string {
	if n.ResourceType() != "Bundle" {
		return nil
	}
	links := map[string]string{}
	for l := range n.All("link") {
		if rel, to := l.Member("relation").String(), l.Member("url").String(); rel != "" && to != "" && links[rel] == "" {
			links[rel] = to
		}
	}
	return links
}
