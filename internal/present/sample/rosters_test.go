package sample

import (
	"path/filepath"
	"testing"

	"trestle/internal/linkage"
	"trestle/internal/workspace"
)

func TestTheSampleHasRostersOfBothSystems(t *testing.T) {
	file := filepath.Join(t.TempDir(), FileName)
	if _, err := Build(t.Context(), file, Options{KDF: workspace.CheapKDF(t), User: "tester"}); err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(t.Context(), file, []byte(Passphrase), workspace.OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, kind := range []linkage.Kind{linkage.Patients, linkage.Plans} {
		list, err := w.Linkage().Rosters(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		sides := map[linkage.Side]bool{}
		for _, r := range list {
			sides[r.Side] = r.Rows > 30 && len(r.Columns) > 5 && r.Hash != ""
		}
		if len(list) != 2 || !sides[linkage.Left] || !sides[linkage.Right] {
			t.Errorf("%s: %+v", kind, list)
		}
	}
}
