package mapping

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"trestle/internal/yamlfile"
)

// fieldsReader reads the fields of a layout. next is where a field stands that does not say it.
func (l *Layout) fieldsReader(r *yamlfile.Reader, next *int) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.List(n, "fields", func(e *yaml.Node) {
			f := LayoutField{Pad: ' '}
			align, pad := "left", ""
			r.Mapping(e, "a field",
				yamlfile.Required("name", r.Needed("name", &f.Name)),
				yamlfile.Key("start", r.Number("start", 1, &f.Start)),
				yamlfile.Required("length", r.Number("length", 1, &f.Length)),
				yamlfile.Key("align", yamlfile.Word(r, "align", &align, "left", "right")),
				yamlfile.Key("pad", func(n *yaml.Node) { pad, _ = r.Raw(n, "pad") }),
				yamlfile.Key("note", r.Text("note", &f.Note)),
			)
			if _, twice := l.Field(f.Name); twice {
				r.Fail(e, "the field %q is given twice", yamlfile.Shorten(f.Name))
			}
			if pad != "" {
				var size int
				if f.Pad, size = utf8.DecodeRuneInString(pad); size != len(pad) || f.Pad < ' ' {
					r.Fail(e, "pad must be one character, as in pad: \"0\"")
				}
			}
			if f.Right = align == "right"; f.Start == 0 {
				f.Start = *next
			}
			if f.Length > maxRecord || f.Start > maxRecord {
				r.Fail(e, "a field lies within %d characters", maxRecord)
				return
			}
			*next = f.Start + f.Length
			if f.Name != "" && f.Length > 0 {
				l.Fields = append(l.Fields, f)
			}
		})
	}
}
