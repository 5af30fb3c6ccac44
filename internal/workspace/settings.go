package workspace

import (
	"context"
	"database/sql"
	"errors"
)

// Settings that this package writes.
const (
	settingCreated = "created"
	settingProject = "project"
	settingBackup  = "backup" // when the last one was made
)

// Setting reads a setting. Settings hold choices of the program, such as a window's size; they are not logged.
func (w *Workspace) Setting(ctx context.Context, key string) (value string, ok bool, err error) {
	err = w.read.QueryRowContext(ctx, "SELECT value FROM settings WHERE key=?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, w.sqlError(ctx, err)
}

// SetSetting writes a setting.
func (w *Workspace) SetSetting(ctx context.Context, key, value string) error {
	return w.update(ctx, func(tx *tx) error {
		_, err := tx.Exec("INSERT INTO settings(key, value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value", key, value)
		return err
	})
}
