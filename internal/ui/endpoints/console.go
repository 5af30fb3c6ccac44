package endpoints

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/endpoint/fhirclient"
	model "trestle/internal/present/endpoints"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// consolePane is a REST console: the request that is written on the left, what came back on the right.
type consolePane struct {
	v       *View
	content fyne.CanvasObject

	method   *kit.Choice
	path     *kit.Field
	offers   *kit.Suggestions
	offered  []fhirclient.Suggestion
	send     *kit.ToolButton
	editor   *kit.Field
	hidden   fyne.CanvasObject // in the place of the editor under the mask
	body     *fyne.Container
	problem  *kit.Text
	findings *kit.GridView

	status *kit.Text
	words  *kit.Text // what the server says is wrong
	tabs   *kit.SegmentedControl
	answer *fyne.Container
	text   *kit.CodeView
	issues *kit.GridView
	facts  *kit.GridView
	next   *kit.ToolButton
	back   *kit.ToolButton
	fresh  int
	shown  int64 // the answer that the text is of
	masked bool
}

func newConsolePane(v *View) *consolePane {
	p := &consolePane{v: v, fresh: -1, shown: -1}
	p.content = container.New(kit.Float{List: p.makeRequest()}, container.New(kit.Column{Flex: 1}, p.line(), kit.NewColumns(p.left(), p.right(), 0.42)), p.offers)
	return p
}

// makeRequest makes the fields of the request's first line.
func (p *consolePane) makeRequest() *kit.Suggestions {
	m := p.v.m
	p.method = kit.NewChoice(model.Methods, func(int) { p.write() })
	p.path = kit.NewField("Patient?name=roe, metadata, Patient/12/$everything; empty is the service itself")
	p.path.OnChanged = func(string) { p.write() }
	p.path.OnSubmitted = func(string) { m.SendRequest() }
	p.offers = kit.NewSuggestions(p.path)
	p.offers.Ask = func(text string, _ int) []kit.Suggestion {
		p.offered = m.CompletePath(model.Methods[p.method.Selected()], text)
		out := make([]kit.Suggestion, len(p.offered))
		for i, s := range p.offered {
			out[i] = kit.Suggestion{Text: s.Label, About: s.Text}
		}
		return out
	}
	p.offers.Take = func(i int) {
		path := p.offered[i].Path // to set it asks anew, which changes what is offered
		p.path.SetText(path)
		p.path.CursorColumn = len([]rune(path))
		p.path.Refresh()
		p.offers.Update()
	}
	p.send = kit.NewPrimaryButton(theme.IconPlay, "Send", m.SendRequest)
	p.send.SetHint("Send the request (F5, or Enter in the path)")
	return p.offers
}

func (p *consolePane) line() fyne.CanvasObject {
	line := container.NewBorder(nil, nil, container.NewHBox(p.method, kit.Gap(2, 0)), container.NewHBox(kit.Gap(2, 0), container.NewCenter(p.send)), p.path)
	return container.NewVBox(container.NewBorder(kit.Gap(0, 3), kit.Gap(0, 3), kit.Gap(6, 0), kit.Gap(6, 0), line), kit.NewRule())
}

func (p *consolePane) left() fyne.CanvasObject {
	p.editor = kit.NewNoteField("Headers, as Prefer: return=minimal, then an empty line, then the body.\nAccept, Content-Type and credentials are added.")
	p.editor.TextStyle.Monospace = true
	p.editor.OnChanged = func(string) { p.write() }
	p.hidden = container.NewCenter(kit.NewCaption("The request is hidden by the mask."))
	p.body = container.NewStack(p.editor)
	p.problem = kit.NewWords("", screen.RoleError)
	p.problem.Hide()
	p.findings = kit.NewGridView(p.v.m.BodyFindings())
	p.findings.Single = true
	p.findings.Empty = "The body is checked while it is written."
	bar := kit.NewHeading(kit.NewTitle("Request", theme.SizeText),
		kit.NewToolButton(theme.IconFolder, "Take the body from a file… (Ctrl+O)", p.v.ChooseBody),
		kit.NewToolButton(theme.IconCopy, "Copy as cURL (Ctrl+Shift+C)", p.v.CopyCURL),
		kit.NewToolButton(theme.IconInformation, "What can this server do?", func() { p.v.m.AskServer(true) }))
	return container.New(kit.Column{Flex: 1}, bar, kit.NewRows(container.NewBorder(nil, p.problem, nil, nil, p.body), p.findings, 0.72))
}

func (p *consolePane) right() fyne.CanvasObject {
	p.status = kit.NewText("", screen.RoleMuted)
	p.status.Min = 60
	p.words = kit.NewWords("", screen.RoleText)
	p.words.Hide()
	p.text = kit.NewCodeView()
	p.issues = kit.NewGridView(p.v.m.AnswerIssues())
	p.issues.Single = true
	p.facts = kit.NewGridView(p.v.m.AnswerFacts())
	p.facts.Single = true
	p.facts.Empty = "Nothing has come back yet."
	p.answer = container.NewStack(p.text)
	p.tabs = kit.NewSegmentedControl([]string{"Answer", "Headers"}, func(int) { p.choose() })
	p.back = kit.NewToolButton(theme.IconChevronLeft, "The page before (Alt+Page Up)", func() { p.v.m.FollowPage("previous") })
	p.next = kit.NewToolButton(theme.IconChevronRight, "The next page (Alt+Page Down)", func() { p.v.m.FollowPage("next") })
	bar := kit.NewHeading(p.tabs, p.back, p.next, kit.NewToolButton(theme.IconInspect, "Open the answer in Inspect (Ctrl+I)", p.v.openAnswer))
	line := container.NewBorder(kit.Gap(0, 2), kit.Gap(0, 2), kit.Gap(6, 0), kit.Gap(6, 0), container.NewVBox(p.status, p.words))
	return container.New(kit.Column{Flex: 2}, bar, line, p.answer)
}

// shownAnswer is the part of the answer that the tab says: the body, what the server explains where it does, the headers.
func (p *consolePane) shownAnswer() fyne.CanvasObject {
	parts := []fyne.CanvasObject{p.text, p.facts}
	if p.v.m.HasIssues() {
		parts = []fyne.CanvasObject{p.text, p.issues, p.facts}
	}
	return parts[min(p.tabs.Selected(), len(parts)-1)]
}

// choose shows the part of the answer that the tab says.
func (p *consolePane) choose() {
	p.answer.Objects[0] = p.shownAnswer()
	p.answer.Refresh()
}

// write hands on what is typed.
func (p *consolePane) write() {
	p.v.m.Write(model.Methods[p.method.Selected()], p.path.Text, p.editor.Text)
}

// panes are what takes the keyboard here.
func (p *consolePane) panes() []fyne.Focusable {
	answer := p.shownAnswer().(fyne.Focusable)
	if p.v.m.Masked() {
		return []fyne.Focusable{p.path, answer}
	}
	return []fyne.Focusable{p.path, p.editor, answer}
}

func (p *consolePane) redraw() {
	m := p.v.m
	method, path, rest, fresh := m.Written()
	if fresh != p.fresh {
		p.fresh = fresh
		p.method.SetSelected(max(slices.Index(model.Methods, method), 0))
		p.path.SetText(path)
		p.editor.SetText(rest)
		p.offers.Close()
	}
	if masked := m.Masked(); p.path.Password != masked {
		p.path.Password = masked // what is looked for may be a patient
		p.path.Refresh()
		p.body.Objects[0] = p.editor
		if masked {
			p.body.Objects[0] = p.hidden
		}
		p.body.Refresh()
	}
	p.problem.SetText(m.WrittenProblem())
	p.problem.Hide()
	if m.WrittenProblem() != "" {
		p.problem.Show()
	}
	p.findings.Refresh()
	if m.IsAsking() {
		p.send.SetLabel("Stop")
		p.send.SetIcon(theme.IconStop)
		p.send.SetAction(m.CancelRequest)
	} else {
		p.send.SetLabel("Send")
		p.send.SetIcon(theme.IconPlay)
		p.send.SetAction(m.SendRequest)
	}
	p.status.Set(m.AnswerLine())
	next, back := m.Pages()
	p.next.SetEnabled(next)
	p.back.SetEnabled(back)
	p.redrawAnswer()
	p.content.Refresh()
}

// redrawAnswer shows another answer once.
func (p *consolePane) redrawAnswer() {
	m := p.v.m
	number, masked := m.AnswerNumber(), m.Masked()
	if number == p.shown && masked == p.masked {
		return
	}
	news := number != p.shown
	p.shown, p.masked = number, masked
	p.words.SetText(m.AnswerWords())
	p.words.Hide()
	if m.AnswerWords() != "" {
		p.words.Show()
	}
	p.text.SetText(m.AnswerText())
	p.issues.Refresh()
	p.facts.Refresh()
	labels, first := []string{"Answer", "Headers"}, 0
	if m.HasIssues() {
		labels, first = []string{"Answer", "What is wrong", "Headers"}, 1
	}
	p.tabs.SetLabels(labels)
	if news {
		p.tabs.SetSelected(first)
	}
	p.choose()
}

// ChooseBody takes the body of the request from a file.
func (v *View) ChooseBody() {
	v.host.ChooseFiles("Body of the request", func(paths []string) { v.m.BodyFromFile(paths[0]) })
}

// CopyCURL puts the command for curl that does the same on the clipboard.
func (v *View) CopyCURL() {
	text, err := v.m.CopyCURL()
	if err != nil {
		v.m.Fail("Could not make the command", err)
		return
	}
	v.host.Clipboard().SetContent(text)
	v.m.Say(screen.News{Text: "The command for curl is on the clipboard. Credentials stand in it as variables."}, nil)
}

func (v *View) openAnswer() {
	name, b := v.m.AnswerBytes()
	if len(b) == 0 {
		v.host.Tell("There is no answer to open", "Send a request first.")
		return
	}
	v.Inspect(name, b)
}
