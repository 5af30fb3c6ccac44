package command

import (
	"context"
	"errors"
	"fmt"

	"trestle/internal/endpoint"
	"trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/workspace"
)

// queuing stores messages in a workspace and puts each at the end of a queue, batch by batch, so that an interrupted command has queued what
// it has stored.
type queuing struct {
	w     *workspace.Workspace
	queue string
	n     int64
}

func (q *queuing) AddMessages(ctx context.Context, batch []inspect.Record) ([]int64, error) {
	ids, err := q.w.AddMessages(ctx, batch)
	if err != nil {
		return nil, err
	}
	var refs []string
	for i, r := range batch {
		if r.IsMessage() {
			refs = append(refs, workspace.MessageRef(ids[i]))
		}
	}
	q.n += int64(len(refs))
	return ids, q.w.Queues().Enqueue(ctx, q.queue, refs)
}

// sendQueue queues the messages of files and sends until the queue is empty.
func (s *session) sendQueue(ctx context.Context, w *workspace.Workspace, c endpoint.SendConfig, files []string, hold, asJSON bool) error {
	if _, err := endpoint.NewSender(c, nil); err != nil {
		return usagef("%s", err)
	}
	store := &queuing{w: w, queue: c.Endpoint}
	unread := s.eachInput(ctx, files, true, func(in *input) error { return s.enqueue(ctx, in, store) })
	if unread != nil && !errors.Is(unread, errUnreadable) { // what could be read is queued, and goes out all the same
		return unread
	}
	counts, err := w.Queues().Counts(ctx, c.Endpoint)
	if err != nil {
		return err
	}
	if !asJSON {
		fmt.Fprintf(s.out, "queue %s: %s\n", clean(c.Endpoint), plural(counts.Waiting+counts.InFlight, "message waits", "messages wait"))
		if err := s.out.Flush(); err != nil {
			return err
		}
	}
	journal, err := w.OpenJournal(ctx)
	if err != nil {
		return err
	}
	q := endpoint.Queue{Name: c.Endpoint, Store: w.Queues(), Source: w.Source(), Config: c, Log: journal, Hold: hold}
	err = s.reportSending(ctx, c.To, asJSON, func(each func(*endpoint.Result)) (sum endpoint.Summary, err error) {
		err = q.Run(ctx, func(r *endpoint.Result) {
			sum.Add(r)
			each(r)
		})
		return sum, err
	})
	if closed := journal.Close(); closed != nil {
		err = errors.Join(err, closed)
	}
	if err == nil {
		err = unread
	}
	return err
}

// enqueue stores and queues the messages of one file.
func (s *session) enqueue(ctx context.Context, in *input, store *queuing) error {
	progress := job.NewProgress()
	progress.SetTotal(in.size)
	stop := s.showProgress(in.source(), progress)
	defer stop()
	before := store.n
	watched := &watchedReader{Reader: in}
	_, err := inspect.Import(ctx, store, in.source(), watched, func(done int64, _ int) { progress.Set(done) })
	switch {
	case watched.err != nil && ctx.Err() == nil:
		return &readError{in.name, fmt.Errorf("%w (%s before that are queued)", watched.err, plural(store.n-before, "message", "messages"))}
	case err == nil && store.n == before:
		return &readError{in.name, errors.New("it holds no HL7 v2 message")}
	}
	return err
}
