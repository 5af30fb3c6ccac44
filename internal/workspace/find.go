package workspace

import (
	"context"
	"errors"

	"trestle/internal/check"
	"trestle/internal/hl7"
	"trestle/internal/inspect"
	"trestle/internal/inspect/query"
	"trestle/internal/inspect/resource"
)

// Indexed is what the index answers of a condition: every message that the condition holds for is found by it. exact is
// that nothing else is. Errors are ErrQuery.
func Indexed(q *query.Query) (index Query, exact bool, err error) {
	n, exact := q.Narrow()
	index = Query{
		Text: n.Text, MRN: n.MRN, Account: n.Account, ControlID: n.Control, Type: n.Type, Trigger: n.Trigger, Format: n.Format, Source: n.Source, Tag: n.Tag,
		From: n.From, To: n.To, Severity: n.HasSeverity, MinSeverity: n.Severity, Sort: q.Sort, Descending: q.Descending,
	}
	return index, exact, index.Check()
}

// Matching keeps those of the messages for which a condition holds, in their order, by looking into each; progress, which
// may be nil, hears of each. That they were read is one entry in the access log. Messages that are damaged or gone are left
// out.
func (w *Workspace) Matching(ctx context.Context, q *query.Query, ids []int64, progress func()) (kept []int64, err error) {
	var message hl7.Message
	for msg, err := range w.Messages(ctx, ids) {
		if progress != nil {
			progress()
		}
		switch {
		case errors.Is(err, ErrDamaged) || errors.Is(err, ErrNotFound):
			continue
		case err != nil:
			return nil, err
		}
		s := query.Subject{Message: &message, Summary: msg.Summary, Source: msg.Source, Tags: msg.Tags}
		if inspect.IsFHIR(msg.Format) {
			message.Reset(nil)
			s.Plain = msg.Bytes
			s.Findings = func() []check.Finding { return inspect.ResourceFindings(ctx, resource.Read(msg.Bytes), msg.Container) }
			if q.Match(&s) {
				kept = append(kept, msg.ID)
			}
			continue
		}
		message.Reset(msg.Bytes)
		s.Findings = func() []check.Finding {
			o := check.Options{Truncated: check.CutOff(msg.Container)}
			return append(msg.Container[:len(msg.Container):len(msg.Container)], check.Message(&message, o)...)
		}
		if q.Match(&s) {
			kept = append(kept, msg.ID)
		}
	}
	return kept, ctx.Err()
}
