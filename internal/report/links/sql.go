package links

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Dialect is how a database quotes text.
type Dialect string

// The dialects. They differ in what a backslash means, and in how text beyond ASCII is marked.
const (
	ANSI      Dialect = "ansi" // PostgreSQL, Oracle, SQLite, Db2
	MySQL     Dialect = "mysql"
	SQLServer Dialect = "sqlserver"
)

// SQLOptions steer the script for a staging table.
type SQLOptions struct {
	Table   string // a plain name, with a schema before it if wanted; trestle_links if empty
	Dialect Dialect
}

var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}(\.[A-Za-z][A-Za-z0-9_]{0,62})?$`)

// WriteSQL writes a script that makes a staging table and fills it, one INSERT a link: what all databases understand.
// Text is quoted, and a NUL, which none can hold, is an error.
func (p *Paper) WriteSQL(ctx context.Context, w io.Writer) error {
	if err := p.Check(); err != nil {
		return err
	}
	table := p.SQL.Table
	if table == "" {
		table = "trestle_links"
	}
	if !plainName.MatchString(table) {
		return fmt.Errorf("the table name %q cannot be used: it has letters, digits and underscores, and at most a schema with a dot before it", table)
	}
	quote, err := p.SQL.Dialect.quoting()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(out, "-- Links of %s. It fills a staging table and changes nothing else.\n", p.Kind)
	fmt.Fprintf(out, "CREATE TABLE %s (\n  left_id VARCHAR(255) NOT NULL,\n  right_id VARCHAR(255) NOT NULL,\n  how VARCHAR(20) NOT NULL,\n"+
		"  probability DECIMAL(9,8) NOT NULL,\n  decided_by VARCHAR(255),\n  decided_at VARCHAR(20),\n  PRIMARY KEY (left_id, right_id)\n);\n", table)
	for i, l := range p.Settled.Links {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		var values []string
		for _, v := range []string{l.Left, l.Right, l.How()} {
			if strings.ContainsRune(v, 0) {
				return errNUL
			}
			values = append(values, quote(v))
		}
		values = append(values, strconv.FormatFloat(min(max(l.Probability, 0), 1), 'f', 8, 64))
		switch {
		case l.Decision == 0:
			values = append(values, "NULL", "NULL")
		case strings.ContainsRune(l.By, 0):
			return errNUL
		default:
			values = append(values, quote(l.By), quote(l.At.UTC().Format(time.RFC3339)))
		}
		fmt.Fprintf(out, "INSERT INTO %s (left_id, right_id, how, probability, decided_by, decided_at) VALUES (%s);\n", table, strings.Join(values, ", "))
	}
	return out.Flush()
}

var errNUL = errors.New("an identifier holds the character NUL, which no database takes: export the list again")

func (d Dialect) quoting() (func(string) string, error) {
	plain := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	switch d {
	case "", ANSI:
		return plain, nil
	case MySQL:
		return func(s string) string { return plain(strings.ReplaceAll(s, `\`, `\\`)) }, nil
	case SQLServer:
		return func(s string) string { return "N" + plain(s) }, nil
	}
	return nil, fmt.Errorf("there is no SQL dialect %q: it is ansi, mysql or sqlserver", d)
}
