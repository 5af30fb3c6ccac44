package fhirview

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/inspect/resource"
	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
)

// view is the model with the test playing the place and the goroutine of the screen.
type view struct {
	*Model
	t     *testing.T
	stage *stage.Stage
	left  []string // resources that were looked for elsewhere
}

func open(t *testing.T, data []byte) *view {
	t.Helper()
	s := stage.Empty(t)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	v := &view{Model: New(ctx, s.Runner), t: t, stage: s}
	v.Go = func(offset int) { v.Follow(offset) }
	v.Leave = func(typ, id string) { v.left = append(v.left, typ+"/"+id) }
	v.Fail = func(doing string, err error) { t.Errorf("%s: %v", doing, err) }
	v.show(data)
	return v
}

// show opens a resource as the place does.
func (v *view) show(data []byte) {
	v.t.Helper()
	d := resource.Read(data)
	v.Open(Prepare(d, v.masked))
	if len(data) < 1<<20 {
		v.SetFindings(d.Findings(context.Background()))
	}
	v.Follow(0)
	v.stage.Settle()
}

// record is the sample project's Bundle about an invented patient.
func record(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "workspaces", "riverbend", "messages", "fhir-bundle-okafor.json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rows are a grid's cells as text, a line a row.
func rows(g screen.Grid) []string {
	var out []string
	for i := range g.Len() {
		var cells []string
		for c := range g.Columns() {
			cell := g.Cell(i, c)
			text := cell.Text
			if cell.Masked {
				text = "▒"
			}
			cells = append(cells, text)
		}
		out = append(out, strings.Join(cells, " | "))
	}
	return out
}

func (v *view) at(text string) int {
	v.t.Helper()
	i := bytes.Index(v.Document().Bytes, []byte(text))
	if i < 0 {
		v.t.Fatalf("no %q", text)
	}
	return i
}

// The tree shows names, values, types and meanings, and moves with the text.
func TestTreeMovesWithTheText(t *testing.T) {
	v := open(t, record(t))
	v.MoveTo(v.at(`"HV-771204"`) + 3)
	if v.Path() != "Bundle.entry[5].resource.subscriberId" || v.Where() != v.Path()+"  ID assigned to the subscriber" {
		t.Errorf("%q, %q", v.Path(), v.Where())
	}
	row := v.TreeSelected()
	if row < 0 || rows(v.Tree())[row] != "subscriberId | HV-771204 | 0..1 | ID assigned to the subscriber (string)" {
		t.Fatalf("row %d of %q", row, rows(v.Tree()))
	}
	v.SelectNode(row - 1)
	if v.Path() != "Bundle.entry[5].resource.subscriber" {
		t.Errorf("%q", v.Path())
	}
	if depth, branch, shown := v.Tree().Level(v.TreeSelected()); depth != 3 || !branch || shown {
		t.Errorf("depth %d, branch %v, open %v", depth, branch, shown)
	}
	before := v.Tree().Len()
	v.Toggle(v.TreeSelected())
	if v.Tree().Len() <= before {
		t.Error("nothing was opened")
	}
	v.OpenAll(false)
	if n := v.Tree().Len(); n >= before {
		t.Errorf("%d rows folded, %d before", n, before)
	}
	v.OpenAll(true)
	if n := v.Tree().Len(); n < 300 {
		t.Errorf("%d rows unfolded", n)
	}
}

// A code has its meaning beside it, a list of one is that one, and a name is written as people write it.
func TestValuesAreWords(t *testing.T) {
	v := open(t, record(t))
	v.MoveTo(v.at(`"resourceType": "Patient"`))
	all := strings.Join(rows(v.Tree()), "\n")
	for _, want := range []string{
		"gender | female | 0..1 | Female", "name | Okafor, Amara N | 0..* | A name associated with the patient (HumanName)", "identifier | 0088121, MR |", "telecom | 2 items |",
		"entry[5] | Coverage/okafor-coverage  health insurance plan policy |", "generalPractitioner | Drake, Mina | 0..* |",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no row %q in\n%s", want, all)
		}
	}
}

// In XML too every row of the tree can be reached by going up and down.
func TestEveryRowOfXMLCanBeReached(t *testing.T) {
	b, err := Convert(resource.Read(record(t)))
	if err != nil {
		t.Fatal(err)
	}
	v := open(t, b)
	v.MoveTo(v.at("<telecom"))
	v.OpenAll(true)
	for i := range v.Tree().Len() {
		v.SelectNode(i)
		if v.TreeSelected() != i {
			t.Fatalf("row %d %q leads to %d", i, rows(v.Tree())[i], v.TreeSelected())
		}
	}
}

// The other format shows the same place, and a click there moves the cursor in the bytes as they came.
func TestOtherFormatKeepsThePlace(t *testing.T) {
	v := open(t, record(t))
	v.MoveTo(v.at(`"HV-771204"`))
	v.SetMode(XML)
	v.stage.Settle()
	text := v.Text()
	at := v.CursorShown()
	if got := string(text.Bytes(at, at+9)); got != "HV-771204" {
		t.Errorf("the cursor stands at %q", got)
	}
	if marks := v.Marks(); len(marks) != 1 || marks[0].From != at {
		t.Errorf("marks %v", marks)
	}
	all := string(text.Bytes(0, 1<<20))
	v.MoveTo(strings.Index(all, "68.50"))
	if v.Path() != "Bundle.entry[11].resource.valueQuantity.value" {
		t.Errorf("path %q", v.Path())
	}
	v.SetMode(JSON)
	at = v.CursorShown()
	if got := string(v.Text().Bytes(at, at+5)); got != "68.50" {
		t.Errorf("the cursor stands at %q", got)
	}
	b, err := Convert(resource.Read([]byte(all)))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Convert(resource.Read(b)); err != nil || string(again) != all {
		t.Errorf("there and back it is another resource: %v", err)
	}
}

// Answers are listed, marked and followed; errors are said in words.
func TestExpressionIsAnswered(t *testing.T) {
	v := open(t, record(t))
	ask := func(text string) {
		v.SetExpression(text)
		v.stage.Settle()
	}
	ask("entry.resource.ofType(Observation).value.value")
	if got := rows(v.AnswerGrid()); len(got) != 4 || got[0] != "1 | 68.50 | decimal | Bundle.entry[11].resource.valueQuantity.value" {
		t.Fatalf("answers %q", got)
	}
	if news, bad := v.News(); news != "4 answers" || bad {
		t.Errorf("news %q", news)
	}
	v.NextAnswer(1)
	v.NextAnswer(1)
	if v.Path() != "Bundle.entry[12].resource.valueQuantity.value" || v.ChosenAnswer() != 1 {
		t.Errorf("at %q", v.Path())
	}
	hits := 0
	for _, m := range v.Marks() {
		if m.Kind == screen.MarkHit {
			hits++
		}
	}
	if hits != 4 {
		t.Errorf("%d hits", hits)
	}
	ask("Patient.name.given")
	if news, _ := v.News(); !strings.HasPrefix(news, "Nothing") {
		t.Errorf("news %q", news)
	}
	v.SetEachEntry(true)
	v.stage.Settle()
	if got := rows(v.AnswerGrid()); len(got) != 2 || !strings.Contains(got[1], "Bundle.entry[0].resource.name[0].given[1]") {
		t.Errorf("answers %q", got)
	}
	ask("name.where(")
	if news, bad := v.News(); !bad || len(v.asked.answers) != 0 || !strings.HasSuffix(news, ".") {
		t.Errorf("news %q", news)
	}
	const unknown = `Nothing: the definitions have no element "nick" here.`
	ask("name.nick")
	if news, bad := v.News(); bad || news != unknown {
		t.Errorf("news %q", news)
	}
	ask("Observation.value.nick")
	if news, _ := v.News(); news != unknown {
		t.Errorf("news %q", news)
	}
	ask("multipleBirth")
	if news, _ := v.News(); news != "Nothing." {
		t.Errorf("news %q", news)
	}
	v.SetEachEntry(false)
	ask("entry.resource.ofType(Patient).name.nick")
	if news, _ := v.News(); news != unknown {
		t.Errorf("news %q", news)
	}
	ask("")
	if news, _ := v.News(); news != "" || v.AnswerGrid().Len() != 0 {
		t.Errorf("news %q", news)
	}
}

// An expression that would go on for ever ends, and one that is typed on takes its place.
func TestExpressionIsBounded(t *testing.T) {
	v := open(t, record(t))
	v.SetExpression("repeat($this.combine($this)).count()")
	v.SetExpression("(1|2|3|4|5|6|7|8).select(%resource.descendants()).select(%resource.descendants()).select(%resource.descendants()).count()")
	v.stage.Settle()
	if news, bad := v.News(); !bad || news == "" {
		t.Errorf("news %q", news)
	}
}

// The table counts the types, narrows to one, to words, sorts, and leads to the resource.
func TestEntriesAreATable(t *testing.T) {
	v := open(t, record(t))
	v.SetMode(EntryMode)
	if types := v.Types(); len(types) == 0 || types[0] != (TypeCount{"Observation", 4}) {
		t.Fatalf("types %v", types)
	}
	v.SetFilter("Observation", "")
	v.stage.Settle()
	if n := v.EntryGrid().Len(); n != 4 {
		t.Errorf("%d observations", n)
	}
	v.SetFilter("Observation", "TEMPERATURE")
	v.SortEntries("what")
	v.SortEntries("what")
	v.stage.Settle()
	got := rows(v.EntryGrid())
	if len(got) != 2 || !strings.Contains(got[0], "before the infusion") {
		t.Fatalf("rows %q", got)
	}
	v.SelectEntry(1)
	if v.Path() != "Bundle.entry[13].resource" || v.ChosenEntry() != 1 {
		t.Errorf("path %q, row %d", v.Path(), v.ChosenEntry())
	}
	v.SetFilter("", "")
	v.stage.Settle()
	if v.EntryGrid().Len() != 15 {
		t.Errorf("%d entries", v.EntryGrid().Len())
	}
	v.show([]byte(`{"resourceType":"Patient"}`))
	if v.Mode() != JSON || v.IsBundle() {
		t.Error("a patient is shown as a table of entries")
	}
}

func TestReferencesAreFollowed(t *testing.T) {
	v := open(t, record(t))
	visits := 0
	v.Visit = func() { visits++ }
	v.MoveTo(v.at(`"Organization/harborview"`))
	if problem := v.FollowReference(); problem != "" || v.Path() != "Bundle.entry[2].resource" || visits != 1 {
		t.Errorf("%q, at %q", problem, v.Path())
	}
	if problem := v.FollowReference(); problem == "" || visits != 1 {
		t.Error("a resource was followed as a reference")
	}
	v.show([]byte(`{"resourceType":"Observation","subject":{"reference":"Patient/9"},"performer":[{"reference":"#none"}]}`))
	v.MoveTo(v.at("Patient/9"))
	if problem := v.FollowReference(); problem != "" || len(v.left) != 1 || v.left[0] != "Patient/9" {
		t.Errorf("%q, %v", problem, v.left)
	}
	v.MoveTo(v.at("#none"))
	if problem := v.FollowReference(); problem == "" {
		t.Error("a reference to nothing led somewhere")
	}
}

func TestElementIsExplained(t *testing.T) {
	v := open(t, record(t))
	v.MoveTo(v.at(`"female"`))
	e, ok := v.Explain()
	if !ok || e.Title != "Bundle.entry[0].resource.gender" || len(e.Codes) != 4 || e.Codes[e.Chosen].Code != "female" || e.Set != "administrative-gender, required" {
		t.Errorf("%+v", e)
	}
	v.MoveTo(v.at(`"Organization/harborview"`) - 20)
	if e, ok = v.Explain(); !ok || !strings.Contains(fmt.Sprint(e.Facts), "at least one is required") {
		t.Errorf("%+v", e)
	}
	v.show([]byte(`{"resourceType":"Patient","nick":"J"}`))
	v.MoveTo(v.at("nick"))
	if e, ok = v.Explain(); !ok || !strings.Contains(fmt.Sprint(e.Facts), "not by FHIR") {
		t.Errorf("%+v", e)
	}
}

// Cards are read when they are asked for and lead to where they were read.
func TestCardsLeadToTheirPlace(t *testing.T) {
	v := open(t, record(t))
	v.SetMode(CardMode)
	v.stage.Settle()
	for i, r := range rows(v.CardGrid()) {
		if strings.HasPrefix(r, "    Payer | Harborview Health Plan") {
			v.SelectCard(i)
			if v.Path() != "Bundle.entry[5].resource.payor[0]" {
				t.Errorf("path %q", v.Path())
			}
			return
		}
	}
	t.Errorf("no payer in %q", rows(v.CardGrid()))
}

// Under the mask no part of the view lets a person be read, and what is copied neither.
func TestMaskHidesThePersonEverywhere(t *testing.T) {
	secrets := []string{"Okafor", "Amara", "0088121", "Harborview", "1979", "HV-7712", "Crohn", "Jones"}
	odd := bytes.Replace(record(t), []byte(`"gender": "female"`), []byte(`"gender": "female", "Jones": {"Amara": 1}`), 1)
	for name, data := range map[string][]byte{"sound": record(t), "odd": odd, "broken": odd[:900]} {
		v := open(t, data)
		v.SetMasked(true)
		v.SetExpression("entry.resource.name | entry.resource.birthDate | entry.resource.descendants()")
		v.stage.Settle()
		if at := bytes.Index(data, []byte(`"Amara": 1`)); at > 0 {
			v.Follow(at)
		}
		var said []string
		look := func(part, text string) {
			for _, s := range secrets {
				if strings.Contains(text, s) {
					said = append(said, part+" shows "+s)
				}
			}
		}
		for _, mode := range []Mode{JSON, XML, Hex, CardMode, EntryMode} {
			v.SetMode(mode)
			v.stage.Settle()
			text := v.Text()
			look(fmt.Sprint("text ", mode), visible(text)+string(text.Bytes(0, 1<<20)))
		}
		v.OpenAll(true)
		for part, g := range map[string]screen.Grid{"tree": v.Tree(), "answers": v.AnswerGrid(), "entries": v.EntryGrid(), "cards": v.CardGrid()} {
			look(part, strings.Join(rows(g), "\n"))
		}
		kind, detail := v.Title()
		e, _ := v.Explain()
		look("title", kind+detail)
		look("path", v.Path()+v.Where()+e.Title)
		if len(said) > 0 {
			t.Errorf("%s: %v", name, said)
		}
		if name == "sound" && !strings.Contains(visible(v.Text())+strings.Join(rows(v.Tree()), "\n"), "female") {
			t.Error("the mask hides what says nothing about a person")
		}
	}
}

// visible is what a text lets be read.
func visible(t screen.Text) string {
	var b strings.Builder
	for line := range t.Lines() {
		text, spans := t.Line(line, 0, t.Columns(line))
		at := 0
		for _, s := range spans {
			if s.Role == screen.RoleMasked {
				b.WriteString(text[at:s.Start])
				at = s.End
			}
		}
		b.WriteString(text[at:] + "\n")
	}
	return b.String()
}

// A text that was written without line ends is broken where its structure is, and nothing of it is lost.
func TestTextWithoutLineEndsHasLines(t *testing.T) {
	v := open(t, record(t))
	packed := packedOf(v)
	v.show(packed)
	if n := v.Text().Lines(); n < 300 {
		t.Errorf("%d lines", n)
	}
	if !bytes.Equal(v.Text().Bytes(0, len(packed)), packed) {
		t.Error("other bytes")
	}
	at := bytes.Index(packed, []byte("HV-771204"))
	line, col := v.Text().Position(at)
	if v.Text().Offset(line, col) != at {
		t.Errorf("byte %d stands at line %d, column %d, which is byte %d", at, line, col, v.Text().Offset(line, col))
	}
	if text, _ := v.Text().Line(line, 0, 12); text != `        "sub` {
		t.Errorf("the line begins with %q", text)
	}
	x, err := v.Document().Definitions.AppendXML(nil, v.Document().Tree, "")
	if err != nil {
		t.Fatal(err)
	}
	v.show(x)
	line, col = v.Text().Position(bytes.Index(x, []byte("HV-771204")))
	if text, _ := v.Text().Line(line, 0, col); text != `        <subscriberId value="` {
		t.Errorf("the line begins with %q", text)
	}
	if !bytes.Equal(v.Text().Bytes(0, len(x)), x) {
		t.Error("other bytes")
	}
}

// packedOf is the open resource without blanks.
func packedOf(v *view) []byte {
	b := v.Document().Bytes
	out := make([]byte, 0, len(b))
	inText := false
	for i := range b {
		if b[i] == '"' && b[i-1] != '\\' {
			inText = !inText
		}
		if inText || b[i] > ' ' {
			out = append(out, b[i])
		}
	}
	return out
}

// large is a Bundle of about n bytes of invented patients.
func large(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle","type":"collection","entry":[`)
	for i := 0; b.Len() < n; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `
{"fullUrl":"http://example.org/fhir/Patient/p%d","resource":{"resourceType":"Patient","id":"p%d","active":true,"name":[{"family":"Marlow","given":["Jane","Q"]}],
"gender":"female","birthDate":"1979-02-28","address":[{"line":["12 Mill Lane"],"city":"Riverbend","postalCode":"00042"}]}}`, i, i)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// What a step in a large Bundle costs does not grow with the Bundle: rows are made of what is open only.
func TestLargeBundleCostsWhatIsShown(t *testing.T) {
	cost := func(n int) (rows int, allocations float64) {
		v := open(t, large(n))
		at := v.Document().Entries()[3].Resource.Find("birthDate").Off
		v.Follow(at)
		return v.Tree().Len(), testing.AllocsPerRun(10, func() {
			v.Follow(at)
			v.Tree().Cell(v.TreeSelected(), 0)
			v.Text().Line(5, 0, 80)
			v.Marks()
		})
	}
	_, small := cost(300 << 10)
	folded, big := cost(8 << 20)
	if big > 2*small+100 {
		t.Errorf("%v allocations in a small bundle, %v in a large one", small, big)
	}
	if folded == 0 {
		t.Error("no rows")
	}
}

func BenchmarkOpenLargeBundle(b *testing.B) {
	data := large(50 << 20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		Prepare(resource.Read(data), false)
	}
}

// What the goroutine of the screen does for a Bundle of 50 MB: open it, go to an entry, open the list of entries, and scroll.
func BenchmarkStepsInLargeBundle(b *testing.B) {
	s := stage.Empty(b)
	m := New(context.Background(), s.Runner)
	m.Go = func(offset int) { m.Follow(offset) }
	p := Prepare(resource.Read(large(50<<20)), false)
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"open", func() { m.Open(p); m.Follow(0) }},
		{"go to an entry", func() { m.Follow(25 << 20); m.Follow(30 << 20) }},
		{"put on the mask and take it off", func() { m.SetMasked(true); m.SetMasked(false) }},
		{"paint a page", func() {
			top := m.Text().Lines() / 2
			for i := range 50 {
				m.Text().Line(top+i, 0, 120)
			}
			for i := range min(40, m.Tree().Len()) {
				for c := range 4 {
					m.Tree().Cell(i, c)
				}
			}
		}},
	} {
		b.Run(step.name, func(b *testing.B) {
			for b.Loop() {
				step.do()
			}
		})
		s.Settle()
	}
}
