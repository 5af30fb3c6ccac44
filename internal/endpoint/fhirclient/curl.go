package fhirclient

import (
	"net/url"
	"strings"
)

// CURL is the command that sends the same request: for a POSIX shell, with credentials as variables such as $PASSWORD that whoever
// runs it sets. It holds the body, which may be patient data.
func (r Request) CURL(c Config) (string, error) {
	base, err := parseBase(c.Base)
	if err != nil {
		return "", err
	}
	u, err := r.resolve(base)
	if err != nil {
		return "", err
	}
	words := []string{"curl"}
	switch r.Method {
	case "GET":
	case "HEAD":
		words = append(words, "--head")
	default:
		words = append(words, "--request", r.Method)
	}
	words = append(words, quoteShell(u.String()))
	for _, h := range r.filled() {
		words = append(words, "--header", quoteShell(h.Name+": "+h.Value))
	}
	words = append(words, c.Auth.curl()...)
	if c.TLS != nil && len(c.TLS.Certificates) > 0 {
		words = append(words, "--cert", "client.pem", "--key", "client-key.pem")
	}
	if len(r.Body) > 0 {
		words = append(words, "--data-binary", quoteShell(string(r.Body)))
	}
	return strings.Join(fold(words), " "), nil
}

// fold puts each option on a line of its own.
func fold(words []string) []string {
	for i, w := range words {
		if i > 0 && strings.HasPrefix(w, "--") {
			words[i] = "\\\n  " + w
		}
	}
	return words
}

// quoteShell makes text one word of a POSIX shell.
func quoteShell(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// curl are the options that authenticate, with variables in place of what is secret.
func (a Auth) curl() []string {
	switch a.Kind {
	case AuthBasic:
		return []string{"--user", quoteShell(a.User+":") + `"$PASSWORD"`}
	case AuthKey:
		return []string{"--header", quoteShell(a.header()+": ") + `"$API_KEY"`}
	case AuthBearer, AuthClient, AuthBackend:
		return []string{"--header", `'Authorization: Bearer '"$TOKEN"`}
	}
	return nil
}

// parseBase reads the address of a service.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(text), "/"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errBase
	case u.User != nil:
		return nil, errUserInBase
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, errQueryInBase
	}
	return u, nil
}
