package away

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/godbus/dbus/v5"
)

// fake is a bus of a test. It writes down what happens to it, and what is told.
type fake struct {
	signals chan *dbus.Signal
	refuse  bool // to delay a sleep
	story   []string
}

func (f *fake) Listen(iface, member string, path dbus.ObjectPath) error {
	f.story = append(f.story, "listen "+iface+"."+member+" "+string(path))
	return nil
}
func (f *fake) Signals() <-chan *dbus.Signal      { return f.signals }
func (f *fake) Session() (dbus.ObjectPath, error) { return "/session/7", nil }
func (f *fake) Close() error                      { return nil }

func (f *fake) DelaySleep() (io.Closer, error) {
	if f.refuse {
		return nil, errors.New("not allowed")
	}
	f.story = append(f.story, "delay")
	return closer(func() { f.story = append(f.story, "release") }), nil
}

type closer func()

func (c closer) Close() error { c(); return nil }

func (f *fake) run(t *testing.T, on func(context.Context, bus, func(Reason)) error, signals ...*dbus.Signal) []string {
	t.Helper()
	f.signals = make(chan *dbus.Signal, len(signals))
	for _, s := range signals {
		f.signals <- s
	}
	close(f.signals)
	if err := on(t.Context(), f, func(r Reason) { f.story = append(f.story, "left: "+string(r)) }); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	return slices.DeleteFunc(f.story, func(s string) bool { return len(s) > 6 && s[:6] == "listen" })
}

func signal(name string, body ...any) *dbus.Signal { return &dbus.Signal{Name: name, Body: body} }

// The computer sleeps only after the project is locked, and the next sleep is delayed again.
func TestSleepWaitsForTheLock(t *testing.T) {
	got := (&fake{}).run(t, watchLogind, signal(prepareSleep, true), signal(prepareSleep, false), signal(sessionLock))
	want := []string{"delay", "left: " + string(Sleep), "release", "delay", "left: " + string(Screen), "release"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Where a delay is not allowed, and where a signal is not as it should be.
func TestSleepWithoutDelay(t *testing.T) {
	got := (&fake{refuse: true}).run(t, watchLogind, signal(prepareSleep), signal(prepareSleep, "true"), signal("other.Signal", true), signal(prepareSleep, true))
	if want := []string{"left: " + string(Sleep)}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestScreenSaver(t *testing.T) {
	f := &fake{}
	got := f.run(t, watchSaver, signal("org.gnome.ScreenSaver.ActiveChanged", true), signal("org.gnome.ScreenSaver.ActiveChanged", false))
	if want := []string{"left: " + string(Screen)}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Watching ends with its context, whatever buses there are.
func TestWatchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	Watch(ctx, func(Reason) { t.Error("told of something after its end") })
}
