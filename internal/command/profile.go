package command

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/check"
	"trestle/internal/check/profile"
	"trestle/internal/hl7"
	"trestle/internal/inspect"
)

const profileLearnHelp = `
Reads sample messages and writes a profile of what they have: per message type the segments
and fields, how often they are there, how often they repeat, how long they are, value sets
of coded fields and the form of dates and identifiers. Every fact has its count, so that a
person can judge it. Nothing that points to a patient goes into it: of names, identifiers,
dates, addresses, numbers and text only the length and the kind of the characters.

  trestle profile learn --name Riverbend -r samples/ > riverbend.yaml
  trestle profile check --profile riverbend.yaml monday.hl7

  --name NAME   the profile's name; without it, that of the first file
  --out FILE    write there instead of to standard output; an existing file is not replaced
  -r            read every file below folders
`

const profileCheckHelp = `
Counts what the messages of files do against a profile: one line a gap, the gravest first,
with how many messages have it, the first of them, and what was decided about it. P is a
file or the name of a starter profile; see "trestle profile list". For each message by itself,
use "trestle inspect --profile P".

  --profile P          the profile
  --json               one JSON object a gap: message, path, finding, severity, text,
                       findings, messages, first, values, level, source, decision, note
  --open               only gaps that nobody has decided yet
  --fail-on SEVERITY   exit status 1 if a gap has this severity or worse; gaps with the
                       decision "ignore it" do not count
  -r                   read every file below folders
`

const profileListHelp = `
Lists the starter profiles: the name to use, what it is, for how many message types there
are rules, and how well its facts are supported.
`

const profileShowHelp = `
Prints a profile for a person: rules, facts and questions, each with its evidence. P is a
file or the name of a starter.

  --yaml   print the file itself, to copy and change
`

const profileDecideHelp = `
Keeps a decision about a gap in the profile's file; comments in it stay. MESSAGE, PATH and
FINDING are those of "trestle profile check", "" for MESSAGE where that shows a dash. A
starter profile is copied first: trestle profile show --yaml ecw > ecw.yaml

  trestle profile decide ecw.yaml ADT^A04 PID-8 "Value set" "map it" "table Sex"

DECISION   open, "map it", "the sender changes it" or "ignore it"
NOTE       words for those who ask later
`

func runProfileLearn(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("profile learn", flag.ContinueOnError)
	name := set.String("name", "", "")
	out := set.String("out", "", "")
	recursive := recursiveFlag(set)
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("profile learn needs at least one file of sample messages; - is standard input")
	}
	if *name == "" {
		*name = "Learnt from " + filepath.Base(files[0])
	}
	if *out != "" {
		if _, err := os.Lstat(*out); err == nil {
			return fmt.Errorf("%s is there already: name another file, or move it away", *out)
		}
	}
	learner := profile.NewLearner()
	err = s.eachMessage(ctx, files, *recursive, func(m *hl7.Message) { learner.Add(m) })
	if err != nil && !errors.Is(err, errUnreadable) {
		return err
	}
	if learner.Messages() == 0 {
		return fmt.Errorf("there is no HL7 v2 message with a type (MSH-9) to learn from")
	}
	var b bytes.Buffer
	if e := learner.Profile(*name).Write(&b); e != nil {
		return e
	}
	if *out == "" {
		if _, e := s.out.Write(b.Bytes()); e != nil {
			return e
		}
		return err
	}
	f, e := os.OpenFile(*out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if e != nil {
		return fmt.Errorf("writing the profile: %w", e)
	}
	_, e = f.Write(b.Bytes())
	if e = errors.Join(e, f.Close()); e != nil {
		return fmt.Errorf("writing the profile: %w", e)
	}
	return err
}

// eachMessage reads the HL7 v2 messages of files, one at a time.
func (s *session) eachMessage(ctx context.Context, files []string, recursive bool, use func(*hl7.Message)) error {
	return s.eachInput(ctx, files, recursive, func(in *input) error {
		m := &hl7.Message{}
		for r, err := range inspect.Read(ctx, in.source(), in, inspect.Options{SkipChecks: true}) {
			if err != nil {
				return &readError{in.name, err}
			}
			if r.IsMessage() {
				m.Reset(r.Bytes)
				use(m)
			}
		}
		return nil
	})
}

func runProfileCheck(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("profile check", flag.ContinueOnError)
	chosen := profileFlag(set)
	asJSON := set.Bool("json", false, "")
	open := set.Bool("open", false, "")
	failOn := severityFlag(set, "fail-on")
	recursive := recursiveFlag(set)
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	if chosen.Profile == nil {
		return usagef("profile check needs --profile P: a file, or a starter such as %s", strings.Join(profile.Names()[:3], ", "))
	}
	if len(files) == 0 {
		return usagef("profile check needs at least one file; - is standard input")
	}
	gaps := chosen.Gaps()
	err = s.eachMessage(ctx, files, *recursive, func(m *hl7.Message) { gaps.Add(m) })
	if err != nil && !errors.Is(err, errUnreadable) {
		return err
	}
	failed := false
	var list []profile.Gap
	for _, g := range gaps.List() {
		failed = failed || failOn.given && g.Decision != profile.Ignore && g.Severity >= failOn.value
		if !*open || g.Decision == profile.Open {
			list = append(list, g)
		}
	}
	if *asJSON {
		for _, g := range list {
			if e := s.jsonLine(g); e != nil {
				return e
			}
		}
	} else if e := s.gapsText(chosen.Profile, gaps, list); e != nil {
		return e
	}
	if err == nil && failed {
		return errFailed
	}
	return err
}

func (s *session) gapsText(p *profile.Profile, gaps *profile.Gaps, list []profile.Gap) error {
	rows := make([][]string, 0, len(list))
	for _, g := range list {
		message := g.Message
		if message == "" {
			message = "-"
		}
		text := g.Text
		if len(g.Values) > 0 {
			var values []string
			for _, v := range g.Values {
				values = append(values, fmt.Sprintf("%s %s", v.Value, thousands(int64(v.Count))))
			}
			text += " Values: " + strings.Join(values, ", ") + "."
		}
		if g.Note != "" {
			text += " Decided: " + g.Note + "."
		}
		rows = append(rows, []string{g.Severity.String(), clean(message), clean(g.Path), string(g.Kind),
			fmt.Sprintf("%s of %s", thousands(int64(g.Messages)), plural(int64(gaps.Messages), "message", "messages")), string(g.Decision), clean(text)})
	}
	if err := writeAligned(s.out, "", rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.out, "%s against %s: %s, %s in order\n", plural(int64(gaps.Messages), "message", "messages"), clean(p.Name),
		plural(int64(len(list)), "gap", "gaps"), thousands(int64(gaps.Clean)))
	return err
}

func runProfileList(_ context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("profile list", flag.ContinueOnError)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) > 0 {
		return usagef("profile list takes no arguments; for one of them: trestle profile show %s", plain[0])
	}
	var rows [][]string
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		if err != nil {
			return err
		}
		rows = append(rows, []string{name, p.Name, plural(int64(len(p.Messages)), "message type", "message types"), p.EvidenceCounts(), p.About})
	}
	return writeAligned(s.out, "", rows)
}

func runProfileDecide(_ context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("profile decide", flag.ContinueOnError)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) < 5 || len(plain) > 6 {
		return usagef("profile decide needs a profile's file, MESSAGE, PATH, FINDING and DECISION")
	}
	if _, err := os.Stat(plain[0]); err != nil && slices.Contains(profile.Names(), plain[0]) {
		return usagef("%s is a starter profile and stays as it is: copy it first, with trestle profile show --yaml %s > %s.yaml", plain[0], plain[0], plain[0])
	}
	p, err := profile.Load(plain[0])
	if err != nil {
		return err
	}
	d := profile.Decision{Message: plain[1], Path: plain[2], Kind: profile.Kind(plain[3]), Choice: profile.Choice(plain[4])}
	if len(plain) == 6 {
		d.Note = plain[5]
	}
	if d.Message == "-" {
		d.Message = ""
	}
	if !slices.Contains(profile.Kinds(), d.Kind) {
		return usagef("%q is no finding of a profile: use one of %s", plain[3], spelled(profile.Kinds()))
	}
	if !slices.Contains(profile.Choices(), d.Choice) {
		return usagef("%q is no decision: use one of %s", plain[4], spelled(profile.Choices()))
	}
	p.Decide(d)
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return err
	}
	return replaceFile(plain[0], b.Bytes())
}

// spelled spells the words that a command takes.
func spelled[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = fmt.Sprintf("%q", string(w))
	}
	return strings.Join(out, ", ")
}

// replaceFile writes a new file beside the old one and moves it over it, so that a full disk leaves the old one.
func replaceFile(path string, b []byte) error {
	mode := os.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".profile-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// profileValue is the flag --profile.
type profileValue struct{ *profile.Profile }

func profileFlag(set *flag.FlagSet) *profileValue {
	v := &profileValue{}
	set.Var(v, "profile", "")
	return v
}

func (v *profileValue) String() string {
	if v == nil || v.Profile == nil {
		return ""
	}
	return v.ID
}

func (v *profileValue) Set(text string) (err error) {
	v.Profile, err = profile.Load(text)
	return err
}

// rules returns the profile for the checks; nil if none was chosen.
func (v *profileValue) rules() check.Rules {
	if v.Profile == nil {
		return nil
	}
	return v.Profile
}
