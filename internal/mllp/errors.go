package mllp

import "errors"

// Errors of readers, servers and clients. They are wrapped with what was being
// done.
var (
	ErrIdle        = errors.New("nothing came for longer than the idle time-out")
	ErrTooSlow     = errors.New("a frame took longer than its deadline")
	ErrTooLong     = errors.New("a frame is longer than the limit")
	ErrNoReply     = errors.New("no reply came in time; the message may have arrived")
	ErrNotSent     = errors.New("the message was not sent")
	ErrClosed      = errors.New("the connection is closed")
	ErrRefused     = errors.New("the receiver refused to commit the message (NAK)")
	ErrNotAllowed  = errors.New("the address is not on the allow-list")
	ErrTooMany     = errors.New("the listener has as many connections as it may have")
	ErrNotLoopback = errors.New("the address is reached by other computers: open the endpoint on purpose, or use 127.0.0.1")
)
