package command

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

// streaming are the commands that read files of any size, each from standard input. FOLDER is a folder of the test.
var streaming = []string{
	"get PID-3.1 -",
	"inspect -",
	"inspect --json -",
	"inspect --minimum error --fail-on fatal -",
	"inspect --profile ecw -",
	"find PID-3.1=17 -",
	"find --count finding>=error -",
	"stats PID-3.1,PID-5,MSH-10 -",
	"convert --to json -",
	"convert --to xml -",
	"convert --to er7 -",
	"convert --to csv --paths PID-3.1,MSH-10 -",
	"deidentify --project-key 0123456789abcdef -",
	"deidentify --safe-harbor --project-key 0123456789abcdef --map FOLDER/map.csv -",
	"profile learn -",
	"profile check --profile ecw -",
}

// watched is an input that measures, at even steps of what it gives, what stays in memory when all garbage is gone.
type watched struct {
	io.Reader
	every, until int64 // bytes
	read         int64
	live         uint64 // bytes, the most there were
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if w.read += int64(n); w.read >= w.until || err != nil {
		w.until += w.every
		w.live = max(w.live, liveHeap())
	}
	return n, err
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// live runs a command over what r gives, size bytes or so, and returns what it held in memory at most.
func live(t *testing.T, line string, r io.Reader, size int64) uint64 {
	t.Helper()
	args := strings.Fields(strings.ReplaceAll(line, "FOLDER", t.TempDir()))
	before := liveHeap()
	in := &watched{Reader: r, every: size/8 + 1}
	var errs bytes.Buffer
	if status := Run(t.Context(), args, Env{Stdin: in, Stdout: io.Discard, Stderr: &errs}); status != StatusOK && status != StatusFailed {
		t.Fatalf("%s: status %d, %s", line, status, errs.String())
	}
	return max(in.live, before) - before
}

// feed is a stream of messages that all differ, each with a note of 2 kB, that is never in memory as a whole.
func feed(messages int) io.Reader {
	note := "NTE|1||" + strings.Repeat("the patient was seen and went home with a letter, ", 40) + "\r"
	return &generated{n: messages, text: message + note}
}

// gigabytes is how much each command reads in the long forms of the tests: TRESTLE_GIGABYTES, or a quarter where only
// TRESTLE_LONG is set; 0 for the short forms.
func gigabytes() float64 {
	if n, err := strconv.ParseFloat(os.Getenv("TRESTLE_GIGABYTES"), 64); err == nil {
		return n
	}
	if os.Getenv("TRESTLE_LONG") == "1" {
		return 0.25
	}
	return 0
}

// TestCommandsStream: what a command holds in memory does not grow with the file. The long form says what the process took
// of the computer's memory.
func TestCommandsStream(t *testing.T) {
	if testing.Short() {
		t.Skip("left out of short runs: each command reads 11 MB")
	}
	const messageSize = 2200
	few, many := 500, 5_000
	room := uint64(3 << 20) // what is counted up to a limit, such as values and control IDs, grows by less
	if long := gigabytes(); long > 0 {
		many, room = int(long*1e9/messageSize), 100<<20 // the limits are reached
	}
	for _, line := range streaming {
		t.Run(line, func(t *testing.T) {
			small := live(t, line, feed(few), int64(few)*messageSize)
			large := live(t, line, feed(many), int64(many)*messageSize)
			t.Logf("%d kB are held for %d messages, %d kB for %d; %s", small>>10, few, large>>10, many, peakResident())
			if large > small+room {
				t.Errorf("%d kB are held for %d messages, %d kB for %d", small>>10, few, large>>10, many)
			}
		})
	}
}

// peakResident is what the process has taken of the computer's memory at most, where the system says it.
func peakResident() string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "peak not known on this system"
	}
	for line := range strings.Lines(string(b)) {
		if peak, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return "peak of the process " + strings.TrimSpace(peak)
		}
	}
	return "peak not known on this system"
}

// TestCommandsTakeLongFields: a field of 10 MB is read like any other, in a few times its size.
func TestCommandsTakeLongFields(t *testing.T) {
	const size = 10 << 20
	text := "MSH|^~\\&|LAKE|MAIN|RIVER|INF|20260302101400||ORU^R01^ORU_R01|D1|P|2.5.1\rPID|1||17^^^LAKE^MR||DOE^JANE||19790228|F\r" +
		"OBR|1||77|11502-2^Report^LN\rOBX|1|ED|11502-2^Report^LN||^application^pdf^Base64^" + strings.Repeat("QUJD", size/4) + "||||||F\r"
	for _, line := range streaming {
		t.Run(line, func(t *testing.T) {
			if held := live(t, line, strings.NewReader(text), int64(len(text))); held > 12*size {
				t.Errorf("%d MB are held for %d MB", held>>20, size>>20)
			}
		})
	}
}

// endless is a message of a size in bytes: a segment that comes again and again, or one field.
func endless(size int64, segment string) io.Reader {
	head := "MSH|^~\\&|LAKE|MAIN|RIVER|INF|20260302101400||ORU^R01^ORU_R01|G1|P|2.5.1\rPID|1||17^^^LAKE^MR||DOE^JANE||19790228|F\rOBX|1|TX|A^B^L||"
	return io.MultiReader(strings.NewReader(head), io.LimitReader(&repeated{text: segment}, size))
}

// repeated is a text that never ends.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

// TestCommandsTakeGiantMessages: a message without an end is cut at a limit, in the memory that a few of that size take.
func TestCommandsTakeGiantMessages(t *testing.T) {
	long := gigabytes()
	if long == 0 {
		t.Skip("left out unless TRESTLE_LONG is 1 or TRESTLE_GIGABYTES says how much to read")
	}
	for _, segment := range []string{"QUJD", "seen\rOBX|2|NM|8302-2^Height^LN||172|cm|||||F\rOBX|3|TX|A^B^L||"} {
		for _, line := range streaming {
			t.Run(line, func(t *testing.T) {
				size := int64(long * 1e9)
				held := live(t, line, endless(size, segment), size)
				t.Logf("%d MB are held for %d MB; %s", held>>20, size>>20, peakResident())
				if held > 6*hl7.DefaultMaxMessage {
					t.Errorf("%d MB are held for %d MB", held>>20, size>>20)
				}
			})
		}
	}
}
