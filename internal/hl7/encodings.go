package hl7

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// IANA names of the sets that the code speaks of.
const (
	ascii     = "US-ASCII"
	utf8Name  = "UTF-8"
	latin1    = "ISO-8859-1"
	win1252   = "windows-1252"
	iso2022jp = "ISO-2022-JP"
	jis0208   = "JIS X 0208" // switched to by an escape sequence, not an IANA name
	jis0212   = "JIS X 0212"
)

// aliases maps names of MSH-18, upper case and without anything but letters
// and digits, to IANA names: those of table 0211 and those that people send.
// ISO-8859-n and windows-125n are understood by rule.
var aliases = map[string]string{
	"ASCII": ascii, "USASCII": ascii, "ISOIR6": ascii, "ANSIX341968": ascii, "ISO646US": ascii, "ISO646": ascii, "7BIT": ascii,
	"UNICODEUTF8": utf8Name, "UTF8": utf8Name, "UNICODE": utf8Name, "UTF8BOM": utf8Name, "UNICODE1UTF8": utf8Name, "ISOIR192": utf8Name, "CP65001": utf8Name,
	"LATIN1": latin1, "L1": latin1, "ISOIR100": latin1, "ISOIR101": "ISO-8859-2", "ISOIR109": "ISO-8859-3", "ISOIR110": "ISO-8859-4",
	"ISOIR144": "ISO-8859-5", "ISOIR127": "ISO-8859-6", "ISOIR126": "ISO-8859-7", "ISOIR138": "ISO-8859-8", "ISOIR148": "ISO-8859-9",
	"LATIN2": "ISO-8859-2", "LATIN5": "ISO-8859-9", "LATIN9": "ISO-8859-15",
	"ANSI": win1252, "CP1252": win1252, "WIN1252": win1252, "MSANSI": win1252,
	"ISOIR14": "Shift_JIS", "ISOIR13": "Shift_JIS", "SHIFTJIS": "Shift_JIS", "SJIS": "Shift_JIS", "MS932": "Shift_JIS", "WINDOWS31J": "Shift_JIS", "CP932": "Shift_JIS",
	"ISOIR87": iso2022jp, "ISOIR159": iso2022jp, "ISO2022JP": iso2022jp, "JAS2020": iso2022jp, "JIS": iso2022jp, "EUCJP": "EUC-JP",
	"GB180302000": "GB18030", "GB18030": "GB18030", "GBK": "GB18030", "GB2312": "GB18030", "CP936": "GB18030", "ISOIR58": "GB18030",
	"BIG5": "Big5", "CP950": "Big5",
	"KSX1001": "EUC-KR", "ISOIR149": "EUC-KR", "EUCKR": "EUC-KR", "KSC5601": "EUC-KR", "CP949": "EUC-KR", "MS949": "EUC-KR",
	"CP437": "IBM437", "IBM437": "IBM437", "CP850": "IBM850", "IBM850": "IBM850", "MACROMAN": "macintosh", "MACINTOSH": "macintosh", "KOI8R": "KOI8-R", "TIS620": "windows-874",
}

var encodings = map[string]encoding.Encoding{
	"ISO-8859-1": charmap.ISO8859_1, "ISO-8859-2": charmap.ISO8859_2, "ISO-8859-3": charmap.ISO8859_3, "ISO-8859-4": charmap.ISO8859_4,
	"ISO-8859-5": charmap.ISO8859_5, "ISO-8859-6": charmap.ISO8859_6, "ISO-8859-7": charmap.ISO8859_7, "ISO-8859-8": charmap.ISO8859_8,
	"ISO-8859-9": charmap.ISO8859_9, "ISO-8859-10": charmap.ISO8859_10, "ISO-8859-13": charmap.ISO8859_13, "ISO-8859-14": charmap.ISO8859_14,
	"ISO-8859-15": charmap.ISO8859_15, "ISO-8859-16": charmap.ISO8859_16,
	"windows-874": charmap.Windows874, "windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1252": charmap.Windows1252,
	"windows-1253": charmap.Windows1253, "windows-1254": charmap.Windows1254, "windows-1255": charmap.Windows1255, "windows-1256": charmap.Windows1256,
	"windows-1257": charmap.Windows1257, "windows-1258": charmap.Windows1258,
	"IBM437": charmap.CodePage437, "IBM850": charmap.CodePage850, "macintosh": charmap.Macintosh, "KOI8-R": charmap.KOI8R,
	"Shift_JIS": japanese.ShiftJIS, "EUC-JP": japanese.EUCJP, iso2022jp: japanese.ISO2022JP, jis0208: japanese.ISO2022JP, jis0212: japanese.ISO2022JP,
	"GB18030": simplifiedchinese.GB18030, "Big5": traditionalchinese.Big5, "EUC-KR": korean.EUCKR,
}

// charsetName returns the IANA name for a name of MSH-18, "" if it is unknown.
func charsetName(declared string) string {
	key := aliasKey(declared)
	if name, ok := aliases[key]; ok {
		return name
	}
	for _, p := range [...]struct{ prefix, name string }{
		{"ISO8859P", "ISO-8859-"}, {"ISO8859", "ISO-8859-"}, {"8859", "ISO-8859-"}, {"WINDOWS", "windows-"}, {"CP", "windows-"}, {"WIN", "windows-"},
	} {
		if n, ok := strings.CutPrefix(key, p.prefix); ok {
			if _, ok := encodings[p.name+n]; ok {
				return p.name + n
			}
		}
	}
	return ""
}

// aliasKey keeps the letters and digits of a name, in upper case.
func aliasKey(declared string) string {
	var b []byte
	for i := range len(declared) {
		if isAlnum(declared[i]) {
			b = append(b, upper(declared[i]))
		}
	}
	return string(b)
}

func multibyte(name string) bool {
	switch name {
	case "Shift_JIS", "EUC-JP", "GB18030", "Big5", "EUC-KR":
		return true
	}
	return false
}

// shapeOf says whether characters of the set may hide delimiters.
func shapeOf(declared []byte) textShape {
	if len(declared) == 0 || len(declared) > 40 {
		return shapePlain
	}
	switch charsetName(string(declared)) {
	case "Shift_JIS", "GB18030", "Big5":
		return shapeLead
	case iso2022jp:
		return shapeEscaped
	}
	return shapePlain
}

// switchTo returns the set that the bytes of a \C..\ or \M..\ select. They are
// the bytes of an ISO 2022 sequence after its ESC. "" = the message's own.
func switchTo(seq []byte) string {
	switch string(seq) {
	case "$B", "$@":
		return jis0208
	case "$(D":
		return jis0212
	case "$)C", "$(C":
		return "EUC-KR"
	case "-A":
		return latin1
	case "-B":
		return "ISO-8859-2"
	case "-C":
		return "ISO-8859-3"
	case "-D":
		return "ISO-8859-4"
	case "-L":
		return "ISO-8859-5"
	case "-G":
		return "ISO-8859-6"
	case "-F":
		return "ISO-8859-7"
	case "-H":
		return "ISO-8859-8"
	case "-M":
		return "ISO-8859-9"
	}
	return ""
}

// decodeAs reads b by the set; what it does not know becomes U+FFFD.
func decodeAs(name string, b []byte) string {
	e, ok := encodings[name]
	if !ok {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// encodeAs writes text in the set.
func encodeAs(name, text string) ([]byte, error) {
	e, ok := encodings[name]
	if !ok {
		return []byte(text), nil
	}
	out, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		for _, r := range text {
			if _, err := e.NewEncoder().String(string(r)); err != nil {
				return nil, fmt.Errorf("the character U+%04X does not exist in the message's character set %s; set MSH-18 to UNICODE UTF-8 and save in UTF-8, or choose another character", r, name)
			}
		}
		return nil, fmt.Errorf("the text cannot be written in %s: %w", name, err)
	}
	return out, nil
}

// firstUndecodable finds the first byte at which the set has no character.
func firstUndecodable(name string, b []byte) int {
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		n := characterLength(name, b[i:])
		if n == 0 {
			return i
		}
		i += n
	}
	return -1
}

// characterLength is the length of the character at the start of b, 0 if the
// set has none there.
func characterLength(name string, b []byte) int {
	for n := 1; n <= 4 && n <= len(b); n++ {
		if out, err := encodings[name].NewDecoder().Bytes(b[:n]); err == nil && utf8.RuneCount(out) == 1 && !bytes.Contains(out, []byte("\uFFFD")) {
			return n
		}
	}
	return 0
}
