package workspace

import (
	"context"
	"path/filepath"
	"testing"
)

// What was deleted is in no table any more: words are overwritten in their index too, and the names of tags and files
// go with the last message that had them.
func TestDeletedIsForgotten(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	add(t, w, 0, 20)
	ids, err := w.AddMessages(ctx, marked(20, 21))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetTags(ctx, ids[0], []string{"first-name", "second-name"}); err != nil {
		t.Fatal(err)
	}
	if err := w.SetNote(ctx, ids[0], "Zebrafish-Quillfeather called"); err != nil {
		t.Fatal(err)
	}
	count := func(q string) (n int) {
		t.Helper()
		if err := w.read.QueryRow(q).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const words = "SELECT (SELECT count(*) FROM message_words_data WHERE instr(block, CAST('llfeather' AS BLOB))>0) + " +
		"(SELECT count(*) FROM note_words_data WHERE instr(block, CAST('llfeather' AS BLOB))>0)"
	if count(words) != 2 {
		t.Fatal("the word is not in the indexes: the test proves nothing")
	}
	if err := w.SetTags(ctx, ids[0], []string{"second-name"}); err != nil {
		t.Fatal(err)
	}
	if n := count("SELECT count(*) FROM tags"); n != 1 {
		t.Error("tags:", n)
	}
	if err := w.DeleteMessages(ctx, ids); err != nil {
		t.Fatal(err)
	}
	if count(words) != 0 {
		t.Error("the words of a deleted message or note are still in the index")
	}
	if n := count("SELECT count(*) FROM tags"); n != 0 {
		t.Error("tags:", n)
	}
	if n := count("SELECT count(*) FROM sources"); n != 1 {
		t.Error("sources:", n)
	}
	if n, err := w.Count(ctx, Query{}); n != 20 || err != nil {
		t.Error(n, err)
	}
}
