package fhirpath

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Error says what is wrong with an expression, or why its evaluation ended.
type Error struct {
	Off  int    // byte of the expression, from 0
	What string // one sentence without a full stop; holds no data of the input
	// Semantic says that the expression can never be right for its input's type: an unknown path in strict mode.
	Semantic bool
}

func (e *Error) Error() string { return fmt.Sprintf("at offset %d: %s", e.Off, e.What) }

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenQuotedWord // `delimited`
	tokenString
	tokenNumber
	tokenDate     // without @
	tokenVariable // $this
	tokenConstant // %name
	tokenSymbol
)

type token struct {
	kind tokenKind
	text string
	off  int
}

// lex splits an expression into tokens, the last of kind tokenEnd.
func lex(s string) ([]token, error) {
	l := lexer{s: s}
	var list []token
	for {
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		list = append(list, t)
		if t.kind == tokenEnd {
			return list, nil
		}
	}
}

type lexer struct {
	s  string
	at int
}

func (l *lexer) fail(off int, format string, args ...any) error {
	return &Error{Off: off, What: fmt.Sprintf(format, args...)}
}

func (l *lexer) skip() error {
	for l.at < len(l.s) {
		rest := l.s[l.at:]
		switch {
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r':
			l.at++
		case strings.HasPrefix(rest, "//"):
			if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
				l.at += i
			} else {
				l.at = len(l.s)
			}
		case strings.HasPrefix(rest, "/*"):
			i := strings.Index(rest[2:], "*/")
			if i < 0 {
				return l.fail(l.at, "a comment begins here and does not end")
			}
			l.at += i + 4
		default:
			return nil
		}
	}
	return nil
}

func isWordStart(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isDigit(c byte) bool     { return c >= '0' && c <= '9' }

func (l *lexer) word() string {
	from := l.at
	for l.at < len(l.s) && (isWordStart(l.s[l.at]) || isDigit(l.s[l.at])) {
		l.at++
	}
	return l.s[from:l.at]
}

func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	t := token{off: l.at}
	if l.at == len(l.s) {
		return t, nil
	}
	var err error
	switch c := l.s[l.at]; {
	case isWordStart(c):
		t.kind, t.text = tokenWord, l.word()
	case isDigit(c):
		t.kind, t.text = tokenNumber, l.number()
	case c == '\'' || c == '`':
		t.kind = tokenString
		if c == '`' {
			t.kind = tokenQuotedWord
		}
		t.text, err = l.quoted(c)
	case c == '"': // FHIRPath 1 had these around names
		t.kind = tokenQuotedWord
		t.text, err = l.quoted(c)
	case c == '@':
		t.kind = tokenDate
		l.at++
		t.text = l.date()
	case c == '$':
		l.at++
		t.kind, t.text = tokenVariable, l.word()
	case c == '%':
		l.at++
		t.kind = tokenConstant
		switch {
		case l.at < len(l.s) && (l.s[l.at] == '`' || l.s[l.at] == '\'' || l.s[l.at] == '"'):
			t.text, err = l.quoted(l.s[l.at])
		case l.at < len(l.s) && isWordStart(l.s[l.at]):
			t.text = l.word()
		default:
			err = l.fail(t.off, "the name of a constant should follow the %%")
		}
	default:
		t.kind = tokenSymbol
		for _, symbol := range []string{"<=", ">=", "!=", "!~"} {
			if strings.HasPrefix(l.s[l.at:], symbol) {
				t.text = symbol
			}
		}
		if t.text == "" && strings.IndexByte("+-*/&|=~<>()[]{}.,", c) >= 0 {
			t.text = l.s[l.at : l.at+1]
		}
		if t.text == "" {
			r, _ := utf8.DecodeRuneInString(l.s[l.at:])
			return t, l.fail(l.at, "the character %q has no meaning here", r)
		}
		l.at += len(t.text)
	}
	return t, err
}

func (l *lexer) number() string {
	from := l.at
	for l.at < len(l.s) && isDigit(l.s[l.at]) {
		l.at++
	}
	if l.at+1 < len(l.s) && l.s[l.at] == '.' && isDigit(l.s[l.at+1]) {
		l.at++
		for l.at < len(l.s) && isDigit(l.s[l.at]) {
			l.at++
		}
	}
	return l.s[from:l.at]
}

// date takes what can belong to a date or time literal; a minus or a point that no digit follows does not.
func (l *lexer) date() string {
	from := l.at
	clock := false
	for l.at < len(l.s) {
		c := l.s[l.at]
		followed := l.at+1 < len(l.s) && isDigit(l.s[l.at+1])
		switch {
		case isDigit(c):
		case c == 'T' && !clock:
			clock = true
		case c == ':' && clock && followed, c == '.' && clock && followed:
		case c == '-' && !clock && followed:
		case (c == '+' || c == '-') && clock && l.zoneFollows():
			l.at += 6
			return l.s[from:l.at]
		case c == 'Z' && clock:
			l.at++
			return l.s[from:l.at]
		default:
			return l.s[from:l.at]
		}
		l.at++
	}
	return l.s[from:l.at]
}

func (l *lexer) zoneFollows() bool {
	s := l.s[l.at:]
	return len(s) >= 6 && isDigit(s[1]) && isDigit(s[2]) && s[3] == ':' && isDigit(s[4]) && isDigit(s[5])
}

func (l *lexer) quoted(quote byte) (string, error) {
	from := l.at
	l.at++
	var b strings.Builder
	for l.at < len(l.s) {
		c := l.s[l.at]
		l.at++
		if c == quote {
			return b.String(), nil
		}
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		if l.at == len(l.s) {
			break
		}
		c = l.s[l.at]
		l.at++
		switch c {
		case '\'', '"', '`', '\\', '/':
			b.WriteByte(c)
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			r, ok := l.hex()
			if !ok {
				return "", l.fail(l.at-2, "\\u needs four hexadecimal digits")
			}
			if utf16.IsSurrogate(r) && strings.HasPrefix(l.s[l.at:], `\u`) {
				l.at += 2
				low, ok := l.hex()
				if !ok {
					return "", l.fail(l.at-2, "\\u needs four hexadecimal digits")
				}
				r = utf16.DecodeRune(r, low)
			}
			b.WriteRune(r)
		default:
			return "", l.fail(l.at-2, "there is no such escape in FHIRPath")
		}
	}
	return "", l.fail(from, "a string begins here and does not end")
}

func (l *lexer) hex() (rune, bool) {
	if len(l.s) < l.at+4 {
		return 0, false
	}
	v, err := strconv.ParseUint(l.s[l.at:l.at+4], 16, 32)
	l.at += 4
	return rune(v), err == nil
}
