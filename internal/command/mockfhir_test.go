package command

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"trestle/internal/workspace"
)

func TestMockFHIR(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"shelf/a.ndjson": `{"resourceType":"Patient","id":"a","name":[{"family":"DOE"}]}` + "\n" + `{"resourceType":"Chart"}`,
		"shelf/b.xml":    `<Patient xmlns="http://hl7.org/fhir"><id value="b"/></Patient>`,
		"shelf/LICENSE":  "not a resource",
		"rules.yaml":     "rules:\n- name: no visits\n  when: {trigger: Encounter}\n  faults: [{fault: status, value: \"503\"}]\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	journal := filepath.Join(folder, "in.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs lockedBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"mock", "fhir", "--listen", "127.0.0.1:0", "--load", filepath.Join(folder, "shelf"), "--patients", "3", "--rules", filepath.Join(folder, "rules.yaml"), "--journal", journal, "--auth", "bearer:tok"},
			Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs})
	}()
	listening := regexp.MustCompile(`(?m)^listening on (http://\S+/fhir) \(FHIR R4\): \d+ resources$`)
	base := ""
	for end := time.Now().Add(5 * time.Second); base == "" && time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if m := listening.FindStringSubmatch(out.String()); m != nil {
			base = m[1]
		}
	}
	if base == "" {
		t.Fatalf("the mock does not listen: %s", errs.String())
	}
	get := func(path string) (int, string) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer tok")
		p, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Body.Close()
		b, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		return p.StatusCode, string(b)
	}
	if status, body := get("/Patient?_summary=count"); status != 200 || !strings.Contains(body, `"total":5`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := get("/Patient/a"); status != 200 || !strings.Contains(body, "DOE") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := get("/Encounter"); status != 503 {
		t.Errorf("%d", status)
	}
	cancel()
	if status := <-ended; status != StatusOK {
		t.Errorf("it ended with status %d: %s", status, errs.String())
	}
	log := out.String()
	if !regexp.MustCompile(`(?m)^[0-9:.]+  GET Encounter  503  [0-9.]+ ms  no visits  answer with status 503$`).MatchString(log) || !strings.Contains(log, "ended: 3 requests, 2 answered well, 0 client errors, 1 server errors") || strings.Contains(log, "DOE") {
		t.Errorf("%s", log)
	}
	if !strings.Contains(errs.String(), "1 resource left out") {
		t.Errorf("%s", errs.String())
	}
	b, err := os.ReadFile(journal)
	if err != nil || strings.Count(string(b), `{"exchange":`) != 3 || strings.Contains(string(b), "Bearer tok") {
		t.Errorf("%d exchanges, %v", strings.Count(string(b), `{"exchange":`), err)
	}
}

// runningFHIR starts a server and returns the address of its base.
func runningFHIR(t *testing.T, args ...string) (base string, out *lockedBuffer, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var errs lockedBuffer
	out = &lockedBuffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, append([]string{"mock", "fhir", "--listen", "127.0.0.1:0"}, args...), Env{
			Stdin: strings.NewReader(""), Stdout: out, Stderr: &errs, User: "tester", kdf: workspace.CheapKDF(t),
			Getenv: func(name string) string { return map[string]string{PassphraseVariable: testPassphrase}[name] }})
	}()
	listening := regexp.MustCompile(`(?m)^listening on (http://\S+/fhir) `)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if m := listening.FindStringSubmatch(out.String()); m != nil {
			return m[1], out, func() int {
				cancel()
				return <-ended
			}
		}
		select {
		case status := <-ended:
			t.Fatalf("the mock ended with status %d: %s", status, errs.String())
		default:
		}
	}
	t.Fatal("the mock does not listen")
	return "", nil, nil
}

// asked sends a request and returns status and body.
func asked(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/fhir+json")
	p, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Body.Close()
	b, err := io.ReadAll(p.Body)
	if err != nil {
		t.Fatal(err)
	}
	return p.StatusCode, string(b)
}

func TestMockFHIRInAWorkspace(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "workspace new w.trestle")
	base, out, stop := runningFHIR(t, "--workspace", "w.trestle")
	if !strings.Contains(out.String(), " resources\n") {
		t.Errorf("%s", out.String())
	}
	for range 2 {
		if status, body := asked(t, "PUT", base+"/Patient/a", `{"resourceType":"Patient","id":"a","name":[{"family":"DOE"}]}`); status > 201 {
			t.Fatalf("%d %s", status, body)
		}
	}
	if status := stop(); status != StatusOK {
		t.Errorf("status %d", status)
	}
	if out := must(t, "mock fhir-state w.trestle"); !strings.HasPrefix(out, "fhir  ") {
		t.Errorf("%s", out)
	}
	must(t, `mock fhir-state w.trestle snapshot ready`)

	base, _, stop = runningFHIR(t, "--workspace", "w.trestle") // no patients are invented twice
	if status, body := asked(t, "GET", base+"/Patient/a/_history", ""); status != 200 || strings.Count(body, "DOE") != 2 {
		t.Errorf("%d %s", status, body)
	}
	if _, body := asked(t, "GET", base+"/Patient?_summary=count", ""); !strings.Contains(body, `"total":11,`) {
		t.Errorf("%s", body)
	}
	if status, _ := asked(t, "DELETE", base+"/Patient/a", ""); status != 204 {
		t.Errorf("%d", status)
	}
	stop()
	must(t, `mock fhir-state w.trestle restore ready`)
	if out := must(t, "mock fhir-state w.trestle"); !strings.Contains(out, "snapshot before the last restoring of ") || !strings.Contains(out, "snapshot ready of ") {
		t.Errorf("%s", out)
	}
	base, _, stop = runningFHIR(t, "--workspace", "w.trestle")
	if status, _ := asked(t, "GET", base+"/Patient/a", ""); status != 200 {
		t.Errorf("%d", status)
	}
	stop()
	for _, wrong := range []string{"mock fhir-state", "mock fhir-state w.trestle snapshot", "mock fhir-state w.trestle jump x", "mock fhir-state w.trestle delete", "mock fhir-state w.trestle restore other", "mock fhir-state --endpoint none w.trestle snapshot x"} {
		if status, _, errs := at(t, wrong); status == StatusOK || errs == "" {
			t.Errorf("%s: status %d", wrong, status)
		}
	}
	must(t, "mock fhir-state w.trestle drop ready")
	must(t, "mock fhir-state w.trestle --yes delete")
	if out := must(t, "mock fhir-state w.trestle"); out != "" {
		t.Errorf("%s", out)
	}
}
