package dictionary

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The packed form, written by the generator in folder gen:
//
//	file     magic (4 bytes: TRV1 a version, TRT1 the tables), length and
//	         CRC-32 of the payload (4 bytes each, big-endian), then the payload, deflated
//	payload  number of strings, their lengths, their bytes; then the body
//	body     numbers are unsigned varints. A string is a reference: 0 = the
//	         next string that was not used yet, n = string n
//	version  segments (count, fields in all, then each: ID, name, section, fields),
//	         data types (count, components in all, each: name, description, components),
//	         structures (count, nodes in all, each: ID, name, nodes),
//	         messages (count, each: key, structure, response), triggers (count, each: key, name)
//	field    flags; 0 = not defined, else name, usage and what the flags announce
//	node     name, kind (1 group, 2 choice), min, max+1, and a group's nodes
//	tables   count, codes in all, each: ID, name, kind, OID, since, mask, codes
//	         (value, display, mask<<1 | deprecated)
//
// All strings of a file share one block of memory, and all fields, nodes and
// codes one slice each: unpacking makes few allocations.

const maxPayload = 4 << 20 // more than ten times what any file needs

var errPacked = errors.New("packed data is damaged")

// unpackPayload inflates a file and checks it.
func unpackPayload(file []byte, magic string) ([]byte, error) {
	if len(file) < 12 || string(file[:4]) != magic {
		return nil, fmt.Errorf("%w: it does not start with %s", errPacked, magic)
	}
	length, sum := binary.BigEndian.Uint32(file[4:]), binary.BigEndian.Uint32(file[8:])
	if length > maxPayload {
		return nil, fmt.Errorf("%w: it announces %d bytes", errPacked, length)
	}
	z := flate.NewReader(bytes.NewReader(file[12:]))
	payload := make([]byte, length)
	if _, err := io.ReadFull(z, payload); err != nil {
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	}
	if crc32.ChecksumIEEE(payload) != sum {
		return nil, fmt.Errorf("%w: its checksum differs", errPacked)
	}
	return payload, nil
}

// reader walks a payload. After the first fault it returns zero values, so that
// the fault is asked for once, at the end.
type reader struct {
	rest    []byte
	strings []string
	next    int // first string that was not used yet
	err     error
}

func newReader(payload []byte) *reader {
	r := &reader{rest: payload}
	n := r.count(1)
	lengths := make([]int, n)
	total := 0
	for i := range lengths {
		lengths[i] = r.count(1)
		total += lengths[i]
	}
	if total > len(r.rest) {
		r.fail("strings pass the end")
	}
	if r.err != nil {
		return r
	}
	text := string(r.rest[:total])
	r.rest = r.rest[total:]
	r.strings = make([]string, n)
	for i, l := range lengths {
		r.strings[i], text = text[:l], text[l:]
	}
	return r
}

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", errPacked, why)
	}
	r.rest = nil
}

func (r *reader) number() int {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > 1<<30 {
		r.fail("number expected")
		return 0
	}
	r.rest = r.rest[size:]
	return int(n)
}

// count reads how many things of at least size bytes follow: more than the
// bytes left can hold is a fault, so that no damage makes us allocate much.
func (r *reader) count(size int) int {
	n := r.number()
	if n > len(r.rest)/size {
		r.fail("count passes the end")
		return 0
	}
	return n
}

func (r *reader) text() string {
	n := r.number()
	if n == 0 {
		r.next++
		n = r.next
	}
	if n > len(r.strings) || r.err != nil {
		r.fail("no such string")
		return ""
	}
	return r.strings[n-1]
}

// slab hands out pieces of one slice.
type slab[T any] []T

func (s *slab[T]) take(r *reader, n int) []T {
	if n > len(*s) {
		r.fail("more items than announced")
		return nil
	}
	piece := (*s)[:n:n]
	*s = (*s)[n:]
	return piece
}
