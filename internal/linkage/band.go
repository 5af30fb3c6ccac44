package linkage

import "fmt"

// Band is where a pair ended. The values are written to files and workspaces.
type Band string

// The bands. A pair without any is no candidate.
const (
	Automatic Band = "automatic" // certain, and no gate stopped it
	Review    Band = "review"    // for a person to decide
	Blocked   Band = "blocked"   // probable, but something contradicts it: an overlay, a conflict with a decision
	None      Band = "none"      // no candidate
)

// ModelVersion names the model and its gates in audit rows. It changes whenever the same rosters could give another result.
const ModelVersion = "trestle-fs3/1"

// ParseBand reads a band's name.
func ParseBand(s string) (Band, error) {
	switch b := Band(s); b {
	case Automatic, Review, Blocked, None:
		return b, nil
	}
	return "", fmt.Errorf("there is no band %q: it is automatic, review, blocked or none", s)
}
