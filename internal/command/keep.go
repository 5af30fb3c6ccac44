package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"trestle/internal/job"
	"trestle/internal/workspace"
)

// watch shows the progress of work on pages until stop.
func (s *session) watch(title string) (progress func(done, total int64), stop func()) {
	p := job.NewProgress()
	stop = s.showProgress(title, p)
	return func(done, total int64) {
		p.SetTotal(total)
		p.Set(done)
	}, stop
}

// checked ends a command on a copy that was verified while it was made. Damage is a check that failed.
func (s *session) checked(r workspace.Report, err error) error {
	if errors.Is(err, workspace.ErrDamaged) {
		for _, problem := range r.Problems() {
			fmt.Fprintf(s.out, "WRONG: %s\n", clean(problem))
		}
		s.complain("%s", err)
		return errFailed
	}
	if err != nil {
		return err
	}
	return s.printReport(r)
}

func runBackup(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace backup", flag.ContinueOnError)
	keep := set.Int("keep", 0, "")
	file := passphraseFlag(set)
	path, to, err := workspaceAnd(set, args, "the name of the backup, or a folder for it")
	if err != nil {
		return err
	}
	info, err := os.Stat(to)
	folder := err == nil && info.IsDir()
	switch {
	case *keep < 0:
		return usagef("--keep needs a number of backups")
	case *keep > 0 && !folder:
		return usagef("--keep counts the backups in a folder, and %s is none", to)
	case err == nil && !folder:
		return fmt.Errorf("%s exists already; choose another name", to)
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		progress, stop := s.watch("backup")
		defer stop()
		made := to
		var r workspace.Report
		var err error
		if folder {
			var c workspace.Copy
			c, r, err = w.BackupTo(ctx, to, *keep, progress)
			made = filepath.Join(to, filepath.Base(c.Path))
			if err != nil && c.Path != "" {
				err = fmt.Errorf("%s was made, but: %w", made, err)
			}
		} else {
			r, err = w.Backup(ctx, to, progress)
		}
		stop()
		if err == nil {
			fmt.Fprintf(s.out, "made %s\n", clean(made))
		}
		return s.checked(r, err)
	})
}

func runRestore(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace restore", flag.ContinueOnError)
	yes := set.Bool("yes", false, "")
	file := passphraseFlag(set)
	plain, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(plain) != 2 {
		return usagef("workspace restore needs a backup, and the workspace that it takes the place of")
	}
	backup, path := plain[0], plain[1]
	if _, err := os.Stat(backup); err != nil {
		return errors.New(describe(backup, err))
	}
	if _, err := os.Stat(path); err == nil {
		if err := s.sure(ctx, *yes, fmt.Sprintf("%s is there already. Put %s in its place? What is there now is kept beside it.", path, backup)); err != nil {
			return err
		}
	}
	pass, err := s.passphrase(ctx, *file)
	if err != nil {
		return err
	}
	defer clear(pass)
	s.sayWait(backup)
	progress, stop := s.watch("restore")
	defer stop()
	kept, r, err := workspace.Restore(ctx, backup, path, pass, s.opening(), progress)
	stop()
	if err == nil {
		fmt.Fprintf(s.out, "restored %s from %s\n", clean(path), clean(backup))
	}
	if kept != "" {
		fmt.Fprintf(s.out, "what was there is now %s\n", clean(filepath.Join(filepath.Dir(path), filepath.Base(kept))))
	}
	return s.checked(r, err)
}

func runCompact(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace compact", flag.ContinueOnError)
	file := passphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		before, after, err := w.Compact(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "%s: %s, before %s\n", clean(path), plural(after, "byte", "bytes"), plural(before, "byte", "bytes"))
		return err
	})
}

func runRekey(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("workspace rekey", flag.ContinueOnError)
	yes := set.Bool("yes", false, "")
	name := set.String("name", "", "")
	file, fresh := passphraseFlag(set), newPassphraseFlag(set)
	path, err := onlyWorkspace(set, args)
	if err != nil {
		return err
	}
	return s.within(ctx, path, *file, func(w *workspace.Workspace) error {
		people, err := w.People(ctx)
		if err != nil {
			return err
		}
		owner, others := successor(people)
		if *name != "" {
			owner = *name
		}
		if owner == "" {
			return usagef("say whose the new passphrase is, with --name NAME")
		}
		if others > 0 {
			question := fmt.Sprintf("Only the new passphrase of %s will open %s: %s will be gone.", owner, path, plural(int64(others), "other key", "other keys"))
			if err := s.sure(ctx, *yes, question); err != nil {
				return err
			}
		}
		pass, err := s.newPassphrase(ctx, *fresh)
		if err != nil {
			return err
		}
		defer clear(pass)
		progress, stop := s.watch("rekey")
		defer stop()
		r, err := w.Rekey(ctx, []workspace.NewKey{{Name: owner, Passphrase: pass}}, progress)
		stop()
		if err != nil {
			return s.checked(r, err)
		}
		fmt.Fprintf(s.out, "%s has a new data key, and opens with the new passphrase of %s only\n", clean(path), clean(owner))
		s.complain("copies of the file from before still open with the keys that it had then")
		return s.printReport(r)
	})
}

// successor says whose the passphrase of the session is, empty if nobody's, and how many other keys there are.
func successor(people []workspace.Person) (owner string, others int) {
	for _, p := range people {
		switch {
		case !p.Current:
			others++
		case p.Kind == workspace.KindPassphrase:
			owner = p.Name
		default:
			others++ // the recovery code will be gone as well
		}
	}
	return owner, others
}
