package check

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"trestle/internal/hl7"
)

// row is a message of the corpus.
type row struct {
	id, quality, version string
	negative             bool
	bytes                []byte
}

// corpus reads every message of the external corpus, or skips the test.
func corpus(t testing.TB) []row {
	t.Helper()
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS does not name the folder of the message corpus")
	}
	dir = filepath.Join(dir, "hl7v2")
	f, err := os.Open(filepath.Join(dir, "index.csv"))
	if err != nil {
		t.Skipf("the corpus has no index: %v", err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	files := map[string][]byte{}
	var rows []row
	for _, line := range lines[1:] {
		name := line[column["file"]]
		if files[name] == nil {
			if files[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
		offset, _ := strconv.Atoi(line[column["offset"]])
		length, _ := strconv.Atoi(line[column["length"]])
		rows = append(rows, row{
			id: line[column["id"]], quality: line[column["quality"]], version: line[column["version"]],
			negative: line[column["negative"]] == "1", bytes: files[name][offset : offset+length],
		})
	}
	return rows
}

func TestDump(t *testing.T) {
	out, _ := os.Create("/tmp/cx/dump.txt")
	defer out.Close()
	for _, r := range corpus(t) {
		for _, f := range Message(hl7.Parse(r.bytes), Options{}) {
			out.WriteString(r.id + "\t" + r.quality + "\t" + r.version + "\t" + f.Code + "\t" + f.Severity.String() + "\t" + f.Path + "\t" + strconv.Itoa(f.Offset) + "\t" + f.Text + "\n")
		}
	}
}
