package workspace

import (
	"encoding/json"
	"fmt"

	"trestle/internal/check"
)

// storedFinding is a finding with its repair, which check leaves out of the JSON for people.
type storedFinding struct {
	check.Finding
	Mend *check.Repair `json:"repair,omitempty"`
}

// packFindings writes findings for storing; none is NULL.
func packFindings(findings []check.Finding) (any, error) {
	if len(findings) == 0 {
		return nil, nil
	}
	stored := make([]storedFinding, len(findings))
	for i, f := range findings {
		stored[i] = storedFinding{f, f.Repair}
	}
	b, err := json.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("storing findings: %w", err)
	}
	return string(b), nil
}

// unpackFindings reads what packFindings wrote. Empty is none.
func unpackFindings(text string) ([]check.Finding, error) {
	if text == "" {
		return nil, nil
	}
	var stored []storedFinding
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return nil, fail(ErrDamaged, "the stored findings of a message cannot be read; its bytes are not touched by that")
	}
	findings := make([]check.Finding, len(stored))
	for i, s := range stored {
		findings[i] = s.Finding
		findings[i].Repair = s.Mend
	}
	return findings, nil
}
