package verify

import (
	"context"
	"errors"
	"strings"
	"testing"

	"trestle/internal/present/screen"
	"trestle/internal/present/stage"
	"trestle/internal/workspace"
)

func TestVerify(t *testing.T) {
	s := stage.New(t)
	m := New(s.Runner, s.Workspace)
	t.Cleanup(m.Close)
	m.Verify()
	if !m.Doing() {
		t.Error("nothing is under way")
	}
	s.Settle()
	if text, bad := m.Notice(); bad || text != "Everything is as it was written." || len(m.Lines()) != 4 || m.Doing() {
		t.Errorf("%q %v %v", text, bad, m.Lines())
	}
}

// says is a store that finds what a test wants.
type says struct {
	r   workspace.Report
	err error
}

func (s says) VerifyOpen(context.Context, func(_, _ int64)) (workspace.Report, error) {
	return s.r, s.err
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		says
		want string
		role screen.Role
	}{
		"damaged": {says{r: workspace.Report{Pages: 10, BadPages: 1, BadPageList: []uint64{7}}}, "Not everything", screen.RoleError},
		"failed":  {says{err: errors.New("the stick was pulled")}, "the stick was pulled", screen.RoleText},
		"stopped": {says{err: context.Canceled}, "stopped", screen.RoleText},
	} {
		s := stage.Empty(t)
		m := New(s.Runner, c.says)
		m.Verify()
		s.Settle()
		text, bad := m.Notice()
		if !bad || !strings.Contains(text, c.want) {
			t.Errorf("%s: %q %v", name, text, bad)
		}
		if l := m.Lines(); c.role == screen.RoleError && (len(l) != 5 || l[4].Role != c.role || !strings.Contains(l[4].Text, "page 7")) {
			t.Errorf("%s: %v", name, l)
		}
		m.Close()
	}
}
