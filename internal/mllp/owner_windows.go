package mllp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

func isTaken(err error) bool { return errors.Is(err, windows.WSAEADDRINUSE) }

// errForbidden is the error of a port that the system keeps for others.
var errForbidden error = windows.WSAEACCES

var extendedTCPTable = windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")

// portOwner names the program that listens on the port, from the table of
// listeners of IP version 4 (TCP_TABLE_OWNER_PID_LISTENER): a count, then rows of
// six numbers, of which the third is the port in network order and the sixth the
// process.
func portOwner(port uint16) string {
	const listeners, rowSize = 3, 24
	var size uint32
	_, _, _ = extendedTCPTable.Call(0, uintptr(unsafe.Pointer(&size)), 0, windows.AF_INET, listeners, 0)
	if size < 4 || size > 16<<20 {
		return ""
	}
	b := make([]byte, size)
	if code, _, _ := extendedTCPTable.Call(uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&size)), 0, windows.AF_INET, listeners, 0); code != 0 {
		return ""
	}
	rows := binary.LittleEndian.Uint32(b)
	for i := range int(rows) {
		at := 4 + i*rowSize
		if at+rowSize > len(b) {
			return ""
		}
		if binary.BigEndian.Uint16(b[at+8:]) == port {
			return program(binary.LittleEndian.Uint32(b[at+20:]))
		}
	}
	return ""
}

// program names a process.
func program(id uint32) string {
	if id == windows.GetCurrentProcessId() {
		return "this program"
	}
	plain := fmt.Sprintf("process %d", id)
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, id)
	if err != nil {
		return plain
	}
	defer func() { _ = windows.CloseHandle(h) }()
	name := make([]uint16, windows.MAX_PATH)
	n := uint32(len(name))
	if err := windows.QueryFullProcessImageName(h, 0, &name[0], &n); err != nil {
		return plain
	}
	return fmt.Sprintf("%s (process %d)", filepath.Base(windows.UTF16ToString(name[:n])), id)
}
