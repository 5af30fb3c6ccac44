package card

import (
	"bytes"
	"encoding/xml"
	"html"
	"io"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// latin reads bytes as Windows-1252.
func latin(b []byte) string {
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "�")
	}
	return string(out)
}

// letters are what the bytes of Windows-1252 stand for.
var letters = func() (all [256]string) {
	for i := range all {
		all[i] = string(charmap.Windows1252.DecodeByte(byte(i)))
	}
	return all
}()

// hiddenInRTF are destinations that hold no text of the document (Rich Text Format Specification 1.9.1).
var hiddenInRTF = map[string]bool{
	"fonttbl": true, "colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true, "header": true, "footer": true,
	"headerl": true, "headerr": true, "headerf": true, "footerl": true, "footerr": true, "footerf": true, "listtable": true, "listoverridetable": true,
	"generator": true, "themedata": true, "datastore": true, "latentstyles": true, "fldinst": true, "filetbl": true, "revtbl": true, "rsidtbl": true, "xmlnstbl": true,
}

// signsOfRTF are control words that stand for text.
var signsOfRTF = map[string]string{
	"par": "\n", "line": "\n", "sect": "\n", "page": "\n", "row": "\n", "tab": "\t", "cell": "\t", "emdash": "—", "endash": "–", "bullet": "•",
	"lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
}

// groupOfRTF is what holds within braces.
type groupOfRTF struct {
	hidden bool
	skip   int // characters after \u that are for older readers
}

// textOfRTF is the text of an RTF document. It reads what it can of a damaged one.
func textOfRTF(b []byte) string {
	var out strings.Builder
	stack := []groupOfRTF{{skip: 1}}
	now := &stack[0]
	pending := 0 // characters still to be skipped
	put := func(text string) {
		switch {
		case now.hidden:
		case pending > 0:
			pending--
		default:
			out.WriteString(text)
		}
	}
	const deepest = 1000
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '{':
			if len(stack) < deepest {
				stack = append(stack, *now)
				now = &stack[len(stack)-1]
			}
			pending = 0
		case '}':
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
				now = &stack[len(stack)-1]
			}
			pending = 0
		case '\r', '\n':
		case '\\':
			i = controlOfRTF(b, i, now, &pending, put)
		default:
			put(letters[c])
		}
	}
	return strings.TrimSpace(out.String())
}

// controlOfRTF does what the control at b[i], a backslash, says, and returns where it ends.
func controlOfRTF(b []byte, i int, now *groupOfRTF, pending *int, put func(string)) int {
	if i+1 >= len(b) {
		return i
	}
	switch c := b[i+1]; {
	case c == '\'':
		if i+3 < len(b) {
			if n, err := strconv.ParseUint(string(b[i+2:i+4]), 16, 8); err == nil {
				put(letters[n])
			}
		}
		return min(i+3, len(b)-1)
	case c == '*':
		now.hidden = true
		return i + 1
	case c == '~':
		put(" ")
		return i + 1
	case c == '\\' || c == '{' || c == '}':
		put(string(c))
		return i + 1
	case c == '\r' || c == '\n':
		put("\n")
		return i + 1
	case c < 'a' || c > 'z':
		return i + 1
	}
	end := i + 1
	for end < len(b) && b[end] >= 'a' && b[end] <= 'z' {
		end++
	}
	word, number := string(b[i+1:end]), end
	for number < len(b) && (b[number] >= '0' && b[number] <= '9' || number == end && b[number] == '-') {
		number++
	}
	value, _ := strconv.Atoi(string(b[end:number])) // 0 where there is none or it is too large
	if number < len(b) && b[number] == ' ' {
		number++
	}
	switch {
	case hiddenInRTF[word]:
		now.hidden = true
	case word == "uc":
		now.skip = max(0, min(value, 10))
	case word == "u":
		*pending = 0
		put(string(rune(uint16(value)))) // above 32767 it is written as a negative number
		*pending = now.skip
	case signsOfRTF[word] != "":
		put(signsOfRTF[word])
	}
	return number - 1
}

// blocks are elements of HTML and of the narrative of CDA that begin a line.
var blocks = map[string]bool{
	"p": true, "div": true, "br": true, "tr": true, "li": true, "item": true, "paragraph": true, "table": true, "h1": true, "h2": true, "h3": true, "h4": true,
	"caption": true, "list": true, "ul": true, "ol": true, "title": true, "section": true, "text": true, "content": false,
}

// textOfHTML is the text of an HTML page, without scripts and styles.
func textOfHTML(b []byte) string {
	var out strings.Builder
	text := plainText(b)
	low := strings.Map(func(r rune) rune { // of the same length, for looking for tags
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
	for at := 0; at < len(text); {
		open := strings.IndexByte(text[at:], '<')
		if open < 0 {
			open = len(text) - at
		}
		out.WriteString(html.UnescapeString(strings.Join(strings.Fields(text[at:at+open]), " ")))
		if at += open; at == len(text) {
			break
		}
		end := strings.IndexByte(text[at:], '>')
		if end < 0 {
			break
		}
		name, closing := tagName(low[at+1 : at+end])
		at += end + 1
		switch {
		case !closing && (name == "script" || name == "style"):
			end := strings.Index(low[at:], "</"+name)
			if end < 0 {
				return tidy(out.String())
			}
			at += end
		case name == "td" || name == "th":
			out.WriteString("  ")
		case blocks[name]:
			out.WriteByte('\n')
		default:
			out.WriteByte(' ')
		}
	}
	return tidy(out.String())
}

// tagName is the name of a tag, without what stands behind it.
func tagName(tag string) (name string, closing bool) {
	tag, closing = strings.CutPrefix(tag, "/")
	if i := strings.IndexAny(tag, " \t\n/"); i >= 0 {
		tag = tag[:i]
	}
	return tag, closing
}

// narrative is what a CDA document says to a person: the titles and texts of its sections (CDA R2, section 4.3.5).
func narrative(b []byte) string {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict, d.Entity = false, xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { // what is not UTF-8 has been that of Windows for long
		return charmap.Windows1252.NewDecoder().Reader(r), nil
	}
	var out strings.Builder
	said := 0 // elements title and text that are open
	for {
		t, err := d.Token()
		if err != nil { // the end, or what is damaged: what came before it is shown
			return tidy(out.String())
		}
		switch t := t.(type) {
		case xml.StartElement:
			name := t.Name.Local
			if said > 0 || name == "title" || name == "text" {
				said++
			}
			switch {
			case said == 0:
			case name == "title":
				out.WriteString("\n\n")
			case name == "td" || name == "th":
				out.WriteString("  ")
			case name == "item" || name == "li":
				out.WriteString("\n- ")
			case blocks[name]:
				out.WriteByte('\n')
			}
		case xml.EndElement:
			if said > 0 {
				if blocks[t.Name.Local] {
					out.WriteByte('\n')
				}
				said--
			}
		case xml.CharData:
			if said > 0 {
				words := strings.Join(strings.Fields(string(t)), " ")
				if words != "" {
					out.WriteString(words + " ")
				}
			}
		}
	}
}

// tidy leaves no blanks at the ends of lines, and no more than one blank line.
func tidy(text string) string {
	var out []string
	blank := true
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" && blank {
			continue
		}
		blank = line == ""
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
