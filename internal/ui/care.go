package ui

import (
	"context"
	"path/filepath"

	"trestle/internal/job"
	"trestle/internal/present/retention"
	"trestle/internal/present/secrets"
	"trestle/internal/present/start"
	"trestle/internal/present/verify"
	retentionview "trestle/internal/ui/retention"
	secretsview "trestle/internal/ui/secrets"
	verifyview "trestle/internal/ui/verify"
	"trestle/internal/workspace"
)

// care is the pages of Project about the project's own state: whether it is whole, what is to go, its secrets.
type care struct {
	verify    *verify.Model
	retention *retention.Model
	secrets   *secrets.Model
}

func newCare(n *session) *care {
	c := &care{verify.New(n.runner, n.workspace), retention.New(n.runner, n.workspace), secrets.New(n.runner, n.workspace.Secrets())}
	c.secrets.SetMasked(n.s.m.Masked())
	c.retention.Removed = func() { n.inspect.Reload() }
	n.backup.Restore = n.s.restore
	return c
}

// pages makes the views.
func (c *care) pages(s *Shell) []page {
	v, r, x := verifyview.New(c.verify, s), retentionview.New(c.retention, s), secretsview.New(c.secrets, s)
	return []page{
		{"Verify", v.Content(), v.Focus},
		{"Retention", r.Content(), r.Focus},
		{"Secrets", x.Content(), x.Focus},
	}
}

func (c *care) models() []model { return []model{c.verify, c.retention, c.secrets} }

// restore closes the project, puts a copy in its place and opens it. The passphrase is cleared. If the copy is not whole, or the passphrase not its
// own, nothing is changed and the first place says why.
func (s *Shell) restore(copied string, passphrase []byte) {
	if s.session == nil {
		clear(passphrase)
		return
	}
	path := s.session.workspace.Path()
	o := workspace.OpenOptions{User: s.options.User, Tool: start.Tool, Anchors: s.options.Anchors}
	s.close(func() {
		s.start.Run("Restoring "+filepath.Base(copied), func(ctx context.Context, p *job.Progress) (*workspace.Workspace, error) {
			defer clear(passphrase)
			_, _, err := workspace.Restore(ctx, copied, path, passphrase, o, func(done, total int64) {
				p.SetTotal(total)
				p.Set(done)
			})
			if err != nil {
				return nil, err
			}
			return workspace.Open(ctx, path, passphrase, o)
		})
	})
}
