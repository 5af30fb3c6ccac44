package away

import (
	"context"
	"io"
	"os"
	"sync"

	"github.com/godbus/dbus/v5"
)

// What Linux tells. logind: org.freedesktop.login1(5), signals PrepareForSleep of the manager and Lock of a session. Screen savers: the signal
// ActiveChanged, which freedesktop.org specifies for org.freedesktop.ScreenSaver, and desktops send under names of their own.
const (
	logind       = "org.freedesktop.login1"
	manager      = logind + ".Manager"
	managerPath  = dbus.ObjectPath("/org/freedesktop/login1")
	prepareSleep = manager + ".PrepareForSleep"
	sessionLock  = logind + ".Session.Lock"
)

var savers = []string{"org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.cinnamon.ScreenSaver", "org.mate.ScreenSaver", "org.xfce.ScreenSaver"}

// bus is a message bus, as far as it is listened to.
type bus interface {
	// Listen asks for the signals of an interface, all of them if member is empty, from one object if path is not.
	Listen(iface, member string, path dbus.ObjectPath) error
	// Signals carries what was asked for. It is closed when the bus goes away.
	Signals() <-chan *dbus.Signal
	// DelaySleep asks logind to wait before a sleep until the result is closed; it waits some seconds at most.
	DelaySleep() (io.Closer, error)
	// Session is the object of the login session that this program runs in.
	Session() (dbus.ObjectPath, error)
	Close() error
}

func watchSystem(ctx context.Context, left func(Reason)) {
	var group sync.WaitGroup
	listen := func(open func(...dbus.ConnOption) (*dbus.Conn, error), on func(context.Context, bus, func(Reason)) error) {
		group.Go(func() {
			c, err := open(dbus.WithContext(ctx))
			if err != nil {
				return // no such bus here: the clock is what is left
			}
			b := newSystemBus(c)
			defer b.Close()
			_ = on(ctx, b, left) // as above
		})
	}
	listen(dbus.ConnectSystemBus, watchLogind)
	listen(dbus.ConnectSessionBus, watchSaver)
	group.Wait()
}

// watchLogind listens for the sleep of the computer and the lock of the session. It has sleep delayed until left has returned.
func watchLogind(ctx context.Context, b bus, left func(Reason)) error {
	if err := b.Listen(manager, "PrepareForSleep", managerPath); err != nil {
		return err
	}
	if session, err := b.Session(); err == nil {
		if err := b.Listen(logind+".Session", "Lock", session); err != nil {
			return err
		}
	}
	delay, _ := b.DelaySleep() // not allowed everywhere; then the lock is in a race with the sleep, and the clock tells afterwards
	release := func() {
		if delay != nil {
			delay.Close()
			delay = nil
		}
	}
	defer release()
	return each(ctx, b, func(s *dbus.Signal) {
		switch s.Name {
		case sessionLock:
			left(Screen)
		case prepareSleep:
			if begins(s) {
				left(Sleep)
				release()
			} else if delay == nil { // awake again
				delay, _ = b.DelaySleep()
			}
		}
	})
}

// watchSaver listens for the screen lock of the desktop.
func watchSaver(ctx context.Context, b bus, left func(Reason)) error {
	for _, name := range savers {
		if err := b.Listen(name, "ActiveChanged", ""); err != nil {
			return err
		}
	}
	return each(ctx, b, func(s *dbus.Signal) {
		if begins(s) {
			left(Screen)
		}
	})
}

// begins reads the one argument of both signals: true where it begins, false where it is over.
func begins(s *dbus.Signal) bool {
	if len(s.Body) == 0 {
		return false
	}
	on, ok := s.Body[0].(bool)
	return ok && on
}

func each(ctx context.Context, b bus, do func(*dbus.Signal)) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s, ok := <-b.Signals():
			if !ok {
				return io.EOF
			}
			do(s)
		}
	}
}

// systemBus is a bus of the system.
type systemBus struct {
	*dbus.Conn
	signals chan *dbus.Signal
}

func newSystemBus(c *dbus.Conn) *systemBus {
	b := &systemBus{c, make(chan *dbus.Signal, 16)}
	c.Signal(b.signals)
	return b
}

func (b *systemBus) Signals() <-chan *dbus.Signal { return b.signals }

func (b *systemBus) Listen(iface, member string, path dbus.ObjectPath) error {
	o := []dbus.MatchOption{dbus.WithMatchInterface(iface), dbus.WithMatchMember(member)}
	if path != "" {
		o = append(o, dbus.WithMatchObjectPath(path))
	}
	return b.AddMatchSignal(o...)
}

func (b *systemBus) DelaySleep() (io.Closer, error) {
	var fd dbus.UnixFD
	err := b.Object(logind, managerPath).Call(manager+".Inhibit", 0, "sleep", "Trestle", "The project is locked first", "delay").Store(&fd)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "logind inhibitor"), nil
}

func (b *systemBus) Session() (path dbus.ObjectPath, err error) {
	err = b.Object(logind, managerPath).Call(manager+".GetSessionByPID", 0, uint32(os.Getpid())).Store(&path)
	return path, err
}
