package workspace

import (
	"context"
	"os"
	"strings"

	"trestle/internal/workspace/sealed"
)

// ActionVerified is a check of the open workspace.
const ActionVerified Action = "verified"

// VerifyOpen is Verify for the workspace as it is open, beside work in it. It does not count which messages still read. Where this program only
// reads beside another, the indexes of words are not compared. That it was done, and with what result, is an entry in the access log.
func (w *Workspace) VerifyOpen(ctx context.Context, progress func(done, total int64)) (Report, error) {
	w.copying.Lock()
	defer w.copying.Unlock()
	r := Report{Name: w.name, HeaderCopy: w.header.NeedsRewrite()}
	if w.isClosed.Load() {
		return r, errClosed(w.name)
	}
	if !w.ReadOnly() {
		if err := w.checkpoint(ctx); err != nil {
			return r, err
		}
	}
	f, err := w.rawFile()
	if err != nil {
		return r, fileError("to read", w.name, err)
	}
	v, err := sealed.VerifyFile(ctx, f, w.keys, progress)
	if err != nil {
		return r, fileError("to read", w.name, err)
	}
	if err := w.askAgain(ctx, f, &v); err != nil {
		return r, err
	}
	r.Pages, r.BadPages, r.BadPageList, r.Tail = v.Pages, v.BadPages, v.Bad, v.Tail
	if err := w.integrityOpen(ctx, &r); err != nil {
		return r, err
	}
	result := ""
	if p := r.Problems(); len(p) > 0 {
		result = clipText(strings.Join(p, " "), 300)
	}
	if w.ReadOnly() {
		return r, w.reading(ctx, nil, ActionVerified, w.name, result)
	}
	return r, w.update(ctx, func(tx *tx) error { return tx.logResult(ActionVerified, w.name, "", result) })
}

// integrityOpen asks SQLite and the access log. What SQLite finds beside a writer is asked once more while nobody writes, or, beside another program,
// a few times.
func (w *Workspace) integrityOpen(ctx context.Context, r *Report) error {
	w.structure(ctx, r)
	if len(r.Integrity) > 0 && w.write != nil {
		hold, err := w.write.BeginTx(ctx, nil)
		if err != nil {
			return w.sqlError(ctx, err)
		}
		w.structure(ctx, r)
		hold.Rollback()
	}
	for try := 0; try < 3 && len(r.Integrity) > 0 && w.guest != nil; try++ {
		w.structure(ctx, r)
	}
	w.wordsAndLog(ctx, r)
	return ctx.Err()
}

// rawFile opens the file a second time, once for as long as the workspace is open.
func (w *Workspace) rawFile() (f *os.File, err error) {
	w.raws.Lock()
	defer w.raws.Unlock()
	if w.raw == nil {
		w.raw, err = os.Open(w.path)
	}
	return w.raw, err
}

// askAgain reads the pages that looked bad once more while nobody writes: a page that a checkpoint was just writing, and the end of a file that
// was just growing, are whole then. Beside another program, which cannot be held up, they are asked a few times.
func (w *Workspace) askAgain(ctx context.Context, f *os.File, v *sealed.Verdict) error {
	if v.OK() || v.BadPages > int64(len(v.Bad)) {
		return nil
	}
	if w.write != nil {
		hold, err := w.write.BeginTx(ctx, nil)
		if err != nil {
			return w.sqlError(ctx, err)
		}
		defer hold.Rollback()
	}
	bad := v.Bad[:0]
	for _, page := range v.Bad {
		whole := false
		for try := 0; try < 5 && !whole; try++ {
			whole = sealed.PageAuthentic(f, w.keys, page)
		}
		if !whole {
			bad = append(bad, page)
		}
	}
	v.Bad, v.BadPages = bad, int64(len(bad))
	if fi, err := f.Stat(); err == nil && v.Tail > 0 {
		v.Tail = (fi.Size() - sealed.HeaderSize) % int64(w.keys.PageSize())
	}
	return nil
}
