package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirclient"
	"trestle/internal/workspace"
)

const fhirSendHelp = `
Sends requests to a FHIR server and prints what comes back: the body, and with --include the status
and the headers before it. The path is the part below the service's address; the method is GET if
it is not given. A FILE is the body, - is standard input.

  --to ADDRESS         the service, as http://127.0.0.1:8080/fhir
  --header "N: V"      a header; may be repeated. Accept and Content-Type are filled in.
  --requests FILE      send the requests of this file, in order, a line of result for each: in the
                       form of .http files, of method and path, headers, an empty line, and
                       the body; lines that begin with ### are between them
  --auth METHOD        basic:USER, api-key, api-key:HEADER, bearer, client-secret:CLIENT_ID, or
                       backend:CLIENT_ID, which is SMART Backend Services
  --secret NAME        the password, key or token is this secret of the workspace
  --secret-file FILE   ... is in this file; else in TRESTLE_SECRET, else it is asked for
  --key-id KID         of the key of backend
  --scope SCOPES       asked for by client-secret and backend (system/*.read)
  --token-endpoint URL of client-secret and backend, if the server does not publish it
  --plain              let credentials go over HTTP without TLS to other computers
  --timeout D          for a whole answer, as 500ms, 30s (30s)
  --expect STATUS      the status that counts as success, or several joined with commas; 4xx is any
                       of 400 to 499. Without it everything below 400.
  --include            print status and headers too
  --curl               send nothing: print the command for curl that does the same
  --json               one JSON object for each request: method, path, status, ms, issues, body
  --journal FILE.jsonl keep every exchange, one JSON object a line, patient data in clear
  --workspace W        keep every exchange in this workspace instead, encrypted
  --endpoint NAME      name of the sender in the journal (rest)
  --run NAME           name of this run in the journal
  --passphrase-file FILE  read the passphrase of the workspace from a file
  --tls-ca FILE        check the server's certificate with this authority (PEM)
  --tls-cert FILE --tls-key FILE   show this certificate (PEM)
  --tls-name NAME      the name in the server's certificate, if it is not that of --to
  --tls-insecure       do not check who the server is

Redirects are shown, not followed. Credentials are never printed or kept.
Exit status: 0 every answer had the status that was expected; 1 some did not; 2 trouble.
`

// fhirSend is what the flags of "fhir send" say.
type fhirSend struct {
	config                             fhirclient.Config
	headers                            textList
	requests, auth, secret, secretFile string
	expect                             string
	include, curl, asJSON              bool
	journal, workspace, passphraseFile string
	security                           security
	insecure                           bool
	tlsName                            string
	list                               []fhirclient.Named
	expected                           []string
}

func runFHIRSend(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("fhir send", flag.ContinueOnError)
	var f fhirSend
	set.StringVar(&f.config.Base, "to", "", "")
	set.Var(&f.headers, "header", "")
	set.StringVar(&f.requests, "requests", "", "")
	set.StringVar(&f.auth, "auth", "", "")
	set.StringVar(&f.secret, "secret", "", "")
	set.StringVar(&f.secretFile, "secret-file", "", "")
	set.StringVar(&f.config.Auth.KeyID, "key-id", "", "")
	set.StringVar(&f.config.Auth.Scope, "scope", "", "")
	set.StringVar(&f.config.Auth.Token, "token-endpoint", "", "")
	set.BoolVar(&f.config.Plain, "plain", false, "")
	set.DurationVar(&f.config.Timeout, "timeout", fhirclient.DefaultTimeout, "")
	set.StringVar(&f.expect, "expect", "", "")
	set.BoolVar(&f.include, "include", false, "")
	set.BoolVar(&f.curl, "curl", false, "")
	set.BoolVar(&f.asJSON, "json", false, "")
	set.StringVar(&f.journal, "journal", "", "")
	set.StringVar(&f.workspace, "workspace", "", "")
	set.StringVar(&f.passphraseFile, "passphrase-file", "", "")
	set.StringVar(&f.config.Name, "endpoint", "rest", "")
	set.StringVar(&f.config.Run, "run", "", "")
	f.security = tlsFlags(set)
	set.BoolVar(&f.insecure, "tls-insecure", false, "")
	set.StringVar(&f.tlsName, "tls-name", "", "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	switch {
	case f.config.Base == "":
		return usagef("fhir send needs a server, as in --to http://127.0.0.1:8080/fhir")
	case f.journal != "" && f.workspace != "":
		return usagef("give --journal or --workspace, not both")
	case f.secret != "" && f.workspace == "":
		return usagef("--secret names a secret of a workspace: add --workspace W")
	case f.secret != "" && f.secretFile != "":
		return usagef("give --secret or --secret-file, not both")
	}
	if f.expected, err = parseStatuses(f.expect); err != nil {
		return err
	}
	if f.config.TLS, err = f.security.sender(strings.HasPrefix(strings.ToLower(f.config.Base), "https"), f.insecure, f.tlsName); err != nil {
		return err
	}
	if err := f.authentication(); err != nil {
		return err
	}
	if err := s.requestsOf(ctx, &f, plain); err != nil {
		return err
	}
	if f.curl {
		for i, r := range f.list {
			text, err := r.CURL(f.config)
			if err != nil {
				return usagef("%s", err)
			}
			if i > 0 {
				fmt.Fprintln(s.out)
			}
			fmt.Fprintln(s.out, text)
		}
		return nil
	}
	if f.insecure {
		s.complain("the server is not checked: it could be anyone's")
	}
	if f.workspace != "" {
		return s.within(ctx, f.workspace, f.passphraseFile, func(w *workspace.Workspace) error {
			j, err := w.OpenJournal(ctx)
			if err != nil {
				return err
			}
			if f.secret != "" {
				if f.config.Auth.Secret, err = w.Secrets().Use(ctx, f.secret); err != nil {
					return errors.Join(err, j.Close())
				}
			}
			return errors.Join(s.sendFHIR(ctx, &f, j), j.Close())
		})
	}
	if f.journal != "" {
		j, err := endpoint.OpenFileJournal(f.journal)
		if err != nil {
			return err
		}
		return errors.Join(s.sendFHIR(ctx, &f, j), j.Close())
	}
	return s.sendFHIR(ctx, &f, nil)
}

// authentication reads --auth.
func (f *fhirSend) authentication() error {
	kind, who, _ := strings.Cut(f.auth, ":")
	a := &f.config.Auth
	if a.Kind = fhirclient.AuthKind(kind); kind == "none" {
		a.Kind = fhirclient.AuthNone
	}
	if !slices.Contains(fhirclient.AuthKinds, a.Kind) {
		return usagef("there is no authentication %q; there are basic:USER, api-key, api-key:HEADER, bearer, client-secret:CLIENT_ID and backend:CLIENT_ID", kind)
	}
	switch a.Kind {
	case fhirclient.AuthKey:
		a.Header = who
	case fhirclient.AuthBearer, fhirclient.AuthNone:
		if who != "" {
			return usagef("what is secret is not written into a command, which others can see: use --secret or --secret-file, or %s", SecretVariable)
		}
	default:
		if a.User = who; who == "" {
			return usagef("--auth %s needs a name after a colon, as in %s:NAME", kind, kind)
		}
		if a.Kind == fhirclient.AuthBasic && strings.Contains(who, ":") {
			return usagef("the password is not written into a command, which others can see: use --secret or --secret-file, or %s", SecretVariable)
		}
	}
	return nil
}

// requestsOf reads what is to be sent.
func (s *session) requestsOf(ctx context.Context, f *fhirSend, plain []string) error {
	if f.requests != "" {
		if len(plain) > 0 {
			return usagef("give --requests or a path, not both")
		}
		b, err := s.readWhole(ctx, f.requests)
		if err != nil {
			return err
		}
		if f.list, err = fhirclient.ParseRequests(string(b)); err != nil {
			return fmt.Errorf("%s: %w", f.requests, err)
		}
	} else {
		r := fhirclient.Request{Method: "GET"}
		if len(plain) > 0 && slices.Contains(fhirclient.Methods, strings.ToUpper(plain[0])) {
			r.Method, plain = strings.ToUpper(plain[0]), plain[1:]
		}
		if len(plain) > 0 {
			r.Path, plain = plain[0], plain[1:]
		}
		if len(plain) > 1 {
			return usagef("fhir send takes a method, a path and one file; put quotes around a path with & in it")
		}
		if len(plain) == 1 {
			b, err := s.readWhole(ctx, plain[0])
			if err != nil {
				return err
			}
			r.Body = b
		}
		f.list = []fhirclient.Named{{Request: r}}
	}
	for _, line := range f.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return usagef("a header is given as --header \"Name: value\"")
		}
		for i := range f.list {
			f.list[i].Headers = append(f.list[i].Headers, fhirclient.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		}
	}
	for _, r := range f.list {
		if err := r.Validate(); err != nil {
			return usagef("%s", err)
		}
	}
	return nil
}

// maxRequestFile bounds what is read to be sent, in bytes.
const maxRequestFile = 256 << 20

func (s *session) readWhole(ctx context.Context, name string) ([]byte, error) {
	in, err := s.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(in, maxRequestFile+1)); err != nil {
		return nil, &readError{name, err}
	}
	if b.Len() > maxRequestFile {
		return nil, &readError{name, fmt.Errorf("it has more than %d bytes, which no server takes in one request", maxRequestFile)}
	}
	return b.Bytes(), nil
}

// parseStatuses reads "200,201,4xx".
func parseStatuses(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	var list []string
	for word := range strings.SplitSeq(strings.ToLower(text), ",") {
		word = strings.TrimSpace(word)
		digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
		if len(word) != 3 || !digits(word) && (!digits(word[:1]) || word[1:] != "xx") {
			return nil, usagef("--expect takes statuses as 200, several joined with commas, or 4xx")
		}
		list = append(list, word)
	}
	return list, nil
}

func (f *fhirSend) passes(status int) bool {
	if len(f.expected) == 0 {
		return status < 400
	}
	text := fmt.Sprint(status)
	return slices.ContainsFunc(f.expected, func(e string) bool { return e == text || e[1:] == "xx" && e[0] == text[0] })
}

// sendFHIR sends the requests in order. One that gets no answer does not keep the others from being sent.
func (s *session) sendFHIR(ctx context.Context, f *fhirSend, j endpoint.Journal) error {
	if a := &f.config.Auth; a.Kind != fhirclient.AuthNone && len(a.Secret) == 0 {
		var err error
		if a.Secret, err = s.credential(ctx, a.Kind, f.secretFile); err != nil {
			return err
		}
	}
	defer clear(f.config.Auth.Secret)
	client, err := fhirclient.New(f.config, j)
	if err != nil {
		return usagef("%s", err)
	}
	defer client.Close()
	failed := 0
	for i, r := range f.list {
		p, err := client.Do(ctx, r.Request)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && len(f.list) == 1 && !f.asJSON {
			return err
		}
		if err != nil || !f.passes(p.Status) {
			failed++
		}
		if err := s.answerOf(f, i, p, err); err != nil {
			return err
		}
	}
	if len(f.list) > 1 && !f.asJSON {
		fmt.Fprintf(s.out, "%s, %d as expected, %d not\n", plural(int64(len(f.list)), "request", "requests"), len(f.list)-failed, failed)
	}
	if failed > 0 {
		return errFailed
	}
	return nil
}

// credential finds what is secret: in a file, in the environment, or by asking.
func (s *session) credential(ctx context.Context, kind fhirclient.AuthKind, file string) ([]byte, error) {
	if file != "" {
		return s.readSecret(file)
	}
	if value := s.Getenv(SecretVariable); value != "" {
		return []byte(value), nil
	}
	if s.Prompt == nil {
		return nil, usagef("the authentication needs %s, and there is no terminal to ask at: use --secret, --secret-file or %s", kind.Secret(), SecretVariable)
	}
	return s.Prompt(ctx, "For the server, "+kind.Secret()+": ")
}

// answerLine is an answer as JSON.
type answerLine struct {
	Method string             `json:"method"`
	Path   string             `json:"path"`
	Status int                `json:"status,omitempty"`
	Millis float64            `json:"ms,omitempty"`
	Passed bool               `json:"passed"`
	Error  string             `json:"error,omitempty"`
	Header map[string]string  `json:"headers,omitempty"`
	Issues []fhirclient.Issue `json:"issues,omitempty"`
	Body   json.RawMessage    `json:"body,omitempty"`
	Text   string             `json:"text,omitempty"` // a body that is no JSON
}

func (s *session) answerOf(f *fhirSend, i int, p *fhirclient.Response, failure error) error {
	r := f.list[i]
	switch {
	case f.asJSON:
		line := answerLine{Method: r.Method, Path: r.Path}
		if failure != nil {
			line.Error = failure.Error()
		} else {
			line.Status, line.Millis, line.Passed, line.Issues = p.Status, millis(p.Latency()), f.passes(p.Status), fhirclient.Issues(p.Tree())
			line.Header = map[string]string{}
			for _, h := range p.Headers {
				line.Header[h.Name] = h.Value
			}
			if json.Valid(p.Body) {
				line.Body = p.Body
			} else if utf8.Valid(p.Body) {
				line.Text = string(p.Body)
			}
		}
		enc := json.NewEncoder(s.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(line)
	case len(f.list) > 1:
		word, status := "ok", "-"
		if failure != nil || !f.passes(p.Status) {
			word = "FAILED"
		}
		line := []string{word, joinNonEmpty(" ", r.Method, r.Path)}
		if r.Name != "" {
			line = []string{word, r.Name, joinNonEmpty(" ", r.Method, r.Kind())}
		}
		if failure != nil {
			line = append(line, status, failure.Error())
		} else {
			line = append(line, p.StatusText(), fmt.Sprintf("%.1f ms", millis(p.Latency())))
			for _, issue := range fhirclient.Issues(p.Tree()) {
				if !f.passes(p.Status) {
					line = append(line, joinNonEmpty(" ", issue.Expression, issue.Text))
				}
			}
		}
		fmt.Fprintln(s.out, clean(joinNonEmpty("  ", line...)))
		return s.out.Flush()
	}
	if f.include {
		fmt.Fprintf(s.out, "%s %s\n", p.Proto, p.StatusText())
		for _, h := range p.Headers {
			fmt.Fprintf(s.out, "%s: %s\n", h.Name, clean(h.Value))
		}
		fmt.Fprintln(s.out)
	}
	if _, err := s.out.Write(p.Body); err != nil {
		return err
	}
	if len(p.Body) > 0 && p.Body[len(p.Body)-1] != '\n' {
		fmt.Fprintln(s.out)
	}
	if !f.passes(p.Status) {
		s.complain("the server answered %s", p.StatusText())
	}
	return nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
