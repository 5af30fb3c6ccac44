package hl7

// idLetters are the letters of a segment ID, in upper case.
const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// allNames holds every name of three such letters once, so that asking a
// segment for its name copies nothing: a message is asked many times.
var allNames = func() string {
	b := make([]byte, 0, 3*len(idLetters)*len(idLetters)*len(idLetters))
	for i := range len(idLetters) {
		for j := range len(idLetters) {
			for k := range len(idLetters) {
				b = append(b, idLetters[i], idLetters[j], idLetters[k])
			}
		}
	}
	return string(b)
}()

// nameText is a name as a string.
func nameText(name [3]byte) string {
	at := 0
	for _, b := range name {
		at *= len(idLetters)
		switch {
		case b >= 'A' && b <= 'Z':
			at += int(b - 'A')
		case b >= '0' && b <= '9':
			at += 26 + int(b-'0')
		default:
			return string(name[:])
		}
	}
	return allNames[3*at : 3*at+3]
}
