package people

import (
	"context"
	"errors"
	"io/fs"

	"trestle/internal/job"
	"trestle/internal/workspace"
)

// Here is what this computer's keyring has to do with the project.
type Here uint8

// What it may be.
const (
	HereUnknown Here = iota // not asked yet: a keyring may show a dialog of its own
	HereNone                // there is no keyring
	HereForgets             // it remembers no key
	HereRemembers
)

// Here says whether this computer remembers a key, and where there is no keyring, in words, why.
func (m *Model) Here() Here { return m.here }

// AskKeyring finds out what this computer remembers.
func (m *Model) AskKeyring() {
	if m.Keyring == nil {
		m.here = HereNone
		m.Changed()
		return
	}
	job.Start(m.ctx, m.runner, func(context.Context) (bool, error) {
		_, ok, err := m.store.Remembered(m.Keyring)
		return ok, err
	}, func(ok bool, err error) {
		m.here = HereForgets
		switch {
		case err != nil:
			m.here = HereNone
		case ok:
			m.here = HereRemembers
		}
		m.Changed()
	})
}

// Remember lets this computer open the project without its passphrase.
func (m *Model) Remember() {
	if m.doing != "" || m.Keyring == nil {
		return
	}
	m.work("Giving a key to this computer's keyring", "This computer remembers a key of the project. It opens here without the passphrase for whoever is signed in as you.", func(ctx context.Context) error {
		return m.store.Remember(ctx, m.Keyring)
	})
}

// Forget takes that key away again.
func (m *Model) Forget() {
	if m.doing != "" || m.Keyring == nil {
		return
	}
	m.work("Taking the key of this computer away", "This computer remembers no key of the project any more.", func(ctx context.Context) error {
		return m.store.Forget(ctx, m.Keyring)
	})
}

// Rename changes whose key the one in a row is.
func (m *Model) Rename(row int, name string) {
	p, ok := m.Person(row)
	if m.doing != "" || !ok {
		return
	}
	m.begin("Changing a name")
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, m.store.RenamePerson(ctx, p.Slot, name)
	}, func(_ struct{}, err error) {
		if err != nil {
			m.refuse(RenameField, err.Error())
			return
		}
		m.finish(nil, Title(p)+" is called "+name+" now. The key is the same.")
	})
}

// Rekey encrypts the whole project again under a new data key that only this passphrase opens, whose owner is the one of this session.
// The project is closed by it. The passphrases are cleared.
func (m *Model) Rekey(pass, again []byte) {
	defer clear(again)
	if m.doing != "" || !m.same(pass, again) {
		return
	}
	owner := ""
	for _, p := range m.people {
		if p.Current && p.Kind == workspace.KindPassphrase {
			owner = p.Name
		}
	}
	if owner == "" {
		clear(pass)
		m.refuse(NoField, "Open the project with your passphrase first: a new data key needs somebody whose it is.")
		return
	}
	m.begin("Encrypting everything again")
	job.Track(m.ctx, m.runner, "new data key", func(ctx context.Context, p *job.Progress) (struct{}, error) {
		defer clear(pass)
		_, err := m.store.Rekey(ctx, []workspace.NewKey{{Name: owner, Passphrase: pass}}, func(done, total int64) {
			p.SetTotal(total)
			p.Set(done)
		})
		return struct{}{}, err
	}, m.rekeyed)
}

// rekeyed tells of a new data key. The project is closed then, and if a step near the end failed too.
func (m *Model) rekeyed(_ struct{}, err error) {
	switch {
	case err == nil:
		m.doing = ""
		m.Closed("The project has a new data key and was read back whole. Open it with the new passphrase.")
	case errors.Is(err, fs.ErrClosed):
		m.doing = ""
		m.Closed(err.Error())
	default:
		m.finish(err, "")
	}
}

// Others is how many keys a new data key would take away: those of other people, recovery codes, what computers remember.
func (m *Model) Others() int {
	n := 0
	for _, p := range m.people {
		if !p.Current {
			n++
		}
	}
	return n
}
