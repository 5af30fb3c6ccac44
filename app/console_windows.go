package main

import (
	"os"

	"golang.org/x/sys/windows"
)

const attachParent = ^uintptr(0) // ATTACH_PARENT_PROCESS

// attachConsole gives a program that was built for the window (-H=windowsgui) the console of the shell that started
// it, so that subcommands can be read. Streams that the shell redirected stay where they point.
func attachConsole() {
	attach := windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole")
	if ok, _, _ := attach.Call(attachParent); ok == 0 {
		return // started from the desktop, or built with a console of its own
	}
	for _, std := range []struct {
		handle uint32
		device string
		flags  int
		file   **os.File
	}{
		{windows.STD_INPUT_HANDLE, "CONIN$", os.O_RDWR, &os.Stdin},
		{windows.STD_OUTPUT_HANDLE, "CONOUT$", os.O_RDWR, &os.Stdout},
		{windows.STD_ERROR_HANDLE, "CONOUT$", os.O_RDWR, &os.Stderr},
	} {
		if h, err := windows.GetStdHandle(std.handle); err == nil && h != 0 && h != windows.InvalidHandle {
			if kind, err := windows.GetFileType(h); err == nil && kind != windows.FILE_TYPE_UNKNOWN {
				continue // redirected to a file or a pipe
			}
		}
		if f, err := os.OpenFile(std.device, std.flags, 0); err == nil {
			*std.file = f
		}
	}
}
