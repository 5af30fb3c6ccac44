package sealed

import (
	"bytes"
	"compress/gzip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// pattern is n bytes that are easy to make again.
func pattern(n, first int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(first + i)
	}
	return b
}

// With a fixed key and nonce the bytes on disk are fixed. The expected values are digests of records: one that changes
// means that files written before do not open any more.
func TestVectors(t *testing.T) {
	document, err := os.ReadFile("FORMAT.md") // §10 has the same values, for whoever builds another reader
	if err != nil {
		t.Fatal(err)
	}
	dataKey, id, nonce := pattern(32, 0), [16]byte(pattern(16, 100)), pattern(nonceLen, 200)
	for _, c := range []struct {
		name   string
		cipher int
		role   int
		index  uint64
		n      int
		want   string
	}{
		{"page", XChaCha20Poly1305, rolePage, 7, 4056, "ec649aa35570a34f48a0b7d6255c8b5a"},
		{"log header", XChaCha20Poly1305, roleWALHeader, 0, 32, "50a1eb29eb331d7fb5b6ebe2e6f877f8"},
		{"frame header", XChaCha20Poly1305, roleFrameHdr, 3, 24, "31c87b7835379bfc33cfc7dcba92dbc0"},
		{"frame page", XChaCha20Poly1305, roleFramePage, 3, 4056, "47005e42c7d1e325734ffa9a22a9345f"},
		{"chunk", XChaCha20Poly1305, roleChunk, 9, 512, "0c47196805dbd2bf31b98640980076c3"},
		{"page, AES", AES256GCM, rolePage, 7, 4056, "f3e09bc8f576430635e41ef7b4e55421"},
		{"log header, AES", AES256GCM, roleWALHeader, 0, 32, "eb8298512ccae70f126911d64a588b38"},
		{"frame header, AES", AES256GCM, roleFrameHdr, 3, 24, "b2ec7a4a7178f5eb1d07ab5c8f827448"},
		{"frame page, AES", AES256GCM, roleFramePage, 3, 4056, "c63545ff6ce3ca88f842ba424cb46718"},
		{"chunk, AES", AES256GCM, roleChunk, 9, 512, "185bba9b099767c445a8ec01938ccc84"},
	} {
		k, err := newKeys(dataKey, id, 4096, c.cipher, nil)
		if err != nil {
			t.Fatal(err)
		}
		record := append(make([]byte, c.n+tagLen), nonce...)
		k.sealWithNonce(c.role, c.index, record, pattern(c.n, 1))
		if got := digest(record); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if !bytes.Contains(document, []byte(c.want)) {
			t.Errorf("FORMAT.md does not have the vector of %s", c.name)
		}
		text := make([]byte, c.n)
		if !k.open(c.role, c.index, text, record) || !bytes.Equal(text, pattern(c.n, 1)) {
			t.Errorf("%s does not open again", c.name)
		}
		if k.open(c.role, c.index+1, text, record) || k.open(c.role%5+1, c.index, text, record) {
			t.Errorf("%s opens in another place", c.name)
		}
		k.Drop()
		if k.open(c.role, c.index, text, record) || k.seal(c.role, c.index, record, text) {
			t.Errorf("%s: the keys outlived Drop", c.name)
		}
	}

	h := newHeader(t)
	h.dataKey = dataKey
	copy(h.b[idOff:], id[:])
	clear(h.b.slot(0))
	slot, err := h.sealSlot(2, SlotPassphrase, secret, cheap, [40]byte(pattern(40, 50)))
	if err != nil {
		t.Fatal(err)
	}
	h.PutSlot(2, slot)
	if got := hex.EncodeToString(h.b.slot(2)[:slotEnd]); got != "01010000010000004000000032333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f50515253545556575859691d09f5cf6c7ada37fa3cd250c9b7c7344b0179bff93f940f8f16990f559d791c64d29d4a362c6118f621e2b417feb6" {
		t.Errorf("slot: %s", got)
	}
	if got := digest(h.Bytes()); got != "5e5c8c1a85b0163e303fbf143932993d" {
		t.Errorf("header: %s", got)
	}
}

func digest(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:16])
}

// secondReader reads a workspace file with nothing but FORMAT.md: no function of this package is called.
type secondReader struct {
	t           *testing.T
	file        []byte
	pageSize    int
	id          []byte
	pages, logs cipher.AEAD
}

func newSecondReader(t *testing.T, file, passphrase []byte) *secondReader {
	t.Helper()
	b := file[:4096]
	if string(b[:8]) != "TRESTLE\x1a" {
		t.Fatal("magic")
	}
	if sum := sha256.Sum256(b[:4064]); !bytes.Equal(sum[:], b[4064:]) {
		t.Fatal("checksum")
	}
	u32 := func(o int) uint32 { return binary.LittleEndian.Uint32(b[o:]) }
	s := b[64:256]
	kek := argon2.IDKey(passphrase, s[12:28], u32(64+4), u32(64+8), s[1], 32)
	x, err := chacha20poly1305.NewX(kek)
	if err != nil {
		t.Fatal(err)
	}
	origin := b[20:36]
	if w := b[1600:1616]; !bytes.Equal(w, make([]byte, 16)) { // a copy
		origin = w
	}
	dataKey, err := x.Open(nil, s[28:52], s[52:100], slices.Concat([]byte{0}, b[:20], origin, s[:28]))
	if err != nil {
		t.Fatal("slot: ", err)
	}
	r := &secondReader{t: t, file: file, pageSize: int(u32(12)), id: b[20:36]}
	sub := func(info string) []byte {
		k, err := hkdf.Key(sha256.New, dataKey, r.id, info, 32)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	m := hmac.New(sha256.New, sub("trestle/header"))
	m.Write(b[:4032])
	if !bytes.Equal(m.Sum(nil), b[4032:4064]) {
		t.Fatal("HMAC")
	}
	for _, p := range []struct {
		to   *cipher.AEAD
		info string
	}{{&r.pages, "trestle/pages"}, {&r.logs, "trestle/log"}} {
		if u32(8) == 2 {
			block, err := aes.NewCipher(sub(p.info))
			if err != nil {
				t.Fatal(err)
			}
			*p.to, err = cipher.NewGCM(block)
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		if *p.to, err = chacha20poly1305.NewX(sub(p.info)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func (r *secondReader) record(a cipher.AEAD, role byte, index uint64, rec []byte) []byte {
	r.t.Helper()
	n := len(rec) - 24
	aad := append(binary.LittleEndian.AppendUint64([]byte{role}, index), r.id...)
	text, err := a.Open(nil, rec[n:n+a.NonceSize()], rec[:n], aad)
	if err != nil {
		r.t.Fatalf("record %d of role %d: %v", index, role, err)
	}
	return text
}

func (r *secondReader) page(n int) []byte {
	r.t.Helper()
	off := 65536 + (n-1)*r.pageSize
	return r.record(r.pages, 1, uint64(n), r.file[off:off+r.pageSize])
}

func TestSecondReader(t *testing.T) {
	for name, cipher := range map[string]int{"XChaCha20-Poly1305": XChaCha20Poly1305, "AES-256-GCM": AES256GCM} {
		t.Run(name, func(t *testing.T) { testSecondReader(t, cipher) })
	}
}

func testSecondReader(t *testing.T, cipher int) {
	h, err := New(4096, cipher)
	if err == nil {
		err = h.SetSlot(0, SlotPassphrase, secret, cheap)
	}
	if err != nil {
		t.Fatal(err)
	}
	f := createUnder(t, h)
	f.exec(t, "CREATE TABLE t(x); INSERT INTO t VALUES('a row that is in the log only')")
	wal, err := os.ReadFile(f.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	f.close(t)
	b, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	r := newSecondReader(t, b, secret)
	one := r.page(1)
	if !bytes.HasPrefix(one, []byte("SQLite format 3\x00")) || one[20] != 40 || len(one) != 4056 {
		t.Errorf("page 1 begins %q, reserves %d", one[:16], one[20])
	}
	if two := r.page(2); !bytes.Contains(two, []byte("a row that is in the log only")) {
		t.Error("page 2 does not hold the row")
	}
	header := r.record(r.logs, 2, 0, wal[:72])
	if binary.BigEndian.Uint32(header[8:]) != 4096 {
		t.Error("log header: page size")
	}
	found := false
	for k := 0; 128+(k+1)*(64+4096) <= len(wal); k++ {
		at := 128 + k*(64+4096)
		frame := r.record(r.logs, 3, uint64(k), wal[at:at+64])
		if !bytes.Equal(frame[8:16], header[16:24]) {
			t.Error("frame", k, "has another salt than the log")
		}
		page := r.record(r.logs, 4, uint64(k), wal[at+64:at+64+4096])
		found = found || bytes.Contains(page, []byte("a row that is in the log only"))
	}
	if !found {
		t.Error("the row is in no frame of the log")
	}
}

// Every version of the format that was ever released must open for ever.
func TestReleasedFormats(t *testing.T) {
	names, err := filepath.Glob("testdata/*.trestle.gz")
	if err != nil || len(names) == 0 {
		t.Fatal("no samples:", err)
	}
	for _, name := range names {
		z, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		g, err := gzip.NewReader(z)
		if err != nil {
			t.Fatal(err)
		}
		b := readAll(t, g)
		z.Close()
		p := filepath.Join(t.TempDir(), "sample.trestle")
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := ReadFile(p)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := h.Unlock(SlotPassphrase, []byte("a released format")); err != nil {
			t.Fatal(name, err)
		}
		f, err := start(p, h, "journal_mode=WAL")
		if err != nil {
			t.Fatal(name, err)
		}
		var sum int
		var check string
		if err := f.QueryRow("SELECT sum(x), (SELECT * FROM pragma_integrity_check) FROM t").Scan(&sum, &check); err != nil || sum != 5050 || check != "ok" {
			t.Error(name, sum, check, err)
		}
		f.close(t)
	}
}

// TestWriteSample makes the sample of the present version, when TRESTLE_SAMPLE names the file to write; with AES-256-GCM where the
// name says aes.
func TestWriteSample(t *testing.T) {
	to := os.Getenv("TRESTLE_SAMPLE")
	if to == "" {
		t.Skip("TRESTLE_SAMPLE is not set: only needed when the format gets a new version")
	}
	cipher := XChaCha20Poly1305
	if strings.Contains(filepath.Base(to), "aes") {
		cipher = AES256GCM
	}
	first, err := New(4096, cipher)
	if err == nil {
		err = first.SetSlot(0, SlotPassphrase, secret, cheap)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := first.Copy() // version 2 is that of copies
	if err != nil {
		t.Fatal(err)
	}
	f := createUnder(t, c)
	f.exec(t, "CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<100) INSERT INTO t SELECT i FROM n")
	if err := f.h.SetSlot(0, SlotPassphrase, []byte("a released format"), cheap); err != nil {
		t.Fatal(err)
	}
	b := f.h.Bytes()
	f.close(t)
	d, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	copy(d, b)
	copy(d[copyBOff:], b)
	var out bytes.Buffer
	g, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Write(d); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
