package ui

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"

	"trestle/internal/job"
	"trestle/internal/present/comparing"
	"trestle/internal/present/endpoints"
	message "trestle/internal/present/inspect"
	"trestle/internal/present/inspect/fhirview"
	"trestle/internal/present/linker"
	"trestle/internal/present/screen"
	"trestle/internal/present/shell"
	"trestle/internal/ui/theme"
)

// pictureSize is the size of the pictures in units, that of a small laptop.
var pictureSize = fyne.NewSize(1280, 800)

// Pictures draws the main places of the window, with the given project in them, into PNG files of dir. It needs no
// display: Fyne's software painter draws. It returns the names of the files.
func Pictures(ctx context.Context, a fyne.App, dir string, o Options) ([]string, error) {
	p := &painter{ctx: ctx, app: a, options: o, dir: dir}
	before := a.Preferences().String(prefTheme)
	defer a.Preferences().SetString(prefTheme, before)
	p.visit(theme.Light, p.draw)
	p.visit(theme.Dark, p.drawDark)
	return p.names, p.err
}

// painter goes through the window as a user would and takes pictures.
type painter struct {
	ctx     context.Context
	app     fyne.App
	options Options
	dir     string
	names   []string
	err     error

	s      *Shell
	canvas software.WindowlessCanvas
	queue  *job.Queue
}

// visit opens the window in some colours, draws, and closes it. The colours are those of the whole app, so each set
// has a window of its own.
func (p *painter) visit(m theme.Mode, draw func()) {
	if p.err != nil {
		return
	}
	p.app.Preferences().SetString(prefTheme, m.String())
	p.canvas, p.queue = software.NewCanvas(), &job.Queue{}
	p.canvas.SetPadded(false)
	p.s = build(p.app, p.canvas, nil, p.queue.Gate, p.options)
	p.canvas.SetContent(p.s.root)
	p.canvas.Resize(pictureSize)
	defer p.end()
	draw()
}

func (p *painter) draw() {
	s := p.s
	p.shot("start")
	if p.open(); p.err != nil {
		return
	}
	p.shot("project")
	for i, name := range []string{"access-log", "people", "backup", "verify", "retention", "secrets"} {
		s.session.project.open(i + 1)
		p.wait()
		p.shot(name)
	}
	p.inspectFHIR()
	p.shot("inspect-fhir")
	p.inspect()
	p.shot("inspect")
	s.session.inspect.SetHex(true)
	p.shot("inspect-hex")
	s.session.inspect.SetHex(false)
	p.inspectFaces()
	s.SetMasked(true)
	p.shot("inspect-masked")
	s.SetMasked(false)
	s.ShowPalette()
	p.shot("palette")
	for o := s.canvas.Overlays().Top(); o != nil; o = s.canvas.Overlays().Top() {
		s.canvas.Overlays().Remove(o)
	}
	s.ShowKeys()
	p.shot("keys")
	s.dismiss()
	for _, place := range []shell.Place{shell.Endpoints, shell.Map, shell.Compare, shell.Link, shell.Settings} {
		s.Go(place)
		switch place {
		case shell.Endpoints:
			p.endpoints()
			p.shot(place.String())
			p.fhirEndpoints()
			p.shot("endpoints-fhir")
			continue
		case shell.Map:
			p.mapping()
		case shell.Compare:
			p.compare()
		case shell.Link:
			p.link()
		}
		p.shot(place.String())
	}
}

// endpoints stands in for the partner of the project file, if it has one, sends appointments to it, one of which a rule
// refuses, and opens that exchange.
func (p *painter) endpoints() {
	m := p.s.session.endpoints
	p.wait()
	if _, n := m.Partner(); n == 0 {
		return
	}
	m.StandIn()
	p.wait()
	listener := m.NewDraft(endpoints.Listener)
	listener.Name, listener.Address = "siu-in", "127.0.0.1:0" // whatever else runs on this computer
	p.do(m.Create(listener))
	form := m.RuleForm(-1)
	form.Name, form.Text, form.Answer = "no cancelling", "cancel by telephone", 1
	form.Conditions = []endpoints.Condition{{Subject: 1, Value: "S15"}}
	rule, err := form.Rule()
	p.do(err)
	m.PutRule(-1, rule)
	m.Start(listener.Name)
	p.wait()
	at := m.ChosenRow()
	h, _ := m.Header()
	address, ok := strings.CutPrefix(h.State, "listening on ")
	if !ok {
		return
	}
	sender := m.NewDraft(endpoints.Sender)
	sender.Name, sender.Address = "siu-out", address
	p.do(m.Create(sender))
	p.do(m.OfferSeries("3 S12 S13 S15"))
	m.Send()
	p.wait()
	m.Choose(at)
	for range 100 { // what the listener has stored is told from beside the work of the project
		p.wait()
		if l := m.JournalList(); l.Len() == 9 && l.Cell(0, after(l)).Text != "" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	m.OpenExchange(0)
	p.wait()
	m.Dismiss()
}

// fhirEndpoints starts a FHIR server with invented patients, and asks it from a console.
func (p *painter) fhirEndpoints() {
	m := p.s.session.endpoints
	server := m.NewDraft(endpoints.FHIRServer)
	server.Name, server.Address = "fhir", "127.0.0.1:0"
	p.do(m.Create(server))
	m.Start(server.Name)
	p.wait()
	h, _ := m.Header()
	address, ok := strings.CutPrefix(h.State, "listening on ")
	if !ok {
		return
	}
	console := m.NewDraft(endpoints.RESTClient)
	console.Name, console.Address = "rest", address
	p.do(m.Create(console))
	for _, path := range []string{"metadata", "Patient?_count=3", "Coverage?_include=Coverage:beneficiary&_count=2"} {
		m.Put("GET", path, "")
		m.SendRequest()
		p.wait()
	}
	m.Put("POST", "Patient", `{"resourceType": "Patient", "gender": "unknowable"}`)
	m.SendRequest()
	p.wait()
	for range 100 { // the findings come a moment after the typing
		p.wait()
		if m.BodyFindings().Len() > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// after is the column that says how long an answer took.
func after(g screen.Grid) int {
	return slices.IndexFunc(g.Columns(), func(c screen.Column) bool { return c.ID == "latency" })
}

// do notes what went wrong and lets all work come to its end.
func (p *painter) do(err error) {
	if p.err == nil {
		p.err = err
	}
	p.wait()
}

// mapping goes through the parts of the mapping of the project, if it has one, and looks at a rule with its values.
func (p *painter) mapping() {
	p.wait()
	m := p.s.session.mapper
	if !m.IsOpen() {
		return
	}
	m.Choose("pid-11")
	p.wait()
	p.s.session.places[shell.Map].Focus()
	p.press("Alt+2")
	p.shot("map-table")
	p.press("Alt+3")
	p.shot("map-lookups")
	p.press("Alt+4")
	p.shot("map-coverage")
	p.press("Alt+1")
	p.wait()
}

// press does what keys stand for.
func (p *painter) press(keys string) {
	p.s.press(keys)
	p.wait()
}

// compare sets two messages of the sample project against each other, of before and after a move.
func (p *painter) compare() {
	by := func(control string) comparing.Side {
		return comparing.Side{Kind: comparing.Messages, Query: "control:" + control}
	}
	p.s.session.comparing.Start([2]comparing.Side{by("LK000131"), by("LK000177")}, comparing.Pairing{})
	p.wait()
	p.s.session.comparing.Dismiss() // a project without these messages shows the first step
}

// link compares the rosters of the project, if it has them, and opens a pair of both systems.
func (p *painter) link() {
	p.wait()
	m := p.s.session.linker
	if !m.Has(linker.Ours) || !m.Has(linker.Theirs) {
		return
	}
	m.Run()
	p.wait()
	m.Dismiss()
	for _, reason := range m.Reasons() {
		if !strings.HasPrefix(reason, "twice") {
			m.SetReason(reason)
			return
		}
	}
}

func (p *painter) drawDark() {
	if p.open(); p.err != nil {
		return
	}
	p.shot("project-dark")
	p.inspect()
	p.shot("inspect-dark")
}

func (p *painter) open() {
	s := p.s
	s.start.Open(p.options.Workspace, append([]byte(nil), p.options.Passphrase...))
	p.wait()
	if p.err == nil && s.session == nil {
		_, problem := s.start.Problem()
		p.err = fmt.Errorf("open the project: %s", problem)
	}
}

// inspect goes to a message with a finding that can be repaired, if there is one.
func (p *painter) inspect() {
	s := p.s
	s.Go(shell.Inspect)
	m := s.session.inspect
	m.SetQuery("severity:warning")
	p.wait()
	for row := range m.List().Len() {
		m.Select(row)
		p.wait()
		for f := range m.FindingList().Len() {
			m.SelectFinding(f)
			if d, ok := m.Finding(); ok && len(d.Preview) > 0 && m.Tree().Len() > 3 {
				return
			}
		}
	}
}

// inspectFaces takes pictures of the form, the cards and the gaps, and leaves Inspect as it was.
func (p *painter) inspectFaces() {
	s := p.s
	m, view := s.session.inspect, s.session.inspectView
	before := m.Open()
	m.SubmitQuery("severity:warning finding = code-not-in-table")
	p.wait()
	m.SetFace(message.FaceForm)
	view.EditValue()
	p.shot("inspect-form")
	m.SubmitQuery("type:ORU")
	p.wait()
	m.SetFace(message.FaceCards)
	p.wait()
	for row := range m.CardList().Len() {
		m.ChooseCard(row)
		if _, ok := m.ResultGrid(); ok {
			break
		}
	}
	p.wait()
	p.shot("inspect-cards")
	m.SetFace(message.FaceRaw)
	m.SubmitQuery("")
	m.UseProfile("starter:generic-hl7v2")
	p.wait()
	view.ShowGaps()
	p.wait()
	p.shot("inspect-gaps")
	s.dismiss()
	m.UseProfile("")
	m.SetQuery("severity:warning")
	p.wait()
	m.OpenMessage(before)
	p.wait()
}

// inspectFHIR opens the first Bundle of the project, as a table of its entries, at a coverage.
func (p *painter) inspectFHIR() {
	p.s.Go(shell.Inspect)
	m := p.s.session.inspect
	m.SubmitQuery("type = Bundle")
	p.wait()
	m.FHIR().SetMode(fhirview.EntryMode)
	p.wait()
	if doc := m.FHIR().Document(); doc != nil {
		for i := range doc.Entries() {
			if e := &doc.Entries()[i]; e.Type == "Coverage" {
				m.MoveTo(e.Resource.Find("payor").Off)
			}
		}
	}
}

// wait lets all work come to its end.
func (p *painter) wait() {
	if p.err != nil {
		return
	}
	for _, r := range p.runners() {
		if err := p.queue.Drain(p.ctx, r); err != nil {
			p.err = err
			return
		}
	}
}

func (p *painter) runners() []*job.Runner {
	if p.s.session == nil {
		return []*job.Runner{p.s.runner}
	}
	return []*job.Runner{p.s.runner, p.s.session.runner}
}

// shot writes what the window shows now, with the rows of the list read, which happens when they are first looked at.
func (p *painter) shot(name string) {
	if p.err != nil {
		return
	}
	if p.s.session != nil {
		list := p.s.session.inspect.List()
		for row := range min(list.Len(), 64) {
			list.Cell(row, 0)
		}
		p.wait()
	}
	if p.err != nil {
		return
	}
	// A real window lays out anew when a least size has changed; this canvas does when its own size has.
	p.canvas.Resize(pictureSize.AddWidthHeight(100, 100))
	p.canvas.Resize(pictureSize)
	file := strings.ToLower(name) + ".png"
	f, err := os.Create(filepath.Join(p.dir, file))
	if err == nil {
		err = errors.Join(png.Encode(f, p.canvas.Capture()), f.Close())
	}
	if err != nil {
		p.err = fmt.Errorf("write the picture %s: %w", file, err)
		return
	}
	p.names = append(p.names, file)
}

// end closes the project.
func (p *painter) end() {
	s := p.s
	if s.session == nil {
		return
	}
	s.close(func() {})
	if err := p.queue.Drain(p.ctx, s.runner); p.err == nil {
		p.err = err
	}
	s.runner.Close()
}
