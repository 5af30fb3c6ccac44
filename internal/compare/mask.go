package compare

import "slices"

// Masked stands in the place of a value that may be patient data.
const Masked = "•••"

// MayBePatientData says whether the values of a difference may say something about a person. It fails closed: only the
// envelope of a message is known not to.
func (d *Difference) MayBePatientData() bool {
	p := d.Path
	if len(p) < 5 || p[3] != '-' && p[3] != '[' {
		return true
	}
	switch p[:3] {
	case "MSH", "FHS", "BHS", "BTS", "FTS", "EVN", "MSA":
	default:
		return true
	}
	field := int(max(d.at.field, d.to.field))
	shown := map[string][]int{
		"MSH": {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16, 18}, "FHS": {3, 4, 5, 6, 7}, "BHS": {3, 4, 5, 6, 7},
		"BTS": {1}, "FTS": {1}, "EVN": {1, 2}, "MSA": {1, 2},
	}
	// A header's names are short: what is longer is not what should be there.
	const longest = 48
	return field == 0 || !slices.Contains(shown[p[:3]], field) || len(d.Left.Text) > longest || len(d.Right.Text) > longest
}

// Texts returns the texts of both sides, under the mask if asked for.
func (d *Difference) Texts(mask bool) (left, right string) {
	left, right = d.Left.Text, d.Right.Text
	if mask && d.MayBePatientData() {
		if left != "" {
			left = Masked
		}
		if right != "" {
			right = Masked
		}
	}
	return left, right
}

// KeyMayBePatientData says the same of the keys of a set's pairs: control IDs are not.
func (s *Summary) KeyMayBePatientData() bool { return keyMayBePatientData(s.Key) }

func keyMayBePatientData(key []string) bool {
	for _, k := range key {
		switch k {
		case DefaultKey, "MSH-7", "MSH-9", "MSH-9.1", "MSH-9.2", "EVN-1", "EVN-2":
		default:
			return true
		}
	}
	return false
}
