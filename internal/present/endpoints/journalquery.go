package endpoints

import (
	"fmt"
	"strings"
	"time"

	"trestle/internal/hl7"
	"trestle/internal/workspace"
)

// journalFields are what the filter of the journal knows.
var journalFields = []string{"mrn", "account", "control", "code", "rule", "type", "trigger", "run", "since", "until", "failed", "text"}

// readJournalQuery reads a filter: mrn:88121 code:AE PV1-2:I failed "some text".
func readJournalQuery(text string) (q workspace.ExchangeQuery, err error) {
	for _, word := range splitWords(text) {
		name, value, ok := strings.Cut(word, ":")
		if strings.EqualFold(word, "failed") {
			q.Failed = true
			continue
		}
		if !ok || value == "" {
			q.Text = strings.TrimSpace(q.Text + " " + word)
			continue
		}
		switch strings.ToLower(name) {
		case "mrn":
			q.MRN = value
		case "account":
			q.Account = value
		case "control":
			q.ControlID = value
		case "code":
			q.Code = strings.ToUpper(value)
		case "rule":
			q.Rule = value
		case "type":
			q.Type, q.Trigger, _ = strings.Cut(strings.ToUpper(value), "^")
		case "trigger":
			q.Trigger = strings.ToUpper(value)
		case "run":
			q.Run = value
		case "since":
			q.From, err = readMoment(value)
		case "until":
			q.To, err = readMoment(value)
		case "text":
			q.Text = strings.TrimSpace(q.Text + " " + value)
		default:
			if _, err := hl7.ParsePath(name); err != nil || !strings.Contains(name, "-") {
				return q, fmt.Errorf("%s is unknown; the filter knows %s, paths such as PID-8:F, and words", name, strings.Join(journalFields, ", "))
			}
			if q.Path != "" {
				q.Path += "\n"
			}
			q.Path += name + ":" + value
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// readMoment reads a day or a time of today, by the clock on the wall.
func readMoment(s string) (time.Time, error) {
	now := time.Now()
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.Local), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is no time; write 2026-01-31, 2026-01-31T14:30 or 14:30", s)
}

// splitWords splits at blanks; quotation marks hold together.
func splitWords(s string) (all []string) {
	var b strings.Builder
	quoted := false
	for _, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			if b.Len() > 0 {
				all = append(all, b.String())
			}
			b.Reset()
		default:
			b.WriteRune(r)
		}
	}
	if b.Len() > 0 {
		all = append(all, b.String())
	}
	return all
}
