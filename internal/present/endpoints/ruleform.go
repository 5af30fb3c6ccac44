package endpoints

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"trestle/internal/check"
	"trestle/internal/endpoint/rules"
	"trestle/internal/hl7"
)

// Condition is one line of a rule's form: a subject, a test, and a value as it is typed.
type Condition struct {
	Subject int    // ID of one of Subjects
	Test    int    // index into the Tests of the subject
	Path    string // of the subject "the value at a path"
	Value   string
}

// Subject is what a condition can be about.
type Subject struct {
	ID      int
	Title   string
	Tests   []string // nil where there is none to choose
	Hint    string   // what stands in the empty field
	HasPath bool
	NoValue func(test int) bool // nil: every test has a value
}

// The subjects, by their index.
const (
	subjectType = iota
	subjectTrigger
	subjectPath
	subjectFinding
	subjectCode
	subjectTime
	subjectClient
	subjectEvery
	subjectFirst
	subjectChance
)

// pathTests are the tests of a value at a path, as people write them.
var pathTests = []struct {
	words string
	test  rules.Test
	not   bool
}{
	{"is", rules.Equals, false}, {"is not", rules.Equals, true}, {"contains", rules.Contains, false}, {"does not contain", rules.Contains, true},
	{"matches", rules.Matches, false}, {"does not match", rules.Matches, true}, {"is there", rules.Exists, false}, {"is missing", rules.Exists, true},
	{"is in the list", rules.In, false}, {"is not in the list", rules.In, true},
}

// Subjects lists what a condition can be about.
func (f *RuleForm) Subjects() []Subject {
	all := subjects()
	for id := range all {
		all[id].ID = id
	}
	if !f.HTTP {
		return all
	}
	all[subjectType].Title, all[subjectType].Hint = "method", "POST, PUT"
	all[subjectTrigger].Title, all[subjectTrigger].Hint = "resource type or operation", "Patient, $everything, metadata"
	return slices.DeleteFunc(all, func(s Subject) bool { return s.ID == subjectPath || s.ID == subjectFinding || s.ID == subjectCode })
}

// subjects are all, by their IDs.
func subjects() []Subject {
	var tests []string
	for _, t := range pathTests {
		tests = append(tests, t.words)
	}
	return []Subject{
		subjectType:    {Title: "message type", Hint: "ADT, ORU"},
		subjectTrigger: {Title: "trigger event", Hint: "A01, A08"},
		subjectPath: {Title: "value at a path", Tests: tests, Hint: "value, or several with commas", HasPath: true, NoValue: func(t int) bool {
			return pathTests[min(max(t, 0), len(pathTests)-1)].test == rules.Exists
		}},
		subjectFinding: {Title: "finding of at least", Hint: "warning"},
		subjectCode:    {Title: "finding with the code", Hint: "date-impossible"},
		subjectTime:    {Title: "day and time", Hint: "Mon Tue 22:00-06:00"},
		subjectClient:  {Title: "address of the client", Hint: "10.0.0.0/8"},
		subjectEvery:   {Title: "only every n-th", Hint: "10"},
		subjectFirst:   {Title: "only the first", Hint: "3"},
		subjectChance:  {Title: "by chance, per cent", Hint: "5"},
	}
}

// Answer is what a rule can do.
type Answer struct {
	ID    int
	Title string
}

var answerCodes = []string{"", "AE", "AR", "CA", "CE", "CR", rules.None}

// Answers lists what the rule can do.
func (f *RuleForm) Answers() []Answer {
	if f.HTTP {
		return []Answer{{0, "what the server itself answers"}, {1, "refuse: 422 and an OperationOutcome"}, {2, "fail: 500 and an OperationOutcome"}, {len(answerCodes) - 1, "no answer"}}
	}
	return []Answer{{0, "accept (AA)"}, {1, "error (AE)"}, {2, "reject (AR)"}, {3, "commit accept (CA)"}, {4, "commit error (CE)"}, {5, "commit reject (CR)"}, {6, "no answer"}}
}

// RuleForm is a rule as a form has it.
type RuleForm struct {
	HTTP       bool // of a FHIR server: some parts have no meaning there
	Name       string
	Conditions []Condition
	Answer     int    // ID of one of Answers
	Exact      bool   // the code as it stands, whatever MSH-15 and MSH-16 ask for
	Text       string // MSA-3
	ErrorCode  string // ERR-3
	ErrorPath  string // ERR-2
	ErrorText  string // ERR-8
	Reply      string // template of segments or a whole message
	Query      int    // index into QueryAnswers
	Forward    string // host:port
	Relay      bool
	Faults     []FaultForm

	base rules.Rule // what the form does not show stays as it was
}

// FaultForm is a fault in a rule's form.
type FaultForm struct {
	HTTP     bool   // of a FHIR server
	Kind     int    // index into the list of rules.Faults, or of rules.HTTPFaults
	Argument string // as typed, "" for the usual one
	Every    string
	Chance   string // per cent, "" for always

	base rules.Fault // what the form does not show stays as it was
}

// QueryAnswers are what a query message can be answered with.
var QueryAnswers = []string{"no query answer", "the patients that are found", "no patient, whatever is asked", "one patient, whatever is asked", "many patients, whatever is asked"}

var queryMatches = []string{"", "found", "none", "one", "many"}

// RuleError is what is wrong with a part of the form: the line of a condition or fault, or -1 for the rest.
type RuleError struct {
	Part RulePart
	Line int
	Text string
}

func (e *RuleError) Error() string { return e.Text }

// RulePart is a part of the form.
type RulePart uint8

// The parts.
const (
	ConditionPart RulePart = iota
	AnswerPart
	ErrorPart
	ReplyPart
	ForwardPart
	FaultPart
)

// RuleForm is the form of a rule of the chosen listener; a row that is none gives the form of a new one.
func (m *Model) RuleForm(row int) RuleForm {
	p := m.current()
	http := p != nil && p.kind.FHIR()
	if !m.IsRule(row) {
		return RuleForm{HTTP: http, Conditions: []Condition{{Subject: subjectType}}}
	}
	return formOf(p.rules.Rules[row], http)
}

// OtherwiseForm is the form of what holds where no rule matches: it has no conditions.
func (m *Model) OtherwiseForm() RuleForm {
	p := m.current()
	if p == nil {
		return RuleForm{}
	}
	return formOf(rules.Rule{Then: p.rules.Otherwise}, p.kind.FHIR())
}

func formOf(r rules.Rule, http bool) RuleForm {
	f := RuleForm{HTTP: http, Name: r.Name, Conditions: conditionsOf(r.When), base: r}
	a := r.Then
	f.Answer, f.Exact = max(slices.Index(answerCodes, a.Code), 0), a.Exact
	f.Text, f.Reply = templateText(a.Text), templateText(a.Reply)
	if len(a.Errors) > 0 {
		e := a.Errors[0]
		f.ErrorCode, f.ErrorPath, f.ErrorText = e.Code, e.Location, templateText(e.User)
	}
	if a.Query != nil {
		f.Query = 1
		if i := slices.Index(queryMatches, a.Query.Matches); i > 0 {
			f.Query = i
		}
	}
	if a.Forward != nil {
		f.Forward, f.Relay = a.Forward.To, a.Forward.Relay
	}
	for _, x := range r.Faults {
		i := slices.IndexFunc(faultsOf(http), func(info rules.FaultInfo) bool { return info.Kind == x.Kind })
		if i < 0 {
			continue
		}
		f.Faults = append(f.Faults, faultForm(i, x, http))
	}
	return f
}

func faultForm(kind int, f rules.Fault, http bool) FaultForm {
	return FaultForm{HTTP: http, Kind: kind, Argument: argumentText(f), Every: atLeastTwo(f.Every), Chance: percent(f.Chance), base: f}
}

// percent writes a share for a field, nothing for none.
func percent(share float64) string {
	if share == 0 {
		return ""
	}
	return strconv.FormatFloat(100*share, 'g', 6, 64)
}

func templateText(t *rules.Template) string {
	if t == nil {
		return ""
	}
	return t.String()
}

func atLeastTwo(n int) string {
	if n < 2 {
		return ""
	}
	return strconv.Itoa(n)
}

func argumentText(f rules.Fault) string {
	switch {
	case f.To > 0 || f.Sigma > 0:
		return f.Span()
	case f.Time > 0:
		return f.Time.String()
	case f.Count > 0:
		return strconv.Itoa(f.Count)
	}
	return f.Value
}

// conditionsOf writes the conditions of a rule line by line.
func conditionsOf(w rules.When) (all []Condition) {
	add := func(subject, test int, path, value string) {
		all = append(all, Condition{subject, test, path, value})
	}
	if len(w.Types) > 0 {
		add(subjectType, 0, "", strings.Join(w.Types, ", "))
	}
	if len(w.Triggers) > 0 {
		add(subjectTrigger, 0, "", strings.Join(w.Triggers, ", "))
	}
	for _, t := range w.Fields {
		i := 0
		for k, p := range pathTests {
			if p.test == t.Test && p.not == t.Not {
				i = k
			}
		}
		add(subjectPath, i, t.Path.String(), strings.Join(t.Values, ", "))
	}
	if t := w.Finding; t != nil {
		if len(t.Codes) == 0 || t.AtLeast > 0 {
			add(subjectFinding, 0, "", t.AtLeast.String())
		}
		if len(t.Codes) > 0 {
			add(subjectCode, 0, "", strings.Join(t.Codes, ", "))
		}
	}
	if w.Time != nil {
		add(subjectTime, 0, "", windowText(*w.Time))
	}
	if len(w.From) > 0 {
		var list []string
		for _, p := range w.From {
			list = append(list, p.String())
		}
		add(subjectClient, 0, "", strings.Join(list, ", "))
	}
	if w.Every > 1 {
		add(subjectEvery, 0, "", strconv.Itoa(w.Every))
	}
	if w.First > 0 {
		add(subjectFirst, 0, "", strconv.Itoa(w.First))
	}
	if w.Chance > 0 {
		add(subjectChance, 0, "", percent(w.Chance))
	}
	return all
}

// Rule reads the form. An error is a *RuleError.
func (f *RuleForm) Rule() (rules.Rule, error) {
	r := f.base
	r.Name = strings.TrimSpace(f.Name)
	r.When = rules.When{}
	for i, c := range f.Conditions {
		if err := c.into(&r.When); err != nil {
			return r, &RuleError{ConditionPart, i, err.Error()}
		}
	}
	var err error
	if r.Then, err = f.action(); err != nil {
		return r, err
	}
	r.Faults = nil
	for i, x := range f.Faults {
		fault, err := x.fault()
		if err != nil {
			return r, &RuleError{FaultPart, i, err.Error()}
		}
		r.Faults = append(r.Faults, fault)
	}
	return r, nil
}

// action reads what the rule does.
func (f *RuleForm) action() (rules.Action, error) {
	a := f.base.Then
	a.Code, a.Exact = answerCodes[min(max(f.Answer, 0), len(answerCodes)-1)], f.Exact
	if a.Exact && a.Code == "" {
		a.Code = "AA"
	}
	var err error
	if a.Text, err = template(f.Text); err != nil {
		return a, &RuleError{AnswerPart, -1, err.Error()}
	}
	if a.Reply, err = template(f.Reply); err != nil {
		return a, &RuleError{ReplyPart, -1, err.Error()}
	}
	if err := f.errors(&a); err != nil {
		return a, err
	}
	a.Query = nil
	if f.Query > 0 {
		a.Query = &rules.Query{Matches: queryMatches[f.Query]}
		if old := f.base.Then.Query; old != nil {
			a.Query.Answer = old.Answer
		}
	}
	a.Forward = nil
	if to := strings.TrimSpace(f.Forward); to != "" {
		if !strings.Contains(to, ":") {
			return a, &RuleError{ForwardPart, -1, "write the other host as host:port"}
		}
		a.Forward = &rules.Forward{To: to, Relay: f.Relay}
		if old := f.base.Then.Forward; old != nil {
			a.Forward.Timeout = old.Timeout
		}
	}
	return a, nil
}

// errors reads the first ERR segment; further ones stay as they were.
func (f *RuleForm) errors(a *rules.Action) error {
	rest := []rules.ErrorText{}
	if len(f.base.Then.Errors) > 1 {
		rest = f.base.Then.Errors[1:]
	}
	a.Errors = nil
	if f.ErrorCode+f.ErrorPath+f.ErrorText == "" {
		return nil
	}
	e := rules.ErrorText{}
	if len(f.base.Then.Errors) > 0 {
		e = f.base.Then.Errors[0]
	}
	e.Code, e.Location = strings.TrimSpace(f.ErrorCode), strings.TrimSpace(f.ErrorPath)
	if e.Code == "" {
		e.Code = "207"
	}
	if _, err := strconv.Atoi(e.Code); err != nil {
		return &RuleError{ErrorPart, -1, "the error code is a number of table 0357, such as 101"}
	}
	if e.Location != "" {
		if _, err := hl7.ParsePath(e.Location); err != nil {
			return &RuleError{ErrorPart, -1, "the place of the error is a path such as PID-3[1].1"}
		}
	}
	var err error
	if e.User, err = template(f.ErrorText); err != nil {
		return &RuleError{ErrorPart, -1, err.Error()}
	}
	a.Errors = append([]rules.ErrorText{e}, rest...)
	return nil
}

func template(text string) (*rules.Template, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	return rules.ParseTemplate(text)
}

// list reads values with commas between them.
func list(text string) (all []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// into adds a condition to those of a rule.
func (c Condition) into(w *rules.When) error {
	values := list(c.Value)
	if needs := c.Subject != subjectPath || pathTests[c.Test].test != rules.Exists; needs && len(values) == 0 {
		return fmt.Errorf("give a value, or take the condition away")
	}
	switch c.Subject {
	case subjectType:
		w.Types = append(w.Types, values...)
	case subjectTrigger:
		w.Triggers = append(w.Triggers, values...)
	case subjectPath:
		return c.path(w, values)
	case subjectFinding:
		severity, err := check.ParseSeverity(values[0])
		if err != nil {
			return err
		}
		finding(w).AtLeast = severity
	case subjectCode:
		finding(w).Codes = values
	case subjectTime:
		window, err := readWindow(c.Value)
		if err != nil {
			return err
		}
		w.Time = &window
	case subjectClient:
		for _, v := range values {
			p, err := rules.ParsePrefix(v)
			if err != nil {
				return err
			}
			w.From = append(w.From, netip.Prefix(p))
		}
	default:
		return c.often(w)
	}
	return nil
}

// finding is the condition on findings, which is one: of at least a severity, with one of some codes.
func finding(w *rules.When) *rules.FindingTest {
	if w.Finding == nil {
		w.Finding = &rules.FindingTest{}
	}
	return w.Finding
}

func (c Condition) path(w *rules.When, values []string) error {
	p, err := hl7.ParsePath(strings.TrimSpace(c.Path))
	if err != nil {
		return fmt.Errorf("write the path as PID-3.1: %w", err)
	}
	t := pathTests[min(max(c.Test, 0), len(pathTests)-1)]
	f := rules.FieldTest{Path: p, Test: t.test, Not: t.not}
	switch t.test {
	case rules.Exists:
	case rules.Matches, rules.In:
		f.Values = []string{strings.TrimSpace(c.Value)} // an expression may hold commas
	default:
		f.Values = values
	}
	w.Fields = append(w.Fields, f)
	return nil
}

// often reads how often a rule fires.
func (c Condition) often(w *rules.When) (err error) {
	if c.Subject == subjectChance {
		w.Chance, err = readShare(c.Value)
		return err
	}
	n, err := strconv.Atoi(strings.TrimSpace(c.Value))
	if err != nil || n < 1 {
		return fmt.Errorf("write a number above 0")
	}
	if c.Subject == subjectEvery {
		w.Every = n
	} else {
		w.First = n
	}
	return nil
}
