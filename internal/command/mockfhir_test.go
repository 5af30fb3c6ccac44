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
