package workspace

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A power cut while the log is folded in may tear any page that is in the log, page 1 as well: recovery must mend it.
func TestTornPageOne(t *testing.T) {
	im := build(t, 60, 30, 0)
	q := filepath.Join(t.TempDir(), "x.trestle")
	for sectors := 1; sectors < 8; sectors++ {
		d := bytes.Clone(im.live)
		clear(pageAt(d, 0)[:sectors*512])
		put(t, q, d, im.log)
		n, failures, err := readThrough(q, 0)
		if err != nil || n != im.rows || failures == 0 {
			t.Errorf("%d sectors: %d messages, %d failures, %v", sectors, n, failures, err)
		}
	}
	// Without the log that holds its good copy, the page is damaged.
	d := bytes.Clone(im.closed)
	clear(pageAt(d, 0)[:512])
	put(t, q, d, nil)
	if _, _, err := readThrough(q, 0); err == nil {
		t.Error("a torn page 1 without a log was opened")
	}
}

// A power cut while the log is written tears its end: what was committed before is there, and it opens without an error.
func TestTornLog(t *testing.T) {
	im := build(t, 60, 30, 0)
	q := filepath.Join(t.TempDir(), "x.trestle")
	const frame = 64 + pageSize
	for i := 1; i <= 8; i++ {
		log := bytes.Clone(im.log)
		last := log[len(log)-frame:]
		clear(last[i*512 : min(i*512+512, len(last))])
		put(t, q, im.live, log)
		n, failures, err := readThrough(q, 0)
		if err != nil || n != im.rows-1 || failures == 0 {
			t.Errorf("sector %d: %d messages, %d failures, %v", i, n, failures, err)
		}
		log = im.log[:len(im.log)-i*512]
		put(t, q, im.live, log)
		if n, _, err := readThrough(q, 0); err != nil || n != im.rows-1 {
			t.Errorf("cut by %d sectors: %d messages, %v", i, n, err)
		}
	}
}

// Each of these builds breaks one safety rule of the VFS. The test that guards the rule must fail with it, or it proves
// nothing. They compile the package anew, so they only run when asked for.
func TestControls(t *testing.T) {
	if !long() {
		t.Skip("TRESTLE_LONG is not set: these compile the package three times")
	}
	for tag, test := range map[string]string{
		"sealed_control_nosynth":   "TestTornPageOne",
		"sealed_control_strictwal": "TestTornLog",
		"sealed_control_shortread": "TestTruncated",
	} {
		c := exec.Command("go", "test", "-count=1", "-tags", "migrated_fynedo,no_emoji,no_metadata,fts5,"+tag, "-run", "^"+test+"$", ".")
		c.Env = append(os.Environ(), "TRESTLE_LONG=0")
		out, err := c.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("--- FAIL: "+test)) {
			t.Errorf("%s did not fail when built with %s: %v\n%s", test, tag, err, out)
		}
	}
}
