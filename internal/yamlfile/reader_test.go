package yamlfile

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

type colour string

// thing is a file of all kinds of values.
type thing struct {
	name   string
	colour colour
	tags   []string
	port   int
	on     bool
	length int
	notes  map[string]string
}

func read(text string) (t thing, err error) {
	r := &Reader{File: "thing.yaml"}
	doc := r.Document([]byte(text))
	if doc == nil {
		return t, r.Err()
	}
	t.notes = map[string]string{}
	var list []string
	r.Mapping(doc.Content[0], "the thing",
		Required("name", r.Needed("name", &t.name)),
		Key("colour", Word(r, "colour", &t.colour, "red", "green", "blue")),
		Key("tags", r.OneOrMore("tags", &t.tags)),
		Key("list", r.Texts("list", &list)),
		Key("port", r.Number("port", 1, &t.port)),
		Key("on", r.Flag("on", &t.on)),
		Key("length", Parsed(r, "length", func(s string) (int, error) {
			if s == "" {
				return 0, errors.New("a length is needed")
			}
			return len(s), nil
		}, func(n int) { t.length = n })),
	)
	return t, r.Err()
}

func TestReads(t *testing.T) {
	got, err := read("name:  A b \ncolour: green\ntags: one\nport: 2575\non: yes\nlength: abc\nlist: [x, y]\n")
	if err != nil || got.name != "A b" || got.colour != "green" || !slices.Equal(got.tags, []string{"one"}) || got.port != 2575 || !got.on || got.length != 3 {
		t.Errorf("%+v %v", got, err)
	}
	for _, nothing := range []string{"", "\n# only a remark\n", "~\n"} {
		if _, err := read(nothing); err != nil {
			t.Errorf("%q: %v", nothing, err)
		}
	}
}

// Everything that is wrong is told at once, with its line and with what to do.
func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\ncolor: red\n":                    `thing.yaml:2: unknown key "color" in the thing; did you mean "colour"?`,
		"name: a\nweight: 3\n":                     `thing.yaml:2: unknown key "weight" in the thing; known are name, colour, tags, list, port, on, length`,
		"name: a\nname: b\n":                       `thing.yaml:2: "name" is given twice in the thing`,
		"port: 1\n":                                `thing.yaml:1: the thing needs "name"`,
		"name:\n":                                  `thing.yaml:1: name is empty`,
		"name: [a]\n":                              `thing.yaml:1: name must be text`,
		"name: !!binary aGk=\n":                    `thing.yaml:1: name must be plain text, not binary`,
		"name: &x a\ntags: *x\n":                   `thing.yaml:2: write the value of "tags" out: references (*name) are not supported`,
		"name: &x a\ntags: [*x]\n":                 `thing.yaml:2: write the entry of tags out: references (*name) are not supported`,
		"name: a\ntags: [a, '']\n":                 `thing.yaml:2: an entry of tags is empty`,
		"name: a\nlist: x\n":                       `thing.yaml:2: list must be a list, each entry on its own line after a dash`,
		"name: a\nport: 0\n":                       `thing.yaml:2: port is "0"; it must be a whole number of at least 1`,
		"name: a\non: perhaps\n":                   `thing.yaml:2: on is "perhaps"; it must be true or false`,
		"name: a\ncolour: pink\n":                  `thing.yaml:2: colour is "pink"; it must be "red", "green" or "blue"`,
		"name: a\nlength: ''\n":                    `thing.yaml:2: a length is needed`,
		"- a\n":                                    `thing.yaml:1: the thing must be keys and values, as in name: value`,
		"name: a\n? [b]\n: c\n":                    `thing.yaml:2: a key of the thing must be a plain word`,
		"name: a\n---\nname: b\n":                  `thing.yaml:2: a second document starts here (---); the file can have one only`,
		"name: \"a\n":                              `thing.yaml:2: not readable as YAML: found unexpected end of stream`,
		"port: 0\nname: []\non: 7\n":               "thing.yaml:1: port is \"0\"; it must be a whole number of at least 1\nthing.yaml:2: name must be text\nthing.yaml:3: on is \"7\"; it must be true or false",
		"name: a\nport: " + long + "\n":            `thing.yaml:2: port is "` + long[:40] + `…"; it must be a whole number of at least 1`,
		"name: a\n" + strings.Repeat("z: 1\n", 14): "… and 2 more",
	} {
		_, err := read(text)
		if err == nil || err.Error() != want && !strings.HasSuffix(err.Error(), "\n"+want) {
			t.Errorf("%q:\n%v\nwant\n%s", text, err, want)
		}
		var p Problem
		if err != nil && !errors.As(err, &p) {
			t.Errorf("%q: no problem in the error", text)
		}
	}
	if got := (Problem{Line: 3, Text: "wrong"}).Error() + "; " + (Problem{Text: "wrong"}).Error() + "; " + (Problem{File: "f", Text: "wrong"}).Error(); got != "line 3: wrong; wrong; f: wrong" {
		t.Error(got)
	}
}

var long = strings.Repeat("x", 60)

func FuzzDocument(f *testing.F) {
	f.Add("name: a\ntags: [b, c]\n")
	f.Add("? {a: *b}\n: !!binary x\n---\n")
	f.Fuzz(func(t *testing.T, text string) { read(text) })
}
