//go:build linux || freebsd || openbsd || netbsd

package main

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestXAddresses(t *testing.T) {
	local := []address{{"unix", "@/tmp/.X11-unix/X7"}, {"unix", "/tmp/.X11-unix/X7"}}
	for display, want := range map[string][]address{
		":7":           local,
		":7.0":         local,
		"unix:7":       local,
		"localhost:10": {{"tcp", "localhost:6010"}},
		"[::1]:2.1":    {{"tcp", "[::1]:6002"}},
		"/a/socket:0":  {{"unix", "/a/socket:0"}},
		"nonsense":     nil,
		":x":           nil,
		":-1":          nil,
	} {
		if got := xAddresses(display); !slices.Equal(got, want) {
			t.Errorf("%q: %v, not %v", display, got, want)
		}
	}
}

func TestHasDisplay(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	if err := hasDisplay(); err == nil || !strings.Contains(err.Error(), "neither DISPLAY nor WAYLAND_DISPLAY") {
		t.Errorf("no display: %v", err)
	}
	socket := filepath.Join(t.TempDir(), "x")
	t.Setenv("DISPLAY", socket)
	if err := hasDisplay(); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("nobody listens: %v", err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := hasDisplay(); err != nil {
		t.Errorf("somebody listens: %v", err)
	}
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", filepath.Base(socket))
	t.Setenv("XDG_RUNTIME_DIR", filepath.Dir(socket))
	if err := hasDisplay(); err != nil {
		t.Errorf("Wayland listens: %v", err)
	}
}
