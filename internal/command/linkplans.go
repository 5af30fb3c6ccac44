package command

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/job"
	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/report"
	"trestle/internal/report/links"
)

const linkPlansHelp = `
Compares the insurance plans of two systems: the insurer first, the plan within it. Lists are CSV
in any separator and character set, or Excel workbooks, one plan a row under a heading; what the
columns hold is guessed, and SPEC overrules it. Prints the figures; with --out writes into DIR:

  links.csv       left_id,right_id,probability,band,reasons: the plans that are the same
  review.csv      the same columns: for a person to decide; band is review, or blocked where
                  something contradicts
  create.csv      plans that the right list lacks, with their fields as they were understood,
                  and the most similar plan that exists
  candidates.csv  the first five candidates of every left plan
  duplicates.csv  system,id_a,id_b,probability: plans of one list that say the same
  plans.csv       all plans of both lists with their fields as they were understood
  set-aside.csv   rows that could not be used, and rows that are no payers
  summary.json    the figures, thresholds, gates, and the hashes of both files

A value that a spreadsheet could take for a formula has an apostrophe before it.

  --left FILE        the plans of our system
  --right FILE       those of the other one
  --spec FILE        YAML; a list's part has key (the column that is the plan ID), columns
                     (heading: insurer, name, type, payer id, address, city, state, zip, phone or
                     ignore), sheet, separator and charset:
                       left: {key: plan_id, columns: {Payer: insurer, Plan name: name}}
                       right: {key: PLAN}
                       automatic: 0.75          # least probability of a link without a person
                       one_to_many: [UHC]       # right plans that may have several left ones
                       open_gates: [product conflict]
                       aliases: {OUR NAME: THEIR NAME}
  --simulate FILE    HL7 v2 messages, or a folder of them: which of their IN1 would find a linked
                     plan, and which would create a new one; written as simulation.csv
  --from SIDE        whose messages these are: left, or right if not given
  --key PATH         where they carry the plan ID; IN1-2.1 if not given
  --out DIR          where the files go; it is made if it is not there
  --json             print the figures as summary.json has them
`

// linkPlansFlags are what the user asked for.
type linkPlansFlags struct {
	left, right, spec, out string
	simulate, from, key    string
	asJSON                 bool
}

func runLinkPlans(ctx context.Context, s *session, args []string) error {
	var f linkPlansFlags
	set := flag.NewFlagSet("link plans", flag.ContinueOnError)
	set.StringVar(&f.left, "left", "", "")
	set.StringVar(&f.right, "right", "", "")
	set.StringVar(&f.spec, "spec", "", "")
	set.StringVar(&f.out, "out", "", "")
	set.StringVar(&f.simulate, "simulate", "", "")
	set.StringVar(&f.from, "from", string(linkage.Right), "")
	set.StringVar(&f.key, "key", plan.KeyPath, "")
	set.BoolVar(&f.asJSON, "json", false, "")
	rest, err := parse(set, args)
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return usagef("link plans takes its files as --left FILE and --right FILE, and not %q", rest[0])
	case f.left == "" || f.right == "":
		return usagef("link plans needs --left FILE and --right FILE: the plan lists of the two systems")
	case f.from != string(linkage.Left) && f.from != string(linkage.Right):
		return usagef("--from is left or right, and not %q", f.from)
	}
	return s.linkPlans(ctx, f)
}

func (s *session) linkPlans(ctx context.Context, f linkPlansFlags) error {
	spec, err := readPlanSpec(f.spec)
	if err != nil {
		return err
	}
	var taught []linkage.Alias
	for _, from := range slices.Sorted(maps.Keys(spec.Aliases)) {
		taught = append(taught, linkage.Alias{Kind: linkage.Plans, From: from, To: spec.Aliases[from]})
	}
	dictionary, err := plan.Standard().With(taught...)
	if err != nil {
		return err
	}
	left, err := readPlans(ctx, f.left, spec.Left, dictionary)
	if err != nil {
		return err
	}
	right, err := readPlans(ctx, f.right, spec.Right, dictionary)
	if err != nil {
		return err
	}
	progress := job.NewProgress()
	stop := s.showProgress("comparing plans", progress)
	options := spec.Apply(plan.Options{Progress: func(done, all int) {
		progress.SetTotal(int64(all))
		progress.Set(int64(done))
	}})
	result, err := plan.Match(ctx, left, right, options)
	stop()
	if err != nil {
		return err
	}
	tables := links.PlanTables(result)
	if f.simulate != "" {
		played, err := s.simulate(ctx, f, result, dictionary)
		if err != nil {
			return err
		}
		tables["simulation.csv"] = played.sheet()
		if !f.asJSON {
			fmt.Fprintln(s.out, played)
		}
	}
	summary := result.Summary(options)
	if f.out != "" {
		if err := writeTables(ctx, f.out, tables, summary); err != nil {
			return err
		}
	}
	if f.asJSON {
		return writeSummary(s.out, summary)
	}
	return s.printPlanSummary(summary, f.out)
}

func readPlanSpec(name string) (plan.Spec, error) {
	if name == "" {
		return plan.Spec{}, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return plan.Spec{}, &readError{name, err}
	}
	defer file.Close()
	spec, err := plan.ParseSpec(file)
	if err != nil {
		return plan.Spec{}, fmt.Errorf("%s: %w", name, err)
	}
	return spec, nil
}

func readPlans(ctx context.Context, name string, spec plan.ListSpec, d *plan.Dictionary) (*plan.List, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, &readError{name, err}
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name the file that lists the plans", name)
	}
	return plan.ReadList(ctx, name, file, spec, d)
}

// writeTables writes the tables and summary.json into a folder. Each file is there whole or not at all.
func writeTables(ctx context.Context, folder string, tables map[string]report.Sheet, summary any) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making the folder for the results: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if err := writeWhole(folder, name, func(w io.Writer) error { return report.CSV{Guard: true}.Write(ctx, w, tables[name]) }); err != nil {
			return err
		}
	}
	return writeWhole(folder, "summary.json", func(w io.Writer) error { return writeSummary(w, summary) })
}

// writeWhole writes a file under another name and then gives it its own, so that a full disk or a Ctrl-C leaves no half
// of one.
func writeWhole(folder, name string, write func(io.Writer) error) error {
	path := filepath.Join(folder, name)
	file, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := errors.Join(write(file), file.Close()); err != nil {
		os.Remove(path + ".part")
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return os.Rename(path+".part", path)
}

func writeSummary(w io.Writer, summary any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(summary)
}

func (s *session) printPlanSummary(m plan.Summary, out string) error {
	rows := [][]string{
		{"left", fmt.Sprintf("%s, %s, plan ID: %s (%s)", clean(m.Left.Name), plural(int64(m.Left.Rows), "plan", "plans"), clean(m.Left.Key.Column), m.Left.Key.ChosenBy)},
		{"right", fmt.Sprintf("%s, %s, plan ID: %s (%s)", clean(m.Right.Name), plural(int64(m.Right.Rows), "plan", "plans"), clean(m.Right.Key.Column), m.Right.Key.ChosenBy)},
		{"automatic", fmt.Sprintf("%s, of which about %.1f are expected to be wrong", plural(int64(m.Automatic), "link", "links"), m.ExpectedFalse)},
		{"review", plural(int64(m.Review), "plan", "plans")},
		{"blocked", plural(int64(m.Blocked), "plan", "plans")},
		{"create", plural(int64(m.Create), "plan", "plans")},
		{"no payers", plural(int64(m.NotPayers), "row", "rows")},
		{"duplicates", fmt.Sprintf("%d left, %d right", m.Duplicates[linkage.Left], m.Duplicates[linkage.Right])},
	}
	if m.Left.Bad+m.Right.Bad > 0 {
		rows = append(rows, []string{"set aside", fmt.Sprintf("%d left, %d right", m.Left.Bad, m.Right.Bad)})
	}
	gates := slices.Sorted(maps.Keys(m.Gates))
	slices.SortStableFunc(gates, func(a, b plan.Gate) int { return m.Gates[b] - m.Gates[a] })
	for _, g := range gates {
		rows = append(rows, []string{"stopped by", fmt.Sprintf("%s: %d", g, m.Gates[g])})
	}
	for _, note := range m.Notes {
		rows = append(rows, []string{"note", clean(note)})
	}
	if out != "" {
		rows = append(rows, []string{"written to", clean(out)})
	}
	return writeAligned(s.out, "", rows)
}

// played is a simulation over messages.
type played struct {
	rows    [][]report.Cell
	counts  map[plan.Outcome]int
	order   []plan.Outcome
	message int
}

// simulate plays the messages of files against the links.
func (s *session) simulate(ctx context.Context, f linkPlansFlags, r *plan.Result, d *plan.Dictionary) (*played, error) {
	side, list := linkage.Side(f.from), r.Right
	if side == linkage.Left {
		list = r.Left
	}
	simulation, err := plan.NewSimulation(list, r.LinksOf(side), f.key, d)
	if err != nil {
		return nil, err
	}
	p := &played{counts: map[plan.Outcome]int{}, order: plan.Outcomes}
	return p, s.eachInput(ctx, []string{f.simulate}, true, func(in *input) error {
		scanner := hl7.NewScanner(in, hl7.ScanOptions{})
		for scanner.Scan() {
			if err := ctx.Err(); err != nil {
				return err
			}
			item := scanner.Item()
			if item.Kind != hl7.ItemMessage {
				continue
			}
			p.message++
			for _, a := range simulation.Play(hl7.Parse(item.Bytes)) {
				p.add(in.source(), a)
			}
		}
		if err := scanner.Err(); err != nil {
			return &readError{in.name, err}
		}
		return nil
	})
}

func (p *played) add(source string, a plan.Arrival) {
	p.counts[a.Outcome]++
	p.rows = append(p.rows, []report.Cell{
		report.Text(source), report.Int(p.message), report.Int(a.Segment), report.Text(a.Key), report.Text(a.Name), report.Text(string(a.Outcome)),
		report.Text(a.Plan), report.Text(a.Linked),
	})
}

func (p *played) sheet() report.Sheet {
	return report.Sheet{
		Name: "Simulation", Columns: report.Titles("file", "message", "in1", "key", "name", "outcome", "plan_id", "linked_id"), Rows: report.Rows(p.rows),
	}
}

// String is the figures in one line.
func (p *played) String() string {
	parts := []string{plural(int64(p.message), "message", "messages")}
	for _, o := range p.order {
		if n := p.counts[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", o, n))
		}
	}
	return "simulation  " + strings.Join(parts, ", ")
}
