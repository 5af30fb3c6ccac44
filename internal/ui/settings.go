package ui

import (
	"fmt"
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"trestle/assets"
	"trestle/internal/dictionary"
	"trestle/internal/linkage/lexicon"
	"trestle/internal/present/screen"
	"trestle/internal/ui/kit"
	"trestle/internal/ui/theme"
)

// newSettings is the place with the choices for the whole program and what it is made of.
func newSettings(s *Shell) fyne.CanvasObject {
	modes := []theme.Mode{theme.System, theme.Light, theme.Dark}
	colours := kit.NewSegmentedControl([]string{"As the desktop", "Light", "Dark"}, func(i int) { s.SetMode(modes[i]) })
	for i, m := range modes {
		if m == s.mode {
			colours.SetSelected(i)
		}
	}
	lock := kit.NewSegmentedControl([]string{"5 minutes", "10 minutes", "15 minutes"}, func(i int) { s.setIdle(idleChoices[i]) })
	for i, m := range idleChoices {
		if m == s.idleMinutes() {
			lock.SetSelected(i)
		}
	}
	services := kit.NewSegmentedControl([]string{"stop", "go on"}, func(i int) { s.setServices([]string{servicesStop, servicesGoOn}[i]) })
	if s.app.Preferences().String(prefServices) == servicesGoOn {
		services.SetSelected(1)
	}
	about := container.NewVBox(
		line("Program", fmt.Sprintf("Trestle %s", s.app.Metadata().Version)),
		line("Built with", runtime.Version()+", "+runtime.GOOS+" "+runtime.GOARCH),
		line("HL7 v2 versions", "2.1 to 2.8.2, and 2.9.1 from HL7's public draft"),
		line("Network", "none: this version opens no connection"),
	)
	text := dictionary.Notices() + "\n\n" + lexicon.Notices()
	for _, n := range assets.Notices() {
		text += "\n\n" + n.Name + "\n\n" + n.Text
	}
	notices := widget.NewLabel(text)
	notices.Wrapping = fyne.TextWrapWord
	notices.SizeName = fynetheme.SizeNameCaptionText
	body := container.NewVBox(
		kit.NewTitle("Settings", 20), kit.Gap(0, 10),
		kit.NewTitle("Colours", 15), kit.NewRule(), container.NewHBox(colours), kit.Gap(0, 14),
		kit.NewTitle("Lock after", 15), kit.NewRule(), container.NewHBox(lock),
		kit.NewWords("Without use of the window; work under way counts as use. Locked means that the keys are dropped and nothing is shown. Copies of text may stay in memory until the program ends. The project also locks when the computer goes to sleep and when the screen is locked, where the system tells; work under way is stopped then, and what is stored stays.", screen.RoleMuted), kit.Gap(0, 14),
		kit.NewTitle("While locked, running endpoints", 15), kit.NewRule(), container.NewHBox(services),
		kit.NewWords("If they go on, they keep what they receive. The project then stays open behind the locked window and its keys stay in memory, until they end.", screen.RoleMuted), kit.Gap(0, 14),
		kit.NewTitle("About", 15), kit.NewRule(), about, kit.Gap(0, 14),
		kit.NewTitle("Notices", 15), kit.NewRule(), notices, kit.Gap(0, 20),
	)
	return container.NewVScroll(container.NewBorder(kit.Gap(0, 18), nil, kit.Gap(28, 0), kit.Gap(28, 0), body))
}

func line(name, value string) fyne.CanvasObject {
	v := kit.NewText(value, screen.RoleText)
	v.Min = 80
	return container.New(kit.Row{Flex: 1}, container.New(kit.LeftIn(130), kit.NewText(name, screen.RoleMuted)), v)
}
