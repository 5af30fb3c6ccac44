package mapper

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"trestle/internal/fhir"
	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/present/screen"
)

// TakesTarget says whether the places of the target can be taken from a sample: nothing else defines those of JSON, XML and
// CSV.
func (m *Model) TakesTarget() bool {
	if m.doc == nil {
		return false
	}
	switch m.doc.file.Target.Kind {
	case mapping.JSON, mapping.XML, mapping.CSV, mapping.FixedWidth:
		return true
	}
	return false
}

// TakesLayout says whether a layout can be given for the source.
func (m *Model) TakesLayout() bool {
	return m.doc != nil && m.doc.file.Source.Kind == mapping.FixedWidth
}

// TakeLayout takes the fields of a fixed-width source from a layout file.
func (m *Model) TakeLayout(file string) { m.describe(file, false) }

// describe reads the layout or the JSON Schema of an end, which goes with the mapping then.
func (m *Model) describe(file string, target bool) {
	d := m.doc
	if d == nil {
		return
	}
	end := d.file.Source
	if target {
		end = d.file.Target
	}
	job.Start(m.ctx, m.runner, func(context.Context) (mapping.End, error) {
		b, err := readSample(file)
		if err != nil {
			return end, err
		}
		name := identifier(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
		if end.Kind == mapping.FixedWidth {
			end.Layout = "layouts/" + name + ".yaml"
			end.Fields, err = mapping.ReadLayout(b)
		} else {
			end.Schema = "schemas/" + name + ".json"
			end.Shape, err = mapping.ReadSchema(b)
		}
		return end, err
	}, func(end mapping.End, err error) {
		if err != nil {
			m.Fail("The description was not read", err)
			return
		}
		if m.doc != d {
			return
		}
		m.Edit("Describe what the mapping reads or makes", func(e *Edit) bool {
			if target {
				e.File.Target = end
			} else {
				e.File.Source = end
			}
			return true
		})
		if !target {
			d.samples.load(d.layout.Samples)
		}
		m.Say(screen.News{Text: screen.Plural(len(described(end)), "place") + " taken from the description.", Offer: "Undo"}, m.Undo)
	})
}

// readSample reads a file that describes an end.
func readSample(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxTargetSample+1))
	if err == nil && len(b) > maxTargetSample {
		err = fmt.Errorf("it has more than %d bytes; a short one of the same form is enough", maxTargetSample)
	}
	return b, err
}

// isSchema says whether a document is a JSON Schema rather than a sample.
func isSchema(b []byte) bool {
	n, err := fhir.ParseJSON(b)
	return err == nil && n.Kind == fhir.Object && (n.Member("$schema") != nil || n.Member("properties") != nil && n.Member("type") != nil)
}

// TakeTarget takes the places of the target from a document as it is to be, from the first line of a CSV file, from a JSON
// Schema or from a layout. Of a sample the names are kept, not what stands there.
func (m *Model) TakeTarget(file string) {
	d := m.doc
	if !m.TakesTarget() {
		return
	}
	kind := d.file.Target.Kind
	if kind == mapping.FixedWidth {
		m.describe(file, true)
		return
	}
	var schema bool
	job.Start(m.ctx, m.runner, func(context.Context) ([]string, error) {
		b, err := readSample(file)
		if err != nil {
			return nil, err
		}
		if schema = kind == mapping.JSON && isSchema(b); schema {
			return nil, nil
		}
		return targetPaths(kind, b)
	}, func(paths []string, err error) {
		if err != nil {
			m.Fail("The sample of the target was not read", err)
			return
		}
		if m.doc != d {
			return
		}
		if schema {
			m.describe(file, true)
			return
		}
		d.layout.Target = paths
		d.keepLayout()
		d.grow()
		m.Say(screen.News{Text: screen.Plural(len(paths), "place") + " of the target taken from the sample."}, nil)
		m.changed(Trees)
	})
}

// maxTargetSample is the size in bytes of the largest sample of a target.
const maxTargetSample = 16 << 20

// targetPaths are the places of a document as rules write them: names[].family.
func targetPaths(kind mapping.Kind, b []byte) ([]string, error) {
	var root *fhir.Node
	var err error
	switch kind {
	case mapping.CSV:
		line, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff")))).Read()
		if err != nil || len(line) == 0 {
			return nil, errors.New("its first line must name the columns")
		}
		return line, nil
	case mapping.XML:
		root, err = fhir.ParseXML(b)
	default:
		root, err = fhir.ParseJSON(b)
	}
	if err != nil {
		return nil, err
	}
	var paths []string
	seen := map[string]bool{}
	var walk func(n *fhir.Node, path string)
	walk = func(n *fhir.Node, path string) {
		for _, c := range n.Children {
			switch {
			case c.Kind == fhir.Text || c.Kind == fhir.Comment:
				continue
			case c.Kind == fhir.Array:
				for _, item := range c.Children {
					below(item, path+c.Name+"[]", seen, &paths, walk)
				}
			case c.Kind == fhir.Attribute:
				below(c, path+"@"+c.Name, seen, &paths, walk)
			case c.Kind == fhir.Element && repeats(n, c.Name):
				below(c, path+c.Name+"[]", seen, &paths, walk)
			default:
				below(c, path+c.Name, seen, &paths, walk)
			}
		}
	}
	if root.Kind == fhir.Array {
		root = root.Item(0)
	}
	if root == nil || len(root.Children) == 0 {
		return nil, errors.New("nothing stands in it")
	}
	walk(root, "")
	return paths, nil
}

// below notes a place once, and goes on below it.
func below(n *fhir.Node, path string, seen map[string]bool, paths *[]string, walk func(*fhir.Node, string)) {
	if !seen[path] {
		seen[path] = true
		*paths = append(*paths, path)
	}
	if strings.Count(path, ".") < maxDepth {
		walk(n, path+".")
	}
}

// repeats says whether an element stands in another more than once.
func repeats(n *fhir.Node, name string) bool {
	count := 0
	for _, c := range n.Children {
		if c.Kind == fhir.Element && c.Name == name {
			count++
		}
	}
	return count > 1
}
