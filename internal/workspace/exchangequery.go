package workspace

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"trestle/internal/endpoint"
)

// ExchangeQuery says which exchanges of the journal are looked for. All conditions must hold; the zero value is every exchange.
type ExchangeQuery struct {
	Endpoint     string
	Run          string // of a sender
	Direction    endpoint.Direction
	From, To     time.Time // when the exchange was stored: not before From, before To
	Code         string    // of the acknowledgement, or an HTTP status
	Rule         string    // id of the rule that fired
	Type         string
	Trigger      string
	ControlID    string // this and the next two: the whole value, or its beginning and *; upper and lower case are equal
	MRN          string
	Account      string
	Conversation string
	Text         string // anywhere in request or reply, in upper or lower case; every exchange that else fits is read for it
	Path         string // values at paths of request or reply, as PID-8:F, a line each, all of which must be there; a value may end in *; read as Text is
	Failed       bool   // only what did not end as it should
}

// ExchangePage says which part of a list is wanted.
type ExchangePage struct {
	After  int64 // the last exchange of the page before; 0 is the first page
	Oldest bool  // oldest first; else newest first
	Limit  int   // exchanges at most
}

// words says in the access log what was looked for; empty where no patient could be found by it.
func (q ExchangeQuery) words() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+":"+value)
		}
	}
	add("control", q.ControlID)
	add("mrn", q.MRN)
	add("account", q.Account)
	add("conversation", q.Conversation)
	add("text", q.Text)
	add("at", strings.ReplaceAll(q.Path, "\n", " "))
	if len(parts) > 0 {
		add("endpoint", q.Endpoint)
		add("run", q.Run)
	}
	return strings.Join(parts, " ")
}

// searchingExchanges enters a search for somebody into the access log, as searching does.
func (w *Workspace) searchingExchanges(ctx context.Context, q ExchangeQuery) error {
	if err := w.knows(schemaWithJournal); err != nil {
		return err
	}
	text := q.words()
	if len(text) > maxQuery {
		return fail(ErrQuery, "the search has %d characters; it can have at most %d", len(text), maxQuery)
	}
	key := string(ActionSearched) + " exchanges " + text
	if text == "" || w.log.repeated(key) {
		return nil
	}
	if err := w.reading(ctx, nil, ActionSearched, "exchanges", text); err != nil {
		return err
	}
	w.log.remember(key)
	return nil
}

// exchangePlan is a part of a query that one index answers in the order of ids. The parts of a query have no exchange in common.
type exchangePlan struct {
	index string // "NOT INDEXED" or "INDEXED BY ..."
	conditions
}

// plans turns a query into parts. SQLite has no statistics to choose the index from, and would take one that has to be sorted or
// one that names every row; here it is known which is best.
func (w *Workspace) plans(ctx context.Context, q ExchangeQuery) ([]exchangePlan, error) {
	rest, err := w.exchangeConditions(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, c := range []struct{ column, value string }{{"control_id", q.ControlID}, {"mrn", q.MRN}, {"account", q.Account}, {"conversation", q.Conversation}} {
		if c.value == "" || c.value == "*" {
			continue
		}
		p := exchangePlan{index: "INDEXED BY exchanges_" + c.column}
		p.add("e." + c.column + "<>''")
		p.parts, p.args = append(p.parts, rest.parts...), append(p.args, rest.args...)
		return w.withEndpoint(ctx, q, p)
	}
	if q.Run != "" {
		return w.runPlans(ctx, q, rest)
	}
	index, needs := "exchanges_endpoint", q.Endpoint != ""
	switch { // the rarest first
	case q.Failed:
		index, needs = "exchanges_failed", true
	case q.Rule != "":
		index, needs = "exchanges_rule", true
	case q.Code != "":
		index, needs = "exchanges_code", true
	}
	if !needs {
		return []exchangePlan{{"NOT INDEXED", rest}}, nil
	}
	ids, err := w.endpointIDs(ctx, q.Endpoint)
	if err != nil {
		return nil, err
	}
	var out []exchangePlan
	for _, id := range ids {
		p := exchangePlan{index: "INDEXED BY " + index}
		p.add("e.endpoint=?", id)
		p.parts, p.args = append(p.parts, rest.parts...), append(p.args, rest.args...)
		out = append(out, p)
	}
	return out, nil
}

// withEndpoint narrows a part to the endpoint and run of the query.
func (w *Workspace) withEndpoint(ctx context.Context, q ExchangeQuery, p exchangePlan) ([]exchangePlan, error) {
	if q.Endpoint != "" {
		p.add("e.endpoint IN (SELECT id FROM exchange_endpoints WHERE name=?)", q.Endpoint)
	}
	if q.Run != "" {
		p.add("e.run IN (SELECT id FROM exchange_runs WHERE name=?)", q.Run)
	}
	return []exchangePlan{p}, nil
}

func (w *Workspace) runPlans(ctx context.Context, q ExchangeQuery, rest conditions) ([]exchangePlan, error) {
	ids, err := w.numbers(ctx, "SELECT r.id FROM exchange_runs r JOIN exchange_endpoints p ON p.id=r.endpoint WHERE r.name=? AND (?='' OR p.name=?)", q.Run, q.Endpoint, q.Endpoint)
	if err != nil {
		return nil, err
	}
	var out []exchangePlan
	for _, id := range ids {
		p := exchangePlan{index: "INDEXED BY exchanges_run"}
		p.add("e.run=?", id)
		p.parts, p.args = append(p.parts, rest.parts...), append(p.args, rest.args...)
		out = append(out, p)
	}
	return out, nil
}

func (w *Workspace) endpointIDs(ctx context.Context, name string) ([]int64, error) {
	return w.numbers(ctx, "SELECT id FROM exchange_endpoints WHERE ?='' OR name=?", name, name)
}

func (w *Workspace) numbers(ctx context.Context, q string, args ...any) ([]int64, error) {
	rows, err := w.read.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, w.sqlError(ctx, err)
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, w.sqlError(ctx, err)
		}
		out = append(out, n)
	}
	return out, w.sqlError(ctx, rows.Err())
}

// exchangeConditions are all but those on endpoint and run.
func (w *Workspace) exchangeConditions(ctx context.Context, q ExchangeQuery) (c conditions, err error) {
	for _, at := range []struct {
		t    time.Time
		than string
	}{{q.From, "e.id>=?"}, {q.To, "e.id<?"}} {
		if at.t.IsZero() {
			continue
		}
		id, err := w.firstExchange(ctx, at.t)
		if err != nil {
			return c, err
		}
		c.add(at.than, id)
	}
	for _, f := range []struct{ column, value string }{{"control_id", q.ControlID}, {"mrn", q.MRN}, {"account", q.Account}} {
		prefix, cut := strings.CutSuffix(f.value, "*")
		switch {
		case cut && prefix != "":
			c.add("e."+f.column+">=? AND e."+f.column+"<?", prefix, prefix+"\U0010ffff")
		case f.value != "" && !cut:
			c.add("e."+f.column+"=?", f.value)
		}
	}
	for _, f := range []struct{ column, value string }{{"conversation", q.Conversation}, {"code", q.Code}, {"type", q.Type}, {"trigger_event", q.Trigger}} {
		if f.value != "" {
			c.add("e."+f.column+"=?", f.value)
		}
	}
	if q.Rule != "" {
		c.add("e.rule<>'' AND e.rule=?", q.Rule)
	}
	if q.Direction != "" {
		c.add("e.inbound=?", q.Direction == endpoint.Inbound)
	}
	if q.Failed {
		c.add("e.failed")
	}
	if q.Text != "" {
		c.add(`EXISTS(SELECT 1 FROM exchange_payloads x WHERE x.id=e.id AND (
			instr(lower(CAST(x.request AS TEXT)), lower(?))>0 OR instr(lower(CAST(x.reply AS TEXT)), lower(?))>0))`, q.Text, q.Text)
	}
	return c, addPath(&c, q.Path)
}

// firstExchange is the first exchange that was stored at a time or later. Rows are in the order of time, so it is searched for by
// halving, without an index.
func (w *Workspace) firstExchange(ctx context.Context, t time.Time) (int64, error) {
	var low, high int64
	if err := w.read.QueryRowContext(ctx, "SELECT coalesce((SELECT min(id) FROM exchanges), 1), coalesce((SELECT max(id) FROM exchanges), 0)").Scan(&low, &high); err != nil {
		return 0, w.sqlError(ctx, err)
	}
	high++ // the answer is in [low, high]
	for low < high {
		middle := low + (high-low)/2
		var id, at int64
		err := w.read.QueryRowContext(ctx, "SELECT id, at FROM exchanges WHERE id>=? ORDER BY id LIMIT 1", middle).Scan(&id, &at)
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && at >= t.UnixMicro():
			high = middle
		case err != nil:
			return 0, w.sqlError(ctx, err)
		default:
			low = id + 1
		}
	}
	return low, nil
}

const exchangeSource = ` LEFT JOIN exchange_endpoints p ON p.id=e.endpoint LEFT JOIN exchange_runs r ON r.id=e.run
	LEFT JOIN exchange_facts t ON t.id=e.tls LEFT JOIN exchange_facts s ON s.id=e.sentence`

// listing is the SQL of one part of a page.
func (p exchangePlan) listing(page ExchangePage) (string, []any) {
	order, than := " ORDER BY e.id DESC", "e.id<?"
	if page.Oldest {
		order, than = " ORDER BY e.id", "e.id>?"
	}
	c := conditions{parts: slices.Clone(p.parts), args: slices.Clone(p.args)}
	if page.After != 0 {
		c.add(than, page.After)
	}
	return "SELECT " + exchangeColumns + " FROM exchanges e " + p.index + exchangeSource + c.where() + order + " LIMIT ?", append(c.args, page.Limit)
}

// Exchanges reads a page of the journal, without the bytes. What looks for somebody enters the access log, once in five minutes.
func (w *Workspace) Exchanges(ctx context.Context, q ExchangeQuery, page ExchangePage) ([]endpoint.Exchange, error) {
	if err := w.searchingExchanges(ctx, q); err != nil {
		return nil, err
	}
	return w.exchanges(ctx, q, page)
}

func (w *Workspace) exchanges(ctx context.Context, q ExchangeQuery, page ExchangePage) ([]endpoint.Exchange, error) {
	plans, err := w.plans(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []endpoint.Exchange
	for _, p := range plans {
		text, args := p.listing(page)
		part, err := w.scanExchanges(ctx, text, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	if len(plans) > 1 {
		slices.SortFunc(out, func(a, b endpoint.Exchange) int {
			if page.Oldest {
				a, b = b, a
			}
			return int(max(-1, min(1, b.ID-a.ID)))
		})
	}
	return out[:min(len(out), max(0, page.Limit))], nil
}

// CountExchanges counts the exchanges that a query finds.
func (w *Workspace) CountExchanges(ctx context.Context, q ExchangeQuery) (n int64, err error) {
	if err := w.searchingExchanges(ctx, q); err != nil {
		return 0, err
	}
	if (q == ExchangeQuery{Endpoint: q.Endpoint, Direction: q.Direction, Code: q.Code, Failed: q.Failed}) {
		return w.counted(ctx, q)
	}
	plans, err := w.plans(ctx, q)
	if err != nil {
		return 0, err
	}
	for _, p := range plans {
		var part int64
		if err := w.read.QueryRowContext(ctx, "SELECT count(*) FROM exchanges e "+p.index+p.where(), p.args...).Scan(&part); err != nil {
			return 0, w.sqlError(ctx, err)
		}
		n += part
	}
	return n, nil
}

// counted answers from what is counted as exchanges come.
func (w *Workspace) counted(ctx context.Context, q ExchangeQuery) (n int64, err error) {
	c := conditions{}
	if q.Endpoint != "" {
		c.add("endpoint IN (SELECT id FROM exchange_endpoints WHERE name=?)", q.Endpoint)
	}
	if q.Direction != "" {
		c.add("inbound=?", q.Direction == endpoint.Inbound)
	}
	if q.Code != "" {
		c.add("code=?", q.Code)
	}
	if q.Failed {
		c.add("failed")
	}
	err = w.read.QueryRowContext(ctx, "SELECT coalesce(sum(n), 0) FROM exchange_counts"+c.where(), c.args...).Scan(&n)
	return n, w.sqlError(ctx, err)
}
