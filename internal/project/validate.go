package project

import (
	"errors"
	"io/fs"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"trestle/internal/yamlfile"
)

// places remembers at which node each part of a project was said, so that a check after reading can name the line.
// Lists are keyed by place{list name, index} under their owner, everything else by its address.
type places struct {
	reader *yamlfile.Reader
	at     map[any]*yaml.Node
}

// place is one entry of a list. The owner's list may move while it grows, so the entry has no lasting address.
type place struct {
	list  string
	line  int
	index int
}

// each reads a list of T and remembers the node of every entry.
func each[T any](pl *places, what string, to *[]T, read func(*yaml.Node, *T)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		pl.at[to] = n
		pl.reader.List(n, what, func(e *yaml.Node) {
			var v T
			read(e, &v)
			*to = append(*to, v)
			pl.at[place{what, n.Line, len(*to) - 1}] = e
		})
	}
}

// entry returns the node of entry i of a list that each has read.
func entry[T any](pl *places, what string, list *[]T, i int) *yaml.Node {
	owner := pl.at[list]
	if owner == nil {
		return &yaml.Node{}
	}
	if n := pl.at[place{what, owner.Line, i}]; n != nil {
		return n
	}
	return owner
}

var (
	identifier = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	faultID    = regexp.MustCompile(`^[A-Z][0-9]{1,2}$`)
	versionID  = regexp.MustCompile(`^2\.[1-9](\.[0-9])?$`)
	testID     = regexp.MustCompile(`^[A-Z0-9]+-[0-9]+$`)
)

// check finds what is well formed but wrong, and returns only the new problems.
func (pl *places) check(fsys fs.FS, p *Project) Problems {
	before := len(pl.reader.Problems)
	pl.checkScope(p)
	pl.checkSystems(p)
	pl.checkMessages(fsys, p)
	checkLists(pl, fsys, p, "rosters", &p.Rosters, func(r Roster) Roster { return r })
	checkLists(pl, fsys, p, "plans", &p.Plans, func(l PlanList) Roster { return Roster(l) })
	pl.checkTests(p)
	return slices.Clone(pl.reader.Problems[before:])
}

func (pl *places) checkScope(p *Project) {
	s := &p.Scope
	at := pl.at[s]
	if at == nil || at.Kind != yaml.MappingNode {
		return
	}
	seen := map[DataKind]bool{}
	for i, f := range s.Flows {
		n := entry(pl, "data", &s.Flows, i)
		if f.Data != "" && seen[f.Data] {
			pl.reader.Fail(n, "%s is decided twice in the scope", f.Data)
		}
		seen[f.Data] = true
		switch {
		case f.Record == Theirs && f.Direction == Out:
			pl.reader.Fail(n, "%s: the partner is the system of record, so the data cannot only flow out; write in or both", f.Data)
		case f.Record == Ours && f.Direction == In:
			pl.reader.Fail(n, "%s: we are the system of record, so the data cannot only flow in; write out or both", f.Data)
		}
	}
	for _, k := range DataKinds() {
		if !seen[k] && len(s.Flows) > 0 {
			pl.reader.Fail(at, "the scope does not decide on %s; add it, with direction none if it is not exchanged", k)
		}
	}
}

func (pl *places) checkSystems(p *Project) {
	seen, links := map[string]bool{}, map[string]bool{}
	sides := map[Side]int{}
	for i := range p.Systems {
		s := &p.Systems[i]
		n := entry(pl, "systems", &p.Systems, i)
		pl.unique(n, "system", s.ID, identifier, "lower-case words joined by hyphens", seen)
		sides[s.Side]++
		for _, v := range s.Versions {
			if !versionID.MatchString(v) {
				pl.reader.Fail(n, "%q is not an HL7 v2 version; write it as \"2.5.1\", in quotes", yamlfile.Shorten(v))
			}
		}
		for _, c := range s.Connections {
			pl.unique(n, "connection", c.ID, identifier, "lower-case words joined by hyphens", links)
			if why := addressProblem(c); why != "" {
				pl.reader.Fail(n, "connection %q: %s", yamlfile.Shorten(c.ID), why)
			}
		}
	}
	if len(p.Systems) > 0 && (sides[Ours] == 0 || sides[Theirs] == 0) {
		pl.reader.Fail(pl.at[&p.Systems], "a project joins two sides: at least one system of ours and one of theirs")
	}
}

// unique checks an ID's form and that nothing else has it.
func (pl *places) unique(n *yaml.Node, what, id string, form *regexp.Regexp, words string, seen map[string]bool) {
	if id == "" {
		return
	}
	if !form.MatchString(id) {
		pl.reader.Fail(n, "%s id %q must be %s", what, yamlfile.Shorten(id), words)
	}
	if seen[id] {
		pl.reader.Fail(n, "two entries have the %s id %q", what, yamlfile.Shorten(id))
	}
	seen[id] = true
}

// addressProblem says what is wrong with a connection's address, or nothing.
func addressProblem(c Connection) string {
	switch c.Type {
	case MLLP:
		host, port, err := net.SplitHostPort(c.Address)
		if n, perr := strconv.Atoi(port); err != nil || host == "" || perr != nil || n < 1 || n > 65535 {
			return "the address of an MLLP connection is host:port, such as 127.0.0.1:2575"
		}
	case FHIR:
		u, err := url.Parse(c.Address)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return "the address of a FHIR connection is a base URL, such as http://127.0.0.1:8080/fhir"
		}
		if u.User != nil {
			return "a project file holds no passwords; remove the user from the URL"
		}
	}
	return ""
}

func (pl *places) checkMessages(fsys fs.FS, p *Project) {
	seen := map[string]bool{}
	for i, m := range p.Messages {
		n := entry(pl, "messages", &p.Messages, i)
		pl.file(fsys, n, m.File, seen)
		if len(m.Expect) > 0 && !m.Malformed() {
			pl.reader.Fail(n, "%s expects findings but does not say what is wrong; add \"wrong\"", yamlfile.Shorten(m.File))
		}
		for _, f := range m.Wrong {
			if f.ID != "" && !faultID.MatchString(f.ID) {
				pl.reader.Fail(n, "fault id %q must be a letter and a number of the malformation catalogue, such as L1", yamlfile.Shorten(f.ID))
			}
		}
		for _, c := range m.Expect {
			if !identifier.MatchString(c) {
				pl.reader.Fail(n, "finding code %q must be lower-case words joined by hyphens", yamlfile.Shorten(c))
			}
		}
	}
}

// file checks that a path stays in the folder, is named once, and is a file.
func (pl *places) file(fsys fs.FS, n *yaml.Node, name string, seen map[string]bool) {
	if name == "" {
		return
	}
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, `\:`) {
		pl.reader.Fail(n, "%q is not a path inside the project folder; write it with / and without ..", yamlfile.Shorten(name))
		return
	}
	if seen[name] {
		pl.reader.Fail(n, "%s is listed twice", yamlfile.Shorten(name))
	}
	seen[name] = true
	if fsys == nil { // the project file by itself, without its folder
		return
	}
	info, err := fs.Stat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		pl.reader.Fail(n, "%s does not exist in the project folder", yamlfile.Shorten(name))
	case err != nil:
		pl.reader.Fail(n, "%s cannot be read", yamlfile.Shorten(name))
	case info.IsDir():
		pl.reader.Fail(n, "%s is a folder, not a file", yamlfile.Shorten(name))
	}
}

// checkLists checks rosters and plan lists, which have the same form.
func checkLists[T any](pl *places, fsys fs.FS, p *Project, what string, list *[]T, roster func(T) Roster) {
	seen := map[string]bool{}
	for i, v := range *list {
		l := roster(v)
		n := entry(pl, what, list, i)
		pl.file(fsys, n, l.File, seen)
		if _, ok := p.System(l.System); !ok && l.System != "" {
			pl.reader.Fail(n, "%s belongs to system %q, which is not among the systems", yamlfile.Shorten(l.File), yamlfile.Shorten(l.System))
		}
	}
}

func (pl *places) checkTests(p *Project) {
	seen := map[string]bool{}
	for i, t := range p.TestPlan {
		n := entry(pl, "tests", &p.TestPlan, i)
		pl.unique(n, "test", t.ID, testID, "an area and a number, such as ADT-03", seen)
		for _, m := range t.Messages {
			if _, ok := p.Message(m); !ok {
				pl.reader.Fail(n, "test %s uses %q, which is not among the messages", yamlfile.Shorten(t.ID), yamlfile.Shorten(m))
			}
		}
	}
}
