package workspace

import (
	"context"
	"encoding/json"
	"slices"
)

// deleteStep is how many messages are deleted between two looks at the context.
const deleteStep = 500

// DeleteMessages removes messages with their bytes, words, notes and tags, and the names of files that
// no message is left from; the access log keeps those. Ids that are not there are passed over. All of them go in one
// transaction. Give it all ids at once: many are several times faster than the same ones in portions.
func (w *Workspace) DeleteMessages(ctx context.Context, ids []int64) error {
	return w.DeleteMessagesProgress(ctx, ids, nil)
}

// DeleteMessagesProgress is DeleteMessages with progress, which may be nil and gets messages. A cancelled context leaves
// everything as it was. Reading goes on meanwhile, but what writes waits, the viewing of a message included.
func (w *Workspace) DeleteMessagesProgress(ctx context.Context, ids []int64, progress func(done, total int)) error {
	_, err := w.deleteLogged(ctx, ids, progress, ActionDeleted, "")
	return err
}

// deleteLogged deletes messages with one entry in the access log, whose details are the reason and the ids.
func (w *Workspace) deleteLogged(ctx context.Context, ids []int64, progress func(done, total int), action Action, reason string) (deleted int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	err = w.update(ctx, func(tx *tx) error {
		gone, err := present(tx, ids)
		if err != nil || len(gone) == 0 {
			return err
		}
		f, err := newForgetter(tx, len(gone))
		if err != nil {
			return err
		}
		done := 0
		for part := range slices.Chunk(gone, deleteStep) {
			if err := ctx.Err(); err != nil {
				return err
			}
			progress(done, len(gone))
			if err := f.remove(part); err != nil {
				return err
			}
			done += len(part)
		}
		if err := f.finish(); err != nil {
			return err
		}
		progress(done, len(gone))
		if err := forgetNames(tx); err != nil {
			return err
		}
		deleted = len(gone)
		return tx.log(action, plural(len(gone), "message"), joinNonEmpty(": ", reason, idRanges(gone)))
	})
	return deleted, err
}

// present gives those of the ids that are there, ascending and once each.
func present(tx *tx, ids []int64) ([]int64, error) {
	var there []int64
	for part := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(ids))), 10_000) {
		rows, err := tx.Query("SELECT id FROM messages WHERE id IN (SELECT value FROM json_each(?))", jsonIDs(part))
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				rows.Close()
				return nil, err
			}
			there = append(there, id)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	slices.Sort(there)
	return there, nil
}

func jsonIDs(ids []int64) string {
	b, _ := json.Marshal(ids) // numbers cannot fail
	return string(b)
}

// How deleted words leave their index. What is deleted must not stay in the file, and FTS5 has three ways to that:
type forgetting int

const (
	// wordByWord takes each word out where it stands, which FTS5 calls secure-delete. Its cost goes with the words deleted.
	wordByWord forgetting = iota
	// mergeAll notes the deleted words in a new segment of the index, and merges all segments into one, which drops both. Its
	// cost is small for each word deleted, but goes with the whole index.
	mergeAll
	// buildAgain empties the index and reads what is left. Its cost goes with what is left.
	buildAgain
)

// What one message costs, as a multiple of merging one that stays. Measured with messages of 1.5 kB, where merging takes
// about 0.04 ms.
const (
	costWordByWord = 80
	costNoted      = 8
	costBuild      = 8
)

// howToForget chooses the way that is fastest for n of all messages.
func howToForget(n, all int) forgetting {
	single, merge, build := n*costWordByWord, n*costNoted+all, (all-n)*costBuild
	switch {
	case single <= merge && single <= build:
		return wordByWord
	case merge <= build:
		return mergeAll
	}
	return buildAgain
}

// forgetter removes messages in one transaction.
type forgetter struct {
	tx  *tx
	how forgetting
}

func newForgetter(tx *tx, n int) (*forgetter, error) {
	var all int
	if err := tx.QueryRow("SELECT count(*) FROM messages").Scan(&all); err != nil {
		return nil, err
	}
	f := &forgetter{tx, howToForget(n, all)}
	switch f.how {
	case mergeAll: // the setting is part of the transaction: if that fails, it is as before
		return f, f.command("INSERT INTO message_words(message_words, rank) VALUES('secure-delete', 0)")
	case buildAgain:
		return f, f.command("INSERT INTO message_words(message_words) VALUES('delete-all')")
	}
	return f, nil
}

func (f *forgetter) command(q string) error {
	_, err := f.tx.Exec(q)
	return err
}

// remove deletes messages. FTS5 with external content must be told the words that it is to forget.
func (f *forgetter) remove(ids []int64) error {
	list := jsonIDs(ids)
	queries := []string{
		"INSERT INTO message_words(message_words, rowid, text) SELECT 'delete', id, text FROM message_text WHERE id IN (SELECT value FROM json_each(?))",
		"INSERT INTO note_words(note_words, rowid, text) SELECT 'delete', id, text FROM notes WHERE id IN (SELECT value FROM json_each(?))",
		"DELETE FROM notes WHERE id IN (SELECT value FROM json_each(?))",
		"DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?))", // contents and tags follow by foreign key
	}
	if f.how == buildAgain {
		queries = queries[1:]
	}
	for _, q := range queries {
		if _, err := f.tx.Exec(q, list); err != nil {
			return err
		}
	}
	return nil
}

func (f *forgetter) finish() error {
	switch f.how {
	case mergeAll:
		if err := f.command("INSERT INTO message_words(message_words) VALUES('optimize')"); err != nil {
			return err
		}
		return f.command("INSERT INTO message_words(message_words, rank) VALUES('secure-delete', 1)")
	case buildAgain:
		return f.command("INSERT INTO message_words(message_words) VALUES('rebuild')")
	}
	return nil
}

// forgetNames removes tags and file names that belong to no message any more: they may name a patient.
func forgetNames(tx *tx) error {
	for _, q := range []string{
		"DELETE FROM tags WHERE NOT EXISTS(SELECT 1 FROM message_tags WHERE tag=tags.id)",
		"DELETE FROM sources WHERE NOT EXISTS(SELECT 1 FROM messages WHERE source=sources.id)",
	} {
		if _, err := tx.Exec(q); err != nil {
			return err
		}
	}
	return nil
}
