package mapping

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
)

// packedName is what the mapping is called among its tables.
const packedName = "mapping.yaml"

// Pack puts a mapping and its tables into one ZIP archive: the YAML as mapping.yaml, each table under its path. The same
// mapping gives the same bytes.
func Pack(f *File) ([]byte, error) {
	text, err := Format(f)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name string, content io.WriterTo) error {
		w, err := z.Create(name) // without a time, which would differ
		if err == nil {
			_, err = content.WriteTo(w)
		}
		return err
	}
	if err := put(packedName, bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("pack the mapping: %w", err)
	}
	beside, err := f.Companions()
	if err != nil {
		return nil, fmt.Errorf("pack the mapping: %w", err)
	}
	for _, c := range beside {
		if err := put(c.Name, bytes.NewReader(c.Text)); err != nil {
			return nil, fmt.Errorf("pack %s: %w", c.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the mapping: %w", err)
	}
	return b.Bytes(), nil
}

// Unpack reads what Pack has written, as a draft: see [ParseDraft].
func Unpack(b []byte) (*File, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("read the mapping: %w", err)
	}
	return load(z, packedName, ParseDraft)
}
