package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"

	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/workspace"
)

const fhirStateHelp = `
Lists what FHIR servers that were started with "trestle mock fhir --workspace W" keep: versions of
resources, bytes, and the snapshots by name. With an action it changes the resources of one server,
which must not run meanwhile:

  trestle mock fhir-state W snapshot NAME   remember the state under a name
  trestle mock fhir-state W restore NAME    go back to it. The state before becomes the snapshot
                                            "before the last restoring"
  trestle mock fhir-state W drop NAME       forget a snapshot
  trestle mock fhir-state W delete          delete the resources with all their snapshots

  --endpoint NAME         which server (fhir)
  --yes                   do not ask before deleting
  --passphrase-file FILE  read the passphrase of the workspace from a file
`

func runFHIRState(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("mock fhir-state", flag.ContinueOnError)
	endpoint := set.String("endpoint", "fhir", "")
	yes := set.Bool("yes", false, "")
	passphraseFile := set.String("passphrase-file", "", "")
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	plain = append(plain, "", "", "")
	path, action, name := plain[0], plain[1], plain[2]
	named := slices.Contains([]string{"snapshot", "restore", "drop"}, action)
	switch {
	case path == "":
		return usagef("mock fhir-state needs a workspace")
	case len(plain) > 6 || name != "" && !named:
		return usagef("mock fhir-state takes a workspace, an action and for some a name")
	case named && name == "":
		return usagef("mock fhir-state %s needs the name of a snapshot", action)
	case !named && action != "" && action != "delete":
		return usagef("mock fhir-state has the actions snapshot, restore, drop and delete")
	}
	return s.within(ctx, path, *passphraseFile, func(w *workspace.Workspace) error {
		switch {
		case action == "":
			return s.listResources(ctx, w)
		}
		if err := holds(ctx, w, *endpoint); err != nil {
			return err
		}
		if action == "delete" {
			if err := s.sure(ctx, *yes, "The resources of "+*endpoint+" and all their snapshots will be deleted."); err != nil {
				return err
			}
			return w.DeleteResources(ctx, *endpoint)
		}
		r, err := w.OpenResources(ctx, *endpoint)
		if err != nil {
			return err
		}
		switch action {
		case "snapshot":
			err = r.Snapshot(ctx, name)
		case "restore":
			err = r.Restore(ctx, name, fhirstore.BeforeRestore)
		case "drop":
			err = r.Drop(ctx, name)
		}
		return errors.Join(err, r.Close())
	})
}

// holds refuses a name that nobody served under, so that a slip makes nothing new.
func holds(ctx context.Context, w *workspace.Workspace, endpoint string) error {
	list, err := w.ResourceStores(ctx)
	if err == nil && !slices.ContainsFunc(list, func(x workspace.ResourceStore) bool { return x.Name == endpoint }) {
		err = fmt.Errorf("the workspace holds no resources of an endpoint %q; without an action this command lists them", endpoint)
	}
	return err
}

func (s *session) listResources(ctx context.Context, w *workspace.Workspace) error {
	list, err := w.ResourceStores(ctx)
	if err != nil {
		return err
	}
	for _, x := range list {
		fmt.Fprintf(s.out, "%s  %s, %d bytes\n", clean(x.Name), plural(x.Versions, "version", "versions"), x.Bytes)
		for _, n := range x.Snapshots {
			fmt.Fprintf(s.out, "    snapshot %s of %s\n", clean(n.Name), n.Made.Local().Format("2006-01-02 15:04"))
		}
	}
	return nil
}
