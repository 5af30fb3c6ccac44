package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is what is wrong with a query and where, in bytes of its text.
type Error struct {
	Offset int
	Text   string
}

func (e *Error) Error() string { return e.Text }

func failAt(offset int, format string, args ...any) error {
	return &Error{offset, fmt.Sprintf(format, args...)}
}

type kind uint8

const (
	end    kind = iota
	word        // a name, a path, a value without quotation marks
	quoted      // a value in quotation marks
	sign        // = != < <= > >= ( ) , :
)

// token is one part of a query's text.
type token struct {
	kind   kind
	text   string // a quoted one without its marks
	at     int
	to     int  // where it ends
	prefix bool // a star follows: what begins so
}

// signs are the operators that are written with signs; the longer ones first.
var signs = []string{"!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ","}

// lex takes one token off text from a place on. A colon belongs to a word unless it is the first one after a field's
// name, which is a sign of its own.
func lex(text string, at int) (token, error) {
	for at < len(text) {
		r, n := utf8.DecodeRuneInString(text[at:])
		if !unicode.IsSpace(r) {
			break
		}
		at += n
	}
	rest := text[at:]
	if rest == "" {
		return token{kind: end, at: at, to: at}, nil
	}
	if rest[0] == '"' {
		return lexQuoted(rest, at)
	}
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			return token{kind: sign, text: s, at: at, to: at + len(s)}, nil
		}
	}
	n := wordEnd(rest)
	t := token{kind: word, text: rest[:n], at: at, to: at + n}
	if name, _, ok := strings.Cut(t.text, ":"); ok && fieldNamed(name) != nil {
		t.text, t.to = name, at+len(name)
		return t, nil
	}
	if rest[0] == ':' {
		return token{kind: sign, text: ":", at: at, to: at + 1}, nil
	}
	if len(t.text) > 1 && strings.HasSuffix(t.text, "*") {
		t.text, t.prefix = t.text[:len(t.text)-1], true
	}
	return t, nil
}

// wordEnd is where a word ends: at a space, a quotation mark, a parenthesis, a comma or a sign of comparison. What
// stands between the brackets of a path, and the signs in a value such as ADT^A08, belong to it.
func wordEnd(s string) int {
	for i, r := range s {
		if unicode.IsSpace(r) || strings.ContainsRune(`"(),=<>`, r) || r == '!' && strings.HasPrefix(s[i:], "!=") {
			return max(i, 1)
		}
	}
	return len(s)
}

// lexQuoted reads a value in quotation marks, in which \" and \\ stand for the two signs.
func lexQuoted(rest string, at int) (token, error) {
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\' && i+1 < len(rest) && (rest[i+1] == '"' || rest[i+1] == '\\'):
			i++
			b.WriteByte(rest[i])
		case c == '"':
			t := token{kind: quoted, text: b.String(), at: at, to: at + i + 1}
			if strings.HasPrefix(rest[i+1:], "*") {
				t.prefix = true
				t.to++
			}
			return t, nil
		default:
			b.WriteByte(c)
		}
	}
	return token{}, failAt(at, `the quotation mark is not closed; put a " at the end of the value`)
}

// Quote writes a value as a query reads it, in quotation marks where it needs them.
func Quote(s string) string {
	if s != "" && wordEnd(s) == len(s) && !strings.HasSuffix(s, "*") && !strings.ContainsAny(s, `:\"(),=<>!`) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
