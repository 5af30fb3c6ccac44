package mllp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Listen opens a TCP listener at host:port; port 0 takes a free one. An address
// that other computers reach, and an empty host is one, is refused with
// ErrNotLoopback unless open is set. If the port cannot be had the error is a
// *BindError.
func Listen(ctx context.Context, address string, open bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address %q is not host:port: write it as 127.0.0.1:2575", address)
	}
	if !open && !loopback(host) {
		return nil, fmt.Errorf("listening on %s: %w", address, ErrNotLoopback)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err == nil {
		return l, nil
	}
	b := &BindError{Address: address, Err: err}
	if n, perr := strconv.ParseUint(port, 10, 16); perr == nil && isTaken(err) {
		b.Taken = true
		b.Owner = portOwner(uint16(n))
		b.Free, _ = NextFree(address)
	}
	return nil, b
}

// loopback reports whether only this computer reaches the host.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// BindError says why a port cannot be had, who has it and which one is free.
type BindError struct {
	Address string
	Taken   bool   // another program, or another endpoint, has the port
	Owner   string // that program and its process number, "" if the system does not tell
	Free    string // the next free address, "" if there is none near
	Err     error
}

func (e *BindError) Error() string {
	if !e.Taken {
		return fmt.Sprintf("cannot listen on %s: %v", e.Address, e.Err)
	}
	s := "cannot listen on " + e.Address + ": the port is taken"
	if e.Owner != "" {
		s += " by " + e.Owner
	}
	if e.Free != "" {
		s += "; " + e.Free + " is free"
	}
	return s
}

// Unwrap returns the error of the system.
func (e *BindError) Unwrap() error { return e.Err }

// NextFree returns the address with the next higher port that can be bound.
// Another program may take it before you do.
func NextFree(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", fmt.Errorf("finding a free port after %q: %w", port, err)
	}
	for i := uint64(1); i <= 200 && n+i <= 65535; i++ {
		next := net.JoinHostPort(host, strconv.FormatUint(n+i, 10))
		l, err := net.Listen("tcp", next)
		if err == nil {
			return next, l.Close()
		}
		if !isTaken(err) && !errors.Is(err, errForbidden) {
			return "", fmt.Errorf("finding a free port: %w", err)
		}
	}
	return "", fmt.Errorf("none of the 200 ports after %s is free", address)
}
