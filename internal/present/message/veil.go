package message

import "trestle/internal/present/screen"

// Veil is a text of any kind under the mask: the hidden bytes, in order, are drawn as blocks and copied as asterisks.
func Veil(b []byte, o screen.BytesOptions, hidden [][2]int) screen.Text {
	p, colours := painter{hidden: hidden}, o.Colours
	o.Colours = func(line, from, to int) []screen.Span {
		var spans []screen.Span
		if colours != nil {
			spans = colours(line, from, to)
		}
		return p.veil(spans, from, to)
	}
	raw := screen.NewBytes(b, o)
	return &veiledRaw{veiled{raw, hidden}, raw}
}
