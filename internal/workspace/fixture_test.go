package workspace

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/inspect"
)

var testPass = []byte("correct horse battery")

// long reports whether the long forms of the tests were asked for.
func long() bool { return os.Getenv("TRESTLE_LONG") == "1" }

// times is how often a test tries something: short in every run, long when asked for.
func times(short, longer int) int {
	if long() {
		return longer
	}
	return short
}

// sample is the i-th invented record. Every 37th is large, so that its bytes lie on overflow pages, whose content
// SQLite itself cannot check.
func sample(i int) inspect.Record {
	family := []string{"Testperson", "Examplar", "Fictiva", "Mockington", "Sampleby"}[i%5]
	given := []string{"Quenby", "Orrin", "Talwyn", "Isolde"}[i%4]
	mrn := fmt.Sprintf("88%05d", i%997)
	control := fmt.Sprintf("MSG%07d", i)
	kind := [][2]string{{"ADT", "A08"}, {"ADT", "A01"}, {"SIU", "S12"}, {"ORU", "R01"}, {"DFT", "P03"}}[i%5]
	day := fmt.Sprintf("2026%02d%02d%02d%02d00", 1+i%12, 1+i%28, i%24, i%60)
	var b strings.Builder
	fmt.Fprintf(&b, "MSH|^~\\&|EHR|RIVERBEND|INFUSE|CENTRE|%s||%s^%s|%s|P|2.5.1\r", day, kind[0], kind[1], control)
	fmt.Fprintf(&b, "PID|1||%s^^^RB^MR||%s^%s||19700101|F|||%d Example Way^^Nowhere\r", mrn, family, given, i)
	for j := range 8 {
		fmt.Fprintf(&b, "OBX|%d|ST|%d^observation %d||value %d of an invented patient, number %d in the list||||||F\r", j+1, 1000+j, j, i*j, i)
	}
	if i%37 == 36 {
		fmt.Fprintf(&b, "NTE|1||%s\r", strings.Repeat(fmt.Sprintf("long text %d ", i), 1500))
	}
	data := []byte(b.String())
	return inspect.Record{
		Source: "sample.hl7", Index: i, Offset: int64(i) * 1000, Length: int64(len(data)), Bytes: data,
		Summary: inspect.Summary{Format: "hl7v2", Type: kind[0], Trigger: kind[1], Version: "2.5.1", ControlID: control, SendingApplication: "EHR",
			SendingFacility: "RIVERBEND", ReceivingApplication: "INFUSE", ReceivingFacility: "CENTRE", Time: day, MRN: mrn,
			Account: fmt.Sprintf("A%d", i%500), Name: strings.ToUpper(family) + ", " + given, Segments: 10},
		Counts: [4]int{i % 3, i % 2, i % 7 / 6, 0},
	}
}

func samples(from, to int) []inspect.Record {
	out := make([]inspect.Record, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, sample(i))
	}
	return out
}

func newWorkspace(t testing.TB, path string) *Workspace {
	t.Helper()
	w, err := Create(context.Background(), path, testPass, CreateOptions{KDF: CheapKDF(t), User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func add(t testing.TB, w *Workspace, from, to int) {
	t.Helper()
	if _, err := w.AddMessages(context.Background(), samples(from, to)); err != nil {
		t.Fatal(err)
	}
}

// large lies on overflow pages, whose content SQLite cannot check.
var large = strings.Repeat("0123456789", 4000)

// images are the bytes of a workspace at two moments.
type images struct {
	rows   int    // messages
	saved  int    // those of them that are in live's file; the others are in its log
	closed []byte // closed, everything in the file
	live   []byte // as after a crash: the file
	log    []byte // and its write-ahead log
}

func build(t testing.TB, rows, saved, first int) images {
	t.Helper()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	if _, err := w.write.Exec("PRAGMA wal_autocheckpoint=0"); err != nil {
		t.Fatal(err)
	}
	add(t, w, first, first+saved)
	if err := w.SetSetting(context.Background(), "large", large); err != nil { // the last pages of the file
		t.Fatal(err)
	}
	if err := w.checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i := saved; i < rows; i++ {
		add(t, w, first+i, first+i+1)
	}
	im := images{rows: rows, saved: saved, live: readFile(t, p), log: readFile(t, p+"-wal")}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	im.closed = readFile(t, p)
	return im
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// put writes a file and its log, and removes what lay beside it.
func put(t testing.TB, path string, file, log []byte) {
	t.Helper()
	for _, s := range []string{"-wal", "-shm", "-journal", ".lock"} {
		os.Remove(path + s)
	}
	err := os.WriteFile(path, file, 0o600)
	if err == nil && log != nil {
		err = os.WriteFile(path+"-wal", log, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// errWrong is wrong data without an error: what must never happen.
var errWrong = errors.New("WRONG DATA WITHOUT AN ERROR")

// readThrough opens a workspace and reads everything by tables, indexes and words. first is the number of its first
// sample. It gives the number of messages and of records that failed authentication.
func readThrough(path string, first int) (n int, failures int64, err error) {
	ctx := context.Background()
	w, err := Open(ctx, path, testPass, OpenOptions{User: "tester"})
	if err != nil {
		return 0, 0, err
	}
	defer w.Close()
	defer func() { failures, err = w.keys.Failures(), w.sqlError(ctx, err) }()
	rows, err := w.read.Query("SELECT m.control_id, m.mrn, c.bytes FROM messages m JOIN contents c USING(id) ORDER BY id")
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var control, mrn string
		var b []byte
		if err := rows.Scan(&control, &mrn, &b); err != nil {
			return n, 0, err
		}
		want := sample(first + n)
		if control != want.Summary.ControlID || mrn != want.Summary.MRN || !bytes.Equal(b, want.Bytes) {
			return n, 0, errWrong
		}
		n++
	}
	if err := rows.Err(); err != nil {
		return n, 0, err
	}
	return n, 0, otherPaths(w, n, first)
}

// otherPaths compares what indexes and words say with the number of rows.
func otherPaths(w *Workspace, n, first int) error {
	family := 0
	for i := first; i < first+n; i++ {
		if i%5 == 0 {
			family++
		}
	}
	for _, q := range []struct {
		sql  string
		want int
	}{
		{"SELECT count(*) FROM messages INDEXED BY messages_mrn WHERE mrn>'8'", n},
		{"SELECT count(*) FROM messages INDEXED BY messages_control_id WHERE control_id>'M'", n},
		{"SELECT count(*) FROM message_words WHERE message_words MATCH 'testperson'", family},
		{"SELECT count(*) FROM message_words WHERE message_words MATCH 'invented'", n},
	} {
		var got int
		if err := w.read.QueryRow(q.sql).Scan(&got); err != nil {
			return err
		}
		if got != q.want {
			return fmt.Errorf("%w: %s gave %d, not %d", errWrong, q.sql, got, q.want)
		}
	}
	if s, ok, err := w.Setting(context.Background(), "large"); err != nil || ok && s != large {
		return cmp.Or(err, errWrong)
	}
	var check string
	if err := w.read.QueryRow("PRAGMA integrity_check").Scan(&check); err != nil {
		return err
	}
	if check != "ok" {
		return fail(ErrDamaged, "%s", check)
	}
	return w.VerifyLog(context.Background())
}
