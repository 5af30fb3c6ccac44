// Package inplace reads a file of messages where it lies, whatever its size: nothing is copied, nothing is written.
//
// Its central type is File. Index goes through the file once and notes where each piece begins, with the type, the control
// ID and the minute of its header, in less than forty bytes a message; while it does, the pieces that are known already
// can be read. Any piece is then read from the file in one step, cut exactly as inspect.Read would cut it. Find asks a
// query of all of them, and reads only those that the index cannot rule out. Scan looks for the findings of the whole file.
//
//	f, err := inplace.Open("feed.hl7")
//	defer f.Close()
//	go f.Index(ctx, nil)
//	piece, err := f.Piece(0) // as soon as f.Len() is 1
//
// The bytes are those of the file at the moment of reading. A file that was cut off or written over since it was opened
// gives ErrChanged instead of pieces that are none.
package inplace
