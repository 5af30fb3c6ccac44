package endpoints

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"

	"trestle/internal/endpoint"
	"trestle/internal/job"
	"trestle/internal/present/screen"
	"trestle/internal/report"
)

// exportBatch is how many exchanges are written at a time.
const exportBatch = 200

// writeLines writes exchanges as the lines of a journal file, with their bytes, and says how many.
func writeLines(ctx context.Context, path string, all iter.Seq2[endpoint.Exchange, error], p *job.Progress) (n int, err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	file, err := endpoint.OpenFileJournal(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var batch []*endpoint.Exchange
	flush := func() error {
		defer func() { batch = batch[:0] }()
		return file.Append(ctx, batch)
	}
	for e, err := range all {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
		batch = append(batch, &e)
		n++
		p.Note(screen.Plural(n, "exchange"))
		if len(batch) == exportBatch {
			if err := flush(); err != nil {
				return n, err
			}
		}
	}
	return n, flush()
}

// writeTable writes exchanges as a table for a spreadsheet, without their bytes, and says how many.
func writeTable(ctx context.Context, path string, all iter.Seq2[endpoint.Exchange, error], p *job.Progress) (n int, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sheet := report.Sheet{
		Name:    "Journal",
		Columns: report.Titles("Time", "Direction", "Endpoint", "Peer", "Message", "Control ID", "MRN", "Account", "Answer", "Outcome", "Latency ms", "Rule", "Faults", "What happened", "Request bytes", "Reply bytes", "Request SHA-256"),
		Rows: func(yield func([]report.Cell, error) bool) {
			for e, err := range all {
				if err != nil {
					yield(nil, err)
					return
				}
				n++
				p.Note(screen.Plural(n, "exchange"))
				if !yield(tableRow(&e), nil) {
					return
				}
			}
		},
	}
	err = report.ForSpreadsheets.Write(ctx, file, sheet)
	return n, err
}

func tableRow(e *endpoint.Exchange) []report.Cell {
	row := report.Texts(e.LastByte.UTC().Format("2006-01-02T15:04:05.000000Z"), string(e.Direction), e.Endpoint, e.Peer, messageWords(e), e.ControlID, e.MRN, e.Account,
		e.Code, string(e.Outcome))
	row = append(row, report.Number(float64(e.Latency().Microseconds())/1000))
	row = append(row, report.Texts(e.Rule, strings.Join(e.Faults, ", "), whatHappened(e))...)
	return append(row, report.Int(e.RequestSize), report.Int(e.ReplySize), report.Text(fmt.Sprintf("%x", e.RequestSHA256)))
}
