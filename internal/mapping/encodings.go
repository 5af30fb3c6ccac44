package mapping

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"strings"
	"unicode/utf8"

	"trestle/internal/fhir"
	"trestle/internal/hl7"
)

var xmlSigns = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func encodingFunctions() []*Function {
	enc := func(f *Function) *Function { f.Group = "encoding"; return f }
	return []*Function{
		enc(text("base64", "as Base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })),
		enc(text("base64_decode", "the text of Base64; nothing if it is none", func(s string) string {
			b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
			if err != nil || !utf8.Valid(b) {
				return ""
			}
			return string(b)
		})),
		enc(text("url_encode", "for a part of a URL", url.QueryEscape)),
		enc(text("url_decode", "the text of a part of a URL; nothing if it is none", func(s string) string {
			out, err := url.QueryUnescape(s)
			if err != nil || !utf8.ValidString(out) {
				return ""
			}
			return out
		})),
		enc(text("hl7_escape", `with the delimiters of HL7 v2 as \F\, \S\, \R\, \E\ and \T\`, hl7.Standard().EscapeText)),
		enc(text("hl7_unescape", `with \F\, \S\, \R\, \E\, \T\, \.br\ and hexadecimal escapes as what they stand for`, unescapeHL7)),
		enc(text("json_escape", "for text between quotes in JSON", func(s string) string {
			quoted := fhir.AppendQuoted(nil, s)
			return string(quoted[1 : len(quoted)-1])
		})),
		enc(text("xml_escape", "for text in XML or HTML", func(s string) string {
			return xmlSigns.Replace(s)
		})),
		enc(text("xml_unescape", "the text of XML or HTML without entities", html.UnescapeString)),
		enc(text("sha256", "the SHA-256 in hexadecimal", func(s string) string {
			sum := sha256.Sum256([]byte(s))
			return hex.EncodeToString(sum[:])
		})),
	}
}

// unescapeHL7 resolves the escape sequences of HL7 v2 (chapter 2.7) with the usual delimiters. What is no sequence, and
// highlighting, stays as it is.
func unescapeHL7(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, `\`)
		b.WriteString(before)
		body, after, closed := strings.Cut(rest, `\`)
		if !found {
			return b.String()
		}
		if !closed {
			return b.String() + `\` + rest
		}
		if text, ok := unescaped(body); ok {
			b.WriteString(text)
			s = after
			continue
		}
		b.WriteString(`\` + body)
		s = `\` + after
	}
}

func unescaped(body string) (string, bool) {
	switch body {
	case "F":
		return "|", true
	case "S":
		return "^", true
	case "T":
		return "&", true
	case "R":
		return "~", true
	case "E":
		return `\`, true
	case ".br", ".BR":
		return "\n", true
	}
	if digits, ok := strings.CutPrefix(body, "X"); ok {
		if raw, err := hex.DecodeString(digits); err == nil && len(raw) > 0 && utf8.Valid(raw) {
			return string(raw), true
		}
	}
	return "", false
}
