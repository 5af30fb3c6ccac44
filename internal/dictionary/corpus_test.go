package dictionary

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"trestle/internal/hl7"
)

type corpusMessage struct {
	id, kind, trigger, version string
	bytes                      []byte
}

// cleanCorpus reads the messages that the collection calls clean.
func cleanCorpus(t *testing.T) []corpusMessage {
	t.Helper()
	root := os.Getenv("TRESTLE_CORPUS")
	if root == "" {
		t.Skip("TRESTLE_CORPUS does not name the folder of the message collection")
	}
	folder := filepath.Join(root, "hl7v2")
	file, err := os.Open(filepath.Join(folder, "index.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var messages []corpusMessage
	for _, row := range rows[1:] {
		if row[column["quality"]] != "clean" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(row[column["file"]])))
		if err != nil {
			t.Fatal(err)
		}
		offset, err1 := strconv.Atoi(row[column["offset"]])
		length, err2 := strconv.Atoi(row[column["length"]])
		if err1 != nil || err2 != nil || offset+length > len(b) {
			t.Fatalf("message %s: its place is not in its file", row[column["id"]])
		}
		messages = append(messages, corpusMessage{
			id: row[column["id"]], kind: row[column["type"]], trigger: row[column["trigger"]],
			version: row[column["version"]], bytes: b[offset : offset+length],
		})
	}
	return messages
}

// TestMatchCorpus matches collected messages with the structures that they name.
// About three quarters keep to their structure; the others lack a required
// segment (EVN and PV1 of ADT above all) or hold one of a later version. The
// shares are a floor: a change that makes the matching worse falls below them.
func TestMatchCorpus(t *testing.T) {
	messages := cleanCorpus(t)
	known, clean := 0, 0
	kinds := map[DeviationKind]int{}
	for _, c := range messages {
		v, _ := For(c.version)
		id, ok := v.StructureOf(c.kind, c.trigger)
		if !ok {
			continue
		}
		known++
		s, _ := v.Structure(id)
		match := v.Match(hl7.Parse(c.bytes), s)
		checkInstances(t, match)
		if len(match.Deviations) == 0 {
			clean++
		}
		for _, d := range match.Deviations {
			kinds[d.Kind]++
		}
	}
	t.Logf("%d clean messages, %d with a known structure, %d match without deviation; deviations %v", len(messages), known, clean, kinds)
	if known*100 < len(messages)*98 {
		t.Errorf("only %d of %d messages have a known structure", known, len(messages))
	}
	if clean*100 < known*74 {
		t.Errorf("only %d of %d messages match without deviation", clean, known)
	}
}
