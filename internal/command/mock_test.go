package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"trestle/internal/workspace"
)

const sendable = "MSH|^~\\&|EHR|LAKE|TRESTLE|RIVER|20260302101400||ADT^A08^ADT_A01|%|P|2.5.1\rEVN|A08|20260302101400\rPID|1||88121^^^LAKE^MR||DOE^JANE\rPV1|1|O\r"

// runningMock runs "mock mllp" until stop is called, which returns its status.
func runningMock(t *testing.T, args ...string) (address string, out *lockedBuffer, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var errs lockedBuffer
	out = &lockedBuffer{}
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, append([]string{"mock", "mllp", "--listen", "127.0.0.1:0"}, args...), Env{Stdin: strings.NewReader(""), Stdout: out, Stderr: &errs})
	}()
	t.Cleanup(cancel)
	listening := regexp.MustCompile(`(?m)^listening on (\S+) `)
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

func sending(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = Run(t.Context(), append([]string{"send"}, args...), Env{Stdin: strings.NewReader(strings.ReplaceAll(sendable, "%", "IN1")), Stdout: &o, Stderr: &e})
	return status, o.String(), e.String()
}

func messageFile(t *testing.T, ids ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "adt.hl7")
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(strings.ReplaceAll(sendable, "%", id))
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMockAndSend(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "in.jsonl")
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte("title: Test partner\nrules:\n  - name: second\n    when: {fields: [{path: MSH-10, equals: M2}]}\n    then: {code: AE, text: not now}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address, out, stop := runningMock(t, "--rules", rules, "--journal", journal)
	file := messageFile(t, "M1", "M2", "M3")

	status, said, errs := sending(t, "--to", address, file)
	if status != StatusFailed || !regexp.MustCompile(`(?m)^ok  \S+adt.hl7\[0\]  ADT\^A08  M1  AA  [0-9.]+ ms$`).MatchString(said) ||
		!regexp.MustCompile(`(?m)^FAILED  .*M2  AE  .*expected AA or CA, got AE  not now`).MatchString(said) || !strings.Contains(said, "3 messages, 2 ok, 1 failed") || errs != "" {
		t.Errorf("status %d\n%s%s", status, said, errs)
	}
	if status, said, _ := sending(t, "--to", address, "--expect", "AA,AE", "--new-ids", "--count", "7", "--connections", "3", file); status != StatusOK || !strings.Contains(said, "7 messages, 7 ok") {
		t.Errorf("status %d\n%s", status, said)
	}
	if status, said, _ := sending(t, "--to", address, "-"); status != StatusOK || !strings.Contains(said, "standard input[0]  ADT^A08  IN1  AA") {
		t.Errorf("status %d\n%s", status, said)
	}
	status, said, _ = sending(t, "--to", address, "--json", "--series", "2 A01 A03", "--seed", "3")
	var report struct {
		To      string
		Results []struct {
			Code    string
			Passed  bool
			Trigger string
		}
		Summary struct {
			Messages, Passed, Failed int
			Codes                    map[string]int
		}
	}
	if err := json.Unmarshal([]byte(said), &report); err != nil || status != StatusOK || report.To != address || len(report.Results) != 4 || report.Results[3].Trigger != "A03" ||
		report.Summary.Passed != 4 || report.Summary.Codes["AA"] != 4 {
		t.Errorf("status %d, %v\n%s", status, err, said)
	}
	if status := stop(); status != StatusOK {
		t.Errorf("the mock ended with status %d", status)
	}
	log := out.String()
	if !regexp.MustCompile(`(?m)^listening on \S+ \(MLLP\): Test partner$`).MatchString(log) ||
		!regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{3}  in  ADT\^A08  M2  AE  [0-9.]+ ms  second$`).MatchString(log) ||
		!strings.Contains(log, "ended: 15 messages, 13 accepted") && !strings.Contains(log, "ended: 15 messages, 14 accepted") || strings.Contains(log, "DOE") || strings.Contains(log, "88121") {
		t.Errorf("%s", log)
	}
	b, err := os.ReadFile(journal)
	if err != nil || strings.Count(string(b), `{"exchange":`) != 15 || !strings.Contains(string(b), `"rule":"second"`) {
		t.Errorf("%d exchanges in the journal, %v", strings.Count(string(b), `{"exchange":`), err)
	}
}

func TestMockAndSendEncrypted(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	address, _, stop := runningMock(t, "--tls", "auto", "--tls-save-ca", ca, "--quiet")
	file := messageFile(t, "M1")
	if status, said, errs := sending(t, "--to", address, "--tls-ca", ca, file); status != StatusOK || !strings.HasPrefix(said, "ok ") {
		t.Errorf("status %d\n%s%s", status, said, errs)
	}
	if status, said, _ := sending(t, "--to", address, "--tls", file); status != StatusFailed || !strings.Contains(said, "not connected") {
		t.Errorf("an unknown authority: status %d\n%s", status, said)
	}
	if status, said, errs := sending(t, "--to", address, "--tls-insecure", file); status != StatusOK || !strings.Contains(errs, "not checked") {
		t.Errorf("status %d\n%s%s", status, said, errs)
	}
	if status := stop(); status != StatusOK {
		t.Errorf("the mock ended with status %d", status)
	}
}

func TestSendIsInterrupted(t *testing.T) {
	address, _, stop := runningMock(t, "--quiet")
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	var out lockedBuffer
	time.AfterFunc(100*time.Millisecond, cancel)
	status := Run(ctx, []string{"send", "--to", address, "--loop", "--rate", "200", messageFile(t, "M1")}, Env{Stdout: &out, Stderr: &lockedBuffer{}})
	if status != StatusInterrupted || strings.Contains(out.String(), "FAILED") || !strings.Contains(out.String(), " ok, 0 failed") {
		t.Errorf("status %d\n%s", status, out.String())
	}
}

func TestMockAndSendInAWorkspace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.trestle")
	const pass = "correct horse battery staple"
	ctx := t.Context()
	w, err := workspace.Create(ctx, path, []byte(pass), workspace.CreateOptions{KDF: workspace.CheapKDF(t), User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.PutDocument(ctx, workspace.DocumentEndpoint, "adt-in", []byte("name: adt-in\naddress: 127.0.0.1:1\n"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := w.PutDocument(ctx, workspace.DocumentRules, "adt-in", []byte("rules: [{when: {fields: [{path: MSH-10, equals: M2}]}, then: AE}]"), 0); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(secret, []byte(pass), 0o600); err != nil {
		t.Fatal(err)
	}
	address, _, stop := runningMock(t, "--workspace", path, "--endpoint", "adt-in", "--passphrase-file", secret)
	if status, said, errs := sending(t, "--to", address, messageFile(t, "M1", "M2")); status != StatusFailed || !strings.Contains(said, "M2  AE") {
		t.Errorf("status %d\n%s%s", status, said, errs)
	}
	if status := stop(); status != StatusOK {
		t.Errorf("the mock ended with status %d", status)
	}
	queue := []string{"--workspace", path, "--passphrase-file", secret, "--queue", "--endpoint", "q", "--timeout", "2s"}
	// The partner is away: the queue waits, and an interruption loses nothing.
	away, cancel := context.WithCancel(ctx)
	var waiting lockedBuffer
	time.AfterFunc(time.Second, cancel)
	if status := Run(away, append([]string{"send", "--to", "127.0.0.1:1", messageFile(t, "Q1", "Q2")}, queue...), Env{Stdout: &waiting, Stderr: &lockedBuffer{}}); status != StatusInterrupted ||
		!strings.Contains(waiting.String(), "queue q: 2 messages wait") {
		t.Errorf("status %d\n%s", status, waiting.String())
	}
	address, _, stop = runningMock(t)
	if status, said, errs := sending(t, append([]string{"--to", address}, queue...)...); status != StatusOK || !strings.Contains(said, "Q1  AA") || !strings.Contains(said, "Q2  AA") {
		t.Errorf("status %d\n%s%s", status, said, errs)
	}
	if status, said, errs := sending(t, append([]string{"--to", address, "--json"}, queue...)...); status != StatusOK || !strings.Contains(said, `"messages":0`) {
		t.Errorf("an empty queue: status %d\n%s%s", status, said, errs)
	}
	if status, said, errs := sending(t, "--to", address, "--workspace", path, "--run", "r1", "--passphrase-file", secret, messageFile(t, "S1")); status != StatusOK {
		t.Errorf("status %d\n%s%s", status, said, errs)
	}
	stop()
	w, err = workspace.Open(ctx, path, []byte(pass), workspace.OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var got []string
	for e, err := range w.ReadExchanges(ctx, workspace.ExchangeQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Endpoint == "q" && e.Code == "" { // tries while the partner was away
			continue
		}
		got = append(got, joinNonEmpty(" ", e.Endpoint, e.Run, string(e.Direction), e.ControlID, e.Code))
	}
	slices.Sort(got)
	if want := []string{"adt-in in M1 AA", "adt-in in M2 AE", "q out Q1 AA", "q out Q2 AA", "send r1 out S1 AA"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	starts, err := w.SearchLog(ctx, workspace.LogQuery{Object: "endpoint adt-in"})
	var acts []string
	for _, a := range starts {
		acts = append(acts, string(a.Action)+" "+a.Details)
	}
	if all := strings.Join(acts, "; "); err != nil || !strings.Contains(all, "started listening on 127.0.0.1:0") || !strings.HasSuffix(all, "stopped ") {
		t.Errorf("the access log: %s, %v", all, err)
	}
}

// The preset that validates does so against the partner's profile, from a file or from the workspace.
func TestMockChecksAgainstAProfile(t *testing.T) {
	text := "profile: Riverbend\nmessages:\n  - message: ADT\n    fields:\n      PID-19: R\n"
	file := filepath.Join(t.TempDir(), "riverbend.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	path, secret := filepath.Join(t.TempDir(), "w.trestle"), filepath.Join(t.TempDir(), "pass")
	w, err := workspace.Create(t.Context(), path, []byte("correct horse"), workspace.CreateOptions{KDF: workspace.CheapKDF(t), User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.PutDocument(t.Context(), workspace.DocumentProfile, "riverbend", []byte(text), 0); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), os.WriteFile(secret, []byte("correct horse"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		code string
		args []string
	}{
		{"AA", nil},
		{"AE", []string{"--profile", file}},
		{"AE", []string{"--profile", "riverbend", "--workspace", path, "--passphrase-file", secret}},
	} {
		address, _, stop := runningMock(t, append([]string{"--quiet", "--preset", "validates"}, x.args...)...)
		if status, said, errs := sending(t, "--to", address, "--expect", x.code, messageFile(t, "M1")); status != StatusOK {
			t.Errorf("%v: status %d\n%s%s", x.args, status, said, errs)
		}
		stop()
	}
}

func TestSentSetIsATest(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte("rules: [{when: {fields: [{path: MSH-10, equals: M2}]}, then: AE}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address, _, stop := runningMock(t, "--rules", rules, "--quiet")
	defer stop()
	file := messageFile(t, "M1", "M2")
	expect := filepath.Join(filepath.Dir(file), "set.expect")
	for _, x := range []struct {
		lines  string
		status int
		says   string
	}{
		{"M2 AE\n* AA\n", StatusOK, "2 messages, 2 ok, 0 failed"},
		{"M1 AE\n", StatusFailed, "expected AE, got AA"},
		{"adt.hl7[1] AE\n", StatusOK, "2 ok"},
		{"M2 AE\nM3 AA\n", StatusUsage, "set.expect, line 2: no message is called M3"},
	} {
		if err := os.WriteFile(expect, []byte(x.lines), 0o600); err != nil {
			t.Fatal(err)
		}
		if status, said, errs := sending(t, "--to", address, filepath.Dir(file)); status != x.status || !strings.Contains(said+errs, x.says) {
			t.Errorf("%q: status %d\n%s%s", x.lines, status, said, errs)
		}
	}
}
