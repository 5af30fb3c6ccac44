package away

import (
	"context"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	wtsapi   = windows.NewLazySystemDLL("wtsapi32.dll")
	query    = wtsapi.NewProc("WTSQuerySessionInformationW")
	freeInfo = wtsapi.NewProc("WTSFreeMemory")
)

const (
	wtsSessionInfoEx  = 25
	wtsCurrentSession = 0xffffffff
	wtsLocked         = 0 // WTS_SESSIONSTATE_LOCK
)

// infoEx is the beginning of WTSINFOEXW with level 1.
type infoEx struct {
	level        uint32
	_            uint32
	sessionID    uint32
	state        uint32
	sessionFlags int32
}

// watchSystem asks whether the session is locked. Being told would need a window of its own with a message loop.
func watchSystem(ctx context.Context, left func(Reason)) {
	t := time.NewTicker(tick)
	defer t.Stop()
	was := isLocked()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		is := isLocked()
		if is && !was {
			left(Screen)
		}
		was = is
	}
}

func isLocked() bool {
	var info *infoEx
	var size uint32
	ok, _, _ := query.Call(0, wtsCurrentSession, wtsSessionInfoEx, uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)))
	if ok == 0 || info == nil {
		return false
	}
	defer freeInfo.Call(uintptr(unsafe.Pointer(info)))
	return size >= uint32(unsafe.Sizeof(*info)) && info.level == 1 && info.sessionFlags == wtsLocked
}
