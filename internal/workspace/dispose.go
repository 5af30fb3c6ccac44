package workspace

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trestle/internal/workspace/sealed"
)

// Certificate says what was disposed of. No patient data is in it.
type Certificate struct {
	Disposed    time.Time `json:"disposed"` // UTC
	By          string    `json:"by"`
	File        string    `json:"file"` // name without folder
	Project     string    `json:"project"`
	WorkspaceID string    `json:"workspaceId"`
	FileID      string    `json:"fileId"`
	Created     time.Time `json:"created,omitzero"`
	Size        int64     `json:"size"` // bytes
	SHA256      string    `json:"sha256"`
	Messages    int64     `json:"messages"`
	Sources     int       `json:"sources"`
	ByType      []Tally   `json:"byType,omitempty"`
	LogEntries  int64     `json:"logEntries"`
	LogMAC      string    `json:"logMac"` // of the last entry
	Done        []string  `json:"done"`
	NotDone     []string  `json:"notDone"`
}

// Text is the certificate for printing.
func (c Certificate) Text() string {
	var b strings.Builder
	line := func(name, format string, a ...any) { fmt.Fprintf(&b, "%-16s%s\n", name, fmt.Sprintf(format, a...)) }
	b.WriteString("Certificate of disposal\n\n")
	line("Disposed", "%s", c.Disposed.Format("2006-01-02 15:04:05 UTC"))
	line("By", "%s", c.By)
	line("Project", "%s", c.Project)
	line("File", "%s", c.File)
	line("Workspace id", "%s", c.WorkspaceID)
	line("File id", "%s", c.FileID)
	if !c.Created.IsZero() {
		line("Created", "%s", c.Created.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	line("Size", "%d bytes", c.Size)
	line("SHA-256", "%s", c.SHA256)
	line("Messages", "%d from %s", c.Messages, plural(c.Sources, "file"))
	for _, t := range c.ByType {
		line("", "%d %s", t.Messages, t.Name)
	}
	line("Access log", "%d entries, the last, of the disposal, sealed %s", c.LogEntries, c.LogMAC)
	for _, list := range []struct {
		name  string
		lines []string
	}{{"Done", c.Done}, {"Not done", c.NotDone}} {
		fmt.Fprintf(&b, "\n%s:\n", list.name)
		for _, s := range list.lines {
			fmt.Fprintf(&b, "  - %s\n", s)
		}
	}
	return b.String()
}

// Dispose destroys a whole workspace, which must be closed: the key slots are overwritten, which leaves nobody a way to the data key,
// then the file and those beside it are removed. It asks for a passphrase, so that nobody destroys by mistake what they could not
// read, and checks the access log before, so that the certificate can name its end. The hash is that of the file as it was
// before. Errors: those of Open; ErrDamaged if the access log is damaged.
func Dispose(ctx context.Context, path string, passphrase []byte, o OpenOptions) (c Certificate, err error) {
	if c, err = describe(ctx, path, passphrase, o); err != nil {
		return c, err
	}
	w, err := lockPlace(path)
	if err != nil {
		return c, err
	}
	defer w.abandon()
	if w.file == nil {
		return c, fail(ErrInUse, "%s was moved away meanwhile; nothing was destroyed", w.name)
	}
	if c.SHA256, c.Size, err = hashFile(ctx, w.path); err != nil {
		return c, fileError("to read", w.name, err)
	}
	if h, err := sealed.ReadFile(w.path); err != nil || fmt.Sprintf("%x", h.FileID()) != c.FileID {
		return c, fail(ErrInUse, "%s was replaced meanwhile; nothing was destroyed", w.name)
	}
	if err := overwriteHeader(w.path); err != nil {
		return c, fileError("to overwrite the keys of", w.name, err)
	}
	for _, suffix := range []string{"-wal", "-shm", readingsSuffix, ""} {
		if err := os.Remove(w.path + suffix); err != nil && suffix == "" {
			return c, fileError("the keys are destroyed, but no permission to remove", w.name, err)
		}
	}
	c.Disposed, c.By = time.Now().UTC().Truncate(time.Second), userOr(o.User)
	c.Done = []string{"All key slots were overwritten with random bytes and written to the medium: no passphrase or recovery code opens this file any more.", "The file and those beside it were removed."}
	c.NotDone = []string{
		"Backups and other copies of the workspace still open with the passphrases that they had; destroy them too.",
		"Exports that were made from it are not touched; its access log told of them.",
		"Flash memory and file systems that keep versions may still hold old blocks, the overwritten key slots among them; they are encrypted, and open with the passphrase.",
	}
	if o.Anchors != nil {
		c.NotDone = append(c.NotDone, "This computer still remembers the workspace's id and how far its access log had come, so that a copy put back would be noticed; there is no patient data in that.")
	}
	return c, fileError("to remove", w.name, sealed.SyncFolder(filepath.Dir(w.path)))
}

// describe opens the workspace and collects what the certificate says.
func describe(ctx context.Context, path string, passphrase []byte, o OpenOptions) (c Certificate, err error) {
	o.Beside = false
	w, err := Open(ctx, path, passphrase, o)
	if err != nil {
		return c, err
	}
	// Without an entry "closed" once the disposal is logged: that is to be the last one, as the certificate says.
	disposed := false
	defer func() {
		if disposed {
			w.closing.Do(func() {
				err := w.checkpoint(ctx)
				w.isClosed.Store(true)
				w.closed = errors.Join(err, w.abandon())
			})
		}
		err = errors.Join(err, w.Close())
	}()
	i, err := w.Info(ctx)
	if err != nil {
		return c, err
	}
	if err := w.VerifyLog(ctx); err != nil {
		return c, err
	}
	if err := w.update(ctx, func(tx *tx) error { return tx.log(ActionDisposed, w.name, "") }); err != nil {
		return c, err
	}
	disposed = true
	a, err := w.anchor(ctx, w.read)
	if err != nil {
		return c, err
	}
	return Certificate{File: w.name, Project: i.Project, WorkspaceID: i.WorkspaceID, FileID: i.FileID, Created: i.Created,
		Messages: i.Messages, Sources: len(i.Sources), ByType: i.ByType, LogEntries: a.Entry, LogMAC: a.MAC}, nil
}

func hashFile(ctx context.Context, path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", 0, err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		size += int64(n)
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(h.Sum(nil)), size, nil
		}
		if err != nil {
			return "", 0, err
		}
	}
}

// overwriteHeader destroys both copies of the header.
func overwriteHeader(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	random := make([]byte, sealed.HeaderSize)
	rand.Read(random)
	_, err = f.WriteAt(random, 0)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
