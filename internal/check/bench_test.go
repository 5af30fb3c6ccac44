package check

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trestle/internal/hl7"
)

// BenchmarkMessage checks every message of the corpus' file for measurements
// on one core.
func BenchmarkMessage(b *testing.B) {
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		b.Skip("TRESTLE_CORPUS does not name the folder of the message corpus")
	}
	data, err := os.ReadFile(filepath.Join(dir, "hl7v2-bench.hl7"))
	if err != nil {
		b.Skip("the corpus has no hl7v2-bench.hl7")
	}
	messages := bytes.SplitAfter(data, []byte("\rMSH|"))
	for i := range messages {
		messages[i] = bytes.TrimSuffix(messages[i], []byte("MSH|"))
		if i > 0 {
			messages[i] = append([]byte("MSH|"), messages[i]...)
		}
	}
	m := &hl7.Message{}
	run := func() (findings int) {
		for _, text := range messages {
			m.Reset(text)
			findings += len(Message(m, Options{}))
		}
		return findings
	}
	run() // dictionaries are loaded
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n = run()
	}
	b.ReportMetric(float64(n)/float64(len(messages)), "findings/msg")
}

// TestLargeMessages: time grows with the size, not with its square. All take
// well under half a second; the limit is for busy machines and the race
// detector, and a square of these sizes would pass it all the same.
func TestLargeMessages(t *testing.T) {
	big := strings.Repeat("A", 1<<20)
	for name, message := range map[string]string{
		"a field of a megabyte":   oru + "OBX|1|ED|A^B^L||^AP^PDF^Base64^" + big + "||||||F\r",
		"100,000 segments":        oru + strings.Repeat("OBX|1|NM|A^B^L||high||||||F\r", 100_000),
		"100,000 fields":          oru + "OBX" + strings.Repeat("|x", 100_000) + "\r",
		"100,000 repetitions":     head + "PID|1||" + strings.Repeat("4711^^^R^MR~", 100_000) + "\r",
		"100,000 components":      head + "PID|1||4711" + strings.Repeat("^a&b", 100_000) + "\r",
		"100,000 escapes":         oru + "NTE|1||" + strings.Repeat(`\Q\ `, 100_000) + "\r",
		"100,000 lines in a text": oru + "NTE|1||" + strings.Repeat("words\n", 100_000) + "\r",
		"a megabyte of controls":  oru + "NTE|1||" + strings.Repeat("\x01", 1<<20) + "\r",
		"a megabyte of NUL":       strings.Repeat("\x00", 1<<20),
		"unknown segments":        head + strings.Repeat("QQQ|1\r", 100_000),
		"bad IDs":                 head + strings.Repeat("QQ|1\r", 100_000),
		"double UTF-8":            oru + "NTE|1||" + strings.Repeat("Ã¼", 100_000) + "\r",
		"lower-case IDs":          head + strings.Repeat("pid|1\r", 100_000),
		"joined":                  head + "PID|1" + strings.Repeat("|1PID", 100_000) + "\r",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			Message(hl7.Parse([]byte(message)), Options{})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%d bytes took %v", len(message), took)
			} else {
				t.Logf("%d bytes took %v", len(message), took.Round(time.Millisecond))
			}
		})
	}
}
