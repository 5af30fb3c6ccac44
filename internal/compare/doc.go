// Package compare says what changed between two texts.
//
// Its central type is Run: a stretch of text that both sides have, or only one
// of them. The inspector uses it to show what a repair would change before it
// is made; joining the runs without the inserted ones gives the first text
// back, without the deleted ones the second.
//
//	for _, run := range compare.Words("PID|||x|", "PID|||y|") {
//		fmt.Println(run.Kind, run.Text) // equal "PID|||", delete "x", insert "y", equal "|"
//	}
package compare
