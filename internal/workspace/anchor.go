package workspace

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Anchor is what is remembered of a workspace outside of its file: how far its access log had come. A file cannot show that it is an
// older copy of itself; the anchor can. There is no patient data in it, and no secret.
type Anchor struct {
	Workspace string    `json:"workspace"` // its id, in hexadecimal
	Entry     int64     `json:"entry"`     // number of the log's last entry
	MAC       string    `json:"mac"`       // of that entry, in hexadecimal
	Time      time.Time `json:"time"`      // of that entry
	Messages  int64     `json:"messages"`
}

// AnchorStore keeps anchors. Whoever can write where they are kept can remove them, but makes none that fits.
type AnchorStore interface {
	Load(workspace string) (a Anchor, ok bool, err error)
	Save(Anchor) error
}

// DefaultAnchors keeps anchors in the user's own folder for the state of programs.
func DefaultAnchors() (AnchorStore, error) {
	var folder string
	var err error
	switch home := os.Getenv("XDG_STATE_HOME"); {
	case runtime.GOOS == "windows":
		folder, err = os.UserCacheDir() // %LocalAppData%, which does not wander to other computers
	case runtime.GOOS == "darwin":
		folder, err = os.UserConfigDir()
	case filepath.IsAbs(home):
		folder = home
	default:
		if folder, err = os.UserHomeDir(); err == nil {
			folder = filepath.Join(folder, ".local", "state")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("no folder for what is remembered of workspaces: %w", err)
	}
	return FileAnchors(filepath.Join(folder, "trestle", "anchors")), nil
}

// FileAnchors keeps anchors as files in a folder, which it makes when it is needed.
func FileAnchors(folder string) AnchorStore { return fileAnchors{folder} }

type fileAnchors struct{ folder string }

func (f fileAnchors) path(workspace string) (string, error) {
	if b, err := hex.DecodeString(workspace); err != nil || len(b) != 16 {
		return "", errors.New("not the id of a workspace")
	}
	return filepath.Join(f.folder, workspace+".json"), nil
}

func (f fileAnchors) Load(workspace string) (a Anchor, ok bool, err error) {
	p, err := f.path(workspace)
	if err != nil {
		return a, false, err
	}
	b, err := os.ReadFile(p)
	if errors.Is(err, fs.ErrNotExist) {
		return a, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &a)
	}
	if err == nil && a.Workspace != workspace {
		err = errors.New("it is that of another workspace")
	}
	return a, err == nil, err
}

func (f fileAnchors) Save(a Anchor) error {
	p, err := f.path(a.Workspace)
	if err != nil {
		return err
	}
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.folder, 0o700); err != nil {
		return err
	}
	t, err := os.CreateTemp(f.folder, "new-*")
	if err != nil {
		return err
	}
	_, err = t.Write(b)
	if err == nil {
		err = t.Sync()
	}
	if err = errors.Join(err, t.Close()); err == nil {
		err = os.Rename(t.Name(), p)
	}
	if err != nil {
		os.Remove(t.Name())
	}
	return err
}

// anchor reads what would be remembered now. The log must have an entry.
func (w *Workspace) anchor(ctx context.Context, db queryer) (a Anchor, err error) {
	id := w.header.WorkspaceID()
	a.Workspace = hex.EncodeToString(id[:])
	var mac []byte
	var at int64
	err = db.QueryRowContext(ctx, "SELECT seq, at, mac, (SELECT count(*) FROM messages) FROM access_log ORDER BY seq DESC LIMIT 1").Scan(&a.Entry, &at, &mac, &a.Messages)
	a.MAC, a.Time = hex.EncodeToString(mac), time.UnixMicro(at).UTC()
	return a, w.sqlError(ctx, err)
}

// saveAnchor remembers how far the log has come. That it fails is no reason to fail anything else: the old anchor still fits.
func (w *Workspace) saveAnchor(ctx context.Context, db queryer) {
	if w.anchors == nil {
		return
	}
	a, err := w.anchor(ctx, db)
	if err == nil {
		err = w.anchors.Save(a)
	}
	w.anchored = err == nil
}

// compareAnchor looks, at opening, whether the file is older than what is remembered of it: rolledBack is then a sentence with
// dates and counts, which goes into the access log and to the user.
func (w *Workspace) compareAnchor(ctx context.Context) (rolledBack string, err error) {
	if w.anchors == nil {
		return "", nil
	}
	id := w.header.WorkspaceID()
	was, ok, err := w.anchors.Load(hex.EncodeToString(id[:]))
	if err != nil {
		w.warnings = append(w.warnings, "what this computer remembers of the workspace cannot be read, so an older copy in its place would not be seen this time")
		return "", nil
	}
	if !ok {
		return "", nil
	}
	var mac []byte
	err = w.write.QueryRowContext(ctx, "SELECT mac FROM access_log WHERE seq=?", was.Entry).Scan(&mac)
	remembered, bad := hex.DecodeString(was.MAC)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return "", err
	case bad == nil && hmac.Equal(mac, remembered):
		return "", nil
	default: // a new data key, made on another computer, seals the same entries again
		var again int
		err := w.write.QueryRowContext(ctx, "SELECT count(*) FROM access_log WHERE seq>? AND action=?", was.Entry, string(ActionRekeyed)).Scan(&again)
		if err != nil || again > 0 {
			return "", err
		}
	}
	is, err := w.anchor(ctx, w.write)
	if err != nil {
		return "", err
	}
	const day = "2006-01-02 15:04 UTC"
	return fmt.Sprintf("this is not the file that was last open on this computer, but an older copy, or one that went on from an older copy: then it had %d entries in its access log, the last of %s, and %d messages; now it has %d, the last of %s, and %d messages",
		was.Entry, was.Time.UTC().Format(day), was.Messages, is.Entry, is.Time.Format(day), is.Messages), nil
}
