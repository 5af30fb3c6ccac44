package fhir

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Limits bound what a hostile or broken text can cost. A zero means the default.
type Limits struct {
	Depth int // nesting of values or elements; default 200
	Bytes int // length of one text, or of one item of a stream; default 512 MB
}

const (
	defaultDepth = 200
	defaultBytes = 512 << 20
)

func (l Limits) depth() int {
	if l.Depth > 0 {
		return l.Depth
	}
	return defaultDepth
}

func (l Limits) bytes() int {
	if l.Bytes > 0 {
		return l.Bytes
	}
	return defaultBytes
}

// SyntaxError says where a text stops being JSON or XML.
type SyntaxError struct {
	Off          int    // byte, from 0
	Line, Column int    // from 1; the column counts characters
	What         string // a sentence without a full stop, without anything of the text but names and punctuation
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d (offset %d): %s", e.Line, e.Column, e.Off, e.What)
}

func syntaxError(text []byte, off int, format string, args ...any) *SyntaxError {
	line, column := Position(text, off)
	return &SyntaxError{Off: off, Line: line, Column: column, What: fmt.Sprintf(format, args...)}
}

// Position returns the line and the column of a byte, both from 1; columns count characters.
func Position(text []byte, off int) (line, column int) {
	before := text[:min(max(off, 0), len(text))]
	line = bytes.Count(before, []byte{'\n'}) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

// Problem is a departure from the grammar that a lenient reader went on after.
type Problem struct {
	Code string // "comment", "trailing-comma", "single-quote", "bare-name", "control", "utf8", "escape", "number", "comma", "after-end"
	Off  int
	Text string // one sentence without a full stop
}
