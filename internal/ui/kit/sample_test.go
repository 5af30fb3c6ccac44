package kit

import (
	"fmt"
	"strings"

	"trestle/internal/present/screen"
)

// sample is a message with all that a view must draw: it is about nobody.
var sample = strings.Join([]string{
	`MSH|^~\&|LAKESIDE|MAIN|RIVERBEND|INF|20260302101400||ADT^A08^ADT_A01|MSG00412|P|2.5.1|||AL|NE`,
	`EVN|A08|20260302101400||01|OPER7`,
	`PID|1||88121^^^LAKE^MR~C10442^^^INF^PI||Testpatient^Aurora^Q||19790231|F||2106-3|1 Sample Way^^Nowhere^ZZ^00000`,
	"PV1|1|O|INF^2^^LAKE||||1234^Beispiel^Jörg^^^^^^NPI|||ONC||||\"\"|A0",
	"OBX|1|TX|NOTE^Clinic note^L||Dose \\T\\ route\\.br\\next visit \x0b\x1c\xe9 e\u0301 \u00a0end||||||F",
	`AL1|1|DA|^Penicillin^L|SV|Rash|` + strings.Repeat("20200101~", 30),
	`ZTR|1|free|text`,
}, "\r") + "\r"

// colours colours a message the way a place does.
func colours(b []byte) func(line, from, to int) []screen.Span {
	return func(_, from, to int) (spans []screen.Span) {
		for i := from; i < to; i++ {
			role := screen.RoleValue
			start := i == 0 || b[i-1] == '\r'
			switch {
			case start && i+3 <= len(b):
				spans = append(spans, screen.Span{Start: i, End: i + 3, Role: screen.RoleSegment})
				i += 2
				continue
			case b[i] == '\\':
				if end := strings.IndexByte(string(b[i+1:]), '\\'); end >= 0 && end < 8 && i > 8 {
					spans = append(spans, screen.Span{Start: i, End: i + end + 2, Role: screen.RoleEscape})
					i += end + 1
					continue
				}
				role = screen.RoleDelimiter
			case strings.IndexByte("|^~&", b[i]) >= 0:
				role = screen.RoleDelimiter
			case b[i] == '"':
				role = screen.RoleNull
			}
			if n := len(spans); n > 0 && spans[n-1].End == i && spans[n-1].Role == role {
				spans[n-1].End++
			} else {
				spans = append(spans, screen.Span{Start: i, End: i + 1, Role: role})
			}
		}
		return spans
	}
}

func sampleText() *screen.Bytes {
	b := []byte(sample)
	return screen.NewBytes(b, screen.BytesOptions{Colours: colours(b)})
}

// at is where a part stands in the sample.
func at(part string) int {
	i := strings.Index(sample, part)
	if i < 0 {
		panic("the sample does not hold " + part)
	}
	return i
}

func sampleMarks() []screen.Mark {
	mark := func(part string, k screen.MarkKind) screen.Mark {
		return screen.Mark{From: at(part), To: at(part) + len(part), Kind: k}
	}
	return []screen.Mark{
		mark("88121^^^LAKE^MR~C10442^^^INF^PI", screen.MarkCursorField),
		mark("19790231", screen.MarkError),
		mark("2106-3", screen.MarkWarning),
		mark("NOTE^Clinic note^L", screen.MarkInformation),
		mark("LAKESIDE", screen.MarkHit),
		mark("|ONC", screen.MarkAdded),
		mark("OPER7", screen.MarkRemoved),
		mark("AL|NE", screen.MarkChanged),
	}
}

// rows is a grid of n messages.
type rows struct {
	n     int
	calls int
}

func (r *rows) Columns() []screen.Column {
	return []screen.Column{
		{ID: "type", Title: "Type", Width: 84, Mono: true},
		{ID: "mrn", Title: "MRN", Width: 84, Mono: true},
		{ID: "name", Title: "Name", Width: 130},
		{ID: "source", Title: "Source", Width: 120, Flex: true},
		{ID: "size", Title: "Bytes", Width: 76, Right: true},
		{ID: "findings", Title: "Findings", Width: 96},
	}
}
func (r *rows) Len() int { return r.n }
func (r *rows) Cell(row, col int) screen.Cell {
	r.calls++
	switch col {
	case 0:
		return screen.Cell{Text: [...]string{"ADT^A08", "ADT^A01", "SIU^S12", "ORU^R01"}[row%4]}
	case 1:
		return screen.Cell{Text: fmt.Sprint(88121 + row*37)}
	case 2:
		return screen.Cell{Text: "Testpatient, Aurora", Masked: row%3 == 2}
	case 3:
		return screen.Cell{Text: "adt-in, Riverbend to Lakeside, morning run.hl7", Role: screen.RoleMuted}
	case 4:
		return screen.Cell{Text: fmt.Sprint(612 + row*11)}
	}
	switch row % 5 {
	case 0:
		return screen.Cell{Text: "2", Role: screen.RoleError, Shape: screen.ShapeSquare}
	case 2:
		return screen.Cell{Text: "1", Role: screen.RoleWarning, Shape: screen.ShapeTriangle}
	case 3:
		return screen.Cell{Text: "4", Role: screen.RoleInformation, Shape: screen.ShapeCircle}
	}
	return screen.Cell{}
}

// leaves is a tree of two levels whose branches can be opened.
type leaves struct {
	open map[int]bool
}

type leaf struct {
	branch, child int // child is -1 for the branch itself
}

func (l *leaves) list() (all []leaf) {
	for b := range 4 {
		all = append(all, leaf{b, -1})
		if l.open[b] {
			for c := range 3 {
				all = append(all, leaf{b, c})
			}
		}
	}
	return all
}
func (l *leaves) Columns() []screen.Column {
	return []screen.Column{{ID: "field", Width: 220, Flex: true}, {ID: "value", Width: 160, Mono: true}, {ID: "sign", Width: 40}}
}
func (l *leaves) Len() int { return len(l.list()) }
func (l *leaves) Cell(row, col int) screen.Cell {
	x := l.list()[row]
	switch {
	case col == 0 && x.child < 0:
		return screen.Cell{Text: [...]string{"MSH Message Header", "PID Patient Identification", "PV1 Patient Visit", "AL1 Patient Allergy Information"}[x.branch], Bold: true}
	case col == 0:
		return screen.Cell{Text: [...]string{"3[1] Patient Identifier List", "5 Patient Name", "7 Date/Time of Birth"}[x.child]}
	case col == 1 && x.child >= 0:
		return screen.Cell{Text: [...]string{"88121^^^LAKE^MR", "Testpatient^Aurora", "19790231"}[x.child], Masked: x.child == 1}
	case col == 2 && x.child == 2:
		return screen.Cell{Role: screen.RoleError, Shape: screen.ShapeSquare}
	}
	return screen.Cell{}
}
func (l *leaves) Level(row int) (depth int, branch, open bool) {
	x := l.list()[row]
	if x.child < 0 {
		return 0, true, l.open[x.branch]
	}
	return 1, false, false
}
