package ui

import (
	"context"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"trestle/internal/job"
	"trestle/internal/present/shell"
	"trestle/internal/present/start"
	"trestle/internal/ui/away"
	"trestle/internal/ui/kit"
	startview "trestle/internal/ui/start"
	"trestle/internal/ui/theme"
	"trestle/internal/workspace"
)

// Options say what the window opens on.
type Options struct {
	Workspace  string                // the project to open; "" asks
	Passphrase []byte                // known only for the sample project, which is opened at once with it
	User       string                // for the access log; "" takes the workspace's default
	Anchors    workspace.AnchorStore // what this computer remembers of projects; nil is nothing
	Keyring    workspace.Keyring     // of this computer; nil is none
	// Sample makes the sample's workspace if it is not there and opens it. Nil: there is no sample.
	Sample func(context.Context, *job.Progress) (*workspace.Workspace, error)
	// StartWithSample opens the sample at once.
	StartWithSample bool
	// Files of messages are opened in the first project that is.
	Files []string
	// Idle is told when all work is done and the picture is up to date. Tests wait for it; nil is nobody.
	Idle func()
}

// Shell is the window. It lives on the goroutine of the screen.
type Shell struct {
	app     fyne.App
	canvas  fyne.Canvas
	window  fyne.Window // nil where only a picture is drawn
	options Options
	gate    job.Gate
	runner  *job.Runner // for work without a project: opening, closing

	m       *shell.Model
	start   *start.Model
	first   *startview.View
	session *session                   // nil while no project is open
	veiled  *session                   // open behind the locked window, because work in it goes on; nil mostly
	behind  atomic.Bool                // veiled is not nil, for poll
	working atomic.Pointer[job.Runner] // the session's, for poll
	passed  time.Time                  // when poll looked after news that pass
	lastUse atomic.Int64               // when the user did something last, in nanoseconds since 1970
	limit   atomic.Int64               // how long the window may be unused, in nanoseconds

	root    *fyne.Container
	frame   *frame
	dismiss func()         // takes away what stands over the window, nil while nothing does
	under   fyne.Focusable // what had the keyboard before that came
	folder  string         // where the file dialog was left
	mode    theme.Mode
	ticker  *time.Ticker
	quit    chan struct{}
	ended   bool
	bound   map[string]func() // what shortcuts do, by their names
}

// Preferences that the window keeps. None holds patient data: a project's path is all that is said about it.
const (
	prefRecent = "recent"
	prefTheme  = "theme"
	prefWidth  = "window.width"
	prefHeight = "window.height"
)

// The size of the window on first use, in units: what fits on a small laptop beside the desktop's bars. Fyne does not tell
// how large the screen is.
const (
	firstWidth  = 1280
	firstHeight = 760
)

// New makes the window. It is shown by ShowAndRun.
func New(a fyne.App, o Options) *Shell {
	w := a.NewWindow("Trestle")
	s := build(a, w.Canvas(), w, func(f func()) { fyne.Do(f) }, o)
	w.SetPadded(false)
	w.SetContent(s.root)
	p := a.Preferences()
	w.Resize(fyne.NewSize(float32(p.FloatWithFallback(prefWidth, firstWidth)), float32(p.FloatWithFallback(prefHeight, firstHeight))))
	w.SetOnDropped(func(_ fyne.Position, uris []fyne.URI) { s.Drop(paths(uris)) })
	w.SetCloseIntercept(s.Quit)
	return s
}

// build makes everything but the window's frame. The canvas shows s.root.
func build(a fyne.App, c fyne.Canvas, w fyne.Window, gate job.Gate, o Options) *Shell {
	s := &Shell{app: a, canvas: c, window: w, options: o, gate: gate, quit: make(chan struct{}), bound: map[string]func(){}}
	s.mode = theme.ParseMode(a.Preferences().StringWithFallback(prefTheme, theme.System.String()))
	a.Settings().SetTheme(theme.New(s.mode))
	s.runner = job.NewRunner(gate)
	s.m = shell.New(s.runner)
	s.start = start.New(s.runner, nil)
	if w != nil { // a picture neither shows nor changes what was open before
		s.start = start.New(s.runner, a.Preferences().StringList(prefRecent))
		s.start.Keep = func(paths []string) { a.Preferences().SetStringList(prefRecent, paths) }
	}
	s.start.Opened, s.start.User, s.start.Anchors = s.enter, o.User, o.Anchors
	s.start.Keyring, s.start.Tell, s.start.Held = o.Keyring, s.Tell, s.held
	s.frame = newFrame(s)
	s.root = container.NewStack()
	kit.Hints = s.frame.status.hint
	kit.Active = s.used
	s.limit.Store(int64(s.idleLimit()))
	kit.WindowKey, kit.WindowShortcut = s.windowKey, s.typedShortcut
	s.m.Changed = s.redraw
	s.shortcuts()
	s.showStart()
	return s
}

// ShowAndRun shows the window and returns when it is closed.
func (s *Shell) ShowAndRun() {
	s.ticker = time.NewTicker(125 * time.Millisecond)
	go s.poll()
	ctx, stop := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() { away.Watch(ctx, s.left); close(gone) }()
	defer func() { stop(); <-gone }()
	switch {
	case s.options.StartWithSample && s.options.Sample != nil:
		s.first.Sample()
	case len(s.options.Passphrase) > 0:
		s.start.Open(s.options.Workspace, s.options.Passphrase)
	default:
		s.first.FocusFirst()
	}
	s.window.ShowAndRun()
	s.ticker.Stop()
}

// poll reads progress several times a second while there is any, and tells a test when all is quiet. It ends with the
// window. At rest it touches nothing of the screen: a window that nobody uses must cost next to nothing.
func (s *Shell) poll() {
	quiet := false
	for {
		select {
		case <-s.quit:
			return
		case <-s.ticker.C:
		}
		busy := s.runner.Busy()
		if r := s.working.Load(); r != nil {
			busy = busy || r.Busy()
		}
		if busy || !quiet {
			fyne.DoAndWait(s.frame.status.redrawWork)
		}
		if !busy && !quiet && s.options.Idle != nil {
			s.options.Idle()
		}
		quiet = !busy
		s.watch()
	}
}

// Quit closes the project and then the window.
func (s *Shell) Quit() {
	if s.ended {
		return
	}
	leave := func() {
		s.ended = true
		size := s.canvas.Size()
		s.app.Preferences().SetFloat(prefWidth, float64(size.Width))
		s.app.Preferences().SetFloat(prefHeight, float64(size.Height))
		s.close(func() {
			close(s.quit)
			s.window.Close()
		})
	}
	s.unlessWorking("Quit", "Trestle", leave)
}

// unlessWorking does something that ends all work, after asking if there is any.
func (s *Shell) unlessWorking(verb, what string, do func()) {
	work := s.m.Work()
	if len(work) == 0 {
		do()
		return
	}
	s.Decide(verb+" "+what+" now?", "This is under way and will be stopped: "+work[0].Title+". What is stored already stays.", verb, do)
}

// Lock closes the project, drops its keys and asks for the passphrase again.
func (s *Shell) Lock() {
	if s.session == nil {
		return
	}
	if s.goesOn() {
		s.lockNow("by hand", func() {})
		return
	}
	s.unlessWorking("Lock", "the project", func() { s.close(func() {}) })
}

// closeWith ends the session and says why on the first place.
func (s *Shell) closeWith(text string) {
	s.close(func() {})
	s.start.Say(text)
}

// close ends the session, in the background where it has to wait, and shows the first place.
func (s *Shell) close(then func()) {
	old := s.session
	if old == nil {
		s.finish(s.veiled, then)
		return
	}
	s.session = nil
	s.working.Store(nil)
	s.finish(old, then)
	s.leave(old)
}

// leave shows the first place, with the path of a session that is not shown any more.
func (s *Shell) leave(old *session) {
	s.options.Workspace = old.workspace.Path()
	s.m.Leave()
	s.showStart()
	s.first.FocusFirst()
}

// finish ends the work of a session and closes its project; nil is none.
func (s *Shell) finish(old *session, then func()) {
	if old == nil {
		then()
		return
	}
	if old == s.veiled {
		s.setVeiled(nil)
	}
	old.endModels()
	job.Start(context.Background(), s.runner, func(context.Context) (struct{}, error) {
		return struct{}{}, old.end()
	}, func(_ struct{}, err error) {
		if err != nil && !s.ended {
			s.Tell("The project was closed with a problem", err.Error())
		}
		s.start.Changed() // the file can be looked at now
		then()
	})
}

func (s *Shell) showStart() {
	kit.ForgetNews()
	s.first = startview.New(s.start, s, s.options.Workspace)
	s.first.Await(s.options.Files)
	s.first.Sample = func() {
		if s.options.Sample != nil {
			s.start.Run("Opening the sample project", s.options.Sample)
		}
	}
	s.show(s.first.Content())
}

// show puts one object in the window. What had the keyboard is gone with what was there.
func (s *Shell) show(o fyne.CanvasObject) {
	s.canvas.Unfocus()
	kit.ClearHint()
	s.root.Objects = []fyne.CanvasObject{o}
	s.root.Refresh()
}

// enter takes over an open project.
func (s *Shell) enter(w *workspace.Workspace) {
	s.used()
	s.session = s.unveil(w)
	if s.session == nil {
		s.session = newSession(s, w)
	}
	s.session.makeViews()
	s.working.Store(s.session.runner)
	s.m.Enter(start.Recent{Path: w.Path()}.Title(), s.session.runner)
	s.show(s.frame.content)
	s.session.load()
	s.redraw()
	if files := s.options.Files; len(files) > 0 {
		s.options.Files = nil
		s.Go(shell.Inspect)
		s.session.inspectView.Take(files)
	}
}

// redraw shows the place that was chosen and what the bars say.
func (s *Shell) redraw() {
	if s.session == nil {
		return
	}
	s.frame.redraw()
}

// Go shows a place and gives it the keyboard.
func (s *Shell) Go(p shell.Place) {
	if s.session == nil {
		return
	}
	kit.ClearHint()
	s.m.Go(p)
	s.redraw()
	s.session.places[p].Focus()
}

// SetMode chooses light, dark or the desktop's choice.
func (s *Shell) SetMode(m theme.Mode) {
	s.mode = m
	s.app.Preferences().SetString(prefTheme, m.String())
	s.app.Settings().SetTheme(theme.New(m))
	if s.session != nil { // what is not on the screen now hears nothing of a change of colours: it is made anew
		s.session.makeViews()
	}
	s.redraw()
}

// SetMasked hides patient data on the screen, or shows it.
func (s *Shell) SetMasked(on bool) {
	s.m.SetMasked(on)
	if s.session != nil {
		s.session.setMasked(on)
	}
}

// Drop takes files that were dropped on the window: on the place that is shown if it has a use for them, else messages into
// the open project; on the first place a project, or messages that wait for one.
func (s *Shell) Drop(paths []string) {
	switch {
	case len(paths) == 0:
	case s.session == nil && start.HoldMessages(paths):
		s.options.Files = paths
		s.showStart()
		s.first.FocusFirst()
	case s.session == nil:
		s.options.Workspace = paths[0]
		s.showStart()
		s.first.FocusFirst()
	case !s.session.places[s.m.Place()].Drop(paths):
		s.Go(shell.Inspect)
		s.session.inspectView.Drop(paths)
	}
}

func paths(uris []fyne.URI) []string {
	var out []string
	for _, u := range uris {
		if u.Scheme() == "file" {
			out = append(out, u.Path())
		}
	}
	return out
}
