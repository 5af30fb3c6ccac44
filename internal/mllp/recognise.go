package mllp

import (
	"bytes"

	"trestle/internal/format"
)

// look notes what the content of a whole frame says about the transport.
func (r *Reader) look(ev *Event) {
	b := ev.Bytes
	switch {
	case len(b) == 0:
		ev.note(FrameEmpty, ev.Offset, int(ev.Length), "the frame holds nothing")
	case len(b) == 1 && b[0] == CommitByte:
		ev.Kind = CommitAck
		ev.note(FrameCommit, ev.Start, 1, "this is the commit acknowledgement (06) of MLLP release 2")
	case len(b) == 1 && b[0] == RefuseByte:
		ev.Kind = CommitNak
		ev.note(FrameCommit, ev.Start, 1, "this is the negative commit acknowledgement (15) of MLLP release 2")
	case startsWithHeader(b):
		if b[len(b)-1] != CarriageReturn {
			ev.note(NoSegmentEnd, ev.Start+int64(len(b)), 0, "the last segment has no CR before the end byte")
		}
		if at := secondMessage(b); at > 0 {
			ev.note(FrameManyMessages, ev.Start+int64(at), 3, "a second message begins here in the same frame")
		}
	case isHLLP(b):
		ev.note(WrongProtocol, ev.Start, len(b), "this is HLLP, which adds a version, a length and a checksum to the frame: switch the peer to MLLP")
	case b[0] == '{' || b[0] == '[' || b[0] == '<':
		if g := format.Detect(b[:min(len(b), format.HeadSize)]); foreign(g.Kind) {
			ev.note(WrongProtocol, ev.Start, len(b), "the frame holds "+g.Kind.Words()+", not HL7 v2")
		}
	}
}

// startsWithHeader reports whether b begins with MSH, FHS or BHS and a field
// separator, after at most a byte order mark and blanks.
func startsWithHeader(b []byte) bool {
	for len(b) > 0 && (b[0] <= ' ') {
		b = b[1:]
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	return len(b) >= 4 && headerPart(b[:4])
}

// secondMessage returns where the second MSH of the bytes stands, at the start
// of a line and with the separator of the first, or -1.
func secondMessage(b []byte) int {
	first := bytes.Index(b, mshID)
	if first < 0 || first+4 > len(b) {
		return -1
	}
	for from := first + 3; ; {
		i := bytes.Index(b[from:], mshID)
		if i < 0 {
			return -1
		}
		i += from
		if c := b[i-1]; (c == '\r' || c == '\n') && i+3 < len(b) && b[i+3] == b[first+3] {
			return i
		}
		from = i + 3
	}
}

var mshID = []byte("MSH")

// isHLLP recognises the hybrid lower layer protocol: a block type and a version
// of two digits before the data, five digits of length and three of checksum
// after it. HL7 implementation support guide for 2.3, section C.3.
func isHLLP(b []byte) bool {
	if len(b) < 12 || b[0] != 'D' && b[0] != 'N' || !digits(b[1:3]) || b[3] != CarriageReturn {
		return false
	}
	return digits(b[len(b)-8:])
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// recognise names what bytes outside of frames are, "" if that cannot be said.
func recognise(b []byte) (code, text string) {
	switch {
	case startsWithHeader(b):
		return Unframed, "these bytes are HL7 without a frame: the sender leaves out the start byte (VT) and the end bytes (FS CR)"
	case isHTTP(b):
		return WrongProtocol, "this is an HTTP request: the peer takes the port for that of a web server"
	case bytes.HasPrefix(b, []byte("HTTP/")):
		return WrongProtocol, "this is an HTTP response: the port is that of a web server"
	case len(b) >= 3 && b[0] == 0x16 && b[1] == 0x03 && b[2] <= 4:
		return WrongProtocol, "this is the start of a TLS connection: switch TLS on here, or off at the peer"
	case len(b) >= 3 && b[0] == 0x15 && b[1] == 0x03 && b[2] <= 4:
		return WrongProtocol, "this is a TLS alert: the port expects TLS"
	case b[0] == 0x05:
		return WrongProtocol, "this is ENQ (05), with which an ASTM instrument asks for the line: the peer speaks ASTM E1381, not MLLP"
	case b[0] == 0x02:
		return WrongProtocol, "this is a frame that begins with STX (02), as ASTM E1381 writes it, not MLLP"
	case b[0] == 0x04:
		return WrongProtocol, "this is EOT (04), with which ASTM E1381 ends a transmission: the peer speaks ASTM, not MLLP"
	case len(b) == 1 && b[0] == CommitByte:
		return WrongProtocol, "this is a lone ACK (06), as ASTM E1381 sends it; MLLP release 2 would send it in a frame"
	case len(b) == 1 && b[0] == RefuseByte:
		return WrongProtocol, "this is a lone NAK (15), as ASTM E1381 sends it; MLLP release 2 would send it in a frame"
	}
	if len(b) >= 4 {
		if g := format.Detect(b); foreign(g.Kind) {
			return WrongProtocol, "these bytes are " + g.Kind.Words() + ", not HL7 v2 in frames"
		}
	}
	return "", ""
}

func foreign(k format.Kind) bool {
	switch k {
	case format.FHIRJSON, format.FHIRXML, format.FHIRNDJSON, format.JSON, format.NDJSON, format.XML, format.HTML, format.HL7v2XML, format.HL7v3,
		format.CCDA, format.X12, format.EDIFACT, format.NCPDP, format.ASTM, format.DICOM, format.HTTP, format.TLS, format.PDF, format.UTF16:
		return true
	}
	return false
}

var httpMethods = [][]byte{
	[]byte("GET /"), []byte("POST /"), []byte("PUT /"), []byte("HEAD /"), []byte("DELETE /"), []byte("PATCH /"),
	[]byte("OPTIONS /"), []byte("OPTIONS *"), []byte("CONNECT "), []byte("TRACE /"), []byte("PRI * HTTP/2"),
}

func isHTTP(b []byte) bool {
	for _, m := range httpMethods {
		if bytes.HasPrefix(b, m) {
			return true
		}
	}
	return false
}
