package endpoint

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/endpoint/rules"
)

// crashJournal is the variable that makes this test program a listener with the journal that it names.
const crashJournal = "TRESTLE_TEST_CRASH_JOURNAL"

// TestCrashChild is the listener that TestKilledListenerLosesNothingAcknowledged kills; it is no test of its own.
func TestCrashChild(t *testing.T) {
	path := os.Getenv(crashJournal)
	if path == "" {
		t.Skip("runs only as the child of the crash test")
	}
	j, err := OpenFileJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewListener(Config{Name: "crash", Address: "127.0.0.1:0"}, rules.File{}, Options{Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Listen(context.Background()); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("listening %s\n", l.Addr())
	t.Fatal(l.Run(context.Background())) // until it is killed
}

func TestKilledListenerLosesNothingAcknowledged(t *testing.T) {
	rounds := 3
	if os.Getenv("TRESTLE_LONG") != "" {
		rounds = 50
	}
	if testing.Short() {
		rounds = 1
	}
	path := filepath.Join(t.TempDir(), "crash.jsonl")
	acknowledged := map[string]bool{}
	for round := range rounds {
		for id := range killUnderLoad(t, path, round) {
			acknowledged[id] = true
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for l, err := range ReadFileJournal(f) {
		if err != nil {
			t.Fatal(err)
		}
		if e := l.Exchange; e != nil && string(e.RequestBytes()) == text(e.ControlID) {
			delete(acknowledged, e.ControlID)
		}
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d messages were acknowledged and are not in the journal", len(acknowledged))
	}
}

// killUnderLoad runs a listener, sends to it over several connections, kills it (SIGKILL), and returns the control IDs that were
// acknowledged.
func killUnderLoad(t *testing.T, journal string, round int) map[string]bool {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
	child.Env = append(os.Environ(), crashJournal+"="+journal)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if !ok {
		t.Fatalf("the child said %q, %v", line, err)
	}
	var mu sync.Mutex
	ids := map[string]bool{}
	enough := make(chan struct{})
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			defer s.Close()
			go func() {
				for i := 0; ; i++ {
					if _, err := io.WriteString(s, framed(text(fmt.Sprintf("R%dC%dN%d", round, c, i)))); err != nil {
						return
					}
				}
			}()
			for r, i := bufio.NewReader(s), 0; ; i++ {
				reply, err := r.ReadString('\x1c')
				if err != nil {
					return
				}
				id := fmt.Sprintf("R%dC%dN%d", round, c, i)
				if code(reply) != "AA" || !acknowledges(reply, id) {
					t.Errorf("reply %d of connection %d is not the acceptance of its message", i, c)
					return
				}
				mu.Lock()
				if ids[id] = true; len(ids) == 500*(round%5+1) {
					close(enough)
				}
				mu.Unlock()
			}
		}()
	}
	select {
	case <-enough:
	case <-time.After(30 * time.Second):
		t.Error("the load did not get going")
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	return ids
}
