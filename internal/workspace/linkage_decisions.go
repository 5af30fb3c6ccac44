package workspace

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"trestle/internal/linkage"
)

// linkLog is what the access log calls the ledger.
const linkLog = "link decisions"

const decisionColumns = "seq, at, who, kind, action, " + candidateColumns + ", side, model, left_file, right_file, note, undoes, bulk, many"

// digestOf chains a decision to the one before, as FORMAT.md writes down. The access log, whose chain is sealed by a key, has the last
// digest of each appending, so a ledger that was changed from outside does not fit it. Fields are named one by one here: a field that
// package linkage adds must not change what was chained before.
func digestOf(d linkage.Decision, previous []byte) []byte {
	h := sha256.New()
	h.Write([]byte("decision\x00"))
	var b [8]byte
	number := func(n uint64) {
		binary.LittleEndian.PutUint64(b[:], n)
		h.Write(b[:])
	}
	text := func(s string) {
		number(uint64(len(s)))
		h.Write([]byte(s))
	}
	number(uint64(d.Seq))
	number(uint64(d.At.UnixMicro()))
	for _, s := range []string{d.Who, string(d.Kind), string(d.Action), d.Left, d.Right, d.LeftHash, d.RightHash, string(d.Band), d.Pattern, string(d.Side), d.Model,
		d.Files[0], d.Files[1], d.Note} {
		text(s)
	}
	number(math.Float64bits(d.Probability))
	number(math.Float64bits(d.Bits))
	number(uint64(d.Undoes))
	number(uint64(d.Bulk))
	number(uint64(map[bool]int{true: 1}[d.Many]))
	number(uint64(len(d.Gates)))
	for _, g := range d.Gates {
		text(g)
	}
	h.Write(previous)
	return h.Sum(nil)
}

// Append adds decisions to the ledger, all or none, and returns the Seq of the first. An undo must name a decision that stands. Who and
// At are the session's where they are empty; the access log has how many of which, not whom they are about. Errors:
// ErrNotFound and ErrChanged of an undo.
func (s LinkStore) Append(ctx context.Context, decisions ...linkage.Decision) (first int64, err error) {
	if len(decisions) == 0 {
		return 0, nil
	}
	err = s.w.update(ctx, func(tx *tx) error {
		seq, previous := int64(0), firstMAC
		err := tx.QueryRow("SELECT seq, digest FROM link_decisions ORDER BY seq DESC LIMIT 1").Scan(&seq, &previous)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		first = seq + 1
		st, err := tx.Prepare("INSERT INTO link_decisions(" + decisionColumns + ", digest) VALUES(" + placeholders(23) + ")")
		if err != nil {
			return err
		}
		counts := map[linkage.Action]int{}
		for _, d := range decisions {
			seq++
			d.Seq, d.At, d.Who = seq, time.UnixMicro(microOrNow(d.At)).UTC(), cmpOr(d.Who, s.w.log.user)
			if d.Action == linkage.ActUndo {
				if err := tx.canUndo(d); err != nil {
					return err
				}
			}
			previous = digestOf(d, previous)
			pair, err := candidateArgs(d.Candidate)
			if err != nil {
				return err
			}
			args := append([]any{d.Seq, d.At.UnixMicro(), d.Who, string(d.Kind), string(d.Action)}, pair...)
			args = append(args, string(d.Side), d.Model, d.Files[0], d.Files[1], d.Note, d.Undoes, d.Bulk, d.Many, previous)
			if _, err := st.ExecContext(tx.ctx, args...); err != nil {
				return err
			}
			counts[d.Action]++
		}
		return tx.log(decisionAction(counts), linkLog, fmt.Sprintf("%s, %d to %d, digest %x", countWords(counts), first, seq, previous))
	})
	if err != nil {
		return 0, err
	}
	return first, nil
}

// canUndo looks whether the decision that an undo names is there and stands.
func (t *tx) canUndo(d linkage.Decision) error {
	var kind linkage.Kind
	err := t.QueryRow("SELECT kind FROM link_decisions WHERE seq=?", d.Undoes).Scan(&kind)
	if errors.Is(err, sql.ErrNoRows) || err == nil && kind != d.Kind {
		return fail(ErrNotFound, "there is no decision %d about %s to take back", d.Undoes, d.Kind)
	}
	if err != nil {
		return err
	}
	gone, err := undone(t.ctx, t.sql)
	if err != nil {
		return err
	}
	if gone[d.Undoes] {
		return fail(ErrChanged, "decision %d was taken back already", d.Undoes)
	}
	return nil
}

// undone gives the decisions that do not stand. An undo can be taken back too: so the last one counts, and it is looked at first.
func undone(ctx context.Context, db queryer) (map[int64]bool, error) {
	rows, err := db.QueryContext(ctx, "SELECT seq, undoes FROM link_decisions INDEXED BY link_decisions_undo WHERE undoes<>0 AND action=? ORDER BY seq DESC", string(linkage.ActUndo))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	gone := map[int64]bool{}
	for rows.Next() {
		var seq, undoes int64
		if err := rows.Scan(&seq, &undoes); err != nil {
			return nil, err
		}
		if !gone[seq] {
			gone[undoes] = true
		}
	}
	return gone, rows.Err()
}

func decisionAction(counts map[linkage.Action]int) Action {
	switch {
	case counts[linkage.ActSame]+counts[linkage.ActDuplicate]+counts[linkage.ActCreateNew] > 0:
		return ActionLinked
	case counts[linkage.ActUndo]+counts[linkage.ActDifferent] > 0:
		return ActionUnlinked
	}
	return ActionEdited
}

func countWords(counts map[linkage.Action]int) string {
	var parts []string
	for _, a := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[a], a))
	}
	return strings.Join(parts, ", ")
}

// Decisions yields the ledger's lines of a kind with a Seq above after, in order; of all kinds if kind is empty.
func (s LinkStore) Decisions(ctx context.Context, kind linkage.Kind, after int64) iter.Seq2[linkage.Decision, error] {
	return func(yield func(linkage.Decision, error) bool) {
		if err := s.entering(ctx, linkLog); err != nil {
			yield(linkage.Decision{}, err)
			return
		}
		s.eachDecision(ctx, kind, after, func(d linkage.Decision, _ []byte, err error) bool { return yield(d, err) })
	}
}

// eachDecision reads the ledger with its digests, some lines at a time. An error is the last that f gets.
func (s LinkStore) eachDecision(ctx context.Context, kind linkage.Kind, after int64, f func(linkage.Decision, []byte, error) bool) {
	type line struct {
		linkage.Decision
		digest []byte
	}
	for {
		rows, err := s.w.read.QueryContext(ctx, "SELECT "+decisionColumns+", digest FROM link_decisions WHERE seq>? AND (?='' OR kind=?) ORDER BY seq LIMIT ?", after, string(kind), string(kind), linkStep)
		var list []line
		for err == nil && rows.Next() {
			var l line
			var at int64
			d := &l.Decision
			err = scanCandidate(rows.Scan, &d.Candidate, []any{&d.Seq, &at, &d.Who, &d.Kind, &d.Action},
				[]any{&d.Side, &d.Model, &d.Files[0], &d.Files[1], &d.Note, &d.Undoes, &d.Bulk, &d.Many, &l.digest})
			d.At = time.UnixMicro(at).UTC()
			list = append(list, l)
		}
		if rows != nil {
			err = errors.Join(err, rows.Err(), rows.Close())
		}
		if err != nil {
			f(linkage.Decision{}, nil, s.w.sqlError(ctx, err))
			return
		}
		for _, l := range list {
			if !f(l.Decision, l.digest, nil) {
				return
			}
			after = l.Seq
		}
		if len(list) < linkStep {
			return
		}
	}
}

// VerifyDecisions checks the ledger's chain from its first line to its last, and the last against the access log, whose own chain
// Verify and VerifyLog check. It gives the number of decisions. Error: ErrDamaged names the first line that is not as it was written.
func (s LinkStore) VerifyDecisions(ctx context.Context) (n int64, err error) {
	if err := s.w.knows(schemaWithLinkage); err != nil {
		return 0, err
	}
	previous := firstMAC
	s.eachDecision(ctx, "", 0, func(d linkage.Decision, digest []byte, e error) bool {
		if err = e; err != nil {
			return false
		}
		if d.Seq != n+1 || !bytes.Equal(digestOf(d, previous), digest) {
			err = fail(ErrDamaged, "decision %d, or the one before it, is not as it was written", d.Seq)
			return false
		}
		n, previous = d.Seq, digest
		return true
	})
	if err != nil {
		return n, err
	}
	var details string
	err = s.w.read.QueryRowContext(ctx, "SELECT details FROM access_log WHERE object=? AND details LIKE '%, digest %' ORDER BY seq DESC LIMIT 1", linkLog).Scan(&details)
	switch {
	case errors.Is(err, sql.ErrNoRows) && n == 0:
		return 0, nil
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return n, s.w.sqlError(ctx, err)
	case !strings.HasSuffix(details, fmt.Sprintf(", digest %x", previous)):
		return n, fail(ErrDamaged, "the decisions end with %d, but the access log tells of another end", n)
	}
	return n, nil
}

// SaveSamples stores the sample that was drawn from a run, or the answers of samples that have an id, all or none.
func (s LinkStore) SaveSamples(ctx context.Context, samples []linkage.Sample) ([]linkage.Sample, error) {
	out := slices.Clone(samples)
	if len(out) == 0 {
		return out, nil
	}
	err := s.w.update(ctx, func(tx *tx) error {
		answered := 0
		for i := range out {
			if err := tx.saveSample(&out[i]); err != nil {
				return err
			}
			if out[i].Answer != "" {
				answered++
			}
		}
		return tx.log(ActionEdited, fmt.Sprintf("second review of link run %d", out[0].Run), fmt.Sprintf("%s, %d answered", plural(len(out), "pair"), answered))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (t *tx) saveSample(s *linkage.Sample) error {
	at := any(nil)
	if !s.At.IsZero() {
		at = s.At.UnixMicro()
	}
	if s.ID != 0 {
		r, err := t.Exec("UPDATE link_samples SET answer=?, who=?, at=? WHERE id=? AND run=?", string(s.Answer), s.Who, at, s.ID, s.Run)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fail(ErrNotFound, "pair %d is not in the second review of run %d; draw the sample again", s.ID, s.Run))
		}
		return nil
	}
	pair, err := candidateArgs(s.Pair)
	if err != nil {
		return err
	}
	r, err := t.Exec("INSERT INTO link_samples(run, "+candidateColumns+", answer, who, at) VALUES("+placeholders(13)+")",
		append(append([]any{s.Run}, pair...), string(s.Answer), s.Who, at)...)
	if err != nil {
		return err
	}
	s.ID, err = r.LastInsertId()
	return err
}

// Samples returns the sample of a run.
func (s LinkStore) Samples(ctx context.Context, run int64) ([]linkage.Sample, error) {
	if err := s.w.knows(schemaWithLinkage); err != nil {
		return nil, err
	}
	rows, err := s.w.read.QueryContext(ctx, "SELECT id, run, "+candidateColumns+", answer, who, at FROM link_samples WHERE run=? ORDER BY id", run)
	if err != nil {
		return nil, s.w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []linkage.Sample
	for rows.Next() {
		var x linkage.Sample
		var at sql.NullInt64
		if err := scanCandidate(rows.Scan, &x.Pair, []any{&x.ID, &x.Run}, []any{&x.Answer, &x.Who, &at}); err != nil {
			return nil, s.w.sqlError(ctx, err)
		}
		if at.Valid {
			x.At = time.UnixMicro(at.Int64).UTC()
		}
		out = append(out, x)
	}
	return out, s.w.sqlError(ctx, rows.Err())
}

// SaveAlias adds an alias and returns its id.
func (s LinkStore) SaveAlias(ctx context.Context, a linkage.Alias) (id int64, err error) {
	err = s.w.update(ctx, func(tx *tx) error {
		r, err := tx.Exec("INSERT INTO link_aliases(kind, name, meaning, decision, who, at) VALUES(?,?,?,?,?,?)",
			string(a.Kind), a.From, a.To, a.Decision, cmpOr(a.Who, s.w.log.user), microOrNow(a.At))
		if err != nil {
			return err
		}
		if id, err = r.LastInsertId(); err != nil {
			return err
		}
		return tx.log(ActionEdited, fmt.Sprintf("alias %d of %s", id, a.Kind), fmt.Sprintf("taught by decision %d", a.Decision))
	})
	return id, err
}

// Aliases returns the aliases whose decision was not taken back, in the order in which they were taught.
func (s LinkStore) Aliases(ctx context.Context, kind linkage.Kind) ([]linkage.Alias, error) {
	if err := s.w.knows(schemaWithLinkage); err != nil {
		return nil, err
	}
	gone, err := undone(ctx, s.w.read)
	if err != nil {
		return nil, s.w.sqlError(ctx, err)
	}
	rows, err := s.w.read.QueryContext(ctx, "SELECT id, kind, name, meaning, decision, who, at FROM link_aliases WHERE kind=? ORDER BY id", string(kind))
	if err != nil {
		return nil, s.w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []linkage.Alias
	for rows.Next() {
		var a linkage.Alias
		var at int64
		if err := rows.Scan(&a.ID, &a.Kind, &a.From, &a.To, &a.Decision, &a.Who, &at); err != nil {
			return nil, s.w.sqlError(ctx, err)
		}
		a.At = time.UnixMicro(at).UTC()
		if !gone[a.Decision] {
			out = append(out, a)
		}
	}
	return out, s.w.sqlError(ctx, rows.Err())
}
