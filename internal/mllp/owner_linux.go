package mllp

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func isTaken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

// errForbidden is the error of a port that the system keeps for others.
var errForbidden error = syscall.EACCES

// portOwner names the program that listens on the port: the socket's inode from
// /proc/net, then the process that has it open. Processes of other users cannot
// be seen; then it is "".
func portOwner(port uint16) string {
	inodes := map[string]bool{}
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		listening(name, port, inodes)
	}
	if len(inodes) == 0 {
		return ""
	}
	files, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	for _, f := range files {
		to, err := os.Readlink(f)
		if err != nil || !strings.HasPrefix(to, "socket:[") || !inodes[strings.Trim(to, "socket:[]")] {
			continue
		}
		process := strings.SplitN(f, "/", 4)[2]
		if process == strconv.Itoa(os.Getpid()) {
			return "this program"
		}
		name, err := os.ReadFile("/proc/" + process + "/comm")
		if err != nil {
			return "process " + process
		}
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), process)
	}
	return ""
}

// listening collects the inodes of sockets that listen on the port. The table
// has the address as hexadecimal digits and the state 0A for listening.
func listening(table string, port uint16, into map[string]bool) {
	f, err := os.Open(table)
	if err != nil {
		return
	}
	defer f.Close()
	suffix := fmt.Sprintf(":%04X", port)
	for s := bufio.NewScanner(f); s.Scan(); {
		if c := strings.Fields(s.Text()); len(c) > 9 && strings.HasSuffix(c[1], suffix) && c[3] == "0A" {
			into[c[9]] = true
		}
	}
}
