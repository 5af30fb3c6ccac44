// Command gen turns the collected facts of HL7 v2 (one JSON file a version,
// one JSON file of code tables) into the packed files that package dictionary
// embeds. It runs by hand, when the facts change:
//
//	TRESTLE_DICTIONARY=FOLDER go generate ./internal/dictionary
//
// where FOLDER holds versions/, tables.json and LICENSES/.
//
// The packed form is described where it is read: internal/dictionary/pack.go.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

// versions in the order of the masks in tables.json; the last one reads the
// bit of the current HL7 Terminology.
var versions = []string{
	"2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6",
	"2.7", "2.7.1", "2.8", "2.8.1", "2.8.2", "2.9.1",
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	source := flag.String("source", "", "folder with versions/, tables.json and LICENSES/")
	out := flag.String("out", "data", "folder for the packed files")
	notices := flag.String("notices", "", "write the notices file here (empty: do not)")
	flag.Parse()
	if *source == "" {
		log.Fatal("name the folder of the facts with -source")
	}
	if err := run(*source, *out, *notices); err != nil {
		log.Fatal(err)
	}
}

func run(source, out, notices string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	total := 0
	for _, name := range versions {
		var v versionFile
		if err := readJSON(filepath.Join(source, "versions", name+".json"), &v); err != nil {
			return err
		}
		if v.Version != name {
			return fmt.Errorf("%s.json says that it is version %q", name, v.Version)
		}
		packed, err := packVersion(&v)
		if err != nil {
			return fmt.Errorf("version %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(out, name+".bin"), packed, 0o644); err != nil {
			return err
		}
		total += len(packed)
		fmt.Printf("%-6s %7d bytes\n", name, len(packed))
	}
	var t tablesFile
	if err := readJSON(filepath.Join(source, "tables.json"), &t); err != nil {
		return err
	}
	packed, err := packTables(&t)
	if err != nil {
		return fmt.Errorf("tables: %w", err)
	}
	if err := os.WriteFile(filepath.Join(out, "tables.bin"), packed, 0o644); err != nil {
		return err
	}
	total += len(packed)
	fmt.Printf("tables %7d bytes\ntotal  %7d bytes\n", len(packed), total)
	if notices == "" {
		return nil
	}
	return writeNotices(filepath.Join(source, "LICENSES"), notices)
}

func readJSON(path string, into any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// writeNotices joins the notices of all sources into one file.
func writeNotices(folder, path string) error {
	var b strings.Builder
	b.WriteString(preamble)
	for _, part := range noticeParts {
		text, err := os.ReadFile(filepath.Join(folder, part.file))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", part.title, strings.Repeat("-", len(part.title)), strings.TrimSpace(string(text)))
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

const preamble = `The dictionary of HL7 version 2
===============================

HL7 v2 code tables © Health Level Seven International

HL7 is a registered trademark of Health Level Seven International. The name is
used here only to describe what the data is about.

This package holds facts: names, data types, usage, repetition, lengths, table
and item numbers, section numbers, code and display pairs, and the order of
segments in messages. It holds no definition text of the standard.

Version 2.9.1 is a DRAFT. It was taken from the public working draft of HL7
(HL7/v2ig), not from a publication, and may differ from what will be published.
It also answers for version 2.9. The codes shown for it are those of HL7
Terminology 7.0.1.

The facts were put together from the sources below, under their licences.
`

var noticeParts = []struct{ title, file string }{
	{"KeironO/hl7-parser: segments, fields, usage, lengths, sections, trigger events", "hl7-parser.txt"},
	{"KeironO/hl7types: components of data types", "hl7types.txt"},
	{"crs4/hl7apy: message structures, second opinion on fields", "hl7apy.txt"},
	{"rethinkhealth/hl7v2: code tables by version, second opinion on fields", "glion.txt"},
	{"hl7-dictionary: gaps", "hl7-dictionary.txt"},
	{"HL7/v2ig: version 2.9.1", "HL7-v2ig.txt"},
	{"davebronson/clear-hl7-net: field names of 2.9.1", "clear.txt"},
	{"HL7 Terminology (hl7.terminology.r4 7.0.1): current codes, table names and OIDs", "hl7.terminology.txt"},
}
