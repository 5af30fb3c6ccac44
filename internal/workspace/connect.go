package workspace

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"trestle/internal/workspace/sealed"
)

// How a connection is used.
type role int

const (
	writer   role = iota // the one connection that writes
	reader               // one of a few that only read
	salvager             // a reader of a damaged file, which it must not touch
	guest                // a reader of a file that another program writes
)

const (
	maxReaders     = 4
	writerCacheKiB = 64 << 10
	readerCacheKiB = 32 << 10
)

// pragmas of each connection, in this order.
func pragmas(r role, pageSize int) []string {
	p := []string{
		fmt.Sprintf("PRAGMA page_size=%d", pageSize),
		"PRAGMA busy_timeout=10000",
		"PRAGMA temp_store=MEMORY",
	}
	cache := writerCacheKiB
	if r != writer {
		cache = readerCacheKiB
	}
	p = append(p,
		"PRAGMA journal_mode=WAL",
		// The driver set NORMAL, which loses acknowledged transactions in a power cut.
		"PRAGMA synchronous=FULL",
		"PRAGMA fullfsync=1", // macOS: a plain fsync does not reach the medium. No effect elsewhere
		"PRAGMA checkpoint_fullfsync=1",
		"PRAGMA foreign_keys=ON",
		"PRAGMA secure_delete=ON",
		"PRAGMA trusted_schema=OFF",
		fmt.Sprintf("PRAGMA cache_size=-%d", cache),
	)
	if r != writer {
		p = append(p, "PRAGMA query_only=ON")
	}
	return p
}

type connector struct {
	driver *sqlite3.SQLiteDriver
	dsn    string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// connect opens a pool of connections in one role. Nothing is read or written yet.
func connect(path string, k *sealed.Keys, r role) *sql.DB {
	dsn := k.URI(path) + "&_txlock=immediate&mode=rw"
	switch r {
	case reader:
		dsn = k.URI(path) + "&mode=rw"
	case salvager, guest:
		dsn = k.URI(path) + "&mode=ro"
	}
	db := sql.OpenDB(connector{&sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		return prepare(c, r, k.PageSize())
	}}, dsn})
	limit := 1
	if r != writer {
		limit = maxReaders
	}
	db.SetMaxOpenConns(limit)
	db.SetMaxIdleConns(limit)
	return db
}

// firstPage writes page 1 of a file that has only a header. Turning the write-ahead log on does that outside of the log,
// for which SQLite would make a rollback journal; our VFS refuses those, so it is kept in memory.
func firstPage(path string, k *sealed.Keys) error {
	c, err := (&sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		if err := c.SetFileControlInt("main", sealed.ReserveBytes, sealed.Overhead); err != nil {
			return err
		}
		if _, err := answer(c, fmt.Sprintf("PRAGMA page_size=%d", k.PageSize())); err != nil {
			return err
		}
		if _, err := answer(c, "PRAGMA journal_mode=MEMORY"); err != nil {
			return err
		}
		return prepare(c, writer, k.PageSize())
	}}).Open(k.URI(path) + "&mode=rw")
	if err != nil {
		return err
	}
	return c.Close()
}

// prepare is what every connection goes through before its first statement.
func prepare(c *sqlite3.SQLiteConn, r role, pageSize int) error {
	// Before anything else: SQLite must leave room for tag and nonce in every page that this connection makes.
	if err := c.SetFileControlInt("main", sealed.ReserveBytes, sealed.Overhead); err != nil {
		return err
	}
	c.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
	for _, q := range pragmas(r, pageSize) {
		got, err := answer(c, q)
		if err != nil {
			return err
		}
		if q == "PRAGMA journal_mode=WAL" && got != "wal" {
			return errNoWAL
		}
	}
	return registerPath(c)
}

// errNoWAL is SQLite's answer where the file system has no shared memory, as on some network drives.
var errNoWAL = errors.New("no write-ahead log")

// answer runs a pragma and gives the first column of its first row.
func answer(c *sqlite3.SQLiteConn, q string) (string, error) {
	rows, err := c.Query(q, nil)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	v := make([]driver.Value, max(1, len(rows.Columns())))
	switch err := rows.Next(v); {
	case errors.Is(err, io.EOF):
		return "", nil // no row: most pragmas that set something
	case err != nil:
		return "", err
	}
	switch x := v[0].(type) {
	case string:
		return x, nil
	case []byte:
		return string(x), nil
	}
	return fmt.Sprint(v[0]), nil
}

// checkEngine refuses a SQLite with the WAL-reset bug (3.7.0 to 3.51.2, and 3.52.0, which was withdrawn), or without
// full-text search.
func checkEngine() error {
	version, number, _ := sqlite3.Version()
	if number < 3051003 || number == 3052000 {
		return fail(nil, "this program was built with SQLite %s, which can damage a workspace; build it with 3.51.3 or later, but not 3.52.0", version)
	}
	return nil
}

// checkFTS reports whether SQLite was built with full-text search.
func checkFTS(ctx context.Context, db *sql.DB) error {
	var n int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM pragma_module_list WHERE name='fts5'").Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return fail(nil, "this program was built without full-text search; build it with -tags fts5")
	}
	return nil
}

// placeholders is "?,?,?".
func placeholders(n int) string {
	return strings.TrimSuffix(strings.Repeat("?,", n), ",")
}
