package dictionary

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"
)

// gapPayload is a hand-made version with one segment of two fields, of which the
// first one is not defined.
var gapPayload = []byte{
	4, 3, 1, 3, 3, // four strings
	'A', 'B', 'C', 'N', 'S', 'T', 'T', 'O', 'n', 'e',
	1, 2, // one segment, two fields in all
	0, 0, 2, // ABC, named N, section N
	2, 0, // two fields; the first one is not defined
	3, 4, 2, 0, // the second one: with a type; name One, usage N, type STT
	0, 0, // no types
	0, 0, // no structures
	0, 0, // no messages, no triggers
}

// groupPayload is a hand-made version with one structure: a segment and a group
// of one segment.
var groupPayload = []byte{
	4, 3, 1, 3, 3,
	'A', 'B', 'C', 'G', 'M', 'S', 'H', 'X', '_', 'Y',
	0, 0, 0, 0,
	1, 3, // one structure, three nodes in all
	4, 1, 2, // X_Y, named ABC, two nodes
	3, 0, 1, 2, // MSH, once
	2, 1, 0, 0, 1, // group G, any number of times, one node
	1, 0, 1, 2, // ABC, once
	0, 0,
}

// Undefined positions are possible, though the present data has none.
func TestGaps(t *testing.T) {
	f, err := unpackFacts(gapPayload)
	if err != nil {
		t.Fatal(err)
	}
	s := f.segment["ABC"]
	if len(s.Fields) != 2 || s.Fields[0].Defined() || !s.Fields[1].Defined() {
		t.Fatalf("%+v", s)
	}
	if s.Fields[1].Position != 2 || s.Fields[1].Name != "One" || s.Fields[1].Type != "STT" || s.Fields[1].Repeat != 1 {
		t.Errorf("%+v", s.Fields[1])
	}
	if _, ok := at(s.Fields, 1); ok {
		t.Error("the gap is found")
	}
}

func packFile(magic string, payload []byte) []byte {
	var b bytes.Buffer
	b.WriteString(magic)
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(payload))))
	b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(payload)))
	z, _ := flate.NewWriter(&b, flate.BestSpeed)
	z.Write(payload)
	z.Close()
	return b.Bytes()
}

func TestUnpackRefusesDamage(t *testing.T) {
	good := packFile("TRV1", []byte("payload"))
	if b, err := unpackPayload(good, "TRV1"); err != nil || string(b) != "payload" {
		t.Fatalf("%q, %v", b, err)
	}
	flipped := bytes.Clone(good)
	flipped[9] ^= 1
	huge := bytes.Clone(good)
	huge[4] = 0x7f
	for name, file := range map[string][]byte{
		"nothing": nil, "short": good[:11], "cut": good[:len(good)/2+6], "flipped": flipped, "huge": huge,
		"other magic": packFile("TRT1", []byte("payload")),
	} {
		if _, err := unpackPayload(file, "TRV1"); !errors.Is(err, errPacked) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Real data, cut short and with single bytes changed, never panics.
func TestUnpackSurvivesDamage(t *testing.T) {
	file, err := packed.ReadFile("data/2.1.bin")
	if err != nil {
		t.Fatal(err)
	}
	payload, err := unpackPayload(file, "TRV1")
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(payload); cut += 97 {
		if _, err := unpackFacts(payload[:cut]); !errors.Is(err, errPacked) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
	for i := 0; i < len(payload); i += 61 {
		for _, change := range []byte{1, 0x80, 0xff} {
			damaged := bytes.Clone(payload)
			damaged[i] ^= change
			if _, err := unpackFacts(damaged); err != nil && !errors.Is(err, errPacked) {
				t.Fatalf("byte %d changed: %v", i, err)
			}
		}
	}
	if f, err := unpackFacts(groupPayload); err != nil || len(f.structure["X_Y"].Nodes[1].Children) != 1 {
		t.Fatalf("the hand-made structure: %v", err)
	}
}

// FuzzUnpack feeds damaged files and damaged payloads, past the checksum.
func FuzzUnpack(f *testing.F) {
	f.Add(gapPayload)
	f.Add(groupPayload)
	f.Add(packFile("TRV1", gapPayload))
	f.Add([]byte{2, 4, 3, '0', '0', '0', '1', 'S', 'e', 'x', 1, 1, 1, 2, 0, 0, 0, 5, 1, 1, 2, 3}) // tables
	f.Add([]byte{1, 1, 'A', 1, 1, 0, 1, 1, 1, 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, magic := range []string{"TRV1", "TRT1"} {
			if _, err := unpackPayload(data, magic); err != nil && !errors.Is(err, errPacked) {
				t.Fatal(err)
			}
		}
		facts, err := unpackFacts(data)
		if (facts == nil) == (err == nil) {
			t.Fatalf("facts %v, error %v", facts, err)
		}
		if facts != nil {
			for i := range facts.structures {
				s := &facts.structures[i]
				if countNodes(s.Nodes) < 50 {
					compile(s)
				}
			}
		}
		if tables, err := readTables(data); err != nil && !errors.Is(err, errPacked) {
			t.Fatalf("%d tables, %v", len(tables), err)
		}
	})
}
