package workspace

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"trestle/internal/endpoint"
)

// journalStore is the SQL of a journal. One goroutine uses it.
type journalStore struct {
	w         *Workspace
	prepared  map[string]*sql.Stmt // on the one connection that writes
	stmts     map[string]*sql.Stmt // the same in the transaction
	lastAt    int64
	endpoints map[string]*journalEndpoint
	runs      map[runName]int64
	facts     map[string]int64
	counts    map[countKey]*tallyOf
}

type journalEndpoint struct {
	id       int64
	name     string
	logged   int64     // the last exchange that the access log tells of
	told     time.Time // when it did so, in this session
	last     int64     // the last exchange
	received int64     // of those that it does not tell of yet
	sent     int64
}

type runName struct {
	endpoint int64
	name     string
}

type countKey struct {
	endpoint int64
	inbound  bool
	code     string
	outcome  endpoint.Outcome
	failed   bool
}

type tallyOf struct{ n, request, reply int64 }

const (
	insertExchange = `INSERT INTO exchanges(at, endpoint, run, kind, inbound, conversation, connection, peer, tls, first_byte, last_byte, decided,
	committed, reply_written, request_size, reply_size, type, trigger_event, control_id, mrn, account, code, rule, sentence, attempt, maybe_twice,
	expected, passed, outcome, failed, hashes, more) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`
	insertPayload = "INSERT INTO exchange_payloads(id, request, reply) VALUES(?,?,?)"
	completeTimes = "UPDATE exchanges SET committed=?-at, reply_written=?-at WHERE id=?"
	upsertCount   = `INSERT INTO exchange_counts(endpoint, inbound, code, outcome, failed, n, request_bytes, reply_bytes) VALUES(?,?,?,?,?,?,?,?)
	ON CONFLICT DO UPDATE SET n=n+excluded.n, request_bytes=request_bytes+excluded.request_bytes, reply_bytes=reply_bytes+excluded.reply_bytes`
)

var journalStatements = []string{insertExchange, insertPayload, completeTimes, upsertCount}

// maxFacts is how many facts are remembered; more only cost a lookup.
const maxFacts = 10_000

func newJournalStore(w *Workspace) *journalStore {
	s := &journalStore{w: w, prepared: map[string]*sql.Stmt{}, stmts: map[string]*sql.Stmt{}}
	s.forget()
	return s
}

// forget drops what was remembered, some of which a transaction may have taken back.
func (s *journalStore) forget() {
	s.endpoints, s.runs, s.facts, s.counts = nil, map[runName]int64{}, map[string]int64{}, map[countKey]*tallyOf{}
}

// begin enters what a crash kept from the access log.
func (s *journalStore) begin(tx *tx) error {
	if err := s.load(tx); err != nil {
		return err
	}
	for _, e := range s.endpoints {
		if err := tx.QueryRow("SELECT count(*) FILTER(WHERE inbound), count(*) FILTER(WHERE NOT inbound), coalesce(max(id), 0) FROM exchanges INDEXED BY exchanges_endpoint WHERE endpoint=? AND id>?",
			e.id, e.logged).Scan(&e.received, &e.sent, &e.last); err != nil {
			return err
		}
	}
	return s.logReceived(tx, time.Time{})
}

// load reads what is remembered.
func (s *journalStore) load(tx *tx) error {
	err := tx.QueryRow("SELECT at FROM exchanges ORDER BY id DESC LIMIT 1").Scan(&s.lastAt)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	rows, err := tx.Query("SELECT id, name, logged FROM exchange_endpoints")
	if err != nil {
		return err
	}
	defer rows.Close()
	s.endpoints = map[string]*journalEndpoint{}
	for rows.Next() {
		e := &journalEndpoint{}
		if err := rows.Scan(&e.id, &e.name, &e.logged); err != nil {
			return err
		}
		e.last = e.logged
		s.endpoints[e.name] = e
	}
	return rows.Err()
}

// prepare readies the statements, outside of a transaction, which would hold the one connection.
func (s *journalStore) prepare(ctx context.Context) error {
	for _, q := range journalStatements {
		if s.prepared[q] == nil {
			st, err := s.w.write.PrepareContext(ctx, q)
			if err != nil {
				return s.w.sqlError(ctx, err)
			}
			s.prepared[q] = st
		}
	}
	return nil
}

// bind makes the prepared statements part of a transaction.
func (s *journalStore) bind(tx *tx) error {
	if s.endpoints == nil {
		if err := s.begin(tx); err != nil {
			return err
		}
	}
	for _, q := range journalStatements {
		s.stmts[q] = tx.sql.StmtContext(tx.ctx, s.prepared[q])
	}
	return nil
}

func (s *journalStore) close() error {
	var errs []error
	for _, st := range s.prepared {
		errs = append(errs, st.Close())
	}
	s.prepared = nil
	return errors.Join(errs...)
}

// run is a statement of the transaction.
func (s *journalStore) run(tx *tx, q string, args ...any) (sql.Result, error) {
	return s.stmts[q].ExecContext(tx.ctx, args...)
}

// add stores one exchange and gives its id.
func (s *journalStore) add(tx *tx, e *endpoint.Exchange) (int64, error) {
	at := max(time.Now().UnixMicro(), s.lastAt) // a clock that is set back must not put rows out of order
	s.lastAt = at
	point, err := s.endpoint(tx, e.Endpoint)
	if err != nil {
		return 0, err
	}
	run, err := s.runOf(tx, point.id, e.Run)
	if err != nil {
		return 0, err
	}
	tls, err := s.encryption(tx, e.TLS)
	if err != nil {
		return 0, err
	}
	sentence, err := s.fact(tx, e.Sentence)
	if err != nil {
		return 0, err
	}
	more, err := packMore(e)
	if err != nil {
		return 0, err
	}
	kept := e.Request != nil || e.Reply != nil
	inbound, failed := e.Direction == endpoint.Inbound, exchangeFailed(e)
	r, err := s.run(tx, insertExchange, at, point.id, run, string(e.Kind), inbound, e.Conversation, int64(e.Connection), e.Peer, tls,
		since(e.FirstByte, at), since(e.LastByte, at), since(e.Decided, at), since(e.Committed, at), since(e.ReplyWritten, at),
		e.RequestSize, e.ReplySize, e.Type, e.Trigger, e.ControlID, e.MRN, e.Account, e.Code, e.Rule, sentence, e.Attempt, e.MaybeTwice,
		e.Expected, e.Passed, string(e.Outcome), failed, packHashes(e, kept), more)
	if err != nil {
		return 0, err
	}
	id, err := r.LastInsertId()
	if err != nil {
		return 0, err
	}
	if kept {
		if _, err := s.run(tx, insertPayload, id, e.Request, e.Reply); err != nil {
			return 0, err
		}
	}
	s.tally(countKey{point.id, inbound, e.Code, e.Outcome, failed}, 1, e.RequestSize, e.ReplySize)
	point.last = id
	if inbound {
		point.received++
	} else {
		point.sent++
	}
	return id, nil
}

// exchangeFailed says what a list of failures shows: a send without the answer that was expected, and whatever else did not end
// well.
func exchangeFailed(e *endpoint.Exchange) bool {
	if e.Direction == endpoint.Outbound && e.Expected != "" {
		return !e.Passed
	}
	return slices.Contains(failures, e.Outcome)
}

var failures = []endpoint.Outcome{endpoint.OutcomeError, endpoint.OutcomeRejected, endpoint.OutcomeRefused, endpoint.OutcomeFailed}

// since is a time as microseconds after at, NULL for one that did not happen.
func since(t time.Time, at int64) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro() - at
}

// packHashes is NULL where the bytes are kept: the hashes can be computed from them.
func packHashes(e *endpoint.Exchange, kept bool) any {
	if kept || e.RequestSize == 0 && e.ReplySize == 0 {
		return nil
	}
	return append(append(make([]byte, 0, 64), e.RequestSHA256[:]...), e.ReplySHA256[:]...)
}

// moreOf is what few exchanges have.
type moreOf struct {
	Faults   []string           `json:"faults,omitempty"`
	Findings []endpoint.Finding `json:"findings,omitempty"`
	Detail   string             `json:"detail,omitempty"`
}

func packMore(e *endpoint.Exchange) (any, error) {
	if len(e.Faults) == 0 && len(e.Findings) == 0 && e.Detail == "" {
		return nil, nil
	}
	b, err := json.Marshal(moreOf{e.Faults, e.Findings, e.Detail})
	return string(b), err
}

// endpoint finds an endpoint by name, and enters a new one.
func (s *journalStore) endpoint(tx *tx, name string) (*journalEndpoint, error) {
	if e := s.endpoints[name]; e != nil {
		return e, nil
	}
	r, err := tx.Exec("INSERT INTO exchange_endpoints(name) VALUES(?)", name)
	if err != nil {
		return nil, err
	}
	e := &journalEndpoint{name: name}
	if e.id, err = r.LastInsertId(); err != nil {
		return nil, err
	}
	s.endpoints[name] = e
	return e, nil
}

// runOf is the id of a run, NULL for none.
func (s *journalStore) runOf(tx *tx, point int64, name string) (any, error) {
	if name == "" {
		return nil, nil
	}
	key := runName{point, name}
	if id, ok := s.runs[key]; ok {
		return id, nil
	}
	if _, err := tx.Exec("INSERT INTO exchange_runs(endpoint, name) VALUES(?,?) ON CONFLICT DO NOTHING", point, name); err != nil {
		return nil, err
	}
	var id int64
	if err := tx.QueryRow("SELECT id FROM exchange_runs WHERE endpoint=? AND name=?", point, name).Scan(&id); err != nil {
		return nil, err
	}
	if len(s.runs) >= maxFacts {
		clear(s.runs)
	}
	s.runs[key] = id
	return id, nil
}

func (s *journalStore) encryption(tx *tx, t *endpoint.TLS) (any, error) {
	if t == nil {
		return nil, nil
	}
	b, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return s.fact(tx, string(b))
}

// fact is the id of a text that repeats, NULL for none.
func (s *journalStore) fact(tx *tx, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	if id, ok := s.facts[text]; ok {
		return id, nil
	}
	if _, err := tx.Exec("INSERT INTO exchange_facts(text) VALUES(?) ON CONFLICT DO NOTHING", text); err != nil {
		return nil, err
	}
	var id int64
	if err := tx.QueryRow("SELECT id FROM exchange_facts WHERE text=?", text).Scan(&id); err != nil {
		return nil, err
	}
	if len(s.facts) >= maxFacts {
		clear(s.facts)
	}
	s.facts[text] = id
	return id, nil
}

// complete adds what became known about an exchange. One that was deleted meanwhile is passed over.
func (s *journalStore) complete(tx *tx, c *endpoint.Completion) error {
	if c.Outcome != "" || c.Detail != "" {
		if err := s.changeOutcome(tx, c); err != nil {
			return err
		}
	}
	if c.Committed.IsZero() && c.ReplyWritten.IsZero() {
		return nil
	}
	_, err := s.run(tx, completeTimes, micro(c.Committed), micro(c.ReplyWritten), c.ID)
	return err
}

func micro(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// changeOutcome is rare: most exchanges end as they were stored.
func (s *journalStore) changeOutcome(tx *tx, c *endpoint.Completion) error {
	var k countKey
	var n tallyOf
	e := &endpoint.Exchange{}
	var more sql.NullString
	err := tx.QueryRow("SELECT endpoint, inbound, code, outcome, failed, request_size, reply_size, expected, passed, more FROM exchanges WHERE id=?", c.ID).
		Scan(&k.endpoint, &k.inbound, &k.code, &k.outcome, &k.failed, &n.request, &n.reply, &e.Expected, &e.Passed, &more)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := unpackMore(more, e); err != nil {
		return err
	}
	e.Outcome, e.Direction = k.outcome, directionOf(k.inbound)
	if c.Outcome != "" {
		e.Outcome = c.Outcome
	}
	if c.Detail != "" {
		e.Detail = c.Detail
	}
	failed := exchangeFailed(e)
	packed, err := packMore(e)
	if err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE exchanges SET outcome=?, failed=?, more=? WHERE id=?", string(e.Outcome), failed, packed, c.ID); err != nil {
		return err
	}
	s.tally(k, -1, -n.request, -n.reply)
	k.outcome, k.failed = e.Outcome, failed
	s.tally(k, 1, n.request, n.reply)
	return nil
}

func directionOf(inbound bool) endpoint.Direction {
	if inbound {
		return endpoint.Inbound
	}
	return endpoint.Outbound
}

func unpackMore(packed sql.NullString, e *endpoint.Exchange) error {
	if !packed.Valid {
		return nil
	}
	var m moreOf
	if err := json.Unmarshal([]byte(packed.String), &m); err != nil {
		return fmt.Errorf("findings of exchange %d: %w", e.ID, err)
	}
	e.Faults, e.Findings, e.Detail = m.Faults, m.Findings, m.Detail
	return nil
}

func (s *journalStore) tally(k countKey, n, request, reply int64) {
	t := s.counts[k]
	if t == nil {
		t = &tallyOf{}
		s.counts[k] = t
	}
	t.n, t.request, t.reply = t.n+n, t.request+request, t.reply+reply
}

// count writes the counts of a transaction.
func (s *journalStore) count(tx *tx) error {
	for k, t := range s.counts {
		if _, err := s.run(tx, upsertCount, k.endpoint, k.inbound, k.code, string(k.outcome), k.failed, t.n, t.request, t.reply); err != nil {
			return err
		}
	}
	clear(s.counts)
	return nil
}

// logReceived enters into the access log, for each endpoint of which it told last before a time, how many exchanges came since.
func (s *journalStore) logReceived(tx *tx, before time.Time) error {
	for _, name := range slices.Sorted(maps.Keys(s.endpoints)) {
		e := s.endpoints[name]
		if e.received+e.sent == 0 || !before.IsZero() && e.told.After(before) {
			continue
		}
		action, details := ActionReceived, ""
		switch {
		case e.received == 0:
			action, details = ActionSent, plural(int(e.sent), "message")
		case e.sent == 0:
			details = plural(int(e.received), "message")
		default:
			details = fmt.Sprintf("%s, %d sent", plural(int(e.received), "message"), e.sent)
		}
		if err := tx.log(action, "endpoint "+e.name, fmt.Sprintf("%s, exchanges after %d up to %d", details, e.logged, e.last)); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE exchange_endpoints SET logged=? WHERE id=?", e.last, e.id); err != nil {
			return err
		}
		e.logged, e.told, e.received, e.sent = e.last, time.Now(), 0, 0
	}
	return nil
}
