package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"
	"trestle/internal/present/screen"
	"trestle/internal/ui/theme"
)

// Action is a button of a Strip or EmptyState.
type Action struct {
	Label string
	Do    func()
}

// Strip tells what happened where it happened: a line with icon, words, actions and a cross.
type Strip struct {
	widget.BaseWidget
	role    screen.Role
	text    string
	actions []Action
	dismiss func()
}

// NewStrip returns a strip. The role (error, warning, information, ok) gives colour and icon; dismiss may be nil for a
// strip that stays.
func NewStrip(role screen.Role, text string, dismiss func(), actions ...Action) *Strip {
	s := &Strip{role: role, text: text, actions: actions, dismiss: dismiss}
	s.ExtendBaseWidget(s)
	return s
}

// Text is what the strip says.
func (s *Strip) Text() string { return s.text }

// roleLooks gives the icon and the ground of a role.
var roleLooks = map[screen.Role]struct {
	icon   theme.IconName
	ground fyne.ThemeColorName
}{
	screen.RoleError:       {theme.IconError, theme.ColorErrorBack},
	screen.RoleWarning:     {theme.IconWarning, theme.ColorWarningBack},
	screen.RoleInformation: {theme.IconInformation, theme.ColorInformationBack},
	screen.RoleOK:          {theme.IconOK, theme.ColorOKBack},
}

// CreateRenderer implements fyne.Widget.
func (s *Strip) CreateRenderer() fyne.WidgetRenderer {
	look, known := roleLooks[s.role]
	if !known {
		look = roleLooks[screen.RoleInformation]
	}
	icon := widget.NewIcon(theme.IconIn(look.icon, theme.RoleName(s.role)))
	words := widget.NewLabel(s.text)
	words.Wrapping = fyne.TextWrapWord
	buttons := container.NewHBox()
	for _, a := range s.actions {
		buttons.Add(container.NewCenter(NewTextButton("", a.Label, a.Do)))
	}
	if s.dismiss != nil {
		buttons.Add(container.NewCenter(NewToolButton(theme.IconClose, "Dismiss", s.dismiss)))
	}
	edge := NewPanel(theme.RoleName(s.role))
	edge.Min = fyne.NewSize(3, 0)
	line := container.NewBorder(nil, nil, container.NewHBox(edge, gap(6), icon), container.NewHBox(buttons, gap(4)), words)
	return widget.NewSimpleRenderer(OnPanel(look.ground, line))
}

// gap is empty room of a width.
func gap(w float32) fyne.CanvasObject {
	p := NewPanel("")
	p.Min = fyne.NewSize(w, 0)
	return p
}

// Gap is empty room of a size, for bars and columns whose parts need more than the theme's padding between them.
func Gap(width, height float32) fyne.CanvasObject {
	p := NewPanel("")
	p.Min = fyne.NewSize(width, height)
	return p
}

// NewProse returns muted text that wraps between words.
func NewProse(text string, align fyne.TextAlign) *widget.RichText {
	style := widget.RichTextStyleParagraph
	style.Alignment, style.ColorName = align, theme.ColorMuted
	t := widget.NewRichText(&widget.TextSegment{Text: text, Style: style})
	t.Wrapping = fyne.TextWrapWord
	return t
}

// NewNote is prose that begins where labels and fields around it begin.
func NewNote(text string) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, -5, 0), NewProse(text, fyne.TextAlignLeading))
}

// EmptyState fills a place that has nothing yet: what goes there and the first step.
type EmptyState struct {
	widget.BaseWidget
	icon        theme.IconName
	title, text string
	actions     []Action
}

// NewEmptyState returns the picture of an empty place. The first action is the step that is meant.
func NewEmptyState(icon theme.IconName, title, text string, actions ...Action) *EmptyState {
	e := &EmptyState{icon: icon, title: title, text: text, actions: actions}
	e.ExtendBaseWidget(e)
	return e
}

// CreateRenderer implements fyne.Widget.
func (e *EmptyState) CreateRenderer() fyne.WidgetRenderer {
	icon := widget.NewIcon(theme.IconIn(e.icon, theme.ColorMuted))
	title := NewTitle(e.title, 15)
	title.Align = fyne.TextAlignCenter
	words := NewProse(e.text, fyne.TextAlignCenter)
	column := []fyne.CanvasObject{container.New(&sized{fyne.NewSize(40, 40)}, icon), gap(0), title, container.New(&sized{fyne.NewSize(400, 0)}, words)}
	if len(e.actions) > 0 {
		row := container.NewHBox(layout.NewSpacer())
		for i, a := range e.actions {
			if i == 0 {
				row.Add(NewPrimaryButton("", a.Label, a.Do))
			} else {
				row.Add(NewTextButton("", a.Label, a.Do))
			}
			row.Add(gap(2))
		}
		row.Add(layout.NewSpacer())
		column = append(column, Gap(0, 4), row)
	}
	return widget.NewSimpleRenderer(container.NewCenter(container.NewVBox(column...)))
}

// sized gives its one object a width (and height, unless it is 0), in the middle.
type sized struct{ size fyne.Size }

func (f *sized) MinSize(objects []fyne.CanvasObject) fyne.Size {
	if f.size.Height > 0 {
		return f.size
	}
	o := objects[0]
	o.Resize(fyne.NewSize(f.size.Width, o.MinSize().Height))
	return fyne.NewSize(f.size.Width, o.MinSize().Height)
}

func (f *sized) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	o := objects[0]
	h := f.size.Height
	if h == 0 {
		h = size.Height
	}
	o.Resize(fyne.NewSize(f.size.Width, h))
	o.Move(fyne.NewPos((size.Width-f.size.Width)/2, 0))
}
