package similar

// Edit is a stretch of two strings: Same in both, or A in the first where the second has B; either may be empty.
type Edit struct {
	Same bool
	A, B string
}

// Diff returns how b differs from a, character by character, as a shortest list of edits. Strings of more than 500
// characters that differ come back as one edit.
func Diff(a, b string) []Edit {
	if a == b {
		if a == "" {
			return nil
		}
		return []Edit{{Same: true, A: a, B: b}}
	}
	x, y := []rune(a), []rune(b)
	if len(x) > 500 || len(y) > 500 {
		return []Edit{{A: a, B: b}}
	}
	// common[i][j] is the length of the longest common subsequence of x[i:] and y[j:].
	width := len(y) + 1
	common := make([]uint16, (len(x)+1)*width)
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i*width+j] = common[(i+1)*width+j+1] + 1
			} else {
				common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
			}
		}
	}
	var edits []Edit
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		fromI, fromJ := i, j
		for i < len(x) && j < len(y) && x[i] == y[j] {
			i, j = i+1, j+1
		}
		if i > fromI {
			edits = append(edits, Edit{Same: true, A: string(x[fromI:i]), B: string(y[fromJ:j])})
			continue
		}
		for i < len(x) || j < len(y) {
			if i < len(x) && j < len(y) && x[i] == y[j] {
				break
			}
			if j == len(y) || i < len(x) && common[(i+1)*width+j] >= common[i*width+j+1] {
				i++
			} else {
				j++
			}
		}
		edits = append(edits, Edit{A: string(x[fromI:i]), B: string(y[fromJ:j])})
	}
	return edits
}
