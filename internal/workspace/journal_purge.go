package workspace

import (
	"context"
	"time"
)

// ExchangePurge says which exchanges are to go. Both conditions that are given must hold; at least one must be.
type ExchangePurge struct {
	Endpoint string
	Before   time.Time // stored before
}

// ExchangePurgePreview is what PurgeExchanges would remove.
type ExchangePurgePreview struct {
	Rule           ExchangePurge
	Exchanges      int64
	Kept           int64 // exchanges that stay
	Bytes          int64 // of requests and replies, whether they were kept or not
	Oldest, Newest time.Time
	Through        int64 // exchanges after this one stay: they came after the preview
}

// words says in the access log what was asked for.
func (r ExchangePurge) words() string {
	before := ""
	if !r.Before.IsZero() {
		before = "stored before " + r.Before.UTC().Format(time.RFC3339)
	}
	return joinNonEmpty(", ", onlyText("endpoint ", r.Endpoint), before)
}

// PreviewExchangePurge counts what a rule would remove, and removes nothing. Error: ErrQuery if the rule is empty.
func (w *Workspace) PreviewExchangePurge(ctx context.Context, r ExchangePurge) (p ExchangePurgePreview, err error) {
	if err := w.knows(schemaWithJournal); err != nil {
		return p, err
	}
	if r == (ExchangePurge{}) {
		return p, fail(ErrQuery, "say which exchanges are to go: by endpoint or by age")
	}
	p.Rule = r
	if err := w.read.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM exchanges").Scan(&p.Through); err != nil {
		return p, w.sqlError(ctx, err)
	}
	plans, err := w.plans(ctx, ExchangeQuery{Endpoint: r.Endpoint, To: r.Before})
	if err != nil {
		return p, err
	}
	var oldest, newest int64
	for _, part := range plans {
		part.add("e.id<=?", p.Through)
		err := w.read.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(request_size+reply_size), 0), coalesce(min(at), 0), coalesce(max(at), 0) FROM exchanges e "+part.index+part.where(), part.args...).
			Scan(&p.Exchanges, &p.Bytes, &oldest, &newest)
		if err != nil {
			return p, w.sqlError(ctx, err)
		}
	}
	if p.Exchanges > 0 {
		p.Oldest, p.Newest = time.UnixMicro(oldest).UTC(), time.UnixMicro(newest).UTC()
	}
	all, err := w.counted(ctx, ExchangeQuery{})
	p.Kept = all - p.Exchanges
	return p, err
}

// purgeStep is how many exchanges go in one transaction: endpoints go on receiving meanwhile.
const purgeStep = 2000

// PurgeExchanges removes what a preview showed, with the bytes, and nothing that came since. It goes in steps, so that endpoints
// are not held up; a context that is cancelled leaves what is not yet gone. The access log tells of it before the first goes and, if not
// all went, how many did. What is removed is overwritten in the file; old cipher text may stay on the medium and in backups. progress,
// which may be nil, gets exchanges.
func (w *Workspace) PurgeExchanges(ctx context.Context, p ExchangePurgePreview, progress func(done, total int64)) (removed int64, err error) {
	plans, err := w.plans(ctx, ExchangeQuery{Endpoint: p.Rule.Endpoint, To: p.Rule.Before})
	if err != nil || p.Exchanges == 0 {
		return 0, err
	}
	if p.Rule == (ExchangePurge{}) {
		return 0, fail(ErrQuery, "say which exchanges are to go: by endpoint or by age")
	}
	if err := w.update(ctx, func(tx *tx) error {
		return tx.log(ActionPurged, plural(int(p.Exchanges), "exchange"), p.Rule.words())
	}); err != nil {
		return 0, err
	}
	for _, part := range plans {
		part.add("e.id<=?", p.Through)
		for n := int64(1); n > 0 && err == nil; removed += n {
			n = 0
			err = w.update(ctx, func(tx *tx) (err error) {
				n, err = tx.purgeExchanges(part)
				return err
			})
			if err != nil {
				n = 0
			} else if progress != nil && n > 0 {
				progress(removed+n, p.Exchanges)
			}
		}
	}
	if err != nil {
		failed := w.update(context.WithoutCancel(ctx), func(tx *tx) error {
			return tx.logResult(ActionPurged, plural(int(removed), "exchange"), p.Rule.words(), "stopped before all were gone")
		})
		if failed != nil {
			return removed, failed
		}
		return removed, err
	}
	if err := w.update(ctx, func(tx *tx) error { return tx.forgetExchangeNames() }); err != nil {
		return removed, err
	}
	return removed, w.checkpoint(ctx) // or they would still stand in the file
}

// purgeExchanges removes one step of a part, and what is counted of it.
func (t *tx) purgeExchanges(p exchangePlan) (int64, error) {
	rows, err := t.Query("SELECT e.id FROM exchanges e "+p.index+p.where()+" ORDER BY e.id LIMIT ?", append(p.args[:len(p.args):len(p.args)], purgeStep)...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return 0, err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		return 0, err
	}
	list := jsonIDs(ids)
	_, err = t.Exec(`INSERT INTO exchange_counts(endpoint, inbound, code, outcome, failed, n, request_bytes, reply_bytes)
		SELECT endpoint, inbound, code, outcome, failed, -count(*), -sum(request_size), -sum(reply_size) FROM exchanges WHERE id IN (SELECT value FROM json_each(?)) GROUP BY 1, 2, 3, 4, 5
		ON CONFLICT DO UPDATE SET n=n+excluded.n, request_bytes=request_bytes+excluded.request_bytes, reply_bytes=reply_bytes+excluded.reply_bytes`, list)
	if err != nil {
		return 0, err
	}
	for _, table := range []string{"exchange_payloads", "exchanges"} {
		if _, err := t.Exec("DELETE FROM "+table+" WHERE id IN (SELECT value FROM json_each(?))", list); err != nil {
			return 0, err
		}
	}
	return int64(len(ids)), nil
}

// forgetExchangeNames removes runs and endpoints that have no exchange any more and, once the journal is empty, the texts of rules. A
// journal that is open finds out by itself.
func (t *tx) forgetExchangeNames() error {
	for _, q := range []string{
		"DELETE FROM exchange_counts WHERE n=0",
		"DELETE FROM exchange_runs WHERE NOT EXISTS(SELECT 1 FROM exchanges WHERE run=exchange_runs.id)",
		"DELETE FROM exchange_endpoints WHERE NOT EXISTS(SELECT 1 FROM exchanges WHERE endpoint=exchange_endpoints.id)",
		"DELETE FROM exchange_facts WHERE NOT EXISTS(SELECT 1 FROM exchanges)",
	} {
		if _, err := t.Exec(q); err != nil {
			return err
		}
	}
	return nil
}
