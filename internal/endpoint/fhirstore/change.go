package fhirstore

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"trestle/internal/fhir"
)

// Draft is a resource made ready to be stored: what a change does with the lock held is little more than appending.
type Draft struct {
	Tree  *fhir.Node
	Type  string
	found []paramAtom
}

type paramAtom struct {
	param int
	atom
}

// Draft reads a resource for the indexes. The tree must not be changed afterwards.
func (s *Store) Draft(n *fhir.Node) Draft {
	d := Draft{Tree: n, Type: n.ResourceType()}
	params := s.Params(d.Type)
	d.found = make([]paramAtom, 0, 32)
	for _, p := range params {
		if p.source == nil {
			continue
		}
		p.source.each(n, func(v *fhir.Node, typ string) {
			atoms(p.Type, v, typ, func(a atom) { d.found = append(d.found, paramAtom{p.at, a}) })
		})
	}
	return d
}

// Tx is a transaction. It is valid within the function that [Store.Change] calls, in its goroutine.
type Tx struct {
	s       *Store
	method  string
	origin  string
	changes []change
	seq     uint64
}

type change struct{ before, after *Version }

// Change runs a transaction: what f did is kept if it returns nil and the keeper took it, and taken back otherwise. Nobody sees
// anything of it before. Searches inside must be those of the Tx.
func (s *Store) Change(ctx context.Context, f func(tx *Tx) error) error {
	g, err := s.change(ctx, f)
	if err != nil || g == nil {
		return err
	}
	<-g.done
	return g.err
}

// change runs f with the lock held. The batch is what the answer depends on: that of the transaction, or the last one that it may have
// seen if it changed nothing.
func (s *Store) change(ctx context.Context, f func(tx *Tx) error) (*batch, error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tx := &Tx{s: s, seq: s.changed + 1}
	made := false
	defer func() {
		if !made {
			tx.rollback()
		}
	}()
	if err := f(tx); err != nil {
		return nil, err
	}
	made = true
	switch {
	case len(tx.changes) == 0:
		return s.waiting(), nil
	case s.keeper == nil:
		s.revision++
		s.tell(tx)
		s.sweep()
		return nil, nil
	}
	s.changed++
	s.revision++
	return s.join(tx), nil
}

// rollback undoes the changes from the last to the first. The indexes keep what they were given, which leads nowhere.
func (tx *Tx) rollback() {
	s := tx.s
	for _, c := range slices.Backward(tx.changes) {
		s.leave(c.after)
		if c.before != nil && !c.before.Deleted() {
			s.docs[c.before.doc] = c.before
			s.dead--
		}
	}
	tx.undo()
}

// undo takes the changes out of the histories.
func (tx *Tx) undo() {
	s := tx.s
	for _, c := range slices.Backward(tx.changes) {
		k := s.kinds[c.after.Type]
		if list := k.history[c.after.ID]; len(list) == 1 {
			delete(k.history, c.after.ID)
		} else {
			k.history[c.after.ID] = list[:len(list)-1]
		}
		k.log, s.log = k.log[:len(k.log)-1], s.log[:len(s.log)-1]
		if !c.after.Deleted() {
			k.live--
		}
		if c.before != nil && !c.before.Deleted() {
			k.live++
		}
	}
	tx.changes = nil
}

// As names the method of the request that the next changes belong to, for the history.
func (tx *Tx) As(method string) { tx.method = method }

// From says who makes the next changes, where that is not a client of the endpoint: see [Version.Origin].
func (tx *Tx) From(origin string) { tx.origin = origin }

// Read is [Store.Read] inside the transaction.
func (tx *Tx) Read(typ, id string) (*Version, error) {
	v := tx.s.kinds[typ].current(id)
	switch {
	case v == nil:
		return nil, ErrNotFound
	case v.Deleted():
		return v, ErrGone
	}
	return v, nil
}

// NewID returns an id that no resource of the type has.
func (tx *Tx) NewID(typ string) string {
	s := tx.s
	for {
		s.serial++
		id := strconv.FormatUint(s.serial, 10)
		if s.kinds[typ].current(id) == nil {
			return id
		}
	}
}

// Create stores a resource under a new id.
func (tx *Tx) Create(d Draft) (*Version, error) { return tx.store(d, tx.NewID(d.Type), "POST") }

// Put stores a resource under its id, new or not. created says that there was none, or that it had been deleted.
func (tx *Tx) Put(d Draft, id string) (v *Version, created bool, err error) {
	before := tx.s.kinds[d.Type].current(id)
	v, err = tx.store(d, id, "PUT")
	return v, before == nil || before.Deleted(), err
}

// has says that the current version of a resource has the content of a draft already.
func (tx *Tx) has(d Draft, id string) bool {
	v := tx.s.kinds[d.Type].current(id)
	return v != nil && !v.Deleted() && bytes.Equal(fhir.AppendJSON(make([]byte, 0, len(v.Body)), stamp(d.Tree, v)), v.Body)
}

// Delete deletes a resource. Deleting what is not there, or not any more, is no error and changes nothing.
func (tx *Tx) Delete(typ, id string) (*Version, error) {
	before := tx.s.kinds[typ].current(id)
	if before == nil || before.Deleted() {
		return before, nil
	}
	v := &Version{Type: typ, ID: id, Number: before.Number + 1, Method: "DELETE", Updated: tx.time()}
	tx.apply(before, v, nil)
	return v, nil
}

// Expect fails with a [ConflictError] unless the resource is at that version.
func (tx *Tx) Expect(typ, id string, number int64) error {
	v := tx.s.kinds[typ].current(id)
	if v == nil {
		return &ConflictError{Expected: number}
	}
	if v.Number != number {
		return &ConflictError{Expected: number, Current: v.Number}
	}
	return nil
}

// time is that of the next change: now, and never before that of an earlier change.
func (tx *Tx) time() time.Time {
	now := tx.s.now().UTC().Truncate(time.Millisecond)
	if now.Before(tx.s.last) {
		return tx.s.last
	}
	return now
}

func (tx *Tx) store(d Draft, id, method string) (*Version, error) {
	if !ValidID(id) {
		return nil, errors.New("an id has 1 to 64 characters: letters, digits, dots and hyphens")
	}
	before := tx.s.kind(d.Type).current(id)
	v := &Version{Type: d.Type, ID: id, Number: 1, Method: method, Updated: tx.time()}
	if tx.method != "" {
		v.Method = tx.method
	}
	if before != nil {
		v.Number = before.Number + 1
	}
	v.Body = fhir.AppendJSON(make([]byte, 0, d.Tree.Len()+128), stamp(d.Tree, v))
	tx.apply(before, v, d.found)
	return v, nil
}

func (tx *Tx) apply(before, v *Version, found []paramAtom) {
	s := tx.s
	s.leave(before)
	v.seq, v.Origin = tx.seq, tx.origin
	s.append(v)
	if !v.Deleted() {
		s.enter(v, found)
	}
	tx.changes = append(tx.changes, change{before, v})
}

// stamp returns a copy of the resource's root with id and meta as the server sets them.
func stamp(n *fhir.Node, v *Version) *fhir.Node {
	meta := fhir.NewObject(
		fhir.NewString(strconv.FormatInt(v.Number, 10)).Named("versionId"),
		fhir.NewString(v.Updated.Format(timeForm)).Named("lastUpdated")).Named("meta")
	out := &fhir.Node{Kind: fhir.Object, Children: make([]*fhir.Node, 0, len(n.Children)+3)}
	out.Children = append(out.Children, fhir.NewString(v.Type).Named("resourceType"), fhir.NewString(v.ID).Named("id"), meta)
	for _, c := range n.Children {
		switch c.Name {
		case "resourceType", "id":
		case "meta":
			for _, m := range c.Children {
				if m.Name != "versionId" && m.Name != "lastUpdated" {
					meta.Children = append(meta.Children, m)
				}
			}
		default:
			out.Children = append(out.Children, c)
		}
	}
	return out
}

// timeForm is that of an instant, in UTC and with milliseconds.
const timeForm = "2006-01-02T15:04:05.000Z07:00"

// ValidID says whether a text can be the id of a resource (R4, datatype id).
func ValidID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return true
}
