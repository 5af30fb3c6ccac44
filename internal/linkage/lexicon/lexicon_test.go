package lexicon

import (
	"strings"
	"testing"
)

func TestRelated(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"william", "bill", true}, {"bill", "william", true}, {"bill", "will", true}, {"margaret", "peggy", true},
		{"robert", "robert", true}, {"robert", "susan", false}, {"bill", "", false}, {"", "", false}, {"zzz", "zzz", false},
	} {
		if got := Related(c.a, c.b); got != c.want {
			t.Errorf("Related(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		list func(string) (string, bool)
		word string
		want string
	}{
		{Street, "avenue", "ave"}, {Street, "str", "st"}, {Street, "northwest", "nw"}, {Street, "zebra", ""},
		{State, "washington", "wa"}, {State, "wa", "wa"}, {State, "district of columbia", "dc"}, {State, "xx", ""},
		{Suffix, "junior", "jr"}, {Suffix, "3rd", "iii"}, {Suffix, "md", ""},
	} {
		got, ok := c.list(c.word)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%q: %q, %v", c.word, got, ok)
		}
	}
	if !IsUnit("apt") || IsUnit("elm") {
		t.Error("units")
	}
}

func TestNoticesNameEverySource(t *testing.T) {
	for _, source := range []string{"carltonnorthern/nicknames", "CDCgov/phdi", "ihmeuw/pseudopeople", "CDCgov/RecordLinker", "Redistributions of source code", "Apache License"} {
		if !strings.Contains(Notices(), source) {
			t.Errorf("%s is missing", source)
		}
	}
}
