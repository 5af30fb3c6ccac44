package sample

import (
	"context"
	"fmt"

	"trestle/internal/mapping"
	"trestle/internal/mapping/starter"
	"trestle/internal/workspace"
)

// Mapping is what the mapping of the sample is called: that of Lakeside's ADT to FHIR, as the starter has it.
const Mapping = "Lakeside ADT to FHIR"

func keepMapping(ctx context.Context, w *workspace.Workspace) error {
	f, err := mapping.Load(starter.FS(), "adt-to-patient.yaml")
	if err != nil {
		return fmt.Errorf("reading the mapping of the sample: %w", err)
	}
	b, err := mapping.Pack(f)
	if err != nil {
		return fmt.Errorf("storing the mapping of the sample: %w", err)
	}
	_, err = w.PutDocument(ctx, workspace.DocumentMapping, Mapping, b, 0)
	return err
}
