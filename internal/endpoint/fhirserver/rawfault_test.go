package fhirserver

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"trestle/internal/endpoint/rules"
)

// heard is what a client without any library got: all bytes until the end, how the connection ended, and how long it took.
type heard struct {
	text  string
	err   error // nil: the other side closed in order, or the answer was whole
	first time.Duration
	all   time.Duration
	pause time.Duration // the longest between two reads
}

// raw sends a request over a socket of its own and reads what comes.
func (c *client) raw(path string, wait time.Duration) (h heard) {
	c.t.Helper()
	u, err := url.Parse(c.http.URL)
	if err != nil {
		c.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		c.t.Fatal(err)
	}
	begin := time.Now()
	if _, err := io.WriteString(conn, "GET /fhir"+path+" HTTP/1.1\r\nHost: "+u.Host+"\r\nAuthorization: Bearer t\r\n\r\n"); err != nil {
		c.t.Fatal(err)
	}
	var got bytes.Buffer
	buf := make([]byte, 64<<10)
	last := begin
	for {
		n, err := conn.Read(buf)
		now := time.Now()
		if n > 0 {
			if got.Len() == 0 {
				h.first = now.Sub(begin)
			} else {
				h.pause = max(h.pause, now.Sub(last))
			}
			last = now
			got.Write(buf[:n])
		}
		h.text, h.all = got.String(), now.Sub(begin)
		if err != nil {
			if h.err = err; errors.Is(err, io.EOF) {
				h.err = nil
			}
			return h
		}
		if h.whole() && !strings.Contains(h.text, "Connection: close") {
			return h
		}
	}
}

// whole says whether all that Content-Length promises is there.
func (h *heard) whole() bool {
	p, err := http.ReadResponse(bufio.NewReader(strings.NewReader(h.text)), nil)
	if err != nil {
		return false
	}
	defer p.Body.Close()
	_, err = io.Copy(io.Discard, p.Body)
	return err == nil
}

func (h *heard) status() string {
	if len(h.text) < 12 {
		return ""
	}
	return h.text[9:12]
}

// Each fault as a client without any library sees it.
func TestEachFaultFromARawClient(t *testing.T) {
	plain := `"family":"Moss"`
	for name, x := range map[string]struct {
		fault, path string
		is          func(h heard) bool
	}{
		"none":         {"", "/Patient/p1", func(h heard) bool { return h.status() == "200" && h.whole() && strings.Contains(h.text, plain) }},
		"status":       {"{fault: status, value: \"502\"}", "/Patient/p1", func(h heard) bool { return h.status() == "502" && strings.Contains(h.text, "OperationOutcome") }},
		"status usual": {"status", "/Patient/p1", func(h heard) bool { return h.status() == "500" }},
		"throttle":     {"{fault: throttle, time: 90s}", "/Patient/p1", func(h heard) bool { return h.status() == "429" && strings.Contains(h.text, "Retry-After: 90\r\n") }},
		"silently":     {"throttle-silently", "/Patient/p1", func(h heard) bool { return h.status() == "429" && !strings.Contains(h.text, "Retry-After") }},
		"expired":      {"expired-token", "/Patient/p1", func(h heard) bool { return h.status() == "401" && strings.Contains(h.text, `error="invalid_token"`) }},
		"content type": {"wrong-content-type", "/Patient/p1", func(h heard) bool {
			return h.status() == "200" && strings.Contains(h.text, "Content-Type: text/html\r\n") && strings.Contains(h.text, plain)
		}},
		"stale": {"stale-etag", "/Patient/p1", func(h heard) bool { return strings.Contains(h.text, "Etag: W/\"0\"\r\n") }},
		"no next": {"no-next-link", "/Observation?_count=1", func(h heard) bool {
			return h.whole() && !strings.Contains(h.text, `"next"`) && strings.Contains(h.text, `"total":3`)
		}},
		"repeated":      {"repeat-entry", "/Observation?_count=2", func(h heard) bool { return strings.Count(h.text, `"id":"o1"`) == 2 }},
		"delay":         {"{fault: delay-before, time: 40ms}", "/Patient/p1", func(h heard) bool { return h.whole() && h.first >= 40*time.Millisecond }},
		"delay uniform": {"{fault: delay-before, time: 30ms, to: 60ms}", "/Patient/p1", func(h heard) bool { return h.whole() && h.first >= 30*time.Millisecond }},
		"delay normal":  {"{fault: delay-before, time: 40ms, sigma: 0.01}", "/Patient/p1", func(h heard) bool { return h.whole() && h.first >= 30*time.Millisecond }},
		"stall":         {"{fault: delay-during, time: 40ms}", "/Patient/p1", func(h heard) bool { return h.whole() && h.pause >= 30*time.Millisecond }},
		"dribble":       {"{fault: dribble, time: 100us}", "/Patient/p1", func(h heard) bool { return h.whole() && h.all >= 10*time.Millisecond }},
		"never":         {"no-ack", "/Patient/p1", func(h heard) bool { return h.text == "" && errors.Is(h.err, errTimeout(h.err)) }},
		"truncate":      {"truncate", "/Patient/p1", func(h heard) bool { return h.status() == "200" && !h.whole() && h.err == nil }},
		"corrupt":       {"corrupt", "/Patient/p1", func(h heard) bool { return h.status() == "200" && h.whole() && strings.Contains(h.text, "\\") }},
		"close instead": {"close-before", "/Patient/p1", func(h heard) bool { return h.text == "" && h.err == nil }},
		"close after":   {"close-after", "/Patient/p1", func(h heard) bool { return h.whole() && strings.Contains(h.text, "Connection: close") && h.err == nil }},
		"reset":         {"reset-before", "/Patient/p1", func(h heard) bool { return h.text == "" && errors.Is(h.err, syscall.ECONNRESET) }},
		"down":          {"{fault: down-for, time: 1h}", "/Patient/p1", func(h heard) bool { return h.text == "" && h.err == nil }},
	} {
		t.Run(name, func(t *testing.T) {
			c := serving(t, Config{}, Options{Store: wardStore(t), Rules: rulesOf(t, "faults: ["+x.fault+"]")})
			wait := 10 * time.Second
			if name == "never" {
				wait = 50 * time.Millisecond
			}
			if h := c.raw(x.path, wait); !x.is(h) {
				t.Errorf("after %s (first byte %s, longest pause %s) it ended with %v:\n%s", h.all, h.first, h.pause, h.err, h.text)
			}
		})
	}
}

// errTimeout is the error itself if it is a timeout.
func errTimeout(err error) error {
	var n net.Error
	if errors.As(err, &n) && n.Timeout() {
		return err
	}
	return errors.New("no timeout")
}

// How often: every n-th, the first n, and by chance, which a seed repeats.
func TestHowOftenFaultsCome(t *testing.T) {
	for text, want := range map[string]string{
		"faults: [{fault: status, every: 3}]":                             "200 200 500 200 200 500 200 200 500 200 200 500",
		"faults: [{fault: status, first: 2}]":                             "500 500 200 200 200 200 200 200 200 200 200 200",
		"rules: [{when: {type: GET, every: 4}, faults: [status]}]":        "200 200 200 500 200 200 200 500 200 200 200 500",
		"rules: [{when: {trigger: Encounter}, faults: [status]}]":         "200 200 200 200 200 200 200 200 200 200 200 200",
		"rules: [{when: {trigger: Patient, first: 1}, then: {code: AE}}]": "422 200 200 200 200 200 200 200 200 200 200 200",
	} {
		c := serving(t, Config{}, Options{Store: wardStore(t), Rules: rulesOf(t, text)})
		var got []string
		for range 12 {
			h := c.raw("/Patient/p1", time.Second)
			got = append(got, h.status())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s", text, strings.Join(got, " "))
		}
	}
	var runs []string
	for _, seed := range []string{"7", "7", "8"} {
		c := serving(t, Config{}, Options{Store: wardStore(t), Rules: rulesOf(t, "seed: "+seed+"\nfaults: [{fault: status, chance: 0.5}]")})
		text := ""
		for range 40 {
			h := c.raw("/Patient/p1", time.Second)
			text += h.status() + " "
		}
		runs = append(runs, text)
	}
	if n := strings.Count(runs[0], "500"); runs[0] != runs[1] || runs[0] == runs[2] || n < 8 || n > 32 {
		t.Errorf("%d of 40 by a chance of one half; the same seed repeats: %t", n, runs[0] == runs[1])
	}
}

// A token that is said to have expired is gone, and a refresh goes on.
func TestExpiredTokenOfSMART(t *testing.T) {
	c := serving(t, Config{Auth: Auth{Kind: AuthSMART}}, Options{Store: wardStore(t)})
	r := c.token(200, redeeming(c.launch(nil).Get("code")))
	bearer := "Authorization: Bearer " + r.at("access_token")
	c.want(200, "GET", "/Patient/p1", "", bearer)
	if err := c.s.SetRules(rulesOf(t, "faults: [{fault: expired-token, first: 1}]")); err != nil {
		t.Fatal(err)
	}
	c.want(401, "GET", "/Patient/p1", "", bearer)
	c.want(401, "GET", "/Patient/p1", "", bearer)
	again := c.token(200, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.at("refresh_token")}, "client_id": {"app"}})
	c.want(200, "GET", "/Patient/p1", "", "Authorization: Bearer "+again.at("access_token"))
}

// The table above has each fault that an HTTP endpoint knows.
func TestEachFaultIsTried(t *testing.T) {
	tried := []rules.FaultKind{rules.Status, rules.Throttle, rules.ThrottleSilently, rules.ExpiredToken, rules.WrongContentType, rules.StaleETag, rules.NoNextLink, rules.RepeatEntry,
		rules.DelayBefore, rules.DelayDuring, rules.Dribble, rules.NoAck, rules.Truncate, rules.Corrupt, rules.CloseBefore, rules.CloseAfter, rules.ResetBefore, rules.DownTime}
	for _, f := range rules.HTTPFaults() {
		if !slices.Contains(tried, f.Kind) {
			t.Errorf("%s is not among them", f.Kind)
		}
	}
}
