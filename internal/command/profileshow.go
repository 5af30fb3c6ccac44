package command

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"trestle/internal/check/profile"
)

func runProfileShow(_ context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("profile show", flag.ContinueOnError)
	asYAML := set.Bool("yaml", false, "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) != 1 {
		return usagef("profile show needs one profile: a file, or a name of trestle profile list")
	}
	p, err := profile.Load(plain[0])
	if err != nil {
		return err
	}
	if !*asYAML {
		return s.showProfile(p)
	}
	b, err := os.ReadFile(plain[0])
	if err != nil {
		b, err = profile.StarterFile(p.ID)
	}
	if err != nil {
		return err
	}
	_, err = s.out.Write(b)
	return err
}

// showProfile prints a profile for a person.
func (s *session) showProfile(p *profile.Profile) error {
	fmt.Fprintf(s.out, "%s\n", clean(p.Name))
	say := func(label, text string) {
		if text != "" {
			fmt.Fprintf(s.out, "  %s%s\n", label, clean(text))
		}
	}
	say("", p.About)
	say("also called: ", strings.Join(p.Aliases, ", "))
	say("versions: ", strings.Join(p.Versions, ", "))
	say("delimiters: ", p.Delimiters)
	say("character set: ", strings.Join(p.Charset, ", "))
	a := p.Acknowledgement
	say("acknowledgement: ", joinNonEmpty(", ", a.Mode, prefixed("MSH-15 ", a.Accept), prefixed("MSH-16 ", a.Application)))
	for _, l := range p.Local {
		say(l.Name+": ", l.Title)
	}
	for i := range p.Messages {
		m := &p.Messages[i]
		fmt.Fprintln(s.out)
		heading := joinNonEmpty(", ", m.Label(), m.Direction, m.Seen, m.Note)
		if m.Only {
			heading += ", nothing else"
		}
		fmt.Fprintln(s.out, clean(heading))
		if err := writeAligned(s.out, "  ", messageRows(p, m)); err != nil {
			return err
		}
	}
	if len(p.Facts) > 0 {
		fmt.Fprintln(s.out, "\nFacts")
	}
	for _, f := range p.Facts {
		say("", f.Text+"  "+evidence(p, f.Evidence))
	}
	if len(p.Questions) > 0 {
		fmt.Fprintln(s.out, "\nTo ask")
	}
	for _, q := range p.Questions {
		say("", q)
	}
	if len(p.Decisions) > 0 {
		fmt.Fprintln(s.out, "\nDecided")
	}
	for _, d := range p.Decisions {
		say("", joinNonEmpty("  ", d.Message, d.Path, string(d.Kind), string(d.Choice), d.Note))
	}
	fmt.Fprintln(s.out, "\nEvidence: V the vendor's own, M measured, T a third party, O seen in public samples, S stated, U unverified")
	return nil
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func messageRows(p *profile.Profile, m *profile.Message) [][]string {
	var rows [][]string
	for _, r := range m.Segments {
		rows = append(rows, []string{r.Name, r.Words(), "", clean(r.Conditions()), evidence(p, p.RuleEvidence(m, r.Evidence))})
	}
	for i := range m.Fields {
		f := &m.Fields[i]
		rows = append(rows, []string{clean(f.Path.String()), f.Words(), p.FieldName(f.Path.Segment, f.Path.Field), clean(f.Conditions()), evidence(p, p.RuleEvidence(m, f.Evidence))})
	}
	return rows
}

// evidence is "[T, Open Dental manual] note".
func evidence(p *profile.Profile, e profile.Evidence) string {
	text := joinNonEmpty(", ", string(e.Level), e.Seen)
	if e.Source != "" {
		text = joinNonEmpty(", ", text, p.SourceText(e.Source))
	}
	if text != "" {
		text = "[" + text + "]"
	}
	return clean(joinNonEmpty(" ", text, e.Note))
}
