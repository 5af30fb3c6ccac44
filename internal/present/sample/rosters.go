package sample

import (
	"context"
	"fmt"
	"io/fs"
	"path"

	"trestle/internal/linkage"
	"trestle/internal/linkage/roster"
	"trestle/internal/project"
	"trestle/internal/workspace"
)

// keepRosters stores the patients and plans of both systems, as an import would: what their columns are taken for is
// guessed and waits for the user.
func keepRosters(ctx context.Context, w *workspace.Workspace, source fs.FS, p *project.Project) error {
	keep := func(kind linkage.Kind, r project.Roster) error {
		system, ok := p.System(r.System)
		if !ok {
			return fmt.Errorf("the sample project names a system %s that it has not", r.System)
		}
		side := linkage.Left
		if system.Side == project.Theirs {
			side = linkage.Right
		}
		f, err := source.Open(r.File)
		if err != nil {
			return fmt.Errorf("reading the sample project: %w", err)
		}
		defer f.Close()
		list, err := roster.Read(ctx, path.Base(r.File), f, roster.Spec{})
		if err != nil {
			return fmt.Errorf("reading the sample project: %w", err)
		}
		stored := linkage.StoredRoster{Kind: kind, Side: side, Name: list.Name, Hash: list.Hash}
		for _, c := range list.Columns {
			stored.Columns = append(stored.Columns, c.Name)
		}
		if _, err := w.Linkage().SaveRoster(ctx, stored, linkage.Rows(list)); err != nil {
			return fmt.Errorf("storing %s of the sample project: %w", r.File, err)
		}
		return nil
	}
	for _, r := range p.Rosters {
		if err := keep(linkage.Patients, r); err != nil {
			return err
		}
	}
	for _, r := range p.Plans {
		if err := keep(linkage.Plans, project.Roster(r)); err != nil {
			return err
		}
	}
	return nil
}
