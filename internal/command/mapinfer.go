package command

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/mapping/infer"
	"trestle/internal/mapping/suggest"
)

const mapInferHelp = `
Learns a mapping from examples: BEFORE holds messages as one system sends them, AFTER what an
interface made of each. Both are files or folders of HL7 v2, FHIR, JSON, XML or CSV; folders are
read in the order of their file names. HL7 v2 messages are paired by their control ID where both
sides have it; rows, where messages gave several, by a column that says of which message they are;
everything else by order.

For each value that came out it looks for the simplest rule: a copy, a function, a part, a date in
another form, a table of codes, several values joined, a constant; and for segments that were
added, taken out or filtered. It prints what each rule does, in how many of the pairs it holds,
and pairs in which it does not; what nothing explains; and how many of the values that came out
the whole gives again. Every rule is a draft: read it before you agree to it. The output names
values of the messages.

  --out FILE     write the mapping, with its tables in tables/ beside it. Files that are there
                 already are left alone, and nothing is written
  --ends FILE    a mapping whose source and target say what BEFORE and AFTER are: needed for
                 fixed width, and for CSV without a line of names
  --least N      per cent of the pairs in which a rule must hold; 90 unless said otherwise
  --zone ZONE    time zone of times that give none, such as America/New_York
  --examples N   how many counterexamples are shown for each rule; 3 unless said otherwise
  --mask         without values of the messages
  --json         as one JSON object
`

const mapSuggestHelp = `
Ranks the sources that a target may be filled from, and says why: what HL7 International publishes
in its Version 2 to FHIR Implementation Guide, what other mappings do, names and data types, and
the shape of values in samples. TARGET is a place of what the mapping makes, such as
Patient.birthDate, PID-5.1 or the name of a column; without it, suggestions are given for every
rule that says no source yet, and every required element that no rule writes.

  --block ID      the block of the mapping that TARGET belongs to, where several make the same
  --most N        how many sources; 5 unless said otherwise
  --known FILE    another mapping to learn from; several are separated by commas
  --sample FILE   samples of the source; then only what they hold is suggested
  --json          a JSON object a line for each suggestion
`

func runMapInfer(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("map infer", flag.ContinueOnError)
	out := set.String("out", "", "")
	ends := set.String("ends", "", "")
	least := set.Float64("least", 90, "")
	zone := set.String("zone", "", "")
	examples := set.Int("examples", 3, "")
	mask := set.Bool("mask", false, "")
	asJSON := set.Bool("json", false, "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) != 2 {
		return usagef("map infer needs two files or folders, as in: trestle map infer before.hl7 after.hl7")
	}
	if *least <= 0 || *least > 100 || *examples < 0 {
		return usagef("--least is a share in per cent, above 0 to 100, and --examples a number of 0 or more")
	}
	o := infer.Options{Least: *least / 100, Zone: *zone, Counterexamples: max(1, *examples)}
	if *ends != "" {
		f, err := s.loadMapping(*ends)
		if err != nil {
			return err
		}
		o.Source, o.Target = f.Source, f.Target
	}
	before, err := s.records(ctx, plain[0], &o.Source)
	if err != nil {
		return err
	}
	after, err := s.records(ctx, plain[1], &o.Target)
	if err != nil {
		return err
	}
	pairs, notes := infer.Align(before, after)
	progress := job.NewProgress()
	progress.SetTotal(100)
	o.Progress = func(share float64) { progress.Set(int64(100 * share)) }
	stop := s.showProgress("learning", progress)
	proposal, err := infer.Propose(ctx, pairs, o)
	stop()
	if err != nil {
		return s.mappingError("the proposal", err)
	}
	proposal.Notes = append(notes, proposal.Notes...)
	if *out != "" {
		name := filepath.Base(*out)
		proposal.File.ID = strings.TrimSuffix(name, filepath.Ext(name))
		if err := s.writeMapping(*out, proposal.File); err != nil {
			return err
		}
	}
	if *mask || *examples == 0 {
		for i := range proposal.Evidence {
			proposal.Evidence[i].Counterexamples = nil
		}
	}
	if *asJSON {
		return s.jsonIndented(inferred(proposal))
	}
	s.proposalText(proposal, *mask)
	return nil
}

// records reads the messages of a file, or of all files of a folder, and finds out what they are if that is not said.
func (s *session) records(ctx context.Context, name string, end *mapping.End) ([]mapping.Record, error) {
	var list []mapping.Record
	err := s.eachInput(ctx, []string{name}, true, func(in *input) error {
		b := bufio.NewReaderSize(in, 64<<10)
		if end.Kind == "" {
			start, err := b.Peek(4096)
			if err != nil && !errors.Is(err, io.EOF) {
				return &readError{in.name, err}
			}
			*end = infer.Recognise(start)
		}
		more, err := infer.Records(ctx, *end, b)
		if err != nil {
			return &readError{in.name, err}
		}
		list = append(list, more...)
		return nil
	})
	if err == nil && len(list) == 0 {
		return nil, fmt.Errorf("%s holds no messages of the kind %s", name, cmp.Or(end.Kind, "that was asked for"))
	}
	return list, err
}

// writeMapping writes a mapping with what lies beside it. It overwrites nothing.
func (s *session) writeMapping(name string, f *mapping.File) error {
	text, err := mapping.Format(f)
	if err != nil {
		return err
	}
	files, err := f.Companions()
	if err != nil {
		return err
	}
	folder, base := filepath.Split(name)
	files = append([]mapping.Companion{{Name: base, Text: text}}, files...)
	for _, c := range files {
		at := filepath.Join(folder, filepath.FromSlash(c.Name))
		switch old, err := os.ReadFile(at); {
		case err == nil && !bytes.Equal(old, c.Text):
			return usagef("%s is there already; nothing was written. Give --out another name or folder", at)
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return err
		}
	}
	for _, c := range files {
		at := filepath.Join(folder, filepath.FromSlash(c.Name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return err
		}
		err := writeWhole(filepath.Dir(at), filepath.Base(at), func(w io.Writer) error {
			_, err := w.Write(c.Text)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// inferred is a proposal as JSON: the mapping as its YAML.
func inferred(p *infer.Proposal) any {
	text, err := mapping.Format(p.File)
	if err != nil {
		text = nil
	}
	return struct {
		Pairs       int                 `json:"pairs"`
		Values      int                 `json:"values"`
		Reproduced  int                 `json:"reproduced"`
		Extra       int                 `json:"extra"`
		Evidence    []infer.Evidence    `json:"evidence"`
		Unexplained []infer.Unexplained `json:"unexplained"`
		Notes       []string            `json:"notes"`
		Mapping     string              `json:"mapping"`
	}{p.Pairs, p.Values, p.Reproduced, p.Extra, p.Evidence, p.Unexplained, p.Notes, string(text)}
}

// proposalText prints a proposal for people: by block, each rule with its support.
func (s *session) proposalText(p *infer.Proposal, mask bool) {
	fmt.Fprintf(s.out, "%s, %s: %d of %d values that came out are given again (%.1f %%), %d beside them\n",
		plural(int64(p.Pairs), "pair", "pairs"), plural(int64(p.File.Rules()), "rule", "rules"), p.Reproduced, p.Values, 100*float64(p.Reproduced)/float64(max(1, p.Values)), p.Extra)
	for _, n := range p.Notes {
		fmt.Fprintln(s.out, n)
	}
	rules := map[string]*mapping.Rule{}
	blocks := map[string]*mapping.Block{}
	p.File.Walk(func(b *mapping.Block) {
		blocks[b.ID] = b
		for i := range b.Rules {
			rules[b.Rules[i].ID] = &b.Rules[i]
		}
	})
	last := ""
	for _, e := range p.Evidence {
		if b := blocks[e.Block]; b != nil && e.Block != last {
			last = e.Block
			fmt.Fprintf(s.out, "\n%s\n", clean(blockText(b)))
		}
		how := ""
		if r := rules[e.Rule]; r != nil {
			how = ruleText(r, mask)
		}
		fmt.Fprintf(s.out, "  %5.1f %%  %d of %d\t%s\t%s\t%s\n", 100*e.Support(), e.Holds, e.Of, e.Kind, clean(e.To), clean(how))
		if len(e.Otherwise) > 0 {
			fmt.Fprintf(s.out, "           as well: %s\n", clean(strings.Join(e.Otherwise, ", ")))
		}
		for _, c := range e.Counterexamples {
			fmt.Fprintf(s.out, "           not in pair %s: of %s came %s, the rule says %s\n", clean(c.Pair), quotedList(c.Source), quotedOrNothing(c.Want), quotedOrNothing(c.Got))
		}
	}
	fmt.Fprintf(s.out, "\nunexplained: %d\n", len(p.Unexplained))
	for _, u := range p.Unexplained {
		fmt.Fprintf(s.out, "  %s\tin %d of %d\t%s\n", clean(u.To), u.Count, u.Of, clean(u.Best))
	}
}

func quotedOrNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return fmt.Sprintf("%q", text)
}

func blockText(b *mapping.Block) string {
	text := b.Make
	if text == "." {
		text = "the document"
	}
	if b.Drop {
		text += " is taken out"
	} else if b.Per != "" {
		text += ", for each " + b.Per
	}
	if b.When != "" {
		text += ", " + b.When
	}
	return text
}

// ruleText says what a rule does. Under the mask it names no values of messages: constants and conditions may be such.
func ruleText(r *mapping.Rule, mask bool) string {
	var parts []string
	switch {
	case r.Value != "" && mask:
		parts = append(parts, "a constant")
	case r.Value != "":
		parts = append(parts, fmt.Sprintf("%q", r.Value))
	case len(r.From) > 0:
		parts = append(parts, "from "+strings.Join(r.From, ", "))
	}
	for _, step := range r.Do {
		if mask && len(step.Args) > 0 && step.Name != "lookup" && step.Name != "reference" {
			step.Args = []string{"…"}
		}
		parts = append(parts, step.String())
	}
	if r.Default != "" {
		if mask {
			parts = append(parts, "else a constant")
		} else {
			parts = append(parts, fmt.Sprintf("else %q", r.Default))
		}
	}
	if r.When != "" && mask {
		parts = append(parts, "under a condition")
	} else if r.When != "" {
		parts = append(parts, "if "+r.When)
	}
	return strings.Join(parts, ", ")
}

func runMapSuggest(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("map suggest", flag.ContinueOnError)
	block := set.String("block", "", "")
	most := set.Int("most", 5, "")
	known := set.String("known", "", "")
	sample := set.String("sample", "", "")
	asJSON := set.Bool("json", false, "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) < 1 || len(plain) > 2 {
		return usagef("map suggest needs a mapping, and may have a target, as in: trestle map suggest adt.yaml Patient.birthDate")
	}
	f, err := s.loadMapping(plain[0])
	if err != nil {
		return err
	}
	o := suggest.Options{Source: f.Source, Target: f.Target, Known: []*mapping.File{f}}
	for _, name := range strings.Split(*known, ",") {
		if name == "" {
			continue
		}
		other, err := s.loadMapping(name)
		if err != nil {
			return err
		}
		o.Known = append(o.Known, other)
	}
	if *sample != "" {
		end := f.Source
		records, err := s.records(ctx, *sample, &end)
		if err != nil {
			return err
		}
		if o.Candidates, err = infer.Candidates(end, records); err != nil {
			return err
		}
	}
	targets, err := suggestTargets(f, *block, plain[1:])
	if err != nil {
		return err
	}
	ranker := suggest.New(o)
	for i, t := range targets {
		list := ranker.Sources(t, *most)
		if !*asJSON {
			if i > 0 {
				fmt.Fprintln(s.out)
			}
			fmt.Fprintf(s.out, "%s\n", clean(targetText(t)))
		}
		for _, x := range list {
			if *asJSON {
				if err := s.jsonLine(suggestionLine{targetText(t), x.From, stepTexts(x.Do), x.Score, x.Reasons}); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintf(s.out, "  %3.0f\t%s\t%s\n", 100*x.Score, clean(strings.Join(append([]string{x.From}, stepTexts(x.Do)...), ", ")), clean(strings.Join(x.Reasons, "; ")))
		}
		if len(list) == 0 && !*asJSON {
			fmt.Fprintln(s.out, "  nothing in the source resembles it")
		}
	}
	return nil
}

type suggestionLine struct {
	Target  string   `json:"target"`
	From    string   `json:"from"`
	Do      []string `json:"do,omitempty"`
	Score   float64  `json:"score"`
	Reasons []string `json:"reasons"`
}

func stepTexts(steps []mapping.Step) (list []string) {
	for _, x := range steps {
		list = append(list, x.String())
	}
	return list
}

func targetText(t suggest.Target) string {
	if t.Make == "." || t.Make == "row" || t.Make == "" || strings.HasPrefix(t.To, t.Make+"-") {
		return t.To
	}
	return t.Make + "." + t.To
}

// suggestTargets are the places that suggestions are asked for: the one that is named, or all that are open.
func suggestTargets(f *mapping.File, block string, named []string) (list []suggest.Target, err error) {
	if len(named) == 0 {
		f.Walk(func(b *mapping.Block) {
			for _, r := range b.Rules {
				if r.To != "" && len(r.From) == 0 && len(r.Inputs) == 0 && r.Value == "" && len(r.Do) == 0 && (block == "" || block == b.ID) {
					list = append(list, suggest.Target{Make: b.Make, Per: b.Per, To: r.To})
				}
			}
		})
		for _, x := range mapping.Check(f, nil) {
			if x.Code != mapping.CodeRequired {
				continue
			}
			path, _, _ := strings.Cut(x.Text, " ")
			if t, ok := targetOf(f, block, path); ok && !slices.ContainsFunc(list, func(o suggest.Target) bool { return o.Make == t.Make && o.To == t.To }) {
				list = append(list, t)
			}
		}
		return list, nil
	}
	t, ok := targetOf(f, block, named[0])
	if !ok {
		var makes []string
		f.Walk(func(b *mapping.Block) {
			if !slices.Contains(makes, b.Make) {
				makes = append(makes, b.Make)
			}
		})
		return nil, usagef("no block of the mapping makes %s; it makes %s. Name the block with --block", named[0], strings.Join(makes, ", "))
	}
	return []suggest.Target{t}, nil
}

// targetOf finds the block that a place belongs to. Of several that fit it takes the one that makes most of the place.
func targetOf(f *mapping.File, block, path string) (t suggest.Target, ok bool) {
	longest := -1
	f.Walk(func(b *mapping.Block) {
		if block != "" && b.ID != block {
			return
		}
		made := strings.TrimSuffix(b.Make, "[]")
		to, fits := path, block != ""
		switch rest, below := strings.CutPrefix(path, b.Make+"."); {
		case below:
			to, fits = rest, true
		case strings.HasPrefix(path, b.Make+"-"):
			fits = true
		case b.Make == "." || f.Target.Kind.HasRows():
			fits, made = true, ""
		case strings.HasPrefix(path, made+"[].") || strings.HasPrefix(path, made+"."):
			_, to, _ = strings.Cut(strings.TrimPrefix(path, made), ".")
			fits = true
		}
		if fits && len(made) > longest {
			longest = len(made)
			t, ok = suggest.Target{Make: b.Make, Per: b.Per, To: to}, true
		}
	})
	return t, ok
}
