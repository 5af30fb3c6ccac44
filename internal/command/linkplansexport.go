package command

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/report/links"
)

const linkExportHelp = `
Writes what is decided into DIR: link tables both ways and a cover sheet (CSV and links.xlsx),
plans to create, doubtful cases with the decision and its author, SQL for a staging table, and for
patients FHIR Linkage and Patient.link and, where SPEC names the assigning authorities, HL7 A24
(link), A37 (unlink) and A40 (merge, for duplicates inside one system only). What is undecided is
counted and not written. Nothing is written while a conflict is open; the conflicts are listed
and the exit status is 1. The files are NOT encrypted.

  --run DIR         the folder that "link run" or "link plans" wrote with --out
  --decisions FILE  CSV with the columns left_id, right_id, decision, by, at, note: what people
                    decided, the last line about a pair counts. decision is same, different,
                    unsure, skip, create new (right_id empty), same, many (several links of
                    one record are meant), duplicate left or duplicate right (both IDs are of
                    that system; the second is merged into the first)
  --spec FILE       YAML: project, by; left and right, each with name, authority {namespace,
                    universal_id, type}, id_type, uri; hl7 {sending_application,
                    sending_facility, receiving_application, receiving_facility, production};
                    sql {table, dialect}: ansi, mysql or sqlserver
  --at TIME         the time of the export, as 2026-01-31T14:30:00Z; now if not given
  --out DIR         where the files go; it is made if it is not there
`

// exportSpec is what an export says beyond the run.
type exportSpec struct {
	Project string     `yaml:"project"`
	By      string     `yaml:"by"`
	Left    exportSide `yaml:"left"`
	Right   exportSide `yaml:"right"`
	HL7     struct {
		SendingApplication   string `yaml:"sending_application"`
		SendingFacility      string `yaml:"sending_facility"`
		ReceivingApplication string `yaml:"receiving_application"`
		ReceivingFacility    string `yaml:"receiving_facility"`
		Production           bool   `yaml:"production"`
	} `yaml:"hl7"`
	SQL struct {
		Table   string `yaml:"table"`
		Dialect string `yaml:"dialect"`
	} `yaml:"sql"`
}

type exportSide struct {
	Name      string `yaml:"name"`
	Authority struct {
		Namespace   string `yaml:"namespace"`
		UniversalID string `yaml:"universal_id"`
		Type        string `yaml:"type"`
	} `yaml:"authority"`
	IDType string `yaml:"id_type"`
	URI    string `yaml:"uri"`
}

func (e exportSide) system(fallback, file, hash string, rows int) links.System {
	return links.System{
		Name: cmp.Or(e.Name, fallback), File: file, SHA256: hash, Rows: rows, IDType: e.IDType, URI: e.URI,
		Authority: links.Authority{Namespace: e.Authority.Namespace, UniversalID: e.Authority.UniversalID, Type: e.Authority.Type},
	}
}

func runLinkExport(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("link export", flag.ContinueOnError)
	run := set.String("run", "", "")
	out := set.String("out", "", "")
	decisionsFile := set.String("decisions", "", "")
	specFile := set.String("spec", "", "")
	at := set.String("at", "", "")
	rest, err := parse(set, args)
	switch {
	case err != nil:
		return err
	case *run == "" || *out == "" || len(rest) > 0:
		return usagef("link export needs --run DIR, a folder that \"link run\" or \"link plans\" wrote, and --out DIR")
	}
	paper, err := readRun(*run)
	if err != nil {
		return err
	}
	if paper.At, err = exportTime(*at); err != nil {
		return err
	}
	if err := readExportSpec(*specFile, paper); err != nil {
		return err
	}
	if paper.By == "" {
		paper.By = s.User
	}
	candidates, err := readCandidates(*run)
	if err != nil {
		return err
	}
	decisions, merges, err := readDecisions(*decisionsFile, paper)
	if err != nil {
		return err
	}
	if paper.Settled, err = links.Settle(each(candidates), each(decisions)); err != nil {
		return err
	}
	paper.Merges = merges
	if err := settleCreations(*run, paper, candidates); err != nil {
		return err
	}
	return s.writePaper(ctx, paper, *out)
}

// writePaper writes the files, or lists the conflicts that stop it.
func (s *session) writePaper(ctx context.Context, paper *links.Paper, out string) error {
	var conflict *links.ConflictError
	if err := paper.Check(); errors.As(err, &conflict) {
		s.complain("%s", conflict)
		for _, c := range conflict.Conflicts {
			fmt.Fprintf(s.Stderr, "  %s\n", clean(c.String()))
		}
		return errFailed
	} else if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return fmt.Errorf("making the folder for the export: %w", err)
	}
	names, err := paper.WriteAll(ctx, func(name string) (io.WriteCloser, error) {
		path := filepath.Join(out, name)
		f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, err
		}
		return &wholeFile{f, path}, nil
	})
	if err != nil {
		return err
	}
	settled := &paper.Settled
	return writeAligned(s.out, "", [][]string{
		{"links", fmt.Sprint(len(settled.Links))}, {"doubtful", fmt.Sprint(len(settled.Doubtful))}, {"to create", fmt.Sprint(len(paper.Creations))},
		{"taken back", fmt.Sprint(len(settled.Unlinked))}, {"merged", fmt.Sprint(len(paper.Merges))},
		{"undecided", fmt.Sprintf("%d, not exported", settled.Undecided)}, {"files", strings.Join(names, ", ")},
	})
}

// wholeFile has its name only once it is closed.
type wholeFile struct {
	*os.File
	path string
}

func (w *wholeFile) Close() error {
	if err := w.File.Close(); err != nil {
		return err
	}
	return os.Rename(w.File.Name(), w.path)
}

func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func exportTime(text string) (time.Time, error) {
	if text == "" {
		return time.Now().UTC(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usagef("--at %s is not a time; write it as 2026-01-31T14:30:00Z", text)
	}
	return at.UTC(), nil
}

// readRun reads the figures of a run over patients or plans.
func readRun(folder string) (*links.Paper, error) {
	name := filepath.Join(folder, "summary.json")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, &readError{name, err}
	}
	var kind struct {
		Model string `json:"model"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, fmt.Errorf("%s is no summary of a run: %w", name, err)
	}
	if kind.Model == plan.ModelVersion {
		var m plan.Summary
		if err := json.Unmarshal(text, &m); err != nil {
			return nil, fmt.Errorf("%s is no summary of a run: %w", name, err)
		}
		return planPaper(m), nil
	}
	var m linkage.Summary
	if err := json.Unmarshal(text, &m); err != nil || m.Model == "" {
		return nil, fmt.Errorf("%s is no summary of a run of this program", name)
	}
	return patientPaper(m), nil
}

func planPaper(m plan.Summary) *links.Paper {
	p := &links.Paper{
		Kind: linkage.Plans, Model: m.Model, Method: "insurer first, plan within it; Fellegi-Sunter with frequencies, one to one",
		Left:  links.System{Name: "left", File: m.Left.Name, SHA256: m.Left.SHA256, Rows: m.Left.Rows},
		Right: links.System{Name: "right", File: m.Right.Name, SHA256: m.Right.SHA256, Rows: m.Right.Rows},
	}
	for _, name := range slices.Sorted(maps.Keys(m.Thresholds)) {
		p.Thresholds = append(p.Thresholds, links.Field{Name: name, Value: strconv.FormatFloat(m.Thresholds[name], 'f', -1, 64)})
	}
	p.Thresholds = append(p.Thresholds, links.Field{Name: "expected false links", Value: strconv.FormatFloat(m.ExpectedFalse, 'f', 2, 64)},
		links.Field{Name: "plan ID, left", Value: m.Left.Key.Column + " (" + m.Left.Key.ChosenBy + ")"},
		links.Field{Name: "plan ID, right", Value: m.Right.Key.Column + " (" + m.Right.Key.ChosenBy + ")"})
	for _, g := range slices.Sorted(maps.Keys(m.Gates)) {
		p.Gates = append(p.Gates, links.Field{Name: string(g), Value: fmt.Sprint(m.Gates[g])})
	}
	return p
}

func patientPaper(m linkage.Summary) *links.Paper {
	p := &links.Paper{
		Kind: linkage.Patients, Model: m.Model, Seed: m.Seed, Method: "Fellegi-Sunter with three classes: person, household, stranger; one to one",
		Left: links.System{Name: "left", SHA256: m.LeftHash, Rows: m.LeftRows}, Right: links.System{Name: "right", SHA256: m.RightHash, Rows: m.RightRows},
		Thresholds: []links.Field{{Name: "expected false links", Value: strconv.FormatFloat(m.ExpectedFalse, 'f', 4, 64)}},
	}
	if m.AutomaticOff != "" {
		p.Thresholds = append(p.Thresholds, links.Field{Name: "automatic links were off", Value: m.AutomaticOff})
	}
	for _, g := range slices.Sorted(maps.Keys(m.Gates)) {
		p.Gates = append(p.Gates, links.Field{Name: g, Value: fmt.Sprint(m.Gates[g])})
	}
	return p
}

func readExportSpec(name string, p *links.Paper) error {
	var spec exportSpec
	if name != "" {
		file, err := os.Open(name)
		if err != nil {
			return &readError{name, err}
		}
		defer file.Close()
		d := yaml.NewDecoder(file)
		d.KnownFields(true)
		if err := d.Decode(&spec); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: reading the specification: %w", name, err)
		}
	}
	p.Project, p.By = spec.Project, spec.By
	p.Left = spec.Left.system(p.Left.Name, p.Left.File, p.Left.SHA256, p.Left.Rows)
	p.Right = spec.Right.system(p.Right.Name, p.Right.File, p.Right.SHA256, p.Right.Rows)
	p.HL7 = links.Header(spec.HL7)
	p.SQL = links.SQLOptions{Table: spec.SQL.Table, Dialect: links.Dialect(spec.SQL.Dialect)}
	return nil
}

// eachRow reads a CSV file of a run by the names of its columns. A file that is not there has no rows.
func eachRow(name string, needed []string, use func(line int, cell func(column string) string) error) error {
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &readError{name, err}
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	head, err := reader.Read()
	if err != nil {
		return fmt.Errorf("%s has no heading: %w", name, err)
	}
	at := map[string]int{}
	for i, column := range head {
		at[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(column, "\ufeff")))] = i
	}
	for _, column := range needed {
		if _, ok := at[column]; !ok {
			return fmt.Errorf("%s has no column %s: it needs %s", name, column, strings.Join(needed, ", "))
		}
	}
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		line, _ := reader.FieldPos(0)
		if err := use(line, func(column string) string {
			if i, ok := at[column]; ok && i < len(row) {
				return unguarded(row[i])
			}
			return ""
		}); err != nil {
			return fmt.Errorf("%s, line %d: %w", name, line, err)
		}
	}
}

// unguarded takes the apostrophe away that keeps a spreadsheet from reading a value as a formula.
func unguarded(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune("=+-@\t\r", rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

func readCandidates(folder string) ([]linkage.Candidate, error) {
	name := filepath.Join(folder, "links.csv")
	if _, err := os.Stat(name); err != nil {
		return nil, &readError{name, err}
	}
	var all []linkage.Candidate
	for _, file := range []string{"links.csv", "review.csv"} {
		err := eachRow(filepath.Join(folder, file), []string{"left_id", "right_id", "probability", "band"}, func(_ int, cell func(string) string) error {
			p, err := strconv.ParseFloat(cell("probability"), 64)
			if err != nil {
				return fmt.Errorf("%q is no probability", cell("probability"))
			}
			band, err := linkage.ParseBand(cell("band"))
			if err != nil {
				return err
			}
			all = append(all, linkage.Candidate{Left: cell("left_id"), Right: cell("right_id"), Probability: p, Band: band, Pattern: cell("reasons")})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readDecisions reads what people decided. Decided duplicates become merges.
func readDecisions(name string, p *links.Paper) (list []linkage.Decision, merges []links.Merge, err error) {
	if name == "" {
		return nil, nil, nil
	}
	if _, err := os.Stat(name); err != nil {
		return nil, nil, &readError{name, err}
	}
	err = eachRow(name, []string{"left_id", "right_id", "decision"}, func(_ int, cell func(string) string) error {
		d := linkage.Decision{
			Seq: int64(len(list) + 1), Kind: p.Kind, Who: cell("by"), Note: cell("note"),
			Candidate: linkage.Candidate{Left: cell("left_id"), Right: cell("right_id")},
		}
		if at := cell("at"); at != "" {
			if d.At, err = time.Parse(time.RFC3339, at); err != nil {
				return fmt.Errorf("%q is no time: write it as 2026-01-31T14:30:00Z", at)
			}
		}
		switch word := strings.ToLower(strings.TrimSpace(cell("decision"))); word {
		case "same", "different", "unsure", "skip", "create new":
			d.Action = linkage.Action(word)
		case "same, many":
			d.Action, d.Many = linkage.ActSame, true
		case "duplicate left", "duplicate right":
			merges = append(merges, p.Merge(linkage.Side(strings.TrimPrefix(word, "duplicate ")), d))
			return nil
		default:
			return fmt.Errorf("there is no decision %q: it is same, different, unsure, skip, create new, \"same, many\", duplicate left or duplicate right", word)
		}
		list = append(list, d)
		return nil
	})
	return list, merges, err
}

// settleCreations lists the plans to create: those that the run found no counterpart for, without those that people
// linked, and those that people decided to create.
func settleCreations(folder string, p *links.Paper, candidates []linkage.Candidate) error {
	if p.Kind != linkage.Plans {
		return nil
	}
	wanted := map[string]links.Creation{}
	err := eachRow(filepath.Join(folder, "create.csv"), []string{"left_id"}, func(_ int, cell func(string) string) error {
		wanted[cell("left_id")] = links.Creation{Near: cell("nearest_id")}
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range p.Settled.CreateNew {
		c := links.Creation{By: d.Who}
		if near := slices.IndexFunc(candidates, func(c linkage.Candidate) bool { return c.Left == d.Left }); near >= 0 {
			c.Near = candidates[near].Right
		}
		wanted[d.Left] = c
	}
	for _, l := range p.Settled.Links {
		delete(wanted, l.Left)
	}
	return eachRow(filepath.Join(folder, "plans.csv"), []string{"system", "id"}, func(_ int, cell func(string) string) error {
		c, ok := wanted[cell("id")]
		if !ok || cell("system") != string(linkage.Left) {
			return nil
		}
		c.LeftID = cell("id")
		for _, name := range links.CreationFields() {
			c.Fields = append(c.Fields, links.Field{Name: name, Value: cell(name)})
		}
		p.Creations = append(p.Creations, c)
		return nil
	})
}
