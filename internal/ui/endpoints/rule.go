package endpoints

import (
	"errors"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/endpoint/rules"
	model "trestle/internal/present/endpoints"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// ruleWidth is the width of a rule's form in units.
const ruleWidth = 760

// ruleDialog is the form of a rule: lines of conditions, an answer, lines of faults, and the sentence that they make.
type ruleDialog struct {
	v          *View
	form       model.RuleForm
	row        int
	otherwise  bool
	tried      bool // saving has been tried
	conditions *fyne.Container
	faults     *fyne.Container
	subject    []*kit.Choice // of each condition
	test       []*kit.Choice // of each condition, nil where there is none
	kind       []*kit.Choice // of each fault
	sentence   *kit.Text
	problem    *kit.Text
	whole      *fyne.Container
	first      fyne.Focusable
	submit     func() // what Enter in a field does
	subjects   []model.Subject
	kinds      []rules.FaultInfo
	answers    []model.Answer
}

// EditRule edits a rule of the chosen listener; a row that is none makes a new one, and the last row is what holds
// otherwise.
func (v *View) EditRule(row int) {
	d := &ruleDialog{v: v, row: row, form: v.m.RuleForm(row)}
	title := "New rule"
	switch {
	case v.m.IsRule(row):
		title = "Edit the rule"
	case row >= 0:
		d.otherwise, d.form, title = true, v.m.OtherwiseForm(), "Otherwise, if no rule matches"
	}
	d.subjects, d.kinds, d.answers = d.form.Subjects(), rules.Faults(), d.form.Answers()
	if d.form.HTTP {
		d.kinds = rules.HTTPFaults()
	}
	d.build()
	scroll := kit.NewFollowingScroll(container.NewBorder(nil, nil, nil, kit.Gap(14, 0), d.whole)) // room for the bar
	scroll.SetMinSize(fyne.NewSize(ruleWidth, 440))
	content := container.New(kit.Column{Flex: 0}, scroll, kit.Gap(0, 4), d.sentence, d.problem)
	var dismiss func()
	save := func() {
		if d.save() {
			dismiss()
		}
	}
	d.submit = save
	dismiss = v.host.Dialog(title, content, ruleWidth, d.first, kit.Action{Label: "Save", Do: save}, kit.Action{Label: "Cancel"})
}

func (d *ruleDialog) save() bool {
	r, err := d.form.Rule()
	if err != nil {
		d.tried = true
		d.show()
		return false
	}
	if d.otherwise {
		d.v.m.SetOtherwise(r.Then)
	} else {
		d.v.m.PutRule(d.row, r)
	}
	return true
}

// show writes the rule as a sentence, or what is wrong with it.
func (d *ruleDialog) show() {
	r, err := d.form.Rule()
	var e *model.RuleError
	switch {
	case errors.As(err, &e):
		role := screen.RoleMuted // who is still typing has made no mistake
		if d.tried {
			role = screen.RoleError
		}
		d.problem.Set(where(e)+e.Text, role)
		d.problem.Show()
		d.sentence.Hide()
	case d.otherwise:
		d.sentence.SetText("otherwise: " + r.Then.Sentence())
		d.sentence.Show()
		d.problem.Hide()
	default:
		d.sentence.SetText(strings.ReplaceAll(r.Sentence(), " → ", ": ")) // the font of words has no arrow
		d.sentence.Show()
		d.problem.Hide()
	}
}

// where names the part of the form that something is wrong with.
func where(e *model.RuleError) string {
	switch e.Part {
	case model.ConditionPart:
		return "Condition " + string(rune('1'+e.Line)) + ": "
	case model.FaultPart:
		return "Fault " + string(rune('1'+e.Line)) + ": "
	case model.ErrorPart:
		return "Error segment: "
	case model.ReplyPart:
		return "Reply: "
	}
	return ""
}

func (d *ruleDialog) build() {
	d.sentence, d.problem = kit.NewWords("", screen.RoleAccent), kit.NewWords("", screen.RoleError)
	d.conditions, d.faults = container.NewVBox(), container.NewVBox()
	rows := []fyne.CanvasObject{}
	if !d.otherwise {
		name := d.field(&d.form.Name, "rule 1")
		d.first = name
		rows = append(rows, kit.NewCaption("Name in the journal"), name, kit.Gap(0, 4), kit.NewCaption("When all of these hold"), d.conditions,
			container.NewHBox(kit.NewTextButton(theme.IconAdd, "Add a condition", func() {
				d.form.Conditions = append(d.form.Conditions, model.Condition{})
				d.lines()
				d.v.host.Focus(d.subject[len(d.subject)-1])
			})))
	}
	rows = append(rows, kit.Gap(0, 4), kit.NewCaption("Then"))
	rows = append(rows, d.answer()...)
	rows = append(rows, kit.Gap(0, 4), kit.NewCaption("And what goes wrong with the answer"), d.faults,
		container.NewHBox(kit.NewTextButton(theme.IconAdd, "Add a fault", func() {
			d.form.Faults = append(d.form.Faults, model.FaultForm{HTTP: d.form.HTTP, Kind: 1})
			d.lines()
			d.v.host.Focus(d.kind[len(d.kind)-1])
		})))
	d.whole = container.NewVBox(rows...)
	d.lines()
}

// field is a field over a value of the form.
func (d *ruleDialog) field(value *string, placeholder string) *kit.Field {
	e := kit.NewField(placeholder)
	e.SetText(*value)
	e.OnChanged = func(text string) { *value = text; d.show() }
	e.OnSubmitted = func(string) { d.submit() }
	return e
}

// answer is the part of the form that says what is answered.
func (d *ruleDialog) answer() []fyne.CanvasObject {
	f := &d.form
	var titles []string
	for _, a := range d.answers {
		titles = append(titles, a.Title)
	}
	code := kit.NewChoice(titles, func(i int) { f.Answer = d.answers[i].ID; d.show() })
	code.SetSelected(slices.IndexFunc(d.answers, func(a model.Answer) bool { return a.ID == f.Answer }))
	if d.first == nil {
		d.first = code
	}
	if f.HTTP {
		return []fyne.CanvasObject{container.NewHBox(code), labelledRow("Diagnostics", d.field(&f.Text, "what the OperationOutcome says"))}
	}
	exact := kit.NewToggle("exactly this code, whatever MSH-15 and MSH-16 ask for", func(on bool) { f.Exact = on; d.show() })
	exact.SetOn(f.Exact)
	query := kit.NewChoice(model.QueryAnswers, func(i int) { f.Query = i; d.show() })
	query.SetSelected(f.Query)
	relay := kit.NewToggle("its acknowledgement is the answer", func(on bool) { f.Relay = on; d.show() })
	relay.SetOn(f.Relay)
	reply := kit.NewNoteField("Segments after MSA, or a whole message: {{PID-3.1}} quotes the message")
	reply.SetText(f.Reply)
	reply.OnChanged = func(text string) { f.Reply = text; d.show() }
	pair := func(a, b fyne.CanvasObject) fyne.CanvasObject { return container.NewGridWithColumns(2, a, b) }
	return []fyne.CanvasObject{
		container.NewHBox(code, exact),
		labelledRow("Text (MSA-3)", d.field(&f.Text, "unknown MRN {{PID-3.1}}")),
		labelledRow("Error (ERR)", pair(d.field(&f.ErrorCode, "code of table 0357, such as 204"), d.field(&f.ErrorPath, "place, such as PID-3[1].1"))),
		labelledRow("", d.field(&f.ErrorText, "words for the user (ERR-8)")),
		labelledRow("Query answer", query),
		labelledRow("Forward to", pair(d.field(&f.Forward, "host:port"), relay)),
		labelledRow("Reply", container.NewStack(kit.Gap(0, 64), reply)),
	}
}

func labelledRow(title string, o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(kit.Row{Flex: 1}, container.New(kit.LeftIn(104), kit.NewCaption(title)), o)
}

// lines makes the lines of conditions and faults anew.
func (d *ruleDialog) lines() {
	d.conditions.Objects, d.faults.Objects = nil, nil
	d.subject, d.test, d.kind = nil, nil, nil
	for i := range d.form.Conditions {
		d.conditions.Add(d.condition(i))
	}
	for i := range d.form.Faults {
		d.faults.Add(d.fault(i))
	}
	d.whole.Refresh()
	d.show()
}

// condition is a line of subject, path, test and value, in the order in which Tab visits them.
func (d *ruleDialog) condition(i int) fyne.CanvasObject {
	c := &d.form.Conditions[i]
	var titles []string
	for _, s := range d.subjects {
		titles = append(titles, s.Title)
	}
	subject := kit.NewChoice(titles, func(n int) {
		*c = model.Condition{Subject: d.subjects[n].ID}
		d.lines()
		d.v.host.Focus(d.subject[i]) // the line is another one now
	})
	at := max(slices.IndexFunc(d.subjects, func(s model.Subject) bool { return s.ID == c.Subject }), 0)
	subject.SetSelected(at)
	d.subject = append(d.subject, subject)
	s := d.subjects[at]
	row := container.New(kit.Row{}, subject)
	add := func(o fyne.CanvasObject) { row.Objects = append(row.Objects, kit.Gap(4, 0), o) }
	if s.HasPath {
		path := d.field(&c.Path, "PID-3.1")
		add(container.New(kit.LeftIn(96), path))
	}
	var test *kit.Choice
	if len(s.Tests) > 0 {
		test = kit.NewChoice(s.Tests, func(n int) {
			c.Test = n
			d.lines()
			d.v.host.Focus(d.test[i])
		})
		test.SetSelected(c.Test)
		add(test)
	}
	d.test = append(d.test, test)
	if s.NoValue == nil || !s.NoValue(c.Test) {
		add(d.field(&c.Value, d.hint(s, c.Test)))
	} else {
		add(kit.Gap(0, 0))
	}
	row.Layout = kit.Row{Flex: len(row.Objects) - 1}
	add(kit.NewToolButton(theme.IconClose, "Take this condition away", func() {
		d.form.Conditions = append(d.form.Conditions[:i], d.form.Conditions[i+1:]...)
		d.lines()
		d.v.host.Focus(d.first)
	}))
	return row
}

// hint is what stands in the empty field of a value.
func (d *ruleDialog) hint(s model.Subject, test int) string {
	if len(s.Tests) == 0 || !strings.HasSuffix(s.Tests[test], "the list") {
		return s.Hint
	}
	if lists := d.v.m.Lists(); len(lists) > 0 {
		return strings.Join(lists, ", ")
	}
	return "a roster, or a list in the rules as text"
}

// fault is a line of a fault, its argument and how often.
func (d *ruleDialog) fault(i int) fyne.CanvasObject {
	f := &d.form.Faults[i]
	var titles []string
	for _, k := range d.kinds {
		titles = append(titles, k.Title)
	}
	kind := kit.NewChoice(titles, func(n int) {
		*f = model.FaultForm{HTTP: d.form.HTTP, Kind: n, Every: f.Every, Chance: f.Chance}
		d.lines()
		d.v.host.Focus(d.kind[i])
	})
	kind.SetSelected(f.Kind)
	d.kind = append(d.kind, kind)
	info := d.kinds[f.Kind]
	row := container.New(kit.Row{}, kind)
	add := func(o fyne.CanvasObject) { row.Objects = append(row.Objects, kit.Gap(4, 0), o) }
	if info.Argument != rules.NoArgument {
		add(container.New(kit.LeftIn(110), d.field(&f.Argument, usual(info))))
	}
	add(container.NewCenter(kit.NewCaption("every")))
	add(container.New(kit.LeftIn(64), d.field(&f.Every, "each")))
	about := kit.NewCaption(info.Text)
	about.Min = 40
	add(about)
	row.Layout = kit.Row{Flex: len(row.Objects) - 1}
	add(kit.NewToolButton(theme.IconClose, "Take this fault away", func() {
		d.form.Faults = append(d.form.Faults[:i], d.form.Faults[i+1:]...)
		d.lines()
		d.v.host.Focus(d.first)
	}))
	return row
}

// usual is the argument that a fault takes if none is given.
func usual(info rules.FaultInfo) string {
	switch info.Argument {
	case rules.TimeArgument:
		return info.Time.String()
	case rules.CountArgument:
		return "3"
	}
	if info.Value != "" {
		return info.Value
	}
	return "code"
}

// EditFault edits how and how often a fault of the whole endpoint happens, and switches it on.
func (v *View) EditFault(row int) {
	form, info := v.m.FaultForm(row)
	argument, every, chance := kit.NewField(usual(info)), kit.NewField("each"), kit.NewField("always")
	argument.SetText(form.Argument)
	every.SetText(form.Every)
	chance.SetText(form.Chance)
	first := every
	rows := []kit.FormRow{}
	if info.Argument != rules.NoArgument {
		rows = append(rows, kit.FormRow{Title: map[rules.Argument]string{rules.TimeArgument: "How long", rules.CountArgument: "How many", rules.ValueArgument: "Which"}[info.Argument], Control: argument})
		first = argument
	}
	rows = append(rows, kit.FormRow{Title: "Only every n-th", Control: every}, kit.FormRow{Title: "By chance, per cent", Control: chance, Note: info.Text})
	f := kit.NewForm(360, rows...)
	var dismiss func()
	save := func() {
		form.Argument, form.Every, form.Chance = argument.Text, every.Text, chance.Text
		if err := v.m.PutFault(form); err != nil {
			f.SetProblem(0, err.Error())
			return
		}
		dismiss()
	}
	for _, field := range []*kit.Field{argument, every, chance} {
		field.OnSubmitted = func(string) { save() }
	}
	dismiss = v.host.Dialog(info.Title, f.Content(), 360, first, kit.Action{Label: "Switch it on", Do: save}, kit.Action{Label: "Cancel"})
}

// EditText edits the rules as the file that they are.
func (v *View) EditText() {
	text := kit.NewNoteField("")
	text.SetText(v.m.RulesText())
	text.TextStyle.Monospace = true
	problem := kit.NewWords("", screen.RoleError)
	problem.Hide()
	body := container.New(kit.Column{Flex: 0}, container.NewStack(kit.Gap(ruleWidth, 420), text), problem)
	var dismiss func()
	dismiss = v.host.Dialog("The rules as text", body, ruleWidth, text, kit.Action{Label: "Save", Do: func() {
		if err := v.m.SetRulesText(text.Text); err != nil {
			problem.SetText(err.Error())
			problem.Show()
			body.Refresh()
			return
		}
		dismiss()
	}}, kit.Action{Label: "Cancel"})
}
