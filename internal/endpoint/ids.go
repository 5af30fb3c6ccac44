package endpoint

import (
	"crypto/rand"
	"encoding/binary"
	"strconv"
	"sync/atomic"
	"time"

	"trestle/internal/check"
)

const warningSeverity = check.Warning

// ids makes the control IDs of this program: 20 characters at most, as MSH-10 had until 2.6. The start differs from
// program to program, so that two that start in one second do not give the same.
var ids = newCounter(time.Now())

type counter struct {
	prefix string
	n      atomic.Uint64
}

func newCounter(now time.Time) *counter {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		binary.BigEndian.PutUint32(b[:], uint32(now.Nanosecond()))
	}
	// Seconds since 2020 and two letters of chance: eight characters, and up to twelve for the count.
	return &counter{prefix: "T" + strconv.FormatInt(now.Unix()-1577836800, 36) + strconv.FormatUint(uint64(b[0])<<8|uint64(b[1])|1<<16, 36)[1:]}
}

func (c *counter) next(dst []byte) []byte {
	dst = append(dst, c.prefix...)
	return strconv.AppendUint(dst, c.n.Add(1), 36)
}
