package paste

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"maps"
	"mime/quotedprintable"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// decode undoes one other format's way of writing text after the other, as long as that brings segments to light.
func (c *cleaner) decode(text []byte) []byte {
	for range 4 { // JSON in a JSON string, quoted-printable HTML: deeper than that nobody goes
		better, what, ok := best(text)
		if !ok {
			return text
		}
		c.note(what)
		text = better
	}
	return text
}

// ways are the formats. Each gives nil where the text has none of its signs.
var ways = []struct {
	kind Kind
	read func([]byte) []byte
}{{Base64, fromBase64}, {URL, fromURL}, {QuotedPrintable, fromQuotedPrintable}, {Strings, fromString}, {HTML, fromHTML}, {Marks, fromMarks}}

// best is the decoding that shows more segments than the text has; ok is false where none does.
func best(text []byte) (better []byte, what Kind, ok bool) {
	if d := fromDocument(text); d != nil {
		return d, Strings, true
	}
	most := segments(text)
	for _, w := range ways {
		if d := w.read(text); d != nil {
			if n := segments(d); n > most {
				better, what, most, ok = d, w.kind, n, true
			}
		}
	}
	return better, what, ok
}

// segmentStart is a segment at the beginning of a line, behind what can stand there.
var segmentStart = regexp.MustCompile(`(?m)(?:^|[\r\x0b\s"'>:|\]])([A-Z][A-Z0-9]{2})[^\w\s]`)

// segments counts what looks like a segment at the beginning of a line: one header and more lines with its separator.
func segments(text []byte) int {
	at := header.FindSubmatchIndex(text)
	if at == nil {
		return 0
	}
	separator, n := text[at[2]], 0
	for _, line := range splitLines(text) {
		for _, m := range segmentStart.FindAllSubmatchIndex(line, 4) {
			if end := m[3]; end < len(line) && line[end] == separator {
				n++
				break
			}
		}
	}
	// What still shows signs of another format counts for less: encoding characters that are doubled or written out, and
	// breaks that are written as letters at the end of a line.
	if bytes.Contains(text[at[0]:min(at[0]+10, len(text))], []byte(`\\`)) || at[5] < len(text) && text[at[5]-1] != separator && text[at[5]] != separator {
		n--
	}
	if writtenBreak.Match(text) {
		n--
	}
	return n
}

// writtenBreak is a break as source code writes it, at the end of a line.
var writtenBreak = regexp.MustCompile(`(?m)\\[rn]["'\x60][ \t]*[+,;)]*[ \t]*$`)

func fromBase64(text []byte) []byte {
	compact := bytes.Join(bytes.Fields(text), nil)
	if len(compact) < 40 || bytes.IndexByte(compact, '|') >= 0 {
		return nil
	}
	d, err := base64.StdEncoding.DecodeString(string(compact))
	if err != nil {
		d, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(string(compact), "="))
	}
	if err != nil {
		return nil
	}
	return d
}

func fromURL(text []byte) []byte {
	if !bytes.Contains(text, []byte("%7C")) && !bytes.Contains(text, []byte("%7c")) {
		return nil
	}
	d, err := url.PathUnescape(string(text))
	if err != nil {
		return nil
	}
	return []byte(d)
}

func fromQuotedPrintable(text []byte) []byte {
	if !regexp.MustCompile(`=[0-9A-F]{2}|=\r?\n`).Match(text) {
		return nil
	}
	d, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(text)))
	if err != nil {
		return nil
	}
	return d
}

// fromString reads the escapes of JSON and most programming languages: \r \n \t \\ \" \u000d \x0d.
func fromString(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return nil
	}
	// Strings that are put together line by line are one text: the breaks between them are the program's.
	text = concatenation.ReplaceAll(text, nil)
	return unescape(text)
}

// fromDocument gives the strings of a JSON document that hold a message.
func fromDocument(text []byte) []byte {
	var document any
	if t := bytes.TrimSpace(text); len(t) == 0 || strings.IndexByte(`"{[`, t[0]) < 0 || json.Unmarshal(text, &document) != nil {
		return nil
	}
	var found []string
	collect(document, &found)
	if len(found) == 0 {
		return nil
	}
	return []byte(strings.Join(found, "\r"))
}

// concatenation is where one string ends and the next one begins in source code.
var concatenation = regexp.MustCompile(`"[ \t]*[+.&]?[ \t]*(?:\\[ \t]*)?\r?\n[ \t]*[+.&]?[ \t]*"`)

func collect(v any, found *[]string) {
	switch v := v.(type) {
	case string:
		if header.MatchString(v) {
			*found = append(*found, v)
		}
	case []any:
		for _, x := range v {
			collect(x, found)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			collect(v[name], found)
		}
	}
}

func unescape(text []byte) []byte {
	var b bytes.Buffer
	simple := map[byte]byte{'r': '\r', 'n': '\n', 't': '\t', '\\': '\\', '"': '"', '/': '/', '\'': '\''}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		next := text[i+1]
		if c, ok := simple[next]; ok {
			b.WriteByte(c)
			i++
			continue
		}
		digits := map[byte]int{'u': 4, 'x': 2}[next]
		if digits > 0 && i+2+digits <= len(text) {
			if n, ok := hexValue(text[i+2 : i+2+digits]); ok {
				b.WriteRune(rune(n))
				i += 1 + digits
				continue
			}
		}
		b.WriteByte('\\')
	}
	return b.Bytes()
}

func hexValue(b []byte) (n int, ok bool) {
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			n = n*16 + int(c-'0')
		case c >= 'a' && c <= 'f':
			n = n*16 + int(c-'a') + 10
		case c >= 'A' && c <= 'F':
			n = n*16 + int(c-'A') + 10
		default:
			return 0, false
		}
	}
	return n, true
}

var (
	htmlBreak = regexp.MustCompile(`(?i)<br\s*/?>|</p>|</div>|</li>|</tr>|</pre>`)
	htmlTag   = regexp.MustCompile(`(?i)</?[a-z][^<>]{0,200}>`)
)

func fromHTML(text []byte) []byte {
	if !htmlTag.Match(text) && !bytes.Contains(text, []byte("&amp;")) && !bytes.Contains(text, []byte("&#")) {
		return nil
	}
	s := htmlBreak.ReplaceAllString(string(text), "\n")
	return []byte(html.UnescapeString(htmlTag.ReplaceAllString(s, "")))
}

// crMark is how people and tools write a CR that cannot be seen.
var crMark = regexp.MustCompile(`(?i)<cr>(?:<lf>)?|\[cr\](?:\[lf\])?|\{cr\}|<0x0d>|\[0x0d\]|\x{240d}|#x0d;|\^M(?:[A-Z][A-Z0-9]{2})?`)

func fromMarks(text []byte) []byte {
	if !crMark.Match(text) {
		return nil
	}
	return crMark.ReplaceAllFunc(text, func(m []byte) []byte {
		if len(m) == 5 && m[0] == '^' { // ^M before a segment's ID
			return append([]byte("\r"), m[2:]...)
		}
		if string(m) == "^M" {
			return m
		}
		return []byte("\r")
	})
}
