package workspace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// SetNote writes the note of a message; an empty text removes it.
func (w *Workspace) SetNote(ctx context.Context, id int64, text string) error {
	return w.update(ctx, func(tx *tx) error {
		if err := exists(tx, id); err != nil {
			return err
		}
		if err := forgetNote(tx, id); err != nil {
			return err
		}
		what := "removed"
		if text != "" {
			what = ""
			if _, err := tx.Exec("INSERT INTO notes(id, text, changed) VALUES(?,?,?)", id, text, time.Now().UnixMilli()); err != nil {
				return err
			}
			if _, err := tx.Exec("INSERT INTO note_words(rowid, text) VALUES(?,?)", id, text); err != nil {
				return err
			}
		}
		return tx.log(ActionNoted, fmt.Sprintf("message %d", id), what)
	})
}

// forgetNote removes a note and its words, if there is one.
func forgetNote(tx *tx, id int64) error {
	var text string
	err := tx.QueryRow("SELECT text FROM notes WHERE id=?", id).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.Exec("INSERT INTO note_words(note_words, rowid, text) VALUES('delete', ?, ?)", id, text); err != nil {
		return err
	}
	_, err = tx.Exec("DELETE FROM notes WHERE id=?", id)
	return err
}

// Note gives the note of a message, empty where there is none.
func (w *Workspace) Note(ctx context.Context, id int64) (string, error) {
	var text string
	err := w.read.QueryRowContext(ctx, "SELECT text FROM notes WHERE id=?", id).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return text, w.sqlError(ctx, err)
}

// MaxTag is the longest tag, in characters.
const MaxTag = 60

// cleanTags trims tags, and drops empty and repeated ones. A tag is a word, so that "tag:open" finds it.
func cleanTags(tags []string) ([]string, error) {
	var out []string
	for _, t := range tags {
		t = strings.TrimSpace(t)
		switch {
		case t == "":
			continue
		case utf8.RuneCountInString(t) > MaxTag:
			return nil, fail(nil, "a tag has at most %d characters", MaxTag)
		case !utf8.ValidString(t) || strings.ContainsFunc(t, unicode.IsControl) || strings.Contains(t, `"`):
			return nil, fail(nil, "a tag cannot contain quotation marks, line breaks or control characters")
		}
		if !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, t) }) {
			out = append(out, t)
		}
	}
	return out, nil
}

// SetTags makes these the tags of a message. Tags are equal without regard to case; spaces around them do not count.
func (w *Workspace) SetTags(ctx context.Context, id int64, tags []string) error {
	tags, err := cleanTags(tags)
	if err != nil {
		return err
	}
	return w.update(ctx, func(tx *tx) error {
		if err := exists(tx, id); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM message_tags WHERE message=?", id); err != nil {
			return err
		}
		for _, t := range tags {
			if _, err := tx.Exec("INSERT INTO tags(name) VALUES(?) ON CONFLICT(name) DO NOTHING", t); err != nil {
				return err
			}
			if _, err := tx.Exec("INSERT INTO message_tags(tag, message) SELECT id, ? FROM tags WHERE name=?", id, t); err != nil {
				return err
			}
		}
		if err := forgetNames(tx); err != nil {
			return err
		}
		return tx.log(ActionTagged, fmt.Sprintf("message %d", id), strings.Join(tags, ", "))
	})
}

// Tags lists the tags in use, with the number of messages of each.
func (w *Workspace) Tags(ctx context.Context) ([]Tally, error) {
	return w.tallies(ctx, "SELECT t.name, count(*) FROM tags t JOIN message_tags mt ON mt.tag=t.id GROUP BY t.id ORDER BY t.name")
}
