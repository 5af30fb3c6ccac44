package inspect

import (
	"image"
	"net/url"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// cardsPane is the open message as what a person looks for in it: a list of cards, and the chosen one.
type cardsPane struct {
	v       *View
	content fyne.CanvasObject
	list    *kit.GridView
	lines   *kit.GridView
	results *kit.GridView
	text    *kit.CodeView
	picture *canvas.Image
	about   *kit.Text
	save    *kit.ToolButton
	below   *fyne.Container // results or document, below the lines
	body    *fyne.Container
	of      image.Image // what picture shows
	written screen.Text // what text shows
}

func newCardsPane(v *View) *cardsPane {
	p := &cardsPane{v: v}
	p.list = kit.NewGridView(v.m.CardList())
	p.list.Single, p.list.HideHeader = true, true
	p.list.OnSelect = v.m.ChooseCard
	p.list.OnOpen = func(int) { v.host.Focus(p.lines) }
	p.lines = kit.NewGridView(v.m.CardGrid())
	p.lines.Single = true
	p.lines.OnSelect = v.m.SelectCard
	p.lines.OnOpen = p.open
	p.lines.OnSecondary = p.menu
	p.results = kit.NewGridView(nil)
	p.results.Single = true
	p.results.OnSelect = v.m.SelectResult
	p.results.OnSecondary = func(row int, at fyne.Position) { v.m.SelectResult(row); v.valueMenu(nil, at) }
	p.text = kit.NewCodeView()
	p.text.SetWrap(true)
	p.picture = &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleSmooth}
	p.about = kit.NewWords("", screen.RoleMuted)
	p.save = kit.NewTextButton(theme.IconSave, "Save the document…", func() { p.v.saveDocument(0) })
	p.below = container.NewStack()
	p.body = container.NewStack()
	p.content = kit.NewColumns(p.list, p.body, 0.28)
	return p
}

// redraw shows the chosen card: its lines, and results or the document below them.
func (p *cardsPane) redraw() {
	m := p.v.m
	p.lines.Empty, p.list.Empty = "Nothing in this message makes a card.", ""
	if p.list.Selected() != m.ChosenCard() && m.CardList().Len() > 0 {
		p.list.Select(m.ChosenCard())
	}
	p.list.Refresh()
	shows := fyne.CanvasObject(p.lines)
	if below := p.detail(); below != nil {
		p.below.Objects = []fyne.CanvasObject{below}
		shows = container.New(kit.Column{Flex: 2}, container.New(sizedTo{fyne.NewSize(200, p.linesHeight())}, p.lines), kit.NewRule(), p.below)
	}
	p.lines.Refresh()
	p.body.Objects = []fyne.CanvasObject{shows}
	p.body.Refresh()
}

// linesHeight is the room of the lines above results or a document: as many as there are, up to five.
func (p *cardsPane) linesHeight() float32 {
	return 26 + theme.RowHeight*float32(min(p.lines.Grid().Len(), 5))
}

// detail is what stands below the lines of the chosen card, nil for nothing.
func (p *cardsPane) detail() fyne.CanvasObject {
	m := p.v.m
	if g, ok := m.ResultGrid(); ok {
		if row := p.results.Selected(); p.results.Grid() == nil || p.results.Grid().Len() != g.Len() || row < 0 {
			p.results.SetGrid(g)
		} else {
			p.results.SetGrid(g)
			p.results.Select(row)
		}
		return p.results
	}
	d, ok := m.Document()
	if !ok {
		p.of, p.written = nil, nil
		return nil
	}
	words := d.About
	if d.Problem != "" {
		words = d.Problem
	}
	p.about.SetText(words)
	var shown fyne.CanvasObject = kit.Gap(0, 0)
	switch {
	case d.Image != nil:
		if p.of != d.Image {
			p.of, p.picture.Image = d.Image, d.Image
			p.picture.Refresh()
		}
		shown = p.picture
	case d.Text != nil:
		if p.written != d.Text {
			p.written = d.Text
			p.text.SetText(d.Text)
		}
		shown = p.text
	}
	p.save.Hidden = !d.Saves
	line := container.New(kit.Row{Flex: 1}, kit.Gap(5, 0), p.about, p.save, kit.Gap(3, 0))
	return container.New(kit.Column{Flex: 2}, kit.OnPanel(theme.ColorPanel, line), kit.NewRule(), shown)
}

// open goes to the message that a line speaks of, or saves the document of the line.
func (p *cardsPane) open(row int) {
	if !p.v.m.OpenCardMessage(row) {
		p.v.saveDocument(row)
	}
}

func (p *cardsPane) menu(row int, at fyne.Position) {
	p.v.m.SelectCard(row)
	var items []*fyne.MenuItem
	if _, ok := p.v.m.DocumentAt(row); ok {
		items = append(items, fyne.NewMenuItem("Save the document…", func() { p.v.saveDocument(row) }))
	}
	p.v.valueMenu(items, at)
}

// openFile opens a file in the program that the system has for it.
func (v *View) openFile(path string) {
	whole, err := filepath.Abs(path)
	if err == nil {
		err = fyne.CurrentApp().OpenURL(&url.URL{Scheme: "file", Path: filepath.ToSlash(whole)})
	}
	if err != nil {
		v.host.Tell("It could not be opened", "The system has no program for it, or says no. The file is where you put it.")
	}
}
