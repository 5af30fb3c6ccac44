package mappaper

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/mapping"
)

// TestMirthOnTheCorpus compares the transformer with our engine on messages of other houses. What differs are character sets
// that are switched within a message, and two patients in one ADT^A17, whose groups the steps do not know.
func TestMirthOnTheCorpus(t *testing.T) {
	corpus := os.Getenv("TRESTLE_CORPUS")
	if corpus == "" {
		t.Skip("set TRESTLE_CORPUS to the folder of real messages")
	}
	f := starterFile(t, "adt-to-patient")
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	program := mirthProgram(t, written(t, Spec{Mapping: f}, Mirth))
	same, all := 0, 0
	err = filepath.WalkDir(filepath.Join(corpus, "hl7v2"), func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || all >= 300 {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil || len(b) > 100_000 {
			return err
		}
		for rec, err := range e.Records(context.Background(), bytes.NewReader(b)) {
			if err != nil || all >= 300 {
				return nil
			}
			if !strings.HasPrefix(messageType(mapping.HL7v2, rec.Bytes), "ADT") {
				continue
			}
			want, err := e.RunRecord(context.Background(), rec)
			if err != nil {
				continue
			}
			text, err := want.Bytes()
			if err != nil {
				return err
			}
			got, err := json.Marshal(runMirth(t, program, rec.Bytes).Export())
			if err != nil {
				return err
			}
			all++
			var list []string
			differences("", asTree(t, string(text)), asTree(t, string(got)), &list)
			if len(list) == 0 {
				same++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d messages come out the same", same, all)
	if all == 0 || same*1000 < all*992 {
		t.Errorf("%d of %d messages come out the same; the floor is 99.2 %%", same, all)
	}
}
