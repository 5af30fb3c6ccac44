package mappaper

import (
	"bytes"
	"context"
	"reflect"
	"strings"
	"testing"

	"trestle/internal/mapping"
)

// plainRules are the rules of a mapping without where they stood in a file.
func plainRules(f *mapping.File) (list []entry) { return rulesOf(f) }

func TestWhatWasWrittenIsReadBack(t *testing.T) {
	for _, name := range starters(t) {
		for _, kind := range []Kind{XLSX, CSV} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				f := starterFile(t, name)
				f.Blocks[1].Rules[0].Note = "-1 is not = to +1, 'quoted' and \"quoted\"\nin two lines"
				d, err := Read(context.Background(), bytes.NewReader(written(t, Spec{Mapping: f}, kind)), ReadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				got, want := plainRules(d.Mapping), plainRules(f)
				if len(got) != len(want) {
					t.Fatalf("%d rules, want %d; %v", len(got), len(want), d.Remarks)
				}
				for i := range want {
					if !reflect.DeepEqual(got[i], want[i]) {
						t.Errorf("rule %d is %+v\nwant %+v", i, got[i], want[i])
					}
				}
				if endCode(d.Mapping.Source) != endCode(f.Source) || endCode(d.Mapping.Target) != endCode(f.Target) {
					t.Errorf("ends %+v, %+v", d.Mapping.Source, d.Mapping.Target)
				}
				if kind == CSV {
					return
				}
				if got := structureOf(d.Mapping.Blocks); kind == XLSX && got == "" {
					t.Error("there are no blocks")
				}
				for _, r := range d.Remarks {
					t.Errorf("a remark: %s", r)
				}
				if got, want := structureOf(d.Mapping.Blocks), structureOf(f.Blocks); got != want {
					t.Errorf("blocks stand in each other as %s, want %s", got, want)
				}
				if !reflect.DeepEqual(leftOutOf(d.Mapping), leftOutOf(f)) || d.Mapping.Title != f.Title || d.Mapping.ID != f.ID || d.Mapping.Zone != f.Zone || d.Mapping.Direction != f.Direction {
					t.Errorf("%s, %s, %s, %s, left out %+v", d.Mapping.Title, d.Mapping.ID, d.Mapping.Zone, d.Mapping.Direction, d.Mapping.LeftOut)
				}
				if blocks, want := blocksOf(d.Mapping), blocksOf(f); !reflect.DeepEqual(blocks, want) {
					t.Errorf("blocks %+v\nwant %+v", blocks, want)
				}
				if !reflect.DeepEqual(tablesIn(d.Mapping), tablesIn(f)) {
					t.Errorf("tables %+v\nwant %+v", tablesIn(d.Mapping), tablesIn(f))
				}
				for i := range f.Tables {
					if x, ok := d.Mapping.Table(f.Tables[i].Name); !ok || !reflect.DeepEqual(x.Rows, f.Tables[i].Rows) {
						t.Errorf("the table %s is %+v\nwant %+v", f.Tables[i].Name, x, f.Tables[i])
					}
				}
				if d.Mapping.Note != f.Note {
					t.Errorf("the note is %q, want %q", d.Mapping.Note, f.Note)
				}
				if _, err := mapping.Compile(d.Mapping); err != nil {
					t.Errorf("what was read does not run: %v", err)
				}
			})
		}
	}
}

func TestTablesAreReadBackAsTheyAre(t *testing.T) {
	f := parsedMapping(t, `{map: 1, id: "n", title: "Tables", note: "agreed in May;\nsee the minutes", source: {kind: "csv", delimiter: "|", encoding: "windows-1252"}, target: {kind: "csv"},
  tables: {turned: {file: "tables/turned.csv", key: "ours", value: "theirs", system: "url"}, plain: {file: "plain.csv"}, bare: {file: "bare.csv", missing: {policy: "pass"}}},
  blocks: [{id: "b-1", make: "row", rules: [{id: "r-1", to: "a", from: "b", do: [{lookup: "turned"}]}]}]}`)
	for name, rows := range map[string]string{
		"turned": "remark,theirs,url,ours\nas in May,F,https://a.example,female\n,M,,male\n",
		"plain":  "v2,fhir,system,display\nA,a,s,\nB,,,words\n",
		"bare":   "from,to,remark\n",
	} {
		x, _ := f.Table(name)
		read, err := mapping.ReadRows(strings.NewReader(rows))
		if err != nil {
			t.Fatal(err)
		}
		x.Rows = read
	}
	d, err := Read(context.Background(), bytes.NewReader(written(t, Spec{Mapping: f}, XLSX)), ReadOptions{})
	if err != nil || len(d.Remarks) > 0 {
		t.Fatalf("%v, %v", d.Remarks, err)
	}
	if changes := Changes(f, d.Mapping); len(changes) > 0 {
		t.Errorf("read back with the changes %+v", changes)
	}
	for i := range f.Tables {
		if x, _ := d.Mapping.Table(f.Tables[i].Name); !reflect.DeepEqual(x.Rows, f.Tables[i].Rows) {
			t.Errorf("the rows of %s are %q, want %q", x.Name, x.Rows, f.Tables[i].Rows)
		}
	}
	if endCode(d.Mapping.Source) != endCode(f.Source) || d.Mapping.Source.Delimiter != "|" {
		t.Errorf("the source is %+v", d.Mapping.Source)
	}
}

func TestWhatOthersFillIntoTables(t *testing.T) {
	d := &drafting{f: &mapping.File{}, draft: &Draft{}}
	titles := []string{titleTable, titleFile, titleCode, titleMeans, titleSystem, titleDisplay, titleSeen, titleAbsent, titleColumns}
	d.readTables([]grid{{"Code tables", [][]string{titles,
		{"sex", "sex.csv", "F", "female", "", "", "", "", "v2 = Code; fhir"}, {"sex", "sex.csv", "M", "male", "", "Male", "", "", "v2 = Code; fhir"},
		{"sex", "sex.csv", "M", "man"}, {"sex", "sex.csv", "A", "other", "", "", "2", absentMark}}}})
	x, ok := d.f.Table("sex")
	if !ok || x.Key != "v2" || x.Display != "display" || !reflect.DeepEqual(x.Rows, mapping.Rows{Columns: []string{"v2", "fhir", "display"}, Lines: [][]string{{"F", "female", ""}, {"M", "male", "Male"}}}) {
		t.Errorf("the table is %+v", x)
	}
	if r := d.draft.Remarks; len(r) != 2 || !strings.Contains(r[0].Text, "row 4") || !strings.Contains(r[1].Text, "row 5") {
		t.Errorf("remarks %v", r)
	}
}

// structureOf writes which blocks stand in which.
func structureOf(blocks []mapping.Block) string {
	var b strings.Builder
	for i := range blocks {
		b.WriteString(blocks[i].ID + "(" + structureOf(blocks[i].Blocks) + ")")
	}
	return b.String()
}

func TestBlocksInBlocksAreReadBack(t *testing.T) {
	f := parsedMapping(t, `{map: 1, id: "n", title: "Nested", seed: "s", source: {kind: "hl7v2", version: "2.3"}, target: {kind: "hl7v2", keep: true}, blocks: [
  {id: "b-1", make: "PID", per: "PID", note: "a note", blocks: [{id: "b-2", make: "OBR", per: "OBR", when: "OBR-1 VALUED", key: ["OBR-2", "OBR-3"], blocks: [{id: "b-3", make: "OBX", per: "OBX", rules: [{id: "r-1", to: "OBX-3", from: "OBX-3"}]}], rules: [{id: "r-2", to: "OBR-4", from: "OBR-4"}]}]},
  {id: "b-4", make: "NTE", per: "NTE", drop: true}]}`)
	d, err := Read(context.Background(), bytes.NewReader(written(t, Spec{Mapping: f}, XLSX)), ReadOptions{})
	if err != nil || len(d.Remarks) > 0 {
		t.Fatalf("%v, %v", d.Remarks, err)
	}
	d.Mapping.Title = f.Title
	got, err := mapping.Format(d.Mapping)
	if err != nil {
		t.Fatal(err)
	}
	want, err := mapping.Format(f)
	if err != nil {
		t.Fatal(err)
	}
	if plain := strings.ReplaceAll(string(got), "status: \"draft\"", ""); strings.Join(strings.Fields(plain), " ") != strings.Join(strings.Fields(string(want)), " ") {
		t.Errorf("read back as\n%s\nwant\n%s", got, want)
	}
}

// rule finds a rule by its target.
func ruleTo(f *mapping.File, to string) (b *mapping.Block, r *mapping.Rule) {
	f.Walk(func(x *mapping.Block) {
		for i := range x.Rules {
			if x.Rules[i].To == to && r == nil {
				b, r = x, &x.Rules[i]
			}
		}
	})
	return b, r
}

func TestSheetsOfOtherHouses(t *testing.T) {
	for name, c := range map[string]struct {
		sheet   string
		o       ReadOptions
		check   func(t *testing.T, d *Draft)
		remarks []string
	}{
		"pasted": {
			sheet: "Interface: ADT from the clinic\n\nHL7 Field\tFHIR Path\tLogic\tComments\nPID-5.1 (Last Name)\tPatient.name.family\tupper\t\nPID.8\tPatient.gender\tM to male, F to female\tas agreed in May\nNK1 2.1\tRelatedPerson.name[0].family\t\t\nPID-10\tn/a\t\tnot wanted\nPID-22\t\t\t\n\t\t\t\nPID-7\tPatient.birthdate\t\t\nPID-7\tPatient.birthplace\t\t\n",
			check: func(t *testing.T, d *Draft) {
				if d.Mapping.Source.Kind != mapping.HL7v2 || d.Mapping.Target.Kind != mapping.FHIR || d.Rows != 7 || d.Rules != 4 {
					t.Errorf("%+v of %d rows with %d rules", d.Mapping.Target, d.Rows, d.Rules)
				}
				b, r := ruleTo(d.Mapping, "name.family")
				if b.Make != "Patient" || b.Per != "PID" || r.From[0] != "PID-5.1" || len(r.Do) != 1 || r.Do[0].Name != "upper" || r.ID != "r-0001" {
					t.Errorf("the name is %+v of %+v", r, b)
				}
				if _, r := ruleTo(d.Mapping, "gender"); r.Status != mapping.Question || r.Note != "as agreed in May; to do: M to male, F to female" {
					t.Errorf("the gender is %+v", r)
				}
				if b, _ := ruleTo(d.Mapping, "name[0].family"); b.Make != "RelatedPerson" || b.Per != "NK1" {
					t.Errorf("the relative is of %+v", b)
				}
				if l := d.Mapping.LeftOut; len(l) != 1 || l[0].Path != "PID-10" || l[0].Reason != "not wanted" {
					t.Errorf("left out %+v", l)
				}
			},
			remarks: []string{"row 8: PID-22 has no target", `row 11: PID-7 and birthplace cannot be read`},
		},
		"segments, numbers and MSH from the delimiters": {
			sheet: "Segment;Field;Component;Target;Default;Status;Condition\nMSH;9;2;PID-3.5;;approved;MSH-9.1 = \"ADT\"\nMSH;3;;MSH-4;X;TBD;if he is ill\nPID;3;4.1;PID-3.4.1;;;\n",
			o:     ReadOptions{MSHFromDelimiters: true},
			check: func(t *testing.T, d *Draft) {
				_, r := ruleTo(d.Mapping, "PID-3.5")
				if r.From[0] != "MSH-10.2" || r.Status != mapping.Agreed || r.When != `MSH-10.1 = "ADT"` {
					t.Errorf("the first is %+v", r)
				}
				b, r := ruleTo(d.Mapping, "MSH-5")
				if b.Make != "MSH" || r.From[0] != "MSH-4" || r.Default != "X" || r.Status != mapping.Question || r.When != "" || r.Note != "condition: if he is ill" {
					t.Errorf("the second is %+v of %+v", r, b)
				}
				if _, r := ruleTo(d.Mapping, "PID-3.4.1"); r == nil || r.From[0] != "PID-3.4.1" {
					t.Errorf("the third is %+v", r)
				}
			},
		},
		"without titles": {
			sheet: "PID-3.1,Patient.identifier.value\nPID-8,Patient.gender\n\"hard-coded \"\"USA\"\"\",Patient.address.country\n",
			check: func(t *testing.T, d *Draft) {
				if _, r := ruleTo(d.Mapping, "address.country"); d.Rules != 3 || r.Value != "USA" || len(r.From) != 0 {
					t.Errorf("the country is %+v", r)
				}
			},
		},
		"columns to JSON": {
			sheet: "from,to\nLast Name,patient.name.last\nFirst Name,patient.name.first\n",
			check: func(t *testing.T, d *Draft) {
				if b, r := ruleTo(d.Mapping, "patient.name.last"); d.Mapping.Source.Kind != mapping.CSV || d.Mapping.Target.Kind != mapping.JSON || b.Make != "." || r.From[0] != "Last Name" {
					t.Errorf("%+v of %+v", r, b)
				}
			},
		},
		"what is done under the title Rule": {
			sheet: "Source,Target,Rule,Description,Comments,Status\nPID-8,Patient.gender,M->male; F->female,the sex,as in May,in work\nPID-5.1,Patient.name.family,upper,,,\nPID-7,Patient.birthDate,,,,approved\n",
			check: func(t *testing.T, d *Draft) {
				if _, r := ruleTo(d.Mapping, "gender"); r.ID != "r-0001" || r.Status != mapping.Question || r.Note != "the sex; as in May; status: in work; to do: M->male; F->female" {
					t.Errorf("the gender is %+v", r)
				}
				if _, r := ruleTo(d.Mapping, "name.family"); r.ID != "r-0002" || len(r.Do) != 1 || r.Do[0].Name != "upper" || r.Status != mapping.Draft {
					t.Errorf("the name is %+v", r)
				}
			},
		},
		"functions alone under the title Rule": {
			sheet: "Source,Target,Rule\nPID-5.1,Patient.name.family,upper\n",
			check: func(t *testing.T, d *Draft) {
				if _, r := ruleTo(d.Mapping, "name.family"); r.ID != "r-0001" || len(r.Do) != 1 {
					t.Errorf("the name is %+v", r)
				}
			},
		},
		"identifiers under the title Rule": {
			sheet: "Source,Target,Rule\nPID-5.1,Patient.name.family,pid-01\nPID-8,Patient.gender,pid-02\n",
			check: func(t *testing.T, d *Draft) {
				if _, r := ruleTo(d.Mapping, "gender"); r.ID != "pid-02" || r.Note != "" {
					t.Errorf("the gender is %+v", r)
				}
			},
		},
		"words under the title No": {
			sheet: "No,Source,Target,Rule\nThe patient,,,\n1,PID-5.1,Patient.name.family,copy as it is\n2,PID-8,Patient.gender,\n",
			check: func(t *testing.T, d *Draft) {
				if _, r := ruleTo(d.Mapping, "name.family"); r.ID != "r-0001" || r.Note != "to do: copy as it is" {
					t.Errorf("the name is %+v", r)
				}
				if _, r := ruleTo(d.Mapping, "gender"); r.ID != "r-0002" || r.Status == mapping.Question {
					t.Errorf("the gender is %+v", r)
				}
			},
			remarks: []string{"row 2: names neither a source nor a target"},
		},
		"an unknown table": {
			sheet: "Source,Target,Functions\nPID-8,Patient.gender,\"trim, lookup(\"\"sex\"\")\"\n",
			check: func(t *testing.T, d *Draft) {
				if x, ok := d.Mapping.Table("sex"); !ok || x.File != "tables/sex.csv" || len(x.Rows.Columns) != 2 {
					t.Errorf("the table is %+v", x)
				}
			},
			remarks: []string{`row 2: the code table "sex" is not in the sheet`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Read(context.Background(), strings.NewReader(c.sheet), c.o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := mapping.Compile(d.Mapping); err != nil {
				t.Errorf("the draft does not run: %v", err)
			}
			c.check(t, d)
			if len(d.Remarks) != len(c.remarks) {
				t.Fatalf("remarks %v", d.Remarks)
			}
			for i, want := range c.remarks {
				if !strings.HasPrefix(d.Remarks[i].String(), want) {
					t.Errorf("remark %q, want %q", d.Remarks[i], want)
				}
			}
		})
	}
}

func TestSheetsThatCannotBeRead(t *testing.T) {
	for sheet, want := range map[string]string{
		"":                        "nothing to read",
		"a,b\n1,2\n":              "call the columns Source and Target",
		"Source,Target\n":         "no rows below its titles",
		"PK\x03\x04 no workbook":  "save it again as .xlsx",
		"Source,Target\nPID-3,\n": "PID-3 has no target",
	} {
		if _, err := Read(context.Background(), strings.NewReader(sheet), ReadOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q", sheet, err, want)
		}
	}
	book := written(t, Spec{Mapping: starterFile(t, "siu-to-appointment")}, XLSX)
	if _, err := Read(context.Background(), bytes.NewReader(book), ReadOptions{Sheet: "Nowhere"}); err == nil || !strings.Contains(err.Error(), "Code tables") {
		t.Errorf("a sheet that is not there gives %v", err)
	}
}

func TestEveryTitleHasOneMeaning(t *testing.T) {
	for _, column := range ruleColumns() {
		if titles[folded(column.Title)] == noRole {
			t.Errorf("the column %q of our own workbook is not known", column.Title)
		}
	}
}

func TestSteps(t *testing.T) {
	for _, steps := range [][]mapping.Step{
		{{Name: "trim"}},
		{{Name: "pad", Args: []string{"8", "0"}}, {Name: "join", Args: []string{`", ")(`}}, {Name: "lookup", Args: []string{"sex"}}},
	} {
		if got, ok := parseSteps(functionText(steps)); !ok || !reflect.DeepEqual(got, steps) {
			t.Errorf("%s is read as %v", functionText(steps), got)
		}
	}
	for _, text := range []string{"", "copy it", "trim,", "trim(", `trim("`, "trim trim", `pad("8" "0")`, "M to male"} {
		if got, ok := parseSteps(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("Source,Target,Condition,Functions\nPID-5.1,Patient.name.family,PID-8 VALUED,\"pad(\"\"8\"\", \"\"0\"\")\"\n"))
	f.Add([]byte("Segment\tField\tTo\nMSH\t9\tx.y\n"))
	f.Add([]byte("PID-3,PID-3\n\"a\nb\",OBX[2]-5[1].1\n"))
	f.Add([]byte("0,' "))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Read(context.Background(), bytes.NewReader(b), ReadOptions{MSHFromDelimiters: true})
		if err != nil {
			return
		}
		text, err := mapping.Format(d.Mapping)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mapping.Parse(text); err != nil {
			t.Fatalf("the draft cannot be read: %v\n%s", err, text)
		}
	})
}
