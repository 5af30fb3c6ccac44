package inspect

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"trestle/internal/check"
	"trestle/internal/check/profile"
	"trestle/internal/format"
	"trestle/internal/hl7"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

// agreement is the profile that the messages are checked against, beside the standard. A profile is never changed: what
// changes it makes another, so that work in the background goes on with the one that it began with.
type agreement struct {
	chosen  *profile.Profile // nil: the standard alone
	home    *home            // of the chosen one
	reading job.Latest
	gaps    gapRows

	departures []profile.Departure // of the open message
	of         *hl7.Message
	by         *profile.Profile
}

// home is the document of the project that holds a profile.
type home struct {
	name      string // "" for a starter, which has none
	revision  int64
	writing   bool
	next      *profile.Profile   // to be written after that
	decided   []profile.Decision // in what is to be written
	rewritten bool               // what is to be written was changed as text too
}

// settingProfile keeps which profile is chosen: "starter:ecw" or "own:Riverbend".
const settingProfile = "inspect.profile"

const (
	starterPrefix = "starter:"
	ownPrefix     = "own:"
)

// rules are what messages are checked against beside the standard.
func (m *Model) rules() check.Rules {
	if m.agreed.chosen == nil {
		return nil
	}
	return m.agreed.chosen
}

// Profile is the name of the profile that messages are checked against, and whether it is the project's own or a starter.
func (m *Model) Profile() (name string, own, ok bool) {
	p := m.agreed.chosen
	if p == nil {
		return "", false, false
	}
	return p.Name, m.agreed.home.name != "", true
}

// ProfileChoice is a profile that can be chosen.
type ProfileChoice struct {
	ID       string // what Use takes
	Name     string
	Own      bool // of this project
	About    string
	Messages int    // message types that it has rules for
	Evidence string // "V3 T2": how many of its statements have which level
	Problem  string // why it cannot be used, "" for nothing
}

// ListProfiles reads the profiles that there are, those of the project first, and hands them over.
func (m *Model) ListProfiles(then func([]ProfileChoice)) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) ([]ProfileChoice, error) {
		documents, err := m.store.Documents(ctx, workspace.DocumentProfile)
		if err != nil && !errors.Is(err, workspace.ErrReadOnly) { // an older project that is only read has none
			return nil, err
		}
		var all []ProfileChoice
		for _, d := range documents {
			c := ProfileChoice{ID: ownPrefix + d.Name, Name: d.Name, Own: true}
			p, _, err := m.readProfile(ctx, c.ID)
			if err != nil {
				c.Problem = err.Error()
			} else {
				c.tell(p)
			}
			all = append(all, c)
		}
		for _, name := range profile.Names() {
			if p, ok := profile.Starter(name); ok {
				c := ProfileChoice{ID: starterPrefix + name, Name: p.Name}
				c.tell(p)
				all = append(all, c)
			}
		}
		return all, nil
	}, func(all []ProfileChoice, err error) {
		if err != nil {
			if m.ctx.Err() == nil {
				m.fail("Could not read the profiles", err)
			}
			return
		}
		then(all)
	})
}

func (c *ProfileChoice) tell(p *profile.Profile) {
	c.About, c.Messages, c.Evidence = p.About, len(p.Messages), p.EvidenceCounts()
}

// readProfile reads a profile by the ID of its choice.
func (m *Model) readProfile(ctx context.Context, id string) (*profile.Profile, int64, error) {
	if name, ok := strings.CutPrefix(id, ownPrefix); ok {
		d, err := m.store.Document(ctx, workspace.DocumentProfile, name)
		if err != nil {
			return nil, 0, err
		}
		p, err := profile.Parse(name, d.Bytes)
		return p, d.Revision, err
	}
	name := strings.TrimPrefix(id, starterPrefix)
	p, ok := profile.Starter(name)
	if !ok {
		return nil, 0, fmt.Errorf("there is no starter profile %q", name)
	}
	return p, 0, nil
}

// UseProfile checks messages against a profile from now on, "" against the standard alone. The project keeps the choice.
func (m *Model) UseProfile(id string) {
	if id == "" {
		m.agreed.reading.Cancel()
		m.adopt(nil, "", 0)
		return
	}
	m.openProfile(id, "Could not use the profile", func() { m.keepSetting(settingProfile, id, "Could not keep the choice of the profile") })
}

func (m *Model) openProfile(id, doing string, then func()) {
	type read struct {
		profile  *profile.Profile
		revision int64
	}
	job.StartLatest(m.ctx, m.runner, &m.agreed.reading, func(ctx context.Context) (read, error) {
		p, revision, err := m.readProfile(ctx, id)
		return read{p, revision}, err
	}, func(r read, err error) {
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			m.fail(doing, err)
		default:
			own, _ := strings.CutPrefix(id, ownPrefix)
			if strings.HasPrefix(id, starterPrefix) {
				own = ""
			}
			m.take(r.profile, own, r.revision)
			then()
		}
	})
}

// adopt is take, and keeps the choice.
func (m *Model) adopt(p *profile.Profile, own string, revision int64) {
	m.take(p, own, revision)
	id := ""
	if own != "" {
		id = ownPrefix + own
	}
	m.keepSetting(settingProfile, id, "Could not keep the choice of the profile")
}

// take checks against another profile from now on; nil for the standard alone.
func (m *Model) take(p *profile.Profile, own string, revision int64) {
	a := &m.agreed
	a.chosen, a.home = p, &home{name: own, revision: revision}
	a.gaps.clear()
	m.recheck()
	m.Changed(Agreement)
}

// recheck finds anew what is wrong with the open message.
func (m *Model) recheck() {
	o := &m.open
	if o.id == 0 || o.kind != string(format.HL7v2) {
		return
	}
	id, b, rules, container := o.id, o.bytes, m.rules(), slices.Clone(o.container)
	if m.Edited() {
		container = nil
	}
	job.StartLatest(m.ctx, m.runner, &m.checking, func(context.Context) ([]check.Finding, error) {
		options := check.Options{Rules: rules, Truncated: check.CutOff(container)}
		return append(container, check.Message(hl7.Parse(b), options)...), nil
	}, func(found []check.Finding, err error) {
		if err != nil || m.open.id != id || len(m.open.bytes) != len(b) || len(b) > 0 && &m.open.bytes[0] != &b[0] {
			return
		}
		m.foundInDraft(found)
		m.findings.selected = -1
		m.findings.follow()
		m.Changed(Message | Tree | Findings)
	})
}

// yamlOf is a profile as its file.
func yamlOf(p *profile.Profile) ([]byte, error) {
	var b bytes.Buffer
	err := p.Write(&b)
	return b.Bytes(), err
}

// ImportProfile takes the profile of a file into the project and checks against it.
func (m *Model) ImportProfile(path string) {
	job.Start(m.ctx, m.runner, func(ctx context.Context) (stored, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return stored{}, plainError(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		p, err := profile.Parse(filepath.Base(path), b)
		if err != nil {
			return stored{}, err
		}
		return m.storeNew(ctx, cmp.Or(p.Name, name), b)
	}, func(s stored, err error) {
		m.adoptStored(s, err, "Could not take the profile over", "is in the project now. Messages are checked against it.")
	})
}

// stored is a profile that was put into the project.
type stored struct {
	profile  *profile.Profile
	name     string
	revision int64
}

// storeNew puts a profile into the project under a name that no other has.
func (m *Model) storeNew(ctx context.Context, name string, b []byte) (stored, error) {
	documents, err := m.store.Documents(ctx, workspace.DocumentProfile)
	if err != nil {
		return stored{}, err
	}
	free := freeName(name, documents)
	p, err := profile.Parse(free, b)
	if err != nil {
		return stored{}, err
	}
	d, err := m.store.PutDocument(ctx, workspace.DocumentProfile, free, b, 0)
	return stored{p, free, d.Revision}, err
}

func freeName(name string, taken []workspace.Document) string {
	free := name
	for n := 2; slices.ContainsFunc(taken, func(d workspace.Document) bool { return strings.EqualFold(d.Name, free) }); n++ {
		free = fmt.Sprintf("%s %d", name, n)
	}
	return free
}

func (m *Model) adoptStored(s stored, err error, doing, done string) {
	if err != nil {
		if m.ctx.Err() == nil {
			m.fail(doing, err)
		}
		return
	}
	m.adopt(s.profile, s.name, s.revision)
	m.say(NoticeText{Tone: Success, Text: "Profile " + s.name + " " + done})
}

// LearnProfile makes a profile of messages: what segments and fields they have, how often, how long, which codes. Nothing of
// a patient goes into it. It is put into the project, and messages are checked against it.
func (m *Model) LearnProfile(name string, ids []int64) error {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return errors.New("give the profile a name")
	case len(ids) == 0:
		return errors.New("there is no message to learn from")
	}
	job.Track(m.ctx, m.runner, "learn a profile", func(ctx context.Context, p *job.Progress) (stored, error) {
		p.SetTotal(int64(len(ids)))
		learner := profile.NewLearner()
		for msg, err := range m.store.Messages(ctx, ids) {
			if err != nil {
				return stored{}, err
			}
			p.Add(1)
			if msg.Format == string(format.HL7v2) {
				learner.Add(hl7.Parse(msg.Bytes))
			}
		}
		if learner.Messages() == 0 {
			return stored{}, errors.New("none of the messages is HL7 v2 with a type in MSH-9")
		}
		b, err := yamlOf(learner.Profile(name))
		if err != nil {
			return stored{}, err
		}
		return m.storeNew(ctx, name, b)
	}, func(s stored, err error) {
		if errors.Is(err, context.Canceled) {
			m.say(NoticeText{Tone: Caution, Text: "Learning was stopped: there is no new profile."})
			return
		}
		m.adoptStored(s, err, "Could not learn a profile", "is learnt. Each fact says how often it was seen; correct what is chance.")
	})
	return nil
}

// ProfileText is the chosen profile as the file that it is.
func (m *Model) ProfileText() (string, error) {
	if m.agreed.chosen == nil {
		return "", errors.New("choose a profile first")
	}
	b, err := yamlOf(m.agreed.chosen)
	return string(b), err
}

// SetProfileText changes the chosen profile. A starter stays as it is: the project gets a copy. What cannot be read is said
// with its line, and nothing is changed.
func (m *Model) SetProfileText(text string) error {
	if m.agreed.chosen == nil {
		return errors.New("choose a profile first")
	}
	p, err := profile.Parse(cmp.Or(m.agreed.home.name, m.agreed.chosen.ID), []byte(text))
	if err != nil {
		return err
	}
	m.agreed.home.rewritten = true
	m.changeProfile(p)
	return nil
}

// changeProfile makes p the chosen profile and writes it into the project.
func (m *Model) changeProfile(p *profile.Profile) {
	a := &m.agreed
	a.chosen = p
	m.recheck()
	m.Changed(Agreement)
	if a.home.next = p; !a.home.writing {
		m.writeProfile(a.home)
	}
}

// writeProfile writes what is to be written into a profile's home, until nothing is left. Where somebody else has changed the
// profile meanwhile, as in another view of this project, decisions are taken into that version.
func (m *Model) writeProfile(h *home) {
	p, first := h.next, h.name == ""
	decided, rewritten := h.decided, h.rewritten
	h.next, h.decided, h.rewritten, h.writing = nil, nil, false, true
	name, revision := h.name, h.revision
	job.Start(m.ctx, m.runner, func(ctx context.Context) (stored, error) {
		if first {
			b, err := yamlOf(p)
			if err != nil {
				return stored{}, err
			}
			return m.storeNew(ctx, p.Name, b)
		}
		s, err := m.putProfile(ctx, p, name, revision)
		if rewritten || !errors.Is(err, workspace.ErrChanged) {
			return s, err
		}
		now, revision, err := m.readProfile(ctx, ownPrefix+name)
		if err != nil {
			return stored{}, err
		}
		for _, d := range decided {
			now.Decide(d)
		}
		return m.putProfile(ctx, now, name, revision)
	}, func(s stored, err error) {
		h.writing = false
		if err != nil {
			m.fail("Could not keep the profile in the project", err)
			return
		}
		h.name, h.revision = s.name, s.revision
		if first && m.agreed.home == h {
			m.keepSetting(settingProfile, ownPrefix+s.name, "Could not keep the choice of the profile")
			m.say(NoticeText{Tone: Quiet, Text: "The project has a copy of the starter now, named " + s.name + ": a starter stays as it is."})
		}
		if h.next != nil && s.profile != p && !h.rewritten { // decided while another version was taken in
			if h.next, err = withDecisions(s.profile, h.decided); err != nil {
				m.fail("Could not keep the profile in the project", err)
				return
			}
		}
		if m.agreed.home == h {
			m.agreed.chosen = cmp.Or(h.next, s.profile)
		}
		m.Changed(Agreement)
		if h.next != nil {
			m.writeProfile(h)
		}
	})
}

// withDecisions is a copy of a profile with some more decisions.
func withDecisions(p *profile.Profile, decided []profile.Decision) (*profile.Profile, error) {
	b, err := yamlOf(p)
	if err != nil {
		return nil, err
	}
	c, err := profile.Parse(p.ID, b)
	if err != nil {
		return nil, err
	}
	for _, d := range decided {
		c.Decide(d)
	}
	return c, nil
}

// putProfile writes a profile into its document.
func (m *Model) putProfile(ctx context.Context, p *profile.Profile, name string, revision int64) (stored, error) {
	b, err := yamlOf(p)
	if err != nil {
		return stored{}, err
	}
	d, err := m.store.PutDocument(ctx, workspace.DocumentProfile, name, b, revision)
	return stored{p, name, d.Revision}, err
}

// ExportProfile writes the chosen profile to a file. It holds nothing of a patient that nobody wrote into it.
func (m *Model) ExportProfile(path string) {
	text, err := m.ProfileText()
	if err != nil {
		m.fail("Could not write the profile", err)
		return
	}
	job.Start(m.ctx, m.runner, func(context.Context) (struct{}, error) {
		return struct{}{}, writeWhole(path, func(f *os.File) error { _, err := f.WriteString(text); return err })
	}, func(_ struct{}, err error) {
		if err != nil {
			m.fail("Could not write the profile", err)
			return
		}
		m.say(NoticeText{Tone: Success, Text: "The profile is written to " + filepath.Base(path) + "."})
	})
}

// DeleteProfile removes a profile of the project.
func (m *Model) DeleteProfile(c ProfileChoice) {
	name, ok := strings.CutPrefix(c.ID, ownPrefix)
	if !ok {
		return
	}
	job.Start(m.ctx, m.runner, func(ctx context.Context) (struct{}, error) {
		d, err := m.store.Document(ctx, workspace.DocumentProfile, name)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, m.store.DeleteDocument(ctx, workspace.DocumentProfile, name, d.Revision)
	}, func(_ struct{}, err error) {
		if err != nil {
			m.fail("Could not delete the profile", err)
			return
		}
		if m.agreed.home != nil && m.agreed.home.name == name {
			m.adopt(nil, "", 0)
		}
		m.say(NoticeText{Tone: Success, Text: "Profile " + name + " is deleted."})
	})
}
