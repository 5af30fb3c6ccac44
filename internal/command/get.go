package command

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"trestle/internal/dictionary"
	"trestle/internal/format"
	"trestle/internal/hl7"
)

func runGet(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("get", flag.ContinueOnError)
	recursive := recursiveFlag(set)
	raw := set.Bool("raw", false, "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) < 2 {
		return usagef("get needs a path and at least one file, as in: trestle get PID-3.1 adt.hl7")
	}
	paths, err := getPaths(plain[0])
	if err != nil {
		return err
	}
	for i, name := range plain[1:] {
		if _, err := os.Stat(name); err != nil && name != "-" && isGetPath(name) {
			together := strings.Join(plain[:i+2], ",")
			return usagef("there is no file %s; to get the values at several paths, join them: trestle get %s FILE", name, together)
		}
	}
	g := getter{s: s, paths: paths, raw: *raw}
	return s.eachInput(ctx, plain[1:], *recursive, func(in *input) error { return g.file(ctx, in) })
}

// namedPath is a path with the text that the user gave.
type namedPath struct {
	hl7.Path
	name string
}

// getPaths reads PATH[,PATH...].
func getPaths(text string) (paths []namedPath, err error) {
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		p, err := hl7.ParsePath(name)
		if err != nil {
			return nil, usagef("%s", err)
		}
		if p.Field == 0 {
			return nil, usagef("%s names no field; a path for get is like PID-3 or PID-3.1", name)
		}
		paths = append(paths, namedPath{everyRepetition(p), name})
	}
	return paths, nil
}

// isGetPath says whether a word could be a path.
func isGetPath(word string) bool {
	_, err := getPaths(word)
	return err == nil
}

// everyRepetition widens a path: what it does not number, it means all of.
func everyRepetition(p hl7.Path) hl7.Path {
	if p.Occurrence == 0 {
		p.Occurrence = hl7.All
	}
	if p.Repetition == 0 {
		p.Repetition = hl7.All
	}
	p.Groups = slices.Clone(p.Groups)
	for i := range p.Groups {
		if p.Groups[i].Repetition == 0 {
			p.Groups[i].Repetition = hl7.All
		}
	}
	return p
}

type getter struct {
	s       *session
	paths   []namedPath
	raw     bool
	message hl7.Message
}

func (g *getter) file(ctx context.Context, in *input) error {
	var first format.Guess
	messages := 0
	for piece, err := range format.Split(in, format.Options{}) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return &readError{in.name, err}
		}
		if piece.Index == 0 {
			first = piece.Guess
		}
		switch piece.Kind {
		case hl7.ItemMessage:
			if !piece.Guess.Kind.IsHL7v2() {
				continue
			}
		case hl7.ItemEnvelope: // FHS, BHS, BTS, FTS: only for who asks for one of them
			if !slices.ContainsFunc(g.paths, func(p namedPath) bool { return envelope(p.Segment) }) {
				continue
			}
		default:
			continue
		}
		messages++
		if err := g.line(in.name, piece); err != nil {
			return err
		}
		if in.file == nil {
			if err := g.s.out.Flush(); err != nil {
				return err
			}
		}
	}
	if messages == 0 {
		words := "it is empty"
		if first.Kind != "" {
			words = first.Kind.Words()
		}
		return &readError{in.name, fmt.Errorf("holds no HL7 v2 message: %s", words)}
	}
	return nil
}

func envelope(segment string) bool {
	switch strings.ToUpper(segment) {
	case "FHS", "BHS", "BTS", "FTS":
		return true
	}
	return false
}

// line writes one message: file, index, and a column for each value that is present. Of several paths each has its name
// before its values: how many there are differs from message to message.
func (g *getter) line(name string, piece format.Piece) error {
	fmt.Fprintf(g.s.out, "%s\t%d", field(name), piece.Index)
	g.message.Reset(piece.Bytes)
	var withGroups *hl7.Message
	for _, p := range g.paths {
		if len(g.paths) > 1 {
			g.s.out.WriteString("\t" + field(p.name))
		}
		m := &g.message
		if len(p.Groups) > 0 {
			if withGroups == nil {
				withGroups = grouped(m)
			}
			m = withGroups
		}
		g.values(m, p.Path)
	}
	return g.s.out.WriteByte('\n')
}

func (g *getter) values(m *hl7.Message, p hl7.Path) {
	for v := range m.All(p) {
		if !v.IsPresent() {
			continue
		}
		text := ""
		switch {
		case v.State() == hl7.Null:
			text = `""`
		case g.raw:
			text = string(v.Raw())
		default:
			text = v.Text()
		}
		g.s.out.WriteByte('\t')
		g.s.out.WriteString(field(text))
	}
}

// grouped lays the message over its structure, so that paths with groups find their segments. A message whose structure
// is not known has no groups.
func grouped(m *hl7.Message) *hl7.Message {
	text := func(path string) string {
		v, err := m.GetString(path)
		if err != nil {
			return ""
		}
		return v.Text()
	}
	version, _ := dictionary.For(text("MSH-12.1"))
	structure, ok := version.Structure(text("MSH-9.3"))
	if !ok {
		id, _ := version.StructureOf(text("MSH-9.1"), text("MSH-9.2"))
		structure, ok = version.Structure(id)
	}
	if !ok {
		return m
	}
	return m.WithGroups(version.Match(m, structure))
}
