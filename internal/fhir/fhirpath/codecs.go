package fhirpath

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"strings"

	"trestle/internal/fhir"
)

func codecFunctions() map[string]*function {
	return map[string]*function{
		"encode":   {1, 1, false, encode},
		"decode":   {1, 1, false, decode},
		"escape":   {1, 1, false, escape},
		"unescape": {1, 1, false, unescape},
	}
}

func (c call) textAndName() (s, name string, ok bool, err error) {
	if s, ok, err = c.text(); err != nil || !ok {
		return "", "", false, err
	}
	name, ok, err = c.textArg(0)
	return s, name, ok, err
}

func encode(c call) (Collection, error) {
	s, name, ok, err := c.textAndName()
	if err != nil || !ok {
		return nil, err
	}
	switch name {
	case "hex":
		return c.grown(hex.EncodeToString([]byte(s)))
	case "base64":
		return c.grown(base64.StdEncoding.EncodeToString([]byte(s)))
	case "urlbase64":
		return c.grown(base64.URLEncoding.EncodeToString([]byte(s)))
	}
	return nil, c.fail("encode() knows hex, base64 and urlbase64")
}

func decode(c call) (Collection, error) {
	s, name, ok, err := c.textAndName()
	if err != nil || !ok {
		return nil, err
	}
	var b []byte
	switch name {
	case "hex":
		b, err = hex.DecodeString(s)
	case "base64":
		b, err = base64.StdEncoding.DecodeString(s)
	case "urlbase64":
		b, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	default:
		return nil, c.fail("decode() knows hex, base64 and urlbase64")
	}
	if err != nil {
		return nil, nil
	}
	return c.grown(strings.ToValidUTF8(string(b), "\uFFFD"))
}

func escape(c call) (Collection, error) {
	s, name, ok, err := c.textAndName()
	if err != nil || !ok {
		return nil, err
	}
	switch name {
	case "html":
		return c.grown(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(s))
	case "json":
		quoted := fhir.AppendQuoted(nil, s)
		return c.grown(string(quoted[1 : len(quoted)-1]))
	}
	return nil, c.fail("escape() knows html and json")
}

func unescape(c call) (Collection, error) {
	s, name, ok, err := c.textAndName()
	if err != nil || !ok {
		return nil, err
	}
	switch name {
	case "html":
		return c.grown(html.UnescapeString(s))
	case "json":
		n, err := fhir.ParseJSON([]byte(`"` + s + `"`))
		if err != nil {
			return nil, nil
		}
		return c.grown(n.Text)
	}
	return nil, c.fail("unescape() knows html and json")
}
