package compare

// Pattern is differences of one kind at one place, wherever they stand in a set.
type Pattern struct {
	Path  string // without indexes: OBX-5, PV1-7.9
	Kind  Change
	Count int // differences
	Pairs int // pairs that have any of them

	Examples []Example // the first ones
}

// Example is one difference of a pattern.
type Example struct {
	Key         string // of the pair
	Path        string
	Left, Right string // texts, clipped
}
