package workspace

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"trestle/internal/workspace/sealed"
)

// Who can open a workspace. The keys are in the slots of the header, which can be read without any; the names of their owners
// are inside, in table people, joined by the slot's salt. The header cannot be part of a transaction, so every change goes:
// what takes long is prepared, the access log and the name are written and committed, the header is written, names without
// a slot are removed. A crash in between leaves an entry in the log of something that did not come to be, never a key
// that the log does not know.

// Kind says what kind of secret opens a key slot.
type Kind string

// The kinds of secrets.
const (
	KindPassphrase Kind = "passphrase"
	KindRecovery   Kind = "recovery code"
	KindKeyring    Kind = "keyring" // of a computer, which remembers it
	KindUnknown    Kind = "unknown" // made by a newer program
)

// Person is a key slot in use, and whose it is.
type Person struct {
	Slot     int // 0 to 7
	Kind     Kind
	Name     string    // empty where nobody gave one
	Cost     string    // of trying one secret, in words
	Created  time.Time // zero where it is not known
	LastUsed time.Time // when it opened the workspace last; zero is never
	Current  bool      // this session was opened with it
}

// MaxPeople is how many secrets a workspace can have.
const MaxPeople = sealed.Slots

// MaxName is the longest name of a person, in characters.
const MaxName = 60

// strongest is the cost of the most expensive slot, which new ones take over: it was fitted to the computers in use.
func strongest(h *sealed.Header) (c sealed.Cost) {
	for i := range sealed.Slots {
		if typ, cost := h.Slot(i); typ != sealed.SlotEmpty && cost.MemoryKiB > c.MemoryKiB {
			c = cost
		}
	}
	return c
}

// openHeader opens a header with a passphrase or a recovery code. The error is that of package sealed, or an Error.
func openHeader(h *sealed.Header, passphrase []byte) (slot int, err error) {
	secret, like := readRecoveryCode(passphrase)
	defer clear(secret)
	if secret != nil {
		if slot, err = h.Unlock(sealed.SlotRecovery, secret); !errors.Is(err, sealed.ErrWrongSecret) {
			return slot, err
		}
	}
	pass := normalise(passphrase)
	defer clear(pass)
	slot, err = h.Unlock(sealed.SlotPassphrase, pass)
	if errors.Is(err, sealed.ErrWrongSecret) && like && secret == nil {
		return 0, errors.Join(err, fail(ErrWrongPassphrase, "this looks like a recovery code, but more than one of its characters is wrong; compare it with the printed one"))
	}
	return slot, err
}

func cleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", fail(ErrName, "give the name of the person whose passphrase this is")
	case utf8.RuneCountInString(name) > MaxName:
		return "", fail(ErrName, "the name has more than %d characters; give a shorter one", MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", fail(ErrName, "the name has line breaks or control characters; leave them out")
	}
	return name, nil
}

// People lists who can open the workspace, by slot.
func (w *Workspace) People(ctx context.Context) ([]Person, error) {
	type row struct {
		name          string
		created, used int64
	}
	known := map[string]row{}
	if err := w.eachPerson(ctx, func(salt []byte, name string, created, used int64) { known[string(salt)] = row{name, created, used} }); err != nil {
		return nil, err
	}
	var out []Person
	for i := range sealed.Slots {
		typ, cost := w.header.Slot(i)
		if typ == sealed.SlotEmpty {
			continue
		}
		salt := w.header.Salt(i)
		r := known[string(salt[:])]
		out = append(out, Person{Slot: i, Kind: kindOf(typ), Name: r.name, Cost: cost.String(), Created: unixOrZero(r.created), LastUsed: unixOrZero(r.used), Current: i == int(w.slot.Load())})
	}
	return out, nil
}

// eachPerson reads table people. Names that are damaged are left out: the keys themselves are not touched by that.
func (w *Workspace) eachPerson(ctx context.Context, f func(salt []byte, name string, created, used int64)) error {
	if w.schema < 5 { // a damaged workspace of an earlier version, which is read as it is
		return nil
	}
	rows, err := w.read.QueryContext(ctx, "SELECT salt, name, created, used FROM people")
	if err == nil {
		defer rows.Close()
		for rows.Next() {
			var salt []byte
			var name string
			var created, used int64
			if err := rows.Scan(&salt, &name, &created, &used); err != nil {
				return w.sqlError(ctx, err)
			}
			f(salt, name, created, used)
		}
		err = rows.Err()
	}
	if err = w.sqlError(ctx, err); errors.Is(err, ErrDamaged) {
		return nil
	}
	return err
}

func kindOf(typ sealed.SlotType) Kind {
	switch typ {
	case sealed.SlotPassphrase:
		return KindPassphrase
	case sealed.SlotRecovery:
		return KindRecovery
	case sealed.SlotKeyring:
		return KindKeyring
	}
	return KindUnknown
}

func unixOrZero(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// addPerson enters the owner of a slot.
func (t *tx) addPerson(salt [16]byte, name string) error {
	if t.w.schema < 5 {
		return nil
	}
	_, err := t.Exec("INSERT INTO people(salt, name, created, used) VALUES(?,?,?,0)", salt[:], name, time.Now().Unix())
	return err
}

// openedBy says whose the slot of this session is: its name, empty if the names are damaged, and in words for the access log.
// Slots from before there were names belong to who opens them.
func (w *Workspace) openedBy(ctx context.Context) (name, words string, err error) {
	typ, _ := w.header.Slot(int(w.slot.Load()))
	name, err = w.nameOf(ctx, int(w.slot.Load()))
	switch {
	case errors.Is(err, ErrDamaged): // nothing may be written before the log is known to be whole, so this was only read
		w.warnings = append(w.warnings, "the names of those who have a key are damaged; the keys themselves are not")
		return "", "with a " + string(kindOf(typ)), nil
	case name == "" && typ == sealed.SlotPassphrase:
		name = w.log.user
	case name == "":
		name = string(kindOf(typ))
	}
	switch typ {
	case sealed.SlotPassphrase:
		return name, "with the passphrase of " + name, err
	case sealed.SlotKeyring:
		return name, "with the key that a keyring remembers, of " + name, err
	}
	return name, "with a " + string(kindOf(typ)), err
}

// used enters that a slot opened the workspace.
func (t *tx) used(slot int, name string) error {
	if name == "" {
		return nil
	}
	salt := t.w.header.Salt(slot)
	_, err := t.Exec("INSERT INTO people(salt, name, created, used) VALUES(?,?,0,?) ON CONFLICT(salt) DO UPDATE SET used=excluded.used", salt[:], name, time.Now().Unix())
	return err
}

// AddPassphrase lets another person open the workspace with a passphrase of their own, which stays the caller's.
// Errors: ErrPassphraseTooShort, ErrName, ErrNoFreeSlot.
func (w *Workspace) AddPassphrase(ctx context.Context, name string, passphrase []byte) error {
	pass := normalise(passphrase)
	defer clear(pass)
	if err := checkLength(pass); err != nil {
		return err
	}
	if _, like := readRecoveryCode(passphrase); like {
		return errLikeCode()
	}
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	people, err := w.People(ctx)
	if err != nil {
		return err
	}
	for _, p := range people {
		if strings.EqualFold(p.Name, name) {
			return fail(ErrName, "there is a key of %s already; change that one, or give another name", p.Name)
		}
	}
	return w.addSlot(ctx, sealed.SlotPassphrase, name, pass, strongest(w.header))
}

func errLikeCode() error {
	return fail(ErrName, "a passphrase cannot have the form of a recovery code; choose several words instead")
}

// AddRecovery makes a recovery code, which opens the workspace in place of a passphrase, and gives it in groups to be
// printed. It is shown once: it cannot be read again from the workspace. The caller should clear it. Error: ErrNoFreeSlot.
func (w *Workspace) AddRecovery(ctx context.Context) (code []byte, err error) {
	secret, code := newRecoveryCode()
	defer clear(secret)
	cost := strongest(w.header)
	if floor := FloorKDF.cost(); cost.MemoryKiB > floor.MemoryKiB { // 160 random bits cannot be guessed at any cost
		cost = floor
	}
	if err := w.addSlot(ctx, sealed.SlotRecovery, string(KindRecovery), secret, cost); err != nil {
		clear(code)
		return nil, err
	}
	return code, nil
}

func (w *Workspace) addSlot(ctx context.Context, typ sealed.SlotType, name string, secret []byte, cost sealed.Cost) error {
	w.slots.Lock()
	defer w.slots.Unlock()
	if err := w.mayChangeKeys(ctx); err != nil {
		return err
	}
	free, err := w.freeSlot()
	if err != nil {
		return err
	}
	defer releaseBlocks(cost.MemoryKiB)
	s, err := w.header.SealSlot(free, typ, secret, cost)
	if err != nil {
		return err
	}
	return w.change(ctx, free, s, name, ActionKeyAdded, keyWords(typ, name, free), "")
}

// freeSlot is the first slot that is empty.
func (w *Workspace) freeSlot() (int, error) {
	for i := range sealed.Slots {
		if typ, _ := w.header.Slot(i); typ == sealed.SlotEmpty {
			return i, nil
		}
	}
	return 0, fail(ErrNoFreeSlot, "%s has %d keys, which is all that it can have; remove one first", w.name, MaxPeople)
}

// mayChangeKeys refuses before a second is spent on Argon2id.
func (w *Workspace) mayChangeKeys(ctx context.Context) error {
	if w.ReadOnly() {
		return w.errReadOnly()
	}
	if w.isClosed.Load() {
		return errClosed(w.name)
	}
	return ctx.Err()
}

// keyWords names a slot in the access log.
func keyWords(typ sealed.SlotType, name string, slot int) string {
	if typ != sealed.SlotRecovery && name != "" {
		return fmt.Sprintf("%s of %s (key %d)", kindOf(typ), name, slot+1)
	}
	return fmt.Sprintf("%s (key %d)", kindOf(typ), slot+1)
}

// ChangePassphrase replaces the passphrase that old is by a new one. Nothing is encrypted again: it takes the time of two key
// derivations, or one more for each other person whose turn comes before. Copies of the file made before still open with the old one; if it
// became known, a new data key (Rekey) is what helps the copies made from then on.
// Errors: ErrWrongPassphrase, which is logged, and ErrPassphraseTooShort.
func (w *Workspace) ChangePassphrase(ctx context.Context, old, new []byte) error {
	was, pass := normalise(old), normalise(new)
	defer clear(was)
	defer clear(pass)
	if err := checkLength(pass); err != nil {
		return err
	}
	if _, like := readRecoveryCode(new); like {
		return errLikeCode()
	}
	w.slots.Lock()
	defer w.slots.Unlock()
	if err := w.mayChangeKeys(ctx); err != nil {
		return err
	}
	cost := strongest(w.header)
	defer releaseBlocks(cost.MemoryKiB)
	i, err := w.header.Which(sealed.SlotPassphrase, was, max(0, int(w.slot.Load())))
	if err != nil {
		err = headerError(w.name, err)
		if errors.Is(err, ErrWrongPassphrase) {
			err = fail(ErrWrongPassphrase, "the old passphrase is not right; nothing was changed")
			return errors.Join(err, w.LogFailure(ctx, ActionKeyChanged, w.name, err))
		}
		return err
	}
	name, err := w.nameOf(ctx, i)
	if err != nil {
		return err
	}
	s, err := w.header.SealSlot(i, sealed.SlotPassphrase, pass, cost)
	if err != nil {
		return err
	}
	return w.change(ctx, i, s, name, ActionKeyChanged, keyWords(sealed.SlotPassphrase, name, i), "")
}

// nameOf gives the name of a slot's owner, empty where there is none.
func (w *Workspace) nameOf(ctx context.Context, slot int) (name string, err error) {
	salt := w.header.Salt(slot)
	err = w.read.QueryRowContext(ctx, "SELECT name FROM people WHERE salt=?", salt[:]).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return name, w.sqlError(ctx, err)
}

// RemoveSlot takes a key away: a passphrase, a recovery code, or what a computer's keyring remembers. Not possible are the key that opened this session (ErrCurrentKey) and the
// last passphrase (ErrLastKey): a recovery code alone is no way to work. Copies of the file made before still open with it.
func (w *Workspace) RemoveSlot(ctx context.Context, slot int) error {
	w.slots.Lock()
	defer w.slots.Unlock()
	if err := w.mayChangeKeys(ctx); err != nil {
		return err
	}
	typ, err := w.slotType(slot)
	if err != nil {
		return err
	}
	name, err := w.nameOf(ctx, slot)
	if err != nil {
		return err
	}
	words := keyWords(typ, name, slot)
	if typ == sealed.SlotKeyring { // a passphrase is left, and the session needs this one no more
		return w.removeRemembered(ctx, slot)
	}
	if slot == int(w.slot.Load()) {
		return fail(ErrCurrentKey, "the %s opened this session, so it cannot be removed now; open %s with another key first", words, w.name)
	}
	left := 0
	for i := range sealed.Slots {
		if t, _ := w.header.Slot(i); t == sealed.SlotPassphrase && i != slot {
			left++
		}
	}
	if left == 0 {
		return fail(ErrLastKey, "the %s is the last passphrase of %s; without it only a recovery code would be left. Add another passphrase first", words, w.name)
	}
	return w.change(ctx, slot, sealed.Slot{}, "", ActionKeyRemoved, words, "")
}

func (w *Workspace) slotType(slot int) (sealed.SlotType, error) {
	if slot >= 0 && slot < sealed.Slots {
		if typ, _ := w.header.Slot(slot); typ != sealed.SlotEmpty {
			return typ, nil
		}
	}
	return 0, fail(ErrNoSlot, "%s has no key %d", w.name, slot+1)
}

// RenamePerson changes the name of a slot's owner. Errors: ErrNoSlot, ErrName.
func (w *Workspace) RenamePerson(ctx context.Context, slot int, name string) error {
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	w.slots.Lock()
	defer w.slots.Unlock()
	typ, err := w.slotType(slot)
	if err != nil {
		return err
	}
	salt := w.header.Salt(slot)
	return w.update(ctx, func(tx *tx) error {
		var was string
		err := tx.QueryRow("SELECT name FROM people WHERE salt=?", salt[:]).Scan(&was)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		_, err = tx.Exec("INSERT INTO people(salt, name, created, used) VALUES(?,?,0,0) ON CONFLICT(salt) DO UPDATE SET name=excluded.name", salt[:], name)
		if err != nil {
			return err
		}
		return tx.log(ActionKeyRenamed, keyWords(typ, was, slot), name)
	})
}

// change puts a slot into the header, in the order that the top of this file tells of. w.slots is held.
func (w *Workspace) change(ctx context.Context, i int, s sealed.Slot, name string, action Action, object, details string) error {
	err := w.update(ctx, func(tx *tx) error {
		if s != (sealed.Slot{}) {
			salt, was := s.Salt(), w.header.Salt(i)
			if err := tx.addPerson(salt, cmp.Or(name, w.log.user)); err != nil {
				return err
			}
			_, err := tx.Exec("UPDATE people SET used=coalesce((SELECT used FROM people WHERE salt=?), 0) WHERE salt=?", was[:], salt[:])
			if err != nil {
				return err
			}
		}
		return tx.log(action, object, details)
	})
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // the log tells of it now
	old := w.header.PutSlot(i, s)
	if err := w.sqlError(ctx, w.writeHeader(ctx)); err != nil {
		w.header.PutSlot(i, old)
		w.writeHeader(ctx) // one copy may be written already
		err = fmt.Errorf("the key was not changed: %w", err)
		return errors.Join(err, w.LogFailure(ctx, action, object, err))
	}
	w.update(ctx, func(tx *tx) error { return tx.forgetPeople() }) // names without a slot are not shown anyway
	return nil
}

// forgetPeople removes names whose slots are not there any more.
func (t *tx) forgetPeople() error {
	args := make([]any, sealed.Slots)
	for i := range args {
		salt := t.w.header.Salt(i)
		args[i] = salt[:]
	}
	_, err := t.Exec("DELETE FROM people WHERE salt NOT IN ("+placeholders(len(args))+")", args...)
	return err
}
