package fhirview

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trestle/internal/fhir/fhirpath"
	"trestle/internal/inspect/resource"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// What an expression may cost: steps of its evaluation, items of a collection, and how many answers are listed.
const (
	maxSteps   = 5_000_000
	maxItems   = 500_000
	maxAnswers = 10_000
	// maxMarked is how many answers are underlined in the text.
	maxMarked = 500
)

// typingPause is how long the user must stop typing before the expression is evaluated.
const typingPause = 150 * time.Millisecond

// question is the FHIRPath line with its answers.
type question struct {
	text    string
	each    bool // it is asked of each entry's resource, not of the Bundle
	answers []answer
	total   int
	news    string // what is said of the answers
	bad     bool   // it says what is wrong
	chosen  int
	waiting bool
}

// answer is one item of the result.
type answer struct {
	text, typ, path string
	off, end        int // both 0 for what was computed
	hidden          bool
}

func (q *question) forget() {
	q.answers, q.total, q.news, q.bad, q.chosen, q.waiting = nil, 0, "", false, -1, false
}

func (q *question) marks() (marks []screen.Mark) {
	for i := range q.answers[:min(len(q.answers), maxMarked)] {
		if a := &q.answers[i]; a.end > a.off {
			marks = append(marks, screen.Mark{From: a.off, To: a.end, Kind: screen.MarkHit})
		}
	}
	return marks
}

// Expression is the text of the FHIRPath line.
func (m *Model) Expression() string { return m.asked.text }

// SetExpression asks a FHIRPath expression of the resource, once the user stops typing.
func (m *Model) SetExpression(text string) {
	if m.asked.text != text {
		m.asked.text = text
		m.ask()
	}
}

// EachEntry says whether the expression is asked of each entry of a Bundle.
func (m *Model) EachEntry() bool { return m.asked.each }

// SetEachEntry asks the expression of each entry's resource, or of the Bundle.
func (m *Model) SetEachEntry(on bool) {
	if m.asked.each != on {
		m.asked.each = on
		m.ask()
	}
}

// News says how many answers there are, or in words why there are none.
func (m *Model) News() (text string, bad bool) { return m.asked.news, m.asked.bad }

// result is what an evaluation brings back.
type result struct {
	answers []answer
	total   int
	hint    string
}

// ask evaluates the expression in the background; a later one takes its place.
func (m *Model) ask() {
	m.asked.forget()
	m.asking.Cancel()
	text := strings.TrimSpace(m.asked.text)
	if text == "" || m.doc == nil || m.doc.Tree == nil {
		m.Changed(Answers | Text)
		return
	}
	m.asked.waiting = true
	m.asked.news = "Evaluating…"
	m.Changed(Answers)
	doc, each := m.doc, m.asked.each && m.IsBundle()
	job.StartLatest(m.ctx, m.runner, &m.asking, func(ctx context.Context) (result, error) {
		select {
		case <-ctx.Done():
			return result{}, ctx.Err()
		case <-time.After(typingPause):
		}
		return evaluate(ctx, doc, text, each)
	}, func(r result, err error) {
		if m.doc != doc || errors.Is(err, context.Canceled) {
			return
		}
		m.asked.forget()
		var wrong *fhirpath.Error
		switch {
		case errors.As(err, &wrong):
			m.asked.news, m.asked.bad = errorWords(text, wrong), true
		case err != nil:
			m.asked.news, m.asked.bad = err.Error(), true
		default:
			m.asked.answers, m.asked.total = r.answers, r.total
			m.asked.news = answerWords(r)
		}
		m.Changed(Answers | Text)
	})
}

// errorWords says what is wrong with an expression, and where.
func errorWords(text string, e *fhirpath.Error) string {
	words := strings.ToUpper(e.What[:1]) + e.What[1:]
	if e.Off > 0 && e.Off < len(text) {
		rest := []rune(text[e.Off:])
		near := string(rest[:min(len(rest), 16)])
		return fmt.Sprintf("%s, at %q.", words, near)
	}
	return words + "."
}

func answerWords(r result) string {
	switch {
	case r.total == 0 && r.hint != "":
		return "Nothing: " + r.hint + "."
	case r.total == 0:
		return "Nothing."
	case r.total > len(r.answers):
		return fmt.Sprintf("%s, the first %s listed", screen.Plural(r.total, "answer"), screen.Count(len(r.answers)))
	}
	return screen.Plural(r.total, "answer")
}

// evaluate asks an expression of the resource, or of each resource of a Bundle.
func evaluate(ctx context.Context, doc *resource.Document, text string, each bool) (r result, err error) {
	x, err := fhirpath.Compile(text)
	if err != nil {
		return r, err
	}
	o := &fhirpath.Options{Definitions: doc.Definitions, MaxSteps: maxSteps, MaxItems: maxItems}
	root := fhirpath.Resource(doc.Definitions, doc.Tree)
	mistakes := x.Mistakes(doc.Definitions)
	defer func() {
		if wrong := mistakes.Found(); err == nil && wrong != nil {
			r.hint = wrong.What
		}
	}()
	ask := func(input fhirpath.Collection) error {
		out, err := x.Evaluate(ctx, input, o)
		if err != nil {
			return err
		}
		mistakes.Look(input, len(out))
		r.total += len(out)
		for _, item := range out {
			if len(r.answers) == maxAnswers {
				break
			}
			r.answers = append(r.answers, newAnswer(doc, item))
		}
		return nil
	}
	if !each {
		if err := ask(root); err != nil {
			return r, err
		}
		return r, nil
	}
	for _, e := range doc.Entries() {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		if e.Resource == nil || e.Type == "" {
			continue
		}
		if err := ask(fhirpath.Within(doc.Definitions, e.Resource, root, e.FullURL)); err != nil {
			return r, err
		}
	}
	return r, nil
}

func newAnswer(doc *resource.Document, item fhirpath.Item) answer {
	a := answer{typ: item.Type().Name, text: item.String(), hidden: true}
	n := item.Node()
	if n == nil {
		n = item.More()
	}
	if n == nil || n.End == 0 {
		// A number that was counted says nothing about a person; a text may.
		_, isBool := item.Bool()
		a.hidden = !isBool && item.Type().Name != "Integer"
		return a
	}
	a.off, a.end = n.Off, n.End
	if e, ok := doc.At(n.Off); ok {
		a.path, a.hidden = e.Path(), doc.Hides(&e)
		if a.text == "" {
			a.text = resource.Words(n, e.Type)
		}
	}
	a.text = oneLine(a.text)
	return a
}

// AnswerGrid is the answers as rows.
func (m *Model) AnswerGrid() screen.Grid { return (*answerGrid)(m) }

// ChosenAnswer is the row that was chosen last, -1 for none.
func (m *Model) ChosenAnswer() int { return m.asked.chosen }

// SelectAnswer moves the cursor to where an answer stands.
func (m *Model) SelectAnswer(i int) {
	if i < 0 || i >= len(m.asked.answers) {
		return
	}
	m.asked.chosen = i
	if a := &m.asked.answers[i]; a.end > a.off {
		m.Go(a.off)
	}
}

// NextAnswer goes to the next answer, or the one before if n is negative.
func (m *Model) NextAnswer(n int) {
	if count := len(m.asked.answers); count > 0 {
		m.SelectAnswer(((m.asked.chosen+n)%count + count) % count)
	}
}

type answerGrid Model

var answerColumns = []screen.Column{
	{ID: "number", Title: "#", Width: 36, MinWidth: 30, Right: true, Fixed: true},
	{ID: "value", Title: "Answer", Width: 160, MinWidth: 80, Flex: true, Mono: true, Fixed: true},
	{ID: "type", Title: "Type", Width: 84, MinWidth: 50, Fixed: true},
	{ID: "path", Title: "Path", Width: 150, MinWidth: 60, Flex: true, Mono: true, Fixed: true},
}

func (g *answerGrid) Columns() []screen.Column { return answerColumns }
func (g *answerGrid) Len() int                 { return len(g.asked.answers) }

func (g *answerGrid) Cell(i, col int) screen.Cell {
	a := &g.asked.answers[i]
	switch answerColumns[col].ID {
	case "number":
		return screen.Cell{Text: strconv.Itoa(i + 1), Role: screen.RoleMuted}
	case "value":
		return screen.Cell{Text: a.text, Masked: g.masked && a.hidden}
	case "type":
		return screen.Cell{Text: a.typ, Role: screen.RoleMuted}
	}
	return screen.Cell{Text: a.path, Role: screen.RoleMuted, Masked: (*Model)(g).HidesPath(a.path)}
}

// HidesPath says whether the mask hides a path: where it holds names that FHIR does not define.
func (m *Model) HidesPath(path string) bool {
	if !m.masked || path == "" || m.doc == nil {
		return false
	}
	e, ok := m.doc.Find(path)
	return !ok || !e.Known() || !m.doc.Definitions.IsResource(m.doc.Type())
}
