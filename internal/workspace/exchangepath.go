package workspace

import (
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/hl7"
)

// pathSQL is the SQL function that says whether a message fits a condition on the value at a path.
const pathSQL = "has_value_at"

func registerPath(c *sqlite3.SQLiteConn) error { return c.RegisterFunc(pathSQL, hasValueAt, true) }

// splitPath takes a condition such as "PID-8:F" apart. A value that ends in * is the beginning of what is looked for, * alone is any
// value. ok is false where it is no such condition.
func splitPath(condition string) (path hl7.Path, value string, ok bool) {
	text, value, found := strings.Cut(condition, ":")
	path, err := hl7.ParsePath(text)
	if !found || err != nil || path.Field == 0 || value == "" {
		return path, "", false
	}
	// What the path does not number, it means all of.
	if path.Occurrence == 0 {
		path.Occurrence = hl7.All
	}
	if path.Repetition == 0 {
		path.Repetition = hl7.All
	}
	return path, value, true
}

// hasValueAt says whether a message has a value at a path, in upper or lower case.
func hasValueAt(message []byte, condition string) bool {
	path, value, ok := splitPath(condition)
	if !ok || len(message) == 0 {
		return false
	}
	start, beginning := strings.CutSuffix(value, "*")
	for v := range hl7.Parse(message).All(path) {
		if v.State() != hl7.Valued {
			continue
		}
		text := v.Text()
		if beginning && len(text) >= len(start) && strings.EqualFold(text[:len(start)], start) || !beginning && strings.EqualFold(text, value) {
			return true
		}
	}
	return false
}

// addPath adds the condition of ExchangeQuery.Path. Error: ErrQuery.
func addPath(c *conditions, text string) error {
	for condition := range strings.Lines(text) {
		condition = strings.TrimRight(condition, "\n")
		if _, _, ok := splitPath(condition); !ok {
			return fail(ErrQuery, "%s is no path and value, such as PID-8:F", clipText(condition, 60))
		}
		c.add("EXISTS(SELECT 1 FROM exchange_payloads x WHERE x.id=e.id AND ("+pathSQL+"(x.request, ?) OR "+pathSQL+"(x.reply, ?)))", condition, condition)
	}
	return nil
}
