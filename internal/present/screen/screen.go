package screen

// Role names a colour by what it means. The theme gives it a colour for each variant; contrast is checked there.
type Role string

// The roles. The empty Role is RoleText.
const (
	RoleText        Role = "text"        // what is read
	RoleMuted       Role = "muted"       // secondary words, units, counts
	RoleAccent      Role = "accent"      // what can be followed or is chosen
	RoleError       Role = "error"       // findings of severity error and fatal
	RoleWarning     Role = "warning"     // findings of severity warning
	RoleInformation Role = "information" // findings of severity information
	RoleOK          Role = "ok"          // done, listening, matched
	RoleSegment     Role = "segment"     // a segment's ID
	RoleDelimiter   Role = "delimiter"   // field, component, repetition and subcomponent separators
	RoleValue       Role = "value"       // data
	RoleEscape      Role = "escape"      // escape sequences
	RoleControl     Role = "control"     // control bytes, bytes that are not valid in their encoding
	RoleNull        Role = "null"        // the explicit null ("")
	RoleAdded       Role = "added"       // comparison: only on the right
	RoleRemoved     Role = "removed"     // comparison: only on the left
	RoleChanged     Role = "changed"     // comparison: on both sides, different
	RoleMasked      Role = "masked"      // patient data while the mask is on: drawn as blocks, never as letters
)

// Shape is drawn before a cell's text, so that a severity does not depend on colour alone.
type Shape uint8

// The shapes.
const (
	ShapeNone     Shape = iota
	ShapeSquare         // ■ error
	ShapeTriangle       // ▲ warning
	ShapeCircle         // ● information, running
	ShapeRing           // ○ stopped, not yet
)

// Span is a stretch of the text that Text.Line returned, in bytes of that text. Stretches may leave gaps (drawn in
// RoleText) but do not overlap and are in order.
type Span struct {
	Start, End int
	Role       Role
}

// Text is text of any size in lines and columns over the bytes it was read from.
//
// A column is one cell of a fixed-width letter. What stands in how many cells is decided by Next alone, for every
// Text and for the widget: a wide letter takes two cells, a combining mark none of its own, a control byte as many as
// its name has letters. Offsets are bytes of the source, not of the text shown.
type Text interface {
	// Lines is the number of lines, at least 1.
	Lines() int
	// Columns is the number of cells of a line.
	Columns(line int) int
	// Line returns the text of the cells from column from to before column to, and its colours. A cell group that
	// only partly lies in the range is returned whole: it begins at the column that Position(Offset(line, from)) names.
	Line(line, from, to int) (string, []Span)
	// Offset is the byte at a column. At or beyond the last column it is the end of the line, before its break.
	Offset(line, col int) int
	// Position is where a byte stands; offsets out of range give the nearest end.
	Position(offset int) (line, col int)
	// Bytes returns the source from byte from to before byte to, cut to what exists. It may share memory.
	Bytes(from, to int) []byte
}

// Ranger is a Text that shows one byte in more than one place, as a hex dump does.
type Ranger interface {
	// Ranges returns the column ranges [from, to) of line in which the bytes from to before to are shown.
	Ranges(line, from, to int) [][2]int
}

// Widest is a Text that knows how many cells its longest line has, or an upper bound of it. Without it a view
// learns the width from the lines it has shown.
type Widest interface{ Widest() int }

// MarkKind is what a Mark means.
type MarkKind uint8

// The marks, from the lowest layer to the highest.
const (
	MarkCursorField MarkKind = iota // the field that the cursor is in
	MarkAdded                       // comparison: only here
	MarkRemoved                     // comparison: only here, on the left
	MarkChanged                     // comparison: different on the other side
	MarkHit                         // a search hit
	MarkSelection                   // selected bytes
	MarkInformation                 // a finding of severity information: dotted underline
	MarkWarning                     // of severity warning: wavy underline
	MarkError                       // of severity error or fatal: thick straight underline
)

// Mark lays a meaning over the bytes From to before To.
type Mark struct {
	From, To int
	Kind     MarkKind
}

// Switch is whether a cell has a switch before its text, and how it stands.
type Switch uint8

// The switches.
const (
	NoSwitch Switch = iota
	SwitchOff
	SwitchOn
)

// Cell is one cell of a Grid.
type Cell struct {
	Text   string
	Spans  []Span // stretches of Text in roles of their own, over the cell's
	Role   Role
	Shape  Shape
	Switch Switch
	Mono   bool // in the fixed-width type, whatever the column says
	Bold   bool
	Masked bool // drawn as blocks of one fixed width, so that not even the length shows
	// Bar fills this share of the cell's width, 0 to 1, behind the text; a negative one grows from the right.
	Bar     float64
	BarRole Role
}

// Column describes a column of a Grid. Widths are in units of the window (a device-independent pixel).
type Column struct {
	ID, Title       string
	Width, MinWidth float32
	Flex            bool // takes a share of the width that is left over
	Mono            bool // identifiers, codes, paths: in the fixed-width type
	Right           bool // aligned to the right, for numbers
	Fixed           bool // cannot be sorted by
}

// Grid is a list of rows. Cell is asked only for visible cells and must be quick: it is called for each paint.
type Grid interface {
	Columns() []Column
	Len() int
	Cell(row, col int) Cell
}

// Tree is a Grid whose rows are the open rows of a tree in order. The first column carries indent and arrow.
type Tree interface {
	Grid
	// Level is the depth of a row from 0, whether it has children, and whether they are shown.
	Level(row int) (depth int, branch, open bool)
}
