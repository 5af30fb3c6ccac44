package fhirclient

import (
	"slices"
	"strings"

	"trestle/internal/fhir"
)

// Suggestion is one way to go on with a path.
type Suggestion struct {
	Path  string // the whole path with it
	Label string // what is added, for a list
	Text  string // what it is, in a few words
}

// most suggestions at a time.
const maxSuggestions = 200

// Complete suggests how a path may go on, from what the server says that it can do; with nil from all of FHIR R4. ids are identities that
// were seen, such as Patient/12.
func (c *Capabilities) Complete(method, path string, ids []string) []Suggestion {
	if c == nil {
		c = everything()
	}
	var list []Suggestion
	add := func(path, label, text string) {
		if len(list) < maxSuggestions {
			list = append(list, Suggestion{path, label, text})
		}
	}
	if before, query, ok := strings.Cut(path, "?"); ok {
		c.completeQuery(before, query, add)
		return list
	}
	parts := strings.Split(path, "/")
	last := parts[len(parts)-1]
	before := strings.Join(parts[:len(parts)-1], "/")
	if before != "" {
		before += "/"
	}
	word := func(word, text string) {
		if hasPrefixFold(word, last) && word != last {
			add(before+word, word, text)
		}
	}
	typ := c.Types[parts[0]]
	switch {
	case len(parts) == 1:
		for _, name := range c.Names() {
			t := c.Types[name]
			switch does := t.by(method); {
			case does == "":
			case name == last && method == "GET" && t.Can("search-type"):
				add(path+"?", "?", "search")
			default:
				word(name, does)
			}
		}
		if method == "GET" {
			word("metadata", "what the server can do")
			if slices.Contains(c.System, "history-system") {
				word("_history", "what happened on the whole server")
			}
		}
		for _, o := range c.Operations {
			word("$"+o, "operation on the whole server")
		}
	case typ == nil:
	case len(parts) == 2:
		for _, id := range ids {
			if name, rest, ok := strings.Cut(id, "/"); ok && name == parts[0] && method != "POST" {
				word(rest, "seen in an answer")
			}
		}
		if method == "POST" {
			word("_search", "search with a form")
		}
		if method == "GET" && typ.Can("history-type") {
			word("_history", "history of the type")
		}
		for _, o := range typ.Operations {
			word("$"+o, "operation")
		}
	case len(parts) == 3:
		if method == "GET" && typ.Can("history-instance") {
			word("_history", "versions of the resource")
		}
		for _, o := range typ.Operations {
			word("$"+o, "operation")
		}
		if method == "GET" && parts[0] == "Patient" {
			for _, name := range c.Names() {
				if name != "Patient" && c.Types[name].Can("search-type") {
					word(name, "of this patient")
				}
			}
		}
	}
	return list
}

// by is what a method does with a type, in words; "" where the server cannot.
func (t *TypeCapabilities) by(method string) string {
	var does []string
	has := func(interaction, word string) {
		if t.Can(interaction) {
			does = append(does, word)
		}
	}
	switch method {
	case "GET", "HEAD":
		has("read", "read")
		has("search-type", "search")
	case "POST":
		has("create", "create")
		has("search-type", "search")
	case "PUT":
		has("update", "update")
	case "PATCH":
		has("patch", "patch")
	case "DELETE":
		has("delete", "delete")
	default:
		return " "
	}
	if len(does) == 0 && len(t.Operations) > 0 && (method == "GET" || method == "POST") {
		return "operations"
	}
	return strings.Join(does, ", ")
}

// results are parameters that every search may have (R4 3.1.1.3, 3.1.1.5).
var results = []Param{
	{"_count", "number", "resources in a page"}, {"_sort", "string", "order: a parameter, with - before it from the last"}, {"_include", "string", "what found resources point to, as Encounter:patient"},
	{"_revinclude", "string", "what points to found resources, as Encounter:patient"}, {"_summary", "token", "true, text, data, count"}, {"_elements", "string", "only these elements"},
	{"_total", "token", "none, estimate, accurate"}, {"_format", "token", "json, xml"}, {"_id", "token", "the logical id"}, {"_lastUpdated", "date", "when it was changed last"},
}

// fixed values of parameters.
var fixedValues = map[string][]string{"_summary": {"true", "text", "data", "count", "false"}, "_total": {"none", "estimate", "accurate"}, "_format": {"json", "xml"}}

// modifiers by type of parameter (R4 3.1.1.5.3).
var modifiers = map[string][]string{
	"string": {"exact", "contains", "missing"}, "token": {"not", "text", "in", "not-in", "above", "below", "of-type", "missing"}, "reference": {"identifier", "missing"},
	"uri": {"above", "below", "missing"}, "date": {"missing"}, "number": {"missing"}, "quantity": {"missing"}, "composite": {"missing"},
}

// prefixes of ordered values (R4 3.1.1.5.6).
var prefixes = []Param{{"eq", "", "equal"}, {"ne", "", "not equal"}, {"gt", "", "greater, later"}, {"lt", "", "less, earlier"}, {"ge", "", "greater or equal"}, {"le", "", "less or equal"}, {"sa", "", "starts after"}, {"eb", "", "ends before"}, {"ap", "", "about"}}

func (c *Capabilities) completeQuery(path, query string, add func(path, label, text string)) {
	t := c.Types[path[strings.LastIndexByte(path, '/')+1:]]
	if t == nil {
		t = c.Types[path[:max(0, strings.IndexByte(path, '/'))]]
	}
	if t == nil {
		return
	}
	before, last := "", query
	if i := strings.LastIndexByte(query, '&'); i >= 0 {
		before, last = query[:i+1], query[i+1:]
	}
	before = path + "?" + before
	params := slices.Concat(t.Params, slices.DeleteFunc(slices.Clone(results), func(p Param) bool {
		return slices.ContainsFunc(t.Params, func(o Param) bool { return o.Name == p.Name })
	}))
	name, value, valued := strings.Cut(last, "=")
	plain, modifier, modified := strings.Cut(name, ":")
	find := func(name string) *Param {
		if i := slices.IndexFunc(params, func(p Param) bool { return p.Name == name }); i >= 0 {
			return &params[i]
		}
		return nil
	}
	p := find(plain)
	switch {
	case valued && p != nil:
		for _, v := range fixedValues[p.Name] {
			if strings.HasPrefix(v, value) && v != value {
				add(before+name+"="+v, v, "")
			}
		}
		if p.Name == "_include" {
			for _, v := range t.Includes {
				if strings.HasPrefix(v, value) && v != value {
					add(before+name+"="+v, v, "")
				}
			}
		}
		if value == "" && (p.Type == "date" || p.Type == "number" || p.Type == "quantity") {
			for _, x := range prefixes {
				add(before+name+"="+x.Name, x.Name, x.Text)
			}
		}
	case modified && p != nil:
		for _, m := range modifiers[p.Type] {
			if strings.HasPrefix(m, modifier) && m != modifier {
				add(before+plain+":"+m, ":"+m, "modifier")
			}
		}
	case !valued:
		for _, p := range params {
			if hasPrefixFold(p.Name, name) {
				add(before+p.Name+"=", p.Name, strings.TrimSuffix(p.Type+": "+firstSentence(p.Text), ": "))
			}
		}
	}
}

// firstSentence shortens what a statement says of a parameter.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if i := strings.Index(text, ". "); i >= 0 {
		text = text[:i]
	}
	return text
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// everything is what FHIR R4 defines, for a server that has not been asked yet.
func everything() *Capabilities {
	d := fhir.R4()
	c := &Capabilities{FHIRVersion: d.Version, Types: map[string]*TypeCapabilities{}, System: []string{"history-system"}}
	all := []string{"read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"}
	for _, name := range d.Types() {
		if s := d.Type(name); s == nil || s.Kind != "resource" || s.Abstract {
			continue
		}
		t := &TypeCapabilities{Interactions: all}
		for _, p := range d.SearchParameters(name) {
			t.Params = append(t.Params, Param{Name: p.Code, Type: p.Type})
		}
		c.Types[name] = t
	}
	return c
}
