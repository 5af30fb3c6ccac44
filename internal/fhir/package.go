package fhir

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
)

// PackageResources reads a FHIR package, the .tgz file of an npm registry or of an implementation guide: every resource
// in JSON, one after the other. What is no resource (package.json, indexes, pictures) is left out. It ends with the first
// error.
func PackageResources(r io.Reader) iter.Seq2[*Node, error] {
	return func(yield func(*Node, error) bool) {
		z, err := gzip.NewReader(r)
		if err != nil {
			yield(nil, fmt.Errorf("a FHIR package is a .tgz file: %w", err))
			return
		}
		archive := tar.NewReader(z)
		for {
			h, err := archive.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, fmt.Errorf("reading a FHIR package: %w", err))
				return
			}
			name := path.Base(h.Name)
			if h.Typeflag != tar.TypeReg || !strings.HasSuffix(name, ".json") || strings.HasPrefix(name, ".") || name == "package.json" {
				continue
			}
			if h.Size > defaultBytes {
				yield(nil, fmt.Errorf("%s in the package has %d bytes, more than the limit of %d", name, h.Size, defaultBytes))
				return
			}
			data := make([]byte, h.Size)
			if _, err := io.ReadFull(archive, data); err != nil {
				yield(nil, fmt.Errorf("%s in the package: %w", name, err))
				return
			}
			n, err := ParseJSON(data)
			if err != nil {
				yield(nil, fmt.Errorf("%s in the package: %w", name, err))
				return
			}
			if n.ResourceType() != "" && !yield(n, nil) {
				return
			}
		}
	}
}
