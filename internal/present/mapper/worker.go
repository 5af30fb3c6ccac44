package mapper

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"trestle/internal/hl7"
	"trestle/internal/inspect"
	"trestle/internal/job"
	"trestle/internal/mapping"
	"trestle/internal/workspace"
)

// worker maps messages one after the other and puts the results where they are to go. It is used on one goroutine; what is under mu is
// read by the screen.
type worker struct {
	m        *Model
	e        *mapping.Engine
	plan     Plan
	way      Delivery
	name     string // of the mapping
	progress *job.Progress
	told     func()
	toldAt   time.Time

	mu       sync.Mutex
	counts   Counts
	outcomes []Outcome
	waiting  string
	cursor   int64

	text   []byte // memory for the next
	root   *os.Root
	rows   *bufio.Writer // of CSV
	file   *os.File
	kept   []inspect.Record
	places map[string]int // files written, by name
}

// item is a message that is to be mapped.
type item struct {
	Outcome
	rec mapping.Record
}

// pace is how often the screen hears of a run, at most.
const pace = 125 * time.Millisecond

// all maps what the plan takes, or messages that failed before.
func (w *worker) all(ctx context.Context, samples []Sample, again []Outcome) error {
	switch {
	case again != nil:
		w.progress.SetTotal(int64(len(again)))
		return w.again(ctx, again)
	case w.plan.From == FromSamples:
		w.progress.SetTotal(int64(len(samples)))
		for _, s := range samples {
			if err := w.one(ctx, item{Outcome{Name: s.Name, Ref: s.Ref, Path: s.Path, Number: s.Number}, s.Record}); err != nil {
				return err
			}
		}
		return nil
	case w.plan.From == FromProject:
		return w.messages(ctx)
	}
	return walkFiles(ctx, w.plan.Paths, func(path string) error { return w.fileRecords(ctx, path, 0) })
}

func (w *worker) messages(ctx context.Context) error {
	ids, err := w.m.indexedIDs(ctx, w.plan.Query)
	if err != nil {
		return err
	}
	w.progress.SetTotal(int64(len(ids)))
	kind := w.e.File().Source.Kind
	for msg, err := range w.m.store.Messages(ctx, ids) {
		switch {
		case errors.Is(err, workspace.ErrNotFound):
			continue
		case err != nil:
			return err
		case !suits(kind, msg.Bytes):
			w.progress.Add(1)
			continue
		}
		if err := w.bytes(ctx, Outcome{Name: fmt.Sprintf("message %d of the project", msg.ID), Ref: workspace.MessageRef(msg.ID)}, msg.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// bytes maps the messages in bytes that are stored as one.
func (w *worker) bytes(ctx context.Context, o Outcome, b []byte) error {
	for rec, err := range w.e.Records(ctx, bytes.NewReader(b)) {
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return w.failed(ctx, o, err.Error())
		}
		if err := w.one(ctx, item{o, rec}); err != nil {
			return err
		}
	}
	return nil
}

// fileRecords maps the messages of a file, or the one of a number.
func (w *worker) fileRecords(ctx context.Context, path string, only int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for rec, err := range w.e.Records(ctx, f) {
		o := Outcome{Name: filepath.Base(path), Path: path, Number: rec.Number}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return w.failed(ctx, o, err.Error())
		}
		if only != 0 && rec.Number != only {
			continue
		}
		if rec.Number > 1 || only > 1 {
			o.Name += "[" + strconv.Itoa(rec.Number) + "]"
		}
		if err := w.one(ctx, item{o, rec}); err != nil {
			return err
		}
	}
	return nil
}

// again maps messages that failed before.
func (w *worker) again(ctx context.Context, list []Outcome) error {
	source := w.m.store.Source()
	for _, o := range list {
		var err error
		if o.Path != "" {
			err = w.fileRecords(ctx, o.Path, max(o.Number, 1))
		} else {
			var b []byte
			if b, err = source.Message(ctx, o.Ref); err == nil {
				err = w.bytes(ctx, o, b)
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // it was deleted meanwhile
			if err := w.failed(ctx, o, err.Error()); err != nil {
				return err
			}
		}
	}
	return nil
}

// one maps a message and puts its result where it is to go. An error ends the run.
func (w *worker) one(ctx context.Context, i item) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var result *mapping.Result
	var err error
	w.text, result, err = w.e.Convert(ctx, w.text[:0], i.rec)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return w.failed(ctx, i.Outcome, err.Error())
	}
	refused, err := w.put(ctx, i)
	if err != nil {
		return err
	}
	if refused != "" {
		w.mu.Lock()
		w.counts.Refused++
		w.mu.Unlock()
		return w.failed(ctx, i.Outcome, "the partner refused it: "+refused)
	}
	w.mu.Lock()
	w.counts.Read++
	w.counts.Mapped++
	if w.plan.To == ToEndpoint {
		w.counts.Sent++
	}
	if n := len(result.Warnings); n > 0 {
		w.counts.Warned++
		w.counts.Warnings += n
		o := i.Outcome
		o.Reason = result.Warnings[0].String()
		if n > 1 {
			o.Reason += fmt.Sprintf(" (and %d more)", n-1)
		}
		w.note(o)
	}
	w.mu.Unlock()
	w.tell()
	return nil
}

// failed notes a message that has no result.
func (w *worker) failed(_ context.Context, o Outcome, reason string) error {
	o.Reason, o.Failed = reason, true
	w.mu.Lock()
	w.counts.Read++
	w.counts.Failed++
	w.note(o)
	w.mu.Unlock()
	w.tell()
	return nil
}

// note keeps an outcome. Failures push warnings out where there are too many. The lock must be held.
func (w *worker) note(o Outcome) {
	if len(w.outcomes) < maxOutcomes {
		w.outcomes = append(w.outcomes, o)
		return
	}
	if !o.Failed {
		return
	}
	for i := range w.outcomes {
		if !w.outcomes[i].Failed {
			w.outcomes[i] = o
			return
		}
	}
}

func (w *worker) tell() {
	if w.progress != nil {
		w.progress.Add(1)
	}
	if time.Since(w.toldAt) > pace {
		w.toldAt = time.Now()
		w.told()
	}
}

// put puts a result where it is to go.
func (w *worker) put(ctx context.Context, i item) (refused string, err error) {
	switch w.plan.To {
	case ToFolder:
		return "", w.write(i)
	case ToProject:
		return "", w.keep(ctx)
	case ToEndpoint:
		return w.deliver(ctx)
	}
	return "", nil
}

// write writes a result into the folder: a file for each message, or rows of one file.
func (w *worker) write(i item) error {
	if w.root == nil {
		if err := os.MkdirAll(w.plan.Folder, 0o700); err != nil {
			return err
		}
		root, err := os.OpenRoot(w.plan.Folder)
		if err != nil {
			return err
		}
		w.root, w.places = root, map[string]int{}
	}
	target := w.e.File().Target.Kind
	if target == mapping.CSV {
		if w.rows == nil {
			f, err := w.root.OpenFile(identifier(w.name)+".csv", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if err != nil {
				return err
			}
			w.file, w.rows = f, bufio.NewWriter(f)
			if _, err := w.rows.Write(w.e.File().Header()); err != nil {
				return err
			}
		}
		_, err := w.rows.Write(w.text)
		return err
	}
	ending := map[mapping.Kind]string{mapping.HL7v2: ".hl7", mapping.XML: ".xml"}[target]
	if ending == "" {
		ending = ".json"
	}
	base := w.fileName(i)
	w.places[base]++
	if n := w.places[base]; n > 1 {
		base = fmt.Sprintf("%s-%04d", base, n)
	}
	return w.root.WriteFile(base+ending, w.text, 0o600)
}

// fileName is what the file of a result is called, without its ending: by the file that it was made from, or by the control ID
// of the message and its number in the project, so that it is found by what both sides call it, and no two are alike.
func (w *worker) fileName(i item) string {
	if i.Ref == "" {
		return identifier(strings.TrimSuffix(filepath.Base(i.Name), filepath.Ext(i.Name)))
	}
	base := strings.ReplaceAll(i.Ref, "/", "-")
	if w.e.File().Source.Kind == mapping.HL7v2 {
		if control := inspect.Summarise(hl7.Parse(i.rec.Bytes)).ControlID; control != "" {
			base = control + "-" + strings.TrimPrefix(base, "message-")
		}
	}
	return identifier(base)
}

// keepBatch is how many results are stored in the project at a time.
const keepBatch = 200

// keep stores results among the project's messages.
func (w *worker) keep(ctx context.Context) error {
	for rec, err := range inspect.Read(ctx, "mapped by "+w.name, bytes.NewReader(w.text), inspect.Options{}) {
		if err != nil {
			return err
		}
		w.kept = append(w.kept, rec)
	}
	if len(w.kept) < keepBatch {
		return nil
	}
	return w.store(ctx)
}

func (w *worker) store(ctx context.Context) error {
	if len(w.kept) == 0 {
		return nil
	}
	_, err := w.m.store.AddMessages(ctx, w.kept)
	w.kept = nil
	return err
}

// Waits between tries where a partner does not answer.
const (
	firstWait = time.Second
	mostWait  = time.Minute
)

// deliver sends a result. A route waits for a partner that does not answer, as long as it takes; another run says so.
func (w *worker) deliver(ctx context.Context) (refused string, err error) {
	for wait := firstWait; ; wait = min(2*wait, mostWait) {
		refused, err = w.way.Deliver(ctx, w.text)
		if err == nil || ctx.Err() != nil || w.plan.From != FromListener {
			if err != nil && ctx.Err() == nil {
				return err.Error(), nil
			}
			w.wait("")
			return refused, err
		}
		w.wait("waiting for " + w.plan.Endpoint + ": " + err.Error())
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(wait):
		}
	}
}

// wait says why nothing goes on.
func (w *worker) wait(why string) {
	w.mu.Lock()
	changed := w.waiting != why
	w.waiting = why
	w.mu.Unlock()
	if changed {
		w.told()
	}
}

// close stores and writes what is left.
func (w *worker) close() error {
	err := w.store(context.Background()) // what was mapped is not lost by a Cancel
	if w.rows != nil {
		err = errors.Join(err, w.rows.Flush(), w.file.Close())
	}
	if w.root != nil {
		err = errors.Join(err, w.root.Close())
	}
	if w.way != nil {
		w.way.Close()
	}
	if w.plan.To == ToFolder && w.counts.Mapped > 0 {
		err = errors.Join(err, w.m.store.LogExport(context.Background(), "results of a mapping", w.counts.Mapped, w.plan.Folder))
	}
	return err
}
