// Command gen makes the facts that package suggest embeds from the data of the HL7 Version 2 to FHIR Implementation Guide
// (HL7 International, CC0-1.0), github.com/HL7/v2-to-fhir as JSON: segments.json and datatypes.json in one folder. It runs
// by hand, when the guide changes:
//
//	go run ./internal/mapping/suggest/gen -from FOLDER -out internal/mapping/suggest/data/guide.tsv
//
// Each line of the result is a fact, its cells separated by tabs: the resource or data type of FHIR, the path below it, the
// field of HL7 v2 (or the component, for a data type), the map of data types that goes on below, and = where the guide
// writes a fixed value that the field only triggers.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	from := flag.String("from", "", "the folder with segments.json and datatypes.json")
	out := flag.String("out", "data/guide.tsv", "the file to write")
	flag.Parse()
	if *from == "" {
		fmt.Fprintln(os.Stderr, "gen: name the folder of the guide's data with -from")
		os.Exit(2)
	}
	if err := run(*from, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

type row struct {
	Source  string `json:"source"`
	Target  string `json:"target"`
	TypeMap string `json:"typeMap"`
	Assign  string `json:"assign"`
}

func run(from, out string) error {
	var lines []string
	for _, name := range []string{"segments.json", "datatypes.json"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		var data struct {
			Maps map[string][]row `json:"maps"`
		}
		if err := json.Unmarshal(text, &data); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for title, rows := range data.Maps {
			source, holder, ok := strings.Cut(strings.TrimSuffix(title, "]"), "[")
			if !ok {
				continue
			}
			if i := strings.IndexAny(holder, "-( "); i >= 0 { // a variant of the map
				holder = holder[:i]
			}
			if name == "datatypes.json" {
				holder = source + ">" + holder
			}
			for _, r := range rows {
				lines = append(lines, facts(holder, r)...)
			}
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	return os.WriteFile(out, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

var (
	brackets = regexp.MustCompile(`\[[^\]]*\]`)
	plain    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.]*$`)
	place    = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,2}[-.][0-9]+(\.[0-9]+)*$`)
	resource = regexp.MustCompile(`^([A-Z][A-Za-z]+)\.(.+)$`)
)

// facts are those of one row of the guide. A target such as participant.actor(Location.identifier) makes another resource:
// it gives a fact for each of the two.
func facts(holder string, r row) (lines []string) {
	source := strings.TrimSpace(r.Source)
	if !place.MatchString(source) {
		return nil
	}
	target, _, _ := strings.Cut(r.Target, "=")
	outer, inner, _ := strings.Cut(brackets.ReplaceAllString(strings.TrimSpace(target), ""), "(")
	fixed := ""
	if r.Assign != "" || strings.Contains(r.Target, "=") {
		fixed = "="
	}
	add := func(holder, path, types string) {
		path = strings.Trim(path, ". ")
		if m := resource.FindStringSubmatch(path); m != nil {
			if holder = m[1]; strings.Contains(holder, ">") {
				return
			}
			path = m[2]
		}
		if plain.MatchString(path) {
			lines = append(lines, strings.Join([]string{holder, path, source, types, fixed}, "\t"))
		}
	}
	types := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(r.TypeMap), "]"), "[", ">")
	if inner = strings.TrimSuffix(strings.TrimSpace(inner), ")"); inner == "" {
		add(holder, outer, types)
		return lines
	}
	add(holder, outer, "")
	if strings.Contains(inner, ".") && !strings.Contains(inner, "(") && !strings.Contains(holder, ">") {
		add(holder, inner, types)
	}
	return lines
}
