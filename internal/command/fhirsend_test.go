package command

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/endpoint/fhirstore"
)

// fhirSending runs "fhir send" against a server of ten invented patients.
func fhirSending(t *testing.T, auth fhirserver.Auth) func(env map[string]string, stdin string, args ...string) (status int, out, errs string) {
	t.Helper()
	store := fhirstore.New(fhirstore.Options{})
	if err := store.Fill(t.Context(), fhirstore.Invent(1, 10)); err != nil {
		t.Fatal(err)
	}
	server, err := fhirserver.New(fhirserver.Config{Auth: auth}, fhirserver.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(server)
	t.Cleanup(h.Close)
	return func(env map[string]string, stdin string, args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		status := Run(t.Context(), append([]string{"fhir", "send", "--to", h.URL + "/fhir"}, args...), Env{
			Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Getenv: func(name string) string { return env[name] },
		})
		return status, out.String(), errs.String()
	}
}

func TestFHIRSend(t *testing.T) {
	send := fhirSending(t, fhirserver.Auth{})
	folder := t.TempDir()
	collection, journal := filepath.Join(folder, "kickoff.http"), filepath.Join(folder, "out.jsonl")
	text := "### everybody\nGET Patient?_count=2\n\n### a code that there is not\nPOST Patient\n\n{\"resourceType\":\"Patient\",\"gender\":\"unknowable\"}\n\n### nobody\nGET Patient/nobody\n"
	if err := os.WriteFile(collection, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		stdin     string
		args      []string
		status    int
		out, errs string // what must be in it
		never     string
	}{
		{name: "read", args: []string{"Patient?_count=1&_elements=id"}, out: `"resourceType":"Bundle"`},
		{name: "with headers", args: []string{"--include", "GET", "metadata"}, out: "HTTP/1.1 200 OK\nContent-Type: application/fhir+json"},
		{name: "XML asked for", args: []string{"--header", "Accept: application/fhir+xml", "metadata"}, out: `<CapabilityStatement xmlns="http://hl7.org/fhir">`},
		{name: "create from standard input", stdin: `{"resourceType":"Patient"}`, args: []string{"--include", "POST", "Patient", "-"}, out: "HTTP/1.1 201 Created"},
		{name: "an error status", args: []string{"Patient/nobody"}, status: StatusFailed, out: "OperationOutcome", errs: "404 Not Found"},
		{name: "an error that is expected", args: []string{"--expect", "404,410", "Patient/nobody"}, out: "OperationOutcome"},
		{name: "a class that is expected", args: []string{"--expect", "4xx", "Patient/nobody"}, out: "OperationOutcome"},
		{name: "a collection", args: []string{"--requests", collection, "--journal", journal}, status: StatusFailed, out: "ok  everybody  GET Patient  200 OK"},
		{name: "JSON", args: []string{"--json", "DELETE", "Patient/nobody"}, status: StatusOK, out: `"method":"DELETE","path":"Patient/nobody","status":`},
		{name: "curl", args: []string{"--curl", "--auth", "basic:ann", "Patient?name=a"}, out: `--user 'ann:'"$PASSWORD"`},
		{name: "a secret in the command", args: []string{"--auth", "basic:ann:pw", "Patient"}, status: StatusUsage, errs: "not written into a command"},
		{name: "no secret", args: []string{"--auth", "bearer", "Patient"}, status: StatusUsage, errs: "--secret-file"},
		{name: "a kind that there is not", args: []string{"--auth", "magic", "Patient"}, status: StatusUsage, errs: "no authentication"},
		{name: "two paths", args: []string{"GET", "Patient", "a", "b"}, status: StatusUsage, errs: "quotes"},
		{name: "a bad status", args: []string{"--expect", "2x0", "Patient"}, status: StatusUsage, errs: "--expect"},
		{name: "elsewhere", args: []string{"https://elsewhere.example/Patient"}, status: StatusUsage, errs: "does not lie below"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, out, errs := send(nil, c.stdin, c.args...)
			if status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
				t.Errorf("status %d, want %d\n%.600s\n%s", status, c.status, out, errs)
			}
		})
	}
	_, out, _ := send(nil, "", "--requests", collection)
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 4 || !strings.HasPrefix(lines[1], "FAILED  a code that there is not  POST Patient  422 ") ||
		!strings.Contains(lines[1], "Patient.gender") || lines[3] != "3 requests, 1 as expected, 2 not" {
		t.Errorf("%s", out)
	}
	if b, err := os.ReadFile(journal); err != nil || bytes.Count(b, []byte(`{"exchange":`)) != 3 {
		t.Errorf("%d exchanges in the journal, %v", bytes.Count(b, []byte(`{"exchange":`)), err)
	}
}

func TestFHIRSendShowsWhoItIs(t *testing.T) {
	send := fhirSending(t, fhirserver.Auth{Kind: fhirserver.AuthBasic, User: "ann", Secret: "quiet-word"})
	file := filepath.Join(t.TempDir(), "word")
	if err := os.WriteFile(file, []byte("quiet-word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]func() (int, string, string){
		"file": func() (int, string, string) {
			return send(nil, "", "--auth", "basic:ann", "--secret-file", file, "--include", "Patient")
		},
		"environment": func() (int, string, string) {
			return send(map[string]string{SecretVariable: "quiet-word"}, "", "--auth", "basic:ann", "--include", "Patient")
		},
	} {
		status, out, errs := run()
		if status != StatusOK || !strings.Contains(out, "200 OK") || strings.Contains(out+errs, "quiet-word") {
			t.Errorf("%s: status %d\n%s", name, status, errs)
		}
	}
	if status, _, errs := send(map[string]string{SecretVariable: "wrong"}, "", "--auth", "basic:ann", "Patient"); status != StatusFailed || !strings.Contains(errs, "401") {
		t.Errorf("with a wrong word: status %d\n%s", status, errs)
	}
}
