package sealed

import (
	"context"
	"fmt"
	"io"
	"os"
)

const pendingByte = 0x40000000 // where SQLite locks; no page lies there

// A Verdict is what Verify found.
type Verdict struct {
	Pages    int64    // pages read
	Bad      []uint64 // numbers of those that are not authentic, the first hundred
	BadPages int64    // how many are not
	Tail     int64    // bytes after the last whole page
}

// OK reports whether every page is authentic.
func (v Verdict) OK() bool { return v.BadPages == 0 && v.Tail == 0 }

// Verify authenticates every page of a workspace file, those that SQLite never reads (free pages) included. It reads
// the file by itself, so no connection may be open in this process, and the WAL must have been checkpointed: after
// a crash a torn page is repaired by recovery first. It does not know how many pages there should be: SQLite checks
// that at opening, against the count in page 1. progress, which may be nil, gets pages.
func Verify(ctx context.Context, path string, k *Keys, progress func(done, total int64)) (v Verdict, err error) {
	f, err := os.Open(path)
	if err != nil {
		return v, err
	}
	defer f.Close()
	return VerifyFile(ctx, f, k, progress)
}

// VerifyFile is Verify for a file that is open already, as one may be beside SQLite: f must stay open until SQLite has closed the file, since closing
// any handle drops the POSIX locks of the process. A page that is being written meanwhile looks bad; ask PageAuthentic again.
func VerifyFile(ctx context.Context, f *os.File, k *Keys, progress func(done, total int64)) (v Verdict, err error) {
	fi, err := f.Stat()
	if err != nil {
		return v, err
	}
	size := int64(k.pageSize)
	total := max(0, fi.Size()-HeaderSize) / size
	in, out := make([]byte, size), make([]byte, size)
	defer clear(out)
	for pg := int64(0); ; pg++ {
		if pg%256 == 0 {
			if err := ctx.Err(); err != nil {
				return v, err
			}
			if progress != nil {
				progress(min(pg, total), total)
			}
		}
		logical := pg * size
		n, err := f.ReadAt(in, physical(logical))
		if err == io.EOF && int64(n) < size {
			v.Tail = int64(n)
			break
		}
		if err != nil && err != io.EOF {
			return v, fmt.Errorf("page %d: %w", pg+1, err)
		}
		if logical == pendingByte {
			continue // SQLite's lock page: never written, never read
		}
		v.Pages++
		if !k.open(rolePage, uint64(pg+1), out[:size-Overhead], in) {
			v.BadPages++
			if len(v.Bad) < maxEvents {
				v.Bad = append(v.Bad, uint64(pg+1))
			}
		}
	}
	if progress != nil {
		progress(total, total)
	}
	return v, nil
}

// physical is where the page at a logical offset lies: behind the header, and behind the hole that starts at 1 GiB.
func physical(logical int64) int64 {
	if logical >= pendingByte-HeaderSize {
		logical += HeaderSize
	}
	return logical + HeaderSize
}

// PageAuthentic reads and authenticates one page, from 1.
func PageAuthentic(f *os.File, k *Keys, page uint64) bool {
	in := make([]byte, k.pageSize)
	if _, err := f.ReadAt(in, physical(int64(page-1)*int64(k.pageSize))); err != nil {
		return false
	}
	ok := k.open(rolePage, page, in[:k.pageSize-Overhead], in)
	clear(in)
	return ok
}
