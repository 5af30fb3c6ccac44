// Command gen packs the definitions of a FHIR release into the file that package fhir embeds. It runs by hand, when a
// release changes:
//
//	TRESTLE_FHIR_PACKAGE=hl7.fhir.r4.examples-4.0.1.tgz go generate ./internal/fhir
//
// where the package is the one of that name on npm (CC0-1.0), which holds all definitions despite its name. The packed
// form is a zip archive, a file for each kind of definition and a line for each definition; it is read in
// internal/fhir/release.go.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"trestle/internal/fhir"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	source := flag.String("package", "", "the release's npm package, a .tgz file")
	out := flag.String("out", "data/r4.zip", "the packed file")
	flag.Parse()
	if *source == "" {
		log.Fatal("name the release's package with -package")
	}
	if err := run(*source, *out); err != nil {
		log.Fatal(err)
	}
}

func run(source, out string) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := map[string][]string{} // by file of the archive
	for n, err := range fhir.PackageResources(f) {
		if err != nil {
			return err
		}
		file, trimmed := trim(n)
		if trimmed == nil {
			continue
		}
		text := fhir.AppendJSON(nil, trimmed)
		if bytes.ContainsAny(text, "\n\t") {
			return fmt.Errorf("%s holds a control character", n.Find("url"))
		}
		lines[file] = append(lines[file], fmt.Sprintf("%s\t%s\n", trimmed.Find("url").String(), text))
	}
	packed, err := archive(lines)
	if err != nil {
		return err
	}
	fmt.Printf("%d bytes\n", len(packed))
	return os.WriteFile(out, packed, 0o644)
}

func archive(lines map[string][]string) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		list := lines[name]
		slices.Sort(list)
		w, err := z.Create(name)
		if err != nil {
			return nil, err
		}
		text := strings.Join(list, "")
		if _, err := io.WriteString(w, text); err != nil {
			return nil, err
		}
		fmt.Printf("%-18s %5d definitions %9d bytes\n", name, len(list), len(text))
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
