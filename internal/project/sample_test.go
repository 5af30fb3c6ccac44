package project_test

import (
	"encoding/csv"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/project"
	"trestle/workspaces"
)

func sample(t *testing.T) (*project.Project, fs.FS) {
	t.Helper()
	fsys := workspaces.Riverbend()
	p, err := project.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return p, fsys
}

func TestSampleLoads(t *testing.T) {
	p, _ := sample(t)
	if p.Environment != project.Test || p.Scope.Kind != project.OfficeBased {
		t.Errorf("environment %q, scope %q; want test, office-based", p.Environment, p.Scope.Kind)
	}
	if len(p.Messages) < 60 || len(p.People) < 5 || len(p.TestPlan) < 5 || len(p.Rosters) != 2 || len(p.Plans) != 2 {
		t.Errorf("%d messages, %d people, %d tests, %d rosters, %d plan lists",
			len(p.Messages), len(p.People), len(p.TestPlan), len(p.Rosters), len(p.Plans))
	}
}

// TestSampleListsEveryFile: Load has seen that every listed file exists. This is the other way round.
func TestSampleListsEveryFile(t *testing.T) {
	p, fsys := sample(t)
	names, err := fs.Glob(fsys, "messages/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, ok := p.Message(name); !ok {
			t.Errorf("%s is not listed in %s", name, project.FileName)
		}
	}
}

// TestSampleFindings holds project file, messages and checks together: a malformed file raises what it must, a good
// one nothing above information.
func TestSampleFindings(t *testing.T) {
	p, fsys := sample(t)
	known := map[string]bool{}
	for _, d := range check.Codes() {
		known[d.Code] = true
	}
	for _, m := range p.Messages {
		t.Run(strings.TrimPrefix(m.File, "messages/"), func(t *testing.T) {
			found := findings(t, fsys, m.File)
			if !m.Malformed() {
				for _, f := range found {
					if f.Severity > check.Information {
						t.Errorf("a good file raises %s %s at %s, offset %d", f.Severity, f.Code, f.Path, f.Offset)
					}
				}
				return
			}
			if len(m.Expect) == 0 {
				t.Error("a malformed file expects nothing")
			}
			for _, code := range m.Expect {
				if !known[code] {
					t.Errorf("no check reports the code %q", code)
				}
				if !slices.ContainsFunc(found, func(f check.Finding) bool { return f.Code == code && f.Severity > check.Information }) {
					t.Errorf("%s is not raised above information; found %s", code, codes(found))
				}
			}
		})
	}
}

// findings reads a file as the inspector does: what the container says, then what each message says.
func findings(t *testing.T, fsys fs.FS, name string) []check.Finding {
	t.Helper()
	var found []check.Finding
	for piece := range pieces(t, fsys, name) {
		found = append(found, check.Piece(piece, check.Options{})...)
		if piece.Kind == hl7.ItemMessage {
			found = append(found, check.Message(hl7.Parse(piece.Bytes), check.Options{})...)
		}
	}
	return found
}

func pieces(t *testing.T, fsys fs.FS, name string) func(func(format.Piece) bool) {
	t.Helper()
	return func(yield func(format.Piece) bool) {
		f, err := fsys.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for piece, err := range format.Split(f, format.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(piece) {
				return
			}
		}
	}
}

func codes(found []check.Finding) []string {
	var out []string
	for _, f := range found {
		if !slices.Contains(out, f.Code) {
			out = append(out, f.Code)
		}
	}
	return out
}

// table reads a CSV file as rows by column name.
func table(t *testing.T, fsys fs.FS, name string) []map[string]string {
	t.Helper()
	f, err := fsys.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var rows []map[string]string
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func keyed(t *testing.T, fsys fs.FS, l project.Roster) map[string]map[string]string {
	t.Helper()
	rows := map[string]map[string]string{}
	for i, r := range table(t, fsys, l.File) {
		key := r[l.Key]
		if key == "" || rows[key] != nil {
			t.Errorf("%s row %d: the key %s is empty or given twice", l.File, i+2, l.Key)
		}
		rows[key] = r
	}
	return rows
}

func TestSampleRosters(t *testing.T) {
	p, fsys := sample(t)
	ours, theirs := keyed(t, fsys, p.Rosters[0]), keyed(t, fsys, p.Rosters[1])
	for name, rows := range map[string]int{"ours": len(ours), "theirs": len(theirs)} {
		if rows < 120 || rows > 200 {
			t.Errorf("%s has %d patients; 120 to 200 are few enough to review by hand and enough to match", name, rows)
		}
	}
	answers := map[string]int{}
	for i, a := range table(t, fsys, "rosters/answers.csv") {
		if ours[a["patient_id"]] == nil || theirs[a["mrn"]] == nil {
			t.Errorf("rosters/answers.csv row %d names a patient that is in no roster", i+2)
		}
		answers[a["answer"]]++
	}
	if answers["same"] < 100 || answers["different"] < 20 || len(answers) != 2 {
		t.Errorf("answers = %v", answers)
	}
	plans, partner := keyed(t, fsys, project.Roster(p.Plans[0])), keyed(t, fsys, project.Roster(p.Plans[1]))
	for i, a := range table(t, fsys, "plans/answers.csv") {
		if plans[a["plan_id"]] == nil || a["plan"] != "" && partner[a["plan"]] == nil {
			t.Errorf("plans/answers.csv row %d names a plan that is in no list", i+2)
		}
	}
	for key, r := range ours {
		if plans[r["plan"]] == nil {
			t.Errorf("the plan of %s is not in the plan list", key)
		}
	}
}

// TestSampleIsConsistent: the patient of every good message is in the rosters, under the same numbers, with the same
// birth date, and the plan of every IN1 is in the practice's plan list.
func TestSampleIsConsistent(t *testing.T) {
	p, fsys := sample(t)
	ours, theirs := keyed(t, fsys, p.Rosters[0]), keyed(t, fsys, p.Rosters[1])
	plans := keyed(t, fsys, project.Roster(p.Plans[1]))
	patients := 0
	for _, file := range p.Messages {
		if file.Malformed() {
			continue
		}
		for piece := range pieces(t, fsys, file.File) {
			m := hl7.Parse(piece.Bytes)
			born := text(t, m, "PID-7.1")
			for i := 1; ; i++ {
				in1, ok := m.Find("IN1", i)
				if !ok {
					break
				}
				if plan := in1.Field(2).Component(1).Text(); plans[plan] == nil {
					t.Errorf("%s: the plan of IN1[%d] is not in the practice's list", file.File, i)
				}
			}
			pid, ok := m.Find("PID", 1)
			if !ok {
				continue
			}
			patients++
			for i := 1; i <= pid.Field(3).Repetitions(); i++ {
				id := pid.Field(3).Repetition(i)
				var dob string
				switch id.Component(5).Text() {
				case "MR":
					if r := theirs[id.Component(1).Text()]; r != nil {
						dob = r["DOB"][6:] + r["DOB"][:2] + r["DOB"][3:5]
					}
				case "PI":
					if r := ours[id.Component(1).Text()]; r != nil {
						dob = strings.ReplaceAll(r["birth_date"], "-", "")
					}
				default:
					continue
				}
				if dob != born {
					t.Errorf("%s: PID-3[%d] and PID-7 are not those of a row in the roster", file.File, i)
				}
			}
		}
	}
	if patients < 40 {
		t.Errorf("only %d messages with a patient were compared", patients)
	}
}

func text(t *testing.T, m *hl7.Message, path string) string {
	t.Helper()
	v, err := m.GetString(path)
	if err != nil {
		t.Fatal(err)
	}
	return v.Text()
}
