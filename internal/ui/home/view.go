package home

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"trestle/internal/check"
	"trestle/internal/format"
	model "trestle/internal/present/home"
	"trestle/internal/present/screen"
	"trestle/internal/project"
	"trestle/internal/ui/host"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
	"trestle/internal/workspace"
)

// Do is what the place can start elsewhere.
type Do struct {
	Open    func()             // choose files and import them
	Paste   func()             // import the clipboard
	Inspect func(query string) // show messages
	Masked  func() bool        // patient data is hidden: file names and searches may hold some
}

// View is the place Project.
type View struct {
	m    *model.Model
	host host.Host
	do   Do
	root *fyne.Container
}

// New returns the view over m.
func New(m *model.Model, h host.Host, do Do) *View {
	v := &View{m: m, host: h, do: do, root: container.NewStack()}
	m.Changed = v.redraw
	v.redraw()
	return v
}

// Content is what the window shows.
func (v *View) Content() fyne.CanvasObject { return v.root }

// Refresh draws the place again, as when the mask was put on.
func (v *View) Refresh() { v.redraw() }

func (v *View) redraw() {
	facts, known := v.m.Facts()
	content := fyne.CanvasObject(kit.NewPanel("background"))
	if known {
		content = v.page(facts)
	}
	if problem := v.m.Problem(); problem != "" {
		strip := kit.NewStrip(screen.RoleError, problem, v.m.Load, kit.Action{Label: "Read again", Do: v.m.Load})
		content = container.New(kit.Column{Flex: 1}, strip, content)
	}
	v.root.Objects = []fyne.CanvasObject{content}
	v.root.Refresh()
	v.host.Status()
}

// page is the place with all that is known, in two columns.
func (v *View) page(f model.Facts) fyne.CanvasObject {
	left := container.NewVBox(v.messages(f), kit.Gap(0, 14), v.log(f.Acts))
	right := container.NewVBox()
	if f.Project != nil {
		right.Add(v.scope(f.Project))
		right.Add(kit.Gap(0, 14))
		right.Add(v.systems(f.Project))
	} else {
		right.Add(section("Scope"))
		right.Add(paragraph("Nothing is said yet about who is the system of record for what, which systems are joined and whom to ask. A project file says it: a text file in YAML, such as workspaces/riverbend/project.yaml of the sample."))
		right.Add(container.NewHBox(kit.NewTextButton(theme.IconFile, "Read a project file…", v.chooseProjectFile)))
	}
	right.Add(kit.Gap(0, 14))
	right.Add(v.protection(f.Info))
	columns := container.New(&twoColumns{gap: 36, max: 1180}, left, right)
	body := container.NewVBox(v.head(f), kit.Gap(0, 10), columns, kit.Gap(0, 20))
	return container.NewVScroll(container.NewBorder(kit.Gap(0, 18), nil, kit.Gap(28, 0), kit.Gap(28, 0), body))
}

func (v *View) chooseProjectFile() {
	v.host.ChooseFiles("Read a project file", func(paths []string) { v.m.TakeProjectFile(paths[0]) })
}

func (v *View) head(f model.Facts) fyne.CanvasObject {
	title := kit.NewTitle(f.Info.Project, 20)
	rows := container.NewVBox(title)
	for _, w := range f.Warn {
		rows.Add(kit.NewStrip(screen.RoleWarning, w, nil))
	}
	if f.Project != nil && f.Project.Description != "" {
		rows.Add(paragraph(strings.Join(strings.Fields(f.Project.Description), " ")))
	}
	buttons := container.NewHBox(kit.NewPrimaryButton(theme.IconImport, "Open messages…", v.do.Open),
		kit.NewTextButton(theme.IconPaste, "Paste", v.do.Paste), kit.NewTextButton(theme.IconInspect, "Inspect", func() { v.do.Inspect("") }))
	rows.Add(kit.Gap(0, 2))
	rows.Add(buttons)
	return rows
}

func section(title string) fyne.CanvasObject {
	return container.NewVBox(kit.NewTitle(title, 15), kit.NewRule(), kit.Gap(0, 1))
}

func paragraph(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return container.New(layout.NewCustomPaddedLayout(0, 0, -5, 0), l)
}

// shownTypes is how many message types are listed; the rest is counted.
const shownTypes = 10

func (v *View) messages(f model.Facts) fyne.CanvasObject {
	i := f.Info
	box := container.NewVBox(section(fmt.Sprintf("Messages  %s", screen.Count(i.Messages))))
	if i.Messages == 0 {
		box.Add(paragraph("None yet. Drop HL7 files or folders on the window, open them, or paste a message."))
		return box
	}
	for _, t := range f.Trouble {
		if t.Messages > 0 {
			box.Add(v.troubleRow(t))
		}
	}
	for n, t := range i.ByType {
		if n == shownTypes {
			box.Add(kit.NewText(fmt.Sprintf("and %d more types", len(i.ByType)-n), screen.RoleMuted))
			break
		}
		words, query := kindWords(t.Name)
		box.Add(v.row(words, query, kit.Gap(0, 0), t.Messages))
	}
	return box
}

// kindWords are the words for a type and the query that lists its messages. What has no type is tallied by its format.
func kindWords(kind string) (words, query string) {
	t, trigger, both := strings.Cut(kind, "^")
	switch f := format.Kind(kind); {
	case both:
		return kind, "type:" + t + " trigger:" + trigger
	case f == format.HL7v2:
		return "HL7 v2 without a type", "format:" + kind
	case f == format.HL7v2Batch:
		return "Batch headers and trailers", "format:" + kind
	case kind == strings.ToLower(kind):
		return "Not HL7 v2: " + f.Words(), "format:" + kind
	}
	return kind, "type:" + kind
}

func (v *View) troubleRow(t model.Trouble) fyne.CanvasObject {
	if t.Severity == check.Warning {
		return v.row("With warnings or worse", t.Query, kit.NewBadge(screen.RoleWarning, screen.ShapeTriangle, ""), int64(t.Messages))
	}
	return v.row("With errors", t.Query, kit.NewBadge(screen.RoleError, screen.ShapeSquare, ""), int64(t.Messages))
}

// row is a kind of messages with its number; it leads to them.
func (v *View) row(label, query string, mark fyne.CanvasObject, messages int64) fyne.CanvasObject {
	b := kit.NewTextButton("", label, func() { v.do.Inspect(query) })
	b.Kind = kit.Flat
	b.SetHint("Show these messages: " + query)
	number := kit.NewText(screen.Count(messages), screen.RoleText)
	number.Mono = true
	// The label stands under the section's title; the button around it begins further left.
	aligned := container.New(layout.NewCustomPaddedLayout(0, 0, -11, 0), b)
	return container.NewBorder(nil, nil, aligned, container.NewHBox(container.NewCenter(mark), container.New(kit.RightIn(64), number)))
}

func (v *View) log(acts []workspace.LogEntry) fyne.CanvasObject {
	box := container.NewVBox(section("Last in the access log"))
	now := time.Now()
	for _, a := range acts {
		words := model.Act(a)
		if v.do.Masked() {
			words = string(a.Action)
		}
		what := kit.NewText(words, screen.RoleText)
		what.Min = 80
		when := kit.NewCaption(a.User + "  " + model.Age(now, a.Time))
		box.Add(container.NewBorder(nil, nil, nil, when, what))
	}
	return box
}

func (v *View) scope(p *project.Project) fyne.CanvasObject {
	words := map[project.ScopeKind]string{
		project.StandAlone:  "Stand-alone: our system owns demographics and insurance.",
		project.OfficeBased: "Office-based: the partner's system owns demographics and insurance.",
	}[p.Scope.Kind]
	box := container.NewVBox(section("Scope"), paragraph(words))
	for _, f := range p.Scope.Flows {
		name := kit.NewText(capital(string(f.Data)), screen.RoleText)
		name.Bold = true
		owner := "theirs"
		if f.Record == project.Ours {
			owner = "ours"
		}
		box.Add(container.New(&threeColumns{110, 60}, name, kit.NewText(owner, screen.RoleMuted), rule(model.Sentence(f))))
	}
	return box
}

func rule(s string) fyne.CanvasObject {
	t := kit.NewText(s, screen.RoleText)
	t.Min = 80
	return t
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (v *View) systems(p *project.Project) fyne.CanvasObject {
	box := container.NewVBox(section("Systems"))
	for _, s := range p.Systems {
		name := kit.NewText(s.Name, screen.RoleText)
		name.Bold = true
		id := kit.NewText(s.Application+"  "+s.Facility, screen.RoleMuted)
		id.Mono = true
		id.Min = 60
		box.Add(container.NewBorder(nil, nil, container.NewHBox(name, kit.Gap(8, 0)), nil, id))
		for _, c := range s.Connections {
			line := kit.NewText(fmt.Sprintf("%s  %s %s  %s", c.ID, c.Type, c.Role, c.Address), screen.RoleMuted)
			line.TextSize, line.Mono, line.Min = theme.SizeSmall, true, 60
			box.Add(container.NewBorder(nil, nil, kit.Gap(10, 0), nil, line))
		}
	}
	return box
}

func (v *View) protection(i workspace.Info) fyne.CanvasObject {
	box := container.NewVBox(section("Protection"))
	for _, l := range [][2]string{
		{"Encryption", i.Cipher + ", every page authenticated"},
		{"Passphrase", i.KDF},
		{"File", fmt.Sprintf("%s, format %d", megabytes(i.Size), i.FormatVersion)},
		{"Access log", screen.Plural(i.LogEntries, "entry") + ", chained"},
	} {
		value := kit.NewText(l[1], screen.RoleText)
		value.Min = 80
		box.Add(container.New(&threeColumns{110, 0}, kit.NewText(l[0], screen.RoleMuted), kit.Gap(0, 0), value))
	}
	return box
}

func megabytes[T int | int64](n T) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
