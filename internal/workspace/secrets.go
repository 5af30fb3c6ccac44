package workspace

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"trestle/internal/workspace/sealed"
)

// Secrets of the project's connections, such as passwords, client secrets and private keys, are sealed once more inside the database: under a key of
// their own, each value by itself, with its name as associated data. So they are in clear in no page that SQLite keeps in memory, in no statement, and in
// no export that copies tables; one cannot be exchanged for another; and they are opened one at a time, on demand, on record. They do not
// protect against who has a key of the workspace: who may open it may have them shown.

// schemaSecrets is a migration.
const schemaSecrets = `
CREATE TABLE secrets(
	name    TEXT PRIMARY KEY COLLATE NOCASE,
	kind    TEXT NOT NULL,
	value   BLOB NOT NULL,                -- sealed; see secrets.go
	changed INTEGER NOT NULL              -- seconds since 1970, UTC
) WITHOUT ROWID;
`

// Actions on secrets.
const (
	ActionSecretKept    Action = "secret kept"
	ActionSecretShown   Action = "secret shown"
	ActionSecretUsed    Action = "secret used"
	ActionSecretRemoved Action = "secret removed"
)

// ErrNoSecret says that there is no secret of a name.
var ErrNoSecret = errors.New("no such secret")

const (
	secretsPurpose = "trestle/secrets"

	// MaxSecretName is the longest name of a secret, in characters, and MaxSecret the longest secret, in bytes.
	MaxSecretName = 100
	MaxSecret     = 64 << 10
)

// Secret describes a secret, without it.
type Secret struct {
	Name    string
	Kind    string // in the words of whoever put it, such as "password" or "private key"
	Changed time.Time
}

// Secrets are the secrets of a workspace.
type Secrets struct{ w *Workspace }

// Secrets gives access to the workspace's secrets.
func (w *Workspace) Secrets() Secrets { return Secrets{w} }

// Put keeps a secret, in the place of an earlier one of this name. The value stays the caller's, who should clear it.
// Errors: ErrName, ErrTooLarge.
func (s Secrets) Put(ctx context.Context, name, kind string, value []byte) error {
	name, kind = strings.TrimSpace(name), strings.TrimSpace(kind)
	switch {
	case name == "":
		return fail(ErrName, "give the secret a name, such as the connection that it is for")
	case utf8.RuneCountInString(name) > MaxSecretName || utf8.RuneCountInString(kind) > MaxSecretName:
		return fail(ErrName, "the name or the kind has more than %d characters; give a shorter one", MaxSecretName)
	case !utf8.ValidString(name+kind) || strings.ContainsFunc(name+kind, unicode.IsControl):
		return fail(ErrName, "the name or the kind has line breaks or control characters; leave them out")
	case len(value) == 0:
		return fail(ErrName, "the secret is empty; to do without it, remove it")
	case len(value) > MaxSecret:
		return fail(ErrTooLarge, "the secret has %d bytes; at most %d can be kept", len(value), MaxSecret)
	}
	box, err := s.w.secretsBox()
	if err != nil {
		return err
	}
	v := box.Seal(value, secretOf(name))
	return s.w.update(ctx, func(tx *tx) error {
		// deleted first: the name's letters may be large now and small before, and they are what the value is sealed with
		if _, err := tx.Exec("DELETE FROM secrets WHERE name=?", name); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO secrets(name, kind, value, changed) VALUES(?,?,?,?)", name, kind, v, time.Now().Unix()); err != nil {
			return err
		}
		return tx.log(ActionSecretKept, "secret "+name, kind)
	})
}

// Names lists the secrets by name.
func (s Secrets) Names(ctx context.Context) ([]Secret, error) {
	if s.w.schema < secretsVersion {
		return nil, nil
	}
	rows, err := s.w.read.QueryContext(ctx, "SELECT name, kind, changed FROM secrets ORDER BY name")
	if err != nil {
		return nil, s.w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []Secret
	for rows.Next() {
		var x Secret
		var changed int64
		if err := rows.Scan(&x.Name, &x.Kind, &changed); err != nil {
			return nil, s.w.sqlError(ctx, err)
		}
		x.Changed = unixOrZero(changed)
		out = append(out, x)
	}
	return out, s.w.sqlError(ctx, rows.Err())
}

// Reveal gives a secret to be shown to a person, which is logged each time. The caller clears it. Errors: ErrNoSecret, ErrDamaged.
func (s Secrets) Reveal(ctx context.Context, name string) ([]byte, error) {
	return s.open(ctx, name, ActionSecretShown)
}

// Use gives a secret to a tool that connects with it, which is logged once in five minutes. The caller clears it.
// Errors: ErrNoSecret, ErrDamaged.
func (s Secrets) Use(ctx context.Context, name string) ([]byte, error) {
	return s.open(ctx, name, ActionSecretUsed)
}

func (s Secrets) open(ctx context.Context, name string, action Action) ([]byte, error) {
	w := s.w
	if w.schema < secretsVersion {
		return nil, noSecret(name)
	}
	var v []byte
	err := w.read.QueryRowContext(ctx, "SELECT name, value FROM secrets WHERE name=?", strings.TrimSpace(name)).Scan(&name, &v)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noSecret(name)
	}
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	what := "secret " + name
	if action != ActionSecretUsed || !w.log.repeated(what) {
		if err := w.reading(ctx, nil, action, what, ""); err != nil {
			return nil, err
		}
		if action == ActionSecretUsed {
			w.log.remember(what)
		}
	}
	box, err := w.secretsBox()
	if err != nil {
		return nil, err
	}
	text, err := box.Open(v, secretOf(name))
	if err != nil {
		return nil, fail(ErrDamaged, "the secret %s is not as it was kept; put it again", name)
	}
	return text, nil
}

func noSecret(name string) error {
	return fail(ErrNoSecret, "there is no secret %q in this project", clipText(name, MaxSecretName))
}

// Delete removes a secret. Backups that were made before still have it. Error: ErrNoSecret.
func (s Secrets) Delete(ctx context.Context, name string) error {
	return s.w.update(ctx, func(tx *tx) error {
		res, err := tx.Exec("DELETE FROM secrets WHERE name=?", strings.TrimSpace(name))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, noSecret(name))
		}
		return tx.log(ActionSecretRemoved, "secret "+name, "")
	})
}

// secretOf is what the tag of a secret covers beside it.
func secretOf(name string) []byte {
	b := binary.LittleEndian.AppendUint64([]byte("trestle/secret"), uint64(len(name)))
	return append(b, name...)
}

func (w *Workspace) secretsBox() (sealed.Box, error) {
	key, err := w.header.Derive(secretsPurpose)
	if err != nil {
		return sealed.Box{}, errClosed(w.name)
	}
	defer clear(key)
	return sealed.NewBox(key)
}

// resealSecrets seals every secret again under the data key of this file, which has those of another's.
func (t *tx) resealSecrets(from *Workspace) error {
	if t.w.schema < secretsVersion {
		return nil
	}
	old, err := from.secretsBox()
	if err != nil {
		return err
	}
	box, err := t.w.secretsBox()
	if err != nil {
		return err
	}
	again := map[string][]byte{}
	rows, err := t.Query("SELECT name, value FROM secrets")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var v []byte
		if err := rows.Scan(&name, &v); err != nil {
			return err
		}
		text, err := old.Open(v, secretOf(name))
		if err != nil {
			return fail(ErrDamaged, "the secret %s is not as it was kept; remove it, and try again", name)
		}
		again[name] = box.Seal(text, secretOf(name))
		clear(text)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for name, v := range again {
		if _, err := t.Exec("UPDATE secrets SET value=? WHERE name=?", v, name); err != nil {
			return fmt.Errorf("sealing secrets again: %w", err)
		}
	}
	return nil
}
