package links

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"trestle/internal/hl7"
	"trestle/internal/linkage"
	"trestle/internal/linkage/plan"
	"trestle/internal/report"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func seq[T any](list ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func candidate(left, right string, band linkage.Band) linkage.Candidate {
	return linkage.Candidate{Left: left, Right: right, LeftHash: "h" + left, RightHash: "h" + right, Probability: 0.9, Band: band, Pattern: "same name"}
}

func decision(seq int64, action linkage.Action, left, right string) linkage.Decision {
	return linkage.Decision{Seq: seq, At: noon, Who: "Ada", Action: action, Candidate: candidate(left, right, linkage.Review)}
}

func undo(seq, of int64) linkage.Decision {
	return linkage.Decision{Seq: seq, At: noon, Who: "Ada", Action: linkage.ActUndo, Undoes: of}
}

func pairs(list []Link) string {
	var b strings.Builder
	for _, l := range list {
		b.WriteString(l.Left + "=" + l.Right + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestSettle(t *testing.T) {
	many := decision(1, linkage.ActSame, "a", "1")
	many.Many = true
	many2 := decision(2, linkage.ActSame, "b", "1")
	many2.Many = true
	old := decision(1, linkage.ActSame, "a", "1")
	old.LeftHash = "before"
	for name, c := range map[string]struct {
		candidates                 []linkage.Candidate
		decisions                  []linkage.Decision
		links, unlinked            string
		doubts, conflicts, changed int
		undecided                  int
	}{
		"automatic links are exported, what is undecided is not": {
			candidates: []linkage.Candidate{candidate("a", "1", linkage.Automatic), candidate("b", "2", linkage.Review), candidate("b", "3", linkage.Review)},
			links:      "a=1", undecided: 1,
		},
		"a decision makes a link": {
			candidates: []linkage.Candidate{candidate("b", "2", linkage.Review)}, decisions: []linkage.Decision{decision(1, linkage.ActSame, "b", "2")}, links: "b=2",
		},
		"different stays different, whatever the engine finds": {
			candidates: []linkage.Candidate{candidate("a", "1", linkage.Automatic)}, decisions: []linkage.Decision{decision(1, linkage.ActDifferent, "a", "1")},
			unlinked: "a=1", doubts: 1,
		},
		"an automatic link gives way to a decision": {
			candidates: []linkage.Candidate{candidate("a", "1", linkage.Automatic)}, decisions: []linkage.Decision{decision(1, linkage.ActSame, "a", "2")}, links: "a=2",
		},
		"taken back": {
			candidates: []linkage.Candidate{candidate("a", "1", linkage.Review)}, decisions: []linkage.Decision{decision(1, linkage.ActSame, "a", "1"), undo(2, 1)},
			unlinked: "a=1", undecided: 1,
		},
		"the taking back taken back": {
			decisions: []linkage.Decision{decision(1, linkage.ActSame, "a", "1"), undo(2, 1), undo(3, 2)}, links: "a=1",
		},
		"the last word counts": {
			decisions: []linkage.Decision{decision(1, linkage.ActSame, "a", "1"), decision(2, linkage.ActUnsure, "a", "1")}, unlinked: "a=1", doubts: 1,
		},
		"two links are a conflict": {
			decisions: []linkage.Decision{decision(1, linkage.ActSame, "a", "1"), decision(2, linkage.ActSame, "a", "2")}, links: "a=1 a=2", conflicts: 1,
		},
		"two links of a right record too": {
			decisions: []linkage.Decision{decision(1, linkage.ActSame, "a", "1"), decision(2, linkage.ActSame, "b", "1")}, links: "a=1 b=1", conflicts: 1,
		},
		"several by explicit choice": {decisions: []linkage.Decision{many, many2}, links: "a=1 b=1"},
		"linked and to be created": {
			decisions: []linkage.Decision{decision(1, linkage.ActSame, "a", "1"), decision(2, linkage.ActCreateNew, "a", "")}, links: "a=1", conflicts: 1,
		},
		"changed since": {
			candidates: []linkage.Candidate{candidate("a", "1", linkage.Review)}, decisions: []linkage.Decision{old}, links: "a=1", changed: 1,
		},
		"skipped is undecided": {
			candidates: []linkage.Candidate{candidate("a", "1", linkage.Review)}, decisions: []linkage.Decision{decision(1, linkage.ActSkip, "a", "1")}, undecided: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Settle(seq(c.candidates...), seq(c.decisions...))
			if err != nil {
				t.Fatal(err)
			}
			if got := pairs(s.Links); got != c.links {
				t.Errorf("links %q, want %q", got, c.links)
			}
			if got := pairs(s.Unlinked); got != c.unlinked {
				t.Errorf("unlinked %q, want %q", got, c.unlinked)
			}
			if len(s.Doubtful) != c.doubts || len(s.Conflicts) != c.conflicts || s.Changed != c.changed || s.Undecided != c.undecided {
				t.Errorf("%d doubtful, %v conflicts, %d changed, %d undecided", len(s.Doubtful), s.Conflicts, s.Changed, s.Undecided)
			}
		})
	}
}

// TestDuplicatesAreNoLinks: two records of one system may have the identifiers of a pair of both.
func TestDuplicatesAreNoLinks(t *testing.T) {
	within := func(seq int64, action linkage.Action, a, b string) linkage.Decision {
		d := decision(seq, action, a, b)
		d.Side = linkage.Left
		return d
	}
	s, err := Settle(seq(candidate("1", "2", linkage.Automatic)), seq(
		within(1, linkage.ActDuplicate, "1", "2"), within(2, linkage.ActDuplicate, "3", "4"), within(3, linkage.ActDifferent, "2", "1")))
	if err != nil {
		t.Fatal(err)
	}
	if pairs(s.Links) != "1=2" || len(s.Duplicates) != 1 || s.Duplicates[0].Left != "3" || len(s.Doubtful) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestSettleSaysWhatCannotBeRead(t *testing.T) {
	broken := errors.New("disk")
	bad := func(yield func(linkage.Decision, error) bool) { yield(linkage.Decision{}, broken) }
	if _, err := Settle(seq[linkage.Candidate](), bad); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func paper() *Paper {
	left := System{Name: "Riverbend", File: "infusion.csv", SHA256: "ab12", Rows: 3, Authority: Authority{Namespace: "RIVER|BEND"}, IDType: "PI", URI: "urn:example:river"}
	right := System{Name: "Lakeside", File: "ehr.csv", SHA256: "cd34", Rows: 4, Authority: Authority{"LAKESIDE", "2.999.1.10", "ISO"}}
	linked := Link{Candidate: candidate("C1^x", "0088121", linkage.Review), By: "O'Neil \\ Ada", At: noon, Decision: 7}
	return &Paper{
		Project: "Riverbend", Kind: linkage.Patients, Left: left, Right: right, At: noon, By: "Ada", Method: "Fellegi-Sunter", Model: linkage.ModelVersion, Seed: 5,
		Settled: Settled{
			Links:     []Link{linked, {Candidate: candidate("C2", "0088122", linkage.Automatic)}},
			Doubtful:  []Doubt{{candidate("C3", "0088123", linkage.Review), linkage.ActUnsure, "Ada", noon, "twins?"}},
			Unlinked:  []Link{{Candidate: candidate("C4", "0088124", linkage.Automatic)}},
			Undecided: 2,
		},
		Proposals:  []Proposal{{"C2", "0088122", "phone", "555-0101", "555-0102", linkage.Right, "office based"}},
		Merges:     []Merge{{linkage.Right, right.identifier("0088122"), right.identifier("0088199"), "Ada", noon}},
		Thresholds: []Field{{"automatic", "0.999"}}, Gates: []Field{{"twins", "3"}},
	}
}

type file struct {
	bytes.Buffer
	closed bool
}

func (f *file) Close() error { f.closed = true; return nil }

func writeAll(t *testing.T, p *Paper) map[string]*file {
	t.Helper()
	files := map[string]*file{}
	names, err := p.WriteAll(context.Background(), func(name string) (io.WriteCloser, error) {
		files[name] = &file{}
		return files[name], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if files[name] == nil || !files[name].closed || files[name].Len() == 0 {
			t.Errorf("%s is empty, or was not closed", name)
		}
	}
	if len(names) != len(files) {
		t.Errorf("%d files, %d names", len(files), len(names))
	}
	return files
}

func TestWriteAll(t *testing.T) {
	files := writeAll(t, paper())
	for _, name := range []string{
		"cover.csv", "links-left-to-right.csv", "links-right-to-left.csv", "doubtful.csv", "proposals.csv", "duplicates.csv", "links.xlsx", "links.sql",
		"linkage.fhir.json", "patient-links.fhir.json", "link-a24.hl7", "unlink-a37.hl7", "merge-a40.hl7",
	} {
		if files[name] == nil {
			t.Errorf("%s was not written", name)
		}
	}
	again := writeAll(t, paper())
	for name, f := range files {
		if !bytes.Equal(f.Bytes(), again[name].Bytes()) {
			t.Errorf("%s is another the second time", name)
		}
	}
	cover := files["cover.csv"].String()
	for _, want := range []string{"ab12", "cd34", "Fellegi-Sunter", "Threshold: automatic,0.999", "Stopped: twins,3", "\"Undecided, not exported\",2", "Links,2"} {
		if !strings.Contains(cover, want) {
			t.Errorf("the cover does not say %s:\n%s", want, cover)
		}
	}
	if back := files["links-right-to-left.csv"].String(); !strings.Contains(back, "\n0088121,C1^x,") {
		t.Errorf("the table back is %s", back)
	}
	if doubt := files["doubtful.csv"].String(); !strings.Contains(doubt, "unsure") || !strings.Contains(doubt, "Ada") || !strings.Contains(doubt, "twins?") {
		t.Errorf("the doubtful cases are %s", doubt)
	}
}

func TestMessages(t *testing.T) {
	files := writeAll(t, paper())
	get := func(m *hl7.Message, path string) string {
		v, err := m.GetString(path)
		if err != nil {
			t.Fatal(err)
		}
		return v.Text()
	}
	link := hl7.Parse([]byte(strings.SplitAfter(files["link-a24.hl7"].String(), "^^^^^^U\r")[0] + strings.SplitAfter(files["link-a24.hl7"].String(), "^^^^^^U\r")[1]))
	for path, want := range map[string]string{
		"MSH-9.1": "ADT", "MSH-9.2": "A24", "MSH-9.3": "ADT_A24", "MSH-11": "T", "MSH-12": "2.5.1", "EVN-1": "A24",
		"PID[1]-3.1": "C1^x", "PID[1]-3.4.1": "RIVER|BEND", "PID[1]-3.5": "PI", "PID[2]-3.1": "0088121", "PID[2]-3.4.2": "2.999.1.10", "PID[2]-3.5": "MR",
	} {
		if got := get(link, path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if id := get(link, "MSH-10"); len(id) != 20 {
		t.Errorf("the control ID %q has %d characters", id, len(id))
	}
	if n := strings.Count(files["link-a24.hl7"].String(), "MSH|"); n != 2 {
		t.Errorf("%d messages for two links", n)
	}
	if got := get(hl7.Parse(files["unlink-a37.hl7"].Bytes()), "MSH-9.2"); got != "A37" {
		t.Errorf("an unlinking is %s", got)
	}
	merge := hl7.Parse(files["merge-a40.hl7"].Bytes())
	if get(merge, "MSH-9.3") != "ADT_A39" || get(merge, "PID-3.1") != "0088122" || get(merge, "MRG-1.1") != "0088199" || get(merge, "MRG-1.4.1") != get(merge, "PID-3.4.1") {
		t.Errorf("the merge is %q", files["merge-a40.hl7"].String())
	}
}

// TestNoMergeAcrossAuthorities is safety property 10 of the reference.
func TestNoMergeAcrossAuthorities(t *testing.T) {
	for name, gone := range map[string]Identifier{
		"other authority": paper().Left.identifier("C1"),
		"other type":      {"0088199", paper().Right.Authority, "PI"},
		"other OID":       {"0088199", Authority{"LAKESIDE", "2.999.1.11", "ISO"}, "MR"},
	} {
		p := paper()
		p.Merges = append(p.Merges, Merge{linkage.Right, p.Right.identifier("1"), gone, "Ada", noon})
		var out bytes.Buffer
		if err := p.WriteA40(context.Background(), &out); !errors.Is(err, errAcross) || out.Len() > 0 {
			t.Errorf("%s: %v, wrote %q", name, err, out.String())
		}
		if _, err := p.WriteAll(context.Background(), nil); !errors.Is(err, errAcross) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestConflictsRefuseEverything is safety property 4 of the reference.
func TestConflictsRefuseEverything(t *testing.T) {
	p := paper()
	p.Settled.Conflicts = []Conflict{{"a record of the left list has more than one link", []string{"C1", "0088121", "0088122"}}}
	var out bytes.Buffer
	ctx := context.Background()
	for name, write := range map[string]func() error{
		"all":     func() error { _, err := p.WriteAll(ctx, nil); return err },
		"book":    func() error { _, err := p.Book(); return err },
		"sql":     func() error { return p.WriteSQL(ctx, &out) },
		"a24":     func() error { return p.WriteA24(ctx, &out) },
		"a37":     func() error { return p.WriteA37(ctx, &out) },
		"a40":     func() error { return p.WriteA40(ctx, &out) },
		"linkage": func() error { return p.WriteLinkage(ctx, &out, linkage.Right) },
		"patient": func() error { return p.WritePatientLinks(ctx, &out) },
	} {
		var conflict *ConflictError
		err := write()
		if !errors.As(err, &conflict) || out.Len() > 0 {
			t.Errorf("%s: %v, wrote %q", name, err, out.String())
			continue
		}
		if strings.Contains(err.Error(), "0088121") {
			t.Errorf("%s: the error names a patient", name)
		}
		if !strings.Contains(conflict.Conflicts[0].String(), "0088121") {
			t.Errorf("%s: the conflict does not name its records", name)
		}
	}
}

func TestFHIR(t *testing.T) {
	files := writeAll(t, paper())
	var bundle struct {
		ResourceType, Type, Timestamp string
		Entry                         []struct {
			Resource struct {
				ResourceType string
				Active       *bool
				Item         []struct {
					Type     string
					Resource struct {
						Identifier struct{ System, Value string }
					}
				}
				Identifier []struct{ System, Value string }
				Link       []struct {
					Type  string
					Other struct {
						Identifier struct{ System, Value string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(files["linkage.fhir.json"].Bytes(), &bundle); err != nil {
		t.Fatal(err)
	}
	first := bundle.Entry[0].Resource
	if len(bundle.Entry) != 2 || first.ResourceType != "Linkage" || first.Item[0].Type != "source" || first.Item[0].Resource.Identifier.System != "urn:oid:2.999.1.10" ||
		first.Item[1].Type != "alternate" || first.Item[1].Resource.Identifier.Value != "C1^x" {
		t.Errorf("the linkage is %+v", bundle)
	}
	bundle.Entry = nil
	if err := json.Unmarshal(files["patient-links.fhir.json"].Bytes(), &bundle); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range bundle.Entry {
		kinds = append(kinds, e.Resource.Link[0].Type)
	}
	if want := []string{"seealso", "seealso", "seealso", "seealso", "replaced-by"}; !slices.Equal(kinds, want) {
		t.Errorf("links %q, want %q", kinds, want)
	}
	if gone := bundle.Entry[4].Resource; gone.Active == nil || *gone.Active || gone.Identifier[0].Value != "0088199" || gone.Link[0].Other.Identifier.Value != "0088122" {
		t.Errorf("the merged patient is %+v", gone)
	}
}

func TestSQL(t *testing.T) {
	for dialect, want := range map[Dialect]string{
		"": `'O''Neil \ Ada'`, MySQL: `'O''Neil \\ Ada'`, SQLServer: `N'O''Neil \ Ada'`,
	} {
		p := paper()
		p.SQL = SQLOptions{Table: "stage.links", Dialect: dialect}
		var out bytes.Buffer
		if err := p.WriteSQL(context.Background(), &out); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); !strings.Contains(text, want) || !strings.Contains(text, "INSERT INTO stage.links ") || strings.Count(text, "INSERT") != 2 {
			t.Errorf("%q: %s", dialect, text)
		}
	}
	for _, o := range []SQLOptions{{Table: "x; DROP TABLE y"}, {Table: "a.b.c"}, {Dialect: "dbase"}} {
		p := paper()
		p.SQL = o
		if err := p.WriteSQL(context.Background(), io.Discard); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	p := paper()
	p.Settled.Links[0].Left = "a\x00b"
	if err := p.WriteSQL(context.Background(), io.Discard); !errors.Is(err, errNUL) {
		t.Errorf("NUL: %v", err)
	}
}

func TestPlansAreNoPatients(t *testing.T) {
	p := paper()
	p.Kind, p.Merges = linkage.Plans, nil
	p.Creations = []Creation{{LeftID: "P1", Fields: []Field{{"Insurer", "Aetna"}, {"Product", "PPO"}}, Near: "AET"}, {LeftID: "P2", Fields: []Field{{"Product", "HMO"}}}}
	files := writeAll(t, p)
	for name := range files {
		if strings.HasSuffix(name, ".hl7") || strings.HasSuffix(name, ".json") {
			t.Errorf("%s was written of plans", name)
		}
	}
	if got := files["to-create.csv"].String(); !strings.Contains(got, "P2,,HMO,") {
		t.Errorf("to create: %s", got)
	}
	if err := p.WriteA24(context.Background(), io.Discard); !errors.Is(err, errNoPatients) {
		t.Error(err)
	}
	p.Kind, p.Left.Authority = linkage.Patients, Authority{}
	if err := p.WriteA24(context.Background(), io.Discard); !errors.Is(err, errNoAuthority) {
		t.Error(err)
	}
}

func TestPlanTables(t *testing.T) {
	read := func(text string) *plan.List {
		l, err := plan.ReadList(context.Background(), "plans.csv", strings.NewReader(text), plan.ListSpec{}, plan.Standard())
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	left := read("plan_id,payer,name,phone\nP1,Aetna,Aetna Choice POS II,690-555-0114\nP2,Zephyr,Zephyr Dental,\nP3,Self-pay,Self-pay,\n")
	right := read("plan_id,payer,name,phone\nA,AETNA,AENTA CHOICE POS 2,6905550114\nB,HUMANA,HUMANA GOLD PLUS HMO,\nC,HUMANA,HUMANA GOLD PLUS HMO,\n")
	result, err := plan.Match(context.Background(), left, right, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tables := PlanTables(result)
	got := map[string]string{}
	for name, s := range tables {
		var out bytes.Buffer
		if err := (report.CSV{}).Write(context.Background(), &out, s); err != nil {
			t.Fatal(err)
		}
		got[name] = out.String()
	}
	for name, want := range map[string][]string{
		"links.csv":      {"left_id,right_id,probability,band,reasons\n", "\nP1,A,", ",automatic,"},
		"review.csv":     {"left_id,right_id,probability,band,reasons\n"},
		"create.csv":     {"left_id,name,insurer,", "\nP2,Zephyr Dental,Zephyr,,dental,"},
		"duplicates.csv": {"system,id_a,id_b,probability\n", "\nright,B,C,0.98\n"},
		"set-aside.csv":  {"\nleft,4,it is no payer (self-pay) and is never linked,"},
		"candidates.csv": {"left_id,rank,right_id,", "\nP1,1,A,"},
		"plans.csv":      {"system,id,name,", "\nleft,P1,Aetna Choice POS II,Aetna,", "\nright,B,"},
	} {
		for _, w := range want {
			if !strings.Contains(got[name], w) {
				t.Errorf("%s does not hold %q:\n%s", name, w, got[name])
			}
		}
	}
	if len(got) != 7 {
		t.Errorf("%d tables", len(got))
	}
}
