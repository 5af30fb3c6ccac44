package main

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"
)

// freePort is an address that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// exchangeWith sends a message to a listener as another system does and returns the reply.
func exchangeWith(t *testing.T, address, message string) string {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, limit)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("\x0b" + message + "\x1c\r")); err != nil {
		t.Fatal(err)
	}
	reply, err := bufio.NewReader(c).ReadString(0x1c)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(reply, "\x0b\x1c")
}

// copied is the text of what has the keyboard, through the clipboard.
func (w *window) copied() string {
	w.t.Helper()
	w.Key("ctrl+a", "ctrl+c")
	time.Sleep(200 * time.Millisecond)
	return w.Clipboard()
}

// A stand-in for the partner, by keyboard: made, started, sent to from the window and from outside; by mouse: its journal, an
// exchange byte for byte, its conversation, and a fault.
func TestStandInForThePartner(t *testing.T) {
	w := sampleWindow(t, 1280, 800, 1)
	address := freePort(t)
	w.Key("ctrl+3")
	w.Keep("endpoints-empty", w.quiet())
	w.Key("ctrl+n")
	w.quiet()
	w.Key("Tab", "ctrl+a")
	w.Type(address)
	w.Key("Return") // makes it
	w.quiet()
	w.Key("F5") // starts it
	w.wait("the listener", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	w.Key("ctrl+shift+n")
	w.quiet()
	w.Key("Tab", "ctrl+a")
	w.Type(address)
	w.Key("Return")
	w.quiet()
	w.Type("2 A01 A03 seed 7") // the field for it has the keyboard
	w.Key("Return", "F5")
	w.quiet()
	w.Keep("endpoints-sent", w.Stable())

	// Another system sends, too.
	message := strings.ReplaceAll(storyMessage, "\n", "\r")
	if reply := exchangeWith(t, address, message); !strings.Contains(reply, "MSA|AA|STORY1") {
		t.Errorf("the reply %q", reply)
	}
	w.Click(180, 114, 1, 1) // the listener
	w.quiet()
	w.Click(600, 406, 1, 2) // the newest row of its journal
	w.quiet()
	w.Click(1150, 470, 1, 1) // the request
	if got := w.copied(); got != message {
		t.Errorf("the request is %q", got)
	}
	messages := w.Stable()
	w.Keep("endpoints-exchange", messages)
	w.Click(1075, 350, 1, 1)
	conversation := w.quiet()
	w.Keep("endpoints-conversation", conversation)
	if same(messages, conversation) {
		t.Error("the conversation is not shown")
	}

	// It falls silent: the switch of a fault, by mouse.
	w.Click(495, 93, 1, 1)
	w.quiet()
	w.Click(425, 270, 1, 1)
	w.Keep("endpoints-fault", w.quiet())
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("\x0b" + message + "\x1c\r")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 100)); err == nil {
		t.Errorf("it answered with %d bytes", n)
	}

	// The request goes to Inspect as it came.
	w.Click(600, 406, 1, 1)
	w.Key("ctrl+i")
	w.quiet()
	w.Key("F8")
	w.quiet()
	if path := w.pathAtCursor(); !strings.HasPrefix(path, "PID-") {
		t.Errorf("the finding is at %q", path)
	}
	w.Keep("endpoints-to-inspect", w.Stable())
}
