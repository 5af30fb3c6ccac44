package workspace

import (
	"context"
	"path/filepath"
	"strings"

	"trestle/internal/linkage"
)

// RosterLists are the rosters of a workspace as lists of identifiers for the rules of an endpoint: by the name of the file, with or
// without its ending. They are as they were when they were read.
type RosterLists map[string]map[string]struct{}

// RosterLists reads the patient rosters as they are now. The newest of one name counts.
func (w *Workspace) RosterLists(ctx context.Context) (RosterLists, error) {
	rosters, err := w.Linkage().Rosters(ctx, linkage.Patients)
	if err != nil {
		return nil, err
	}
	lists, newest := RosterLists{}, map[string]int64{}
	for _, r := range rosters {
		if r.Name == "" || r.ID < newest[r.Name] {
			continue
		}
		newest[r.Name] = r.ID
		set := make(map[string]struct{}, r.Rows)
		for row, err := range w.Linkage().Rows(ctx, r.ID) {
			if err != nil {
				return nil, err
			}
			if row.Bad == "" {
				set[row.ID] = struct{}{}
			}
		}
		lists[r.Name] = set
		lists[strings.TrimSuffix(r.Name, filepath.Ext(r.Name))] = set
	}
	return lists, nil
}

// Contains reports whether a roster has a record of this identifier.
func (l RosterLists) Contains(list, value string) (in, known bool) {
	set, known := l[list]
	_, in = set[value]
	return in, known
}
