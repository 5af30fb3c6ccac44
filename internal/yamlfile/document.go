package yamlfile

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document reads the one document of a file and notes as problems what is no YAML and what follows the document. It
// is nil for a file that says nothing, and where there is a problem that leaves nothing to read.
func (r *Reader) Document(b []byte) *yaml.Node {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc, next yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	switch err := d.Decode(&next); {
	case err == nil:
		r.Fail(&next, "a second document starts here (---); the file can have one only")
	case !errors.Is(err, io.EOF):
		r.syntax(err)
	}
	if len(doc.Content) != 1 || IsEmpty(doc.Content[0]) {
		return nil
	}
	return &doc
}

// place is how the YAML package names a line in its errors.
var place = regexp.MustCompile(`line (\d+): `)

// syntax turns an error of the YAML package into a problem with a line.
func (r *Reader) syntax(err error) {
	text, line := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " "), 0
	if at := place.FindStringSubmatchIndex(text); at != nil {
		line, _ = strconv.Atoi(text[at[2]:at[3]])
		text = text[:at[0]] + text[at[1]:]
	}
	r.Problems = append(r.Problems, Problem{File: r.File, Line: line, Text: "not readable as YAML: " + text})
}
