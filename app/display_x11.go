//go:build linux || freebsd || openbsd || netbsd

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const displayTimeout = 2 * time.Second

// hasDisplay says why no window can be opened, or nil. It knocks at the display's door instead of trusting the
// environment: a left-over DISPLAY is common in containers and in ssh sessions.
func hasDisplay() error {
	x, wayland := os.Getenv("DISPLAY"), os.Getenv("WAYLAND_DISPLAY")
	if x == "" && wayland == "" {
		return errors.New("there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)")
	}
	var problems []string
	if wayland != "" {
		err := knock("unix", waylandSocket(wayland, os.Getenv("XDG_RUNTIME_DIR")))
		if err == nil {
			return nil
		}
		problems = append(problems, "WAYLAND_DISPLAY="+wayland)
	}
	if x != "" {
		for _, at := range xAddresses(x) {
			if knock(at.network, at.address) == nil {
				return nil
			}
		}
		problems = append(problems, "DISPLAY="+x)
	}
	return fmt.Errorf("the display cannot be reached (%s)", strings.Join(problems, ", "))
}

func knock(network, address string) error {
	c, err := net.DialTimeout(network, address, displayTimeout)
	if err != nil {
		return err
	}
	return c.Close()
}

func waylandSocket(display, runtimeDir string) string {
	if filepath.IsAbs(display) {
		return display
	}
	return filepath.Join(runtimeDir, display)
}

type address struct{ network, address string }

// xAddresses lists where the X server named by DISPLAY may listen: "[host]:display[.screen]".
func xAddresses(display string) []address {
	if strings.HasPrefix(display, "/") { // macOS's launchd and some containers name the socket itself
		return []address{{"unix", display}}
	}
	colon := strings.LastIndexByte(display, ':')
	if colon < 0 {
		return nil
	}
	host, number := display[:colon], display[colon+1:]
	number, _, _ = strings.Cut(number, ".")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return nil
	}
	host = strings.TrimPrefix(strings.TrimPrefix(host, "unix/"), "tcp/")
	if host == "" || host == "unix" {
		socket := fmt.Sprintf("/tmp/.X11-unix/X%d", n)
		return []address{{"unix", "@" + socket}, {"unix", socket}}
	}
	return []address{{"tcp", net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(6000+n))}}
}
