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
	if !regexp.MustCompile(`(?m)^[0-9:.]+  GET Encounter  503  [0-9.]+ ms  no visits  answer with status 503  transient$`).MatchString(log) || !strings.Contains(log, "ended: 3 requests, 2 answered well, 0 client errors, 1 server errors") || strings.Contains(log, "DOE") {
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

// One patient, two doors: an ADT makes the patient of the FHIR server, a FHIR client's change makes an ADT.
func TestMockFHIRShared(t *testing.T) {
	t.Chdir(t.TempDir())
	partner, told, _ := runningMock(t)
	base, out, stop := runningFHIR(t, "--patients", "0", "--share", "127.0.0.1:0", "--share-to", partner)
	m := regexp.MustCompile(`(?m)^sharing its patients with (\S+) \(MLLP\): ADT, DFT, SIU come in, ADT, DFT, SIU go to `).FindStringSubmatch(out.String())
	if m == nil {
		t.Fatal(out.String())
	}
	adt := "MSH|^~\\&|EHR|RF|INF|C|20260302101500-0600||ADT^A04^ADT_A01|MSG1|T|2.5.1\rEVN||20260302101500-0600\rPID|1||88121^^^RF^MR||DOE^ANN||19800502|F\rPV1|1|O\r"
	if err := os.WriteFile("adt.hl7", []byte(adt), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, said, errs := at(t, "send --to "+m[1]+" adt.hl7"); status != StatusOK {
		t.Fatalf("%d %s %s", status, said, errs)
	}
	status, body := asked(t, "GET", base+"/Patient?identifier=88121", "")
	if status != 200 || !strings.Contains(body, `"total":1`) || !strings.Contains(body, "DOE") {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := asked(t, "PUT", base+"/Patient?identifier=88121", `{"resourceType":"Patient","identifier":[{"value":"88121"}],"name":[{"family":"DOE","given":["ANNA"]}]}`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	for end := time.Now().Add(5 * time.Second); !strings.Contains(told.String(), "ADT^A31") && time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
	}
	if got := told.String(); strings.Count(got, "ADT^") != 1 || !strings.Contains(got, "ADT^A31") {
		t.Errorf("the partner was told %s", got)
	}
	for end := time.Now().Add(5 * time.Second); !strings.Contains(out.String(), " out  ADT^A31") && time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
	}
	if status := stop(); status != StatusOK {
		t.Errorf("status %d", status)
	}
	if log := out.String(); !strings.Contains(log, " in  ADT^A04  MSG1  AA") || !strings.Contains(log, "shared: 1 message in, 2 resources changed, 1 message out, 0 failed") || strings.Contains(log, "DOE") {
		t.Errorf("%s", log)
	}

	// The door of a workspace has the address and the rules that the workspace has.
	must(t, "workspace new w.trestle")
	for _, wrong := range []string{"--share nobody", "--workspace w.trestle --share nobody", "--share-rules x.yaml", "--map x.yaml", "--share 127.0.0.1:0 --map x.yaml"} {
		if status, _, errs := at(t, "mock fhir --listen 127.0.0.1:0 "+wrong); status == StatusOK || errs == "" {
			t.Errorf("%s: status %d", wrong, status)
		}
	}
}
