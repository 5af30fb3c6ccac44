package endpoint

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInterop talks to senders and listeners that we did not write. It needs node, npm and the network, so it runs only where
// TRESTLE_INTEROP is set.
func TestInterop(t *testing.T) {
	if os.Getenv("TRESTLE_INTEROP") == "" {
		t.Skip("set TRESTLE_INTEROP=1 to install other people's clients and servers with npm and talk to them")
	}
	folder := t.TempDir()
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--prefix", folder, "simple-hl7", "node-hl7-client", "node-hl7-server")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	scripts, err := filepath.Glob("testdata/interop/*.js")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, s := range scripts {
		b, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(s)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	node := func(ctx context.Context, script string, args ...string) *exec.Cmd {
		c := exec.CommandContext(ctx, "node", append([]string{script}, args...)...)
		c.Dir = folder
		c.WaitDelay = time.Second
		return c
	}
	for script, prefix := range map[string]string{"simple-send.js": "S", "node-send.js": "N"} {
		t.Run(script, func(t *testing.T) {
			const n = 20
			m := start(t, fmt.Sprintf("rules: [{when: {fields: [{path: MSH-10, equals: %s7}]}, then: AE}]", prefix))
			_, port, _ := strings.Cut(m.Addr().String(), ":")
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			out, err := node(ctx, script, port, fmt.Sprint(n)).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var want strings.Builder
			for i := range n {
				code := "AA"
				if i == 7 {
					code = "AE"
				}
				fmt.Fprintf(&want, "%s %s%d\n", code, prefix, i)
			}
			if string(out) != want.String() {
				t.Errorf("it got\n%s", out)
			}
			m.stop()
			if n := m.Stats().Refused; n > 0 {
				t.Errorf("%d pieces were no messages", n)
			}
		})
	}
	// On a connection that stays open node-hl7-server 2.5 repeats the acknowledgements of all earlier messages before each new one, so
	// that only a connection for each message gives the right ones.
	for script, connections := range map[string][]bool{"simple-listen.js": {true, false}, "node-listen.js": {true}} {
		t.Run(script, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			c := node(ctx, script)
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			defer c.Wait()
			defer c.Process.Kill()
			port := ""
			for s := bufio.NewScanner(out); port == "" && s.Scan(); {
				port, _ = strings.CutPrefix(s.Text(), "port ")
			}
			if port == "" {
				t.Fatal("it does not listen")
			}
			for _, perMessage := range connections {
				list, sum := sendTo(t, SendConfig{To: "127.0.0.1:" + port, Timeout: 3 * time.Second, PerMessage: perMessage}, outgoing(10))
				if sum.Passed != 10 {
					t.Errorf("a connection for each message: %v; %d of 10 passed", perMessage, sum.Passed)
					for _, r := range list {
						if !r.Passed {
							t.Logf("%s %s: %s", r.ControlID, r.Code, r.Detail)
						}
					}
				}
			}
		})
	}
}
