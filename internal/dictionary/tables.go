package dictionary

import (
	"fmt"
	"sync"
)

// Table is a code table as one version lists it. No codes: the table is user
// defined and the standard suggests no values.
type Table struct {
	ID, Name string
	Kind     string // "hl7", "user", "Externally defined", "Imported", "no longer used" or "" (not known)
	OID      string
	Since    string // version that introduced it, "" = not known
	Listed   bool   // the version lists this table; false: it is known from other versions only
	Codes    []Code
}

// Code is a code of a table.
type Code struct {
	Value, Display string
	Deprecated     bool // deprecated or retired in the current terminology
}

// Code returns a code of the table by its value, exactly as spelled.
func (t *Table) Code(value string) (Code, bool) {
	for _, c := range t.Codes {
		if c.Value == value {
			return c, true
		}
	}
	return Code{}, false
}

// masked is a table with the codes of all versions; bit i of a mask is
// versions[i]. The last bit is that of the current HL7 Terminology, which
// stands for 2.9.1.
type masked struct {
	Table
	mask  uint64
	codes []maskedCode
}

type maskedCode struct {
	Code
	mask uint64
}

var allTables = sync.OnceValue(func() []masked {
	file, err := packed.ReadFile("data/tables.bin")
	var tables []masked
	if err == nil {
		tables, err = unpackTables(file)
	}
	if err != nil {
		panic(fmt.Sprintf("dictionary: the code tables in this program cannot be read: %v", err))
	}
	return tables
})

func unpackTables(file []byte) ([]masked, error) {
	payload, err := unpackPayload(file, "TRT1")
	if err != nil {
		return nil, err
	}
	return readTables(payload)
}

func readTables(payload []byte) ([]masked, error) {
	r := newReader(payload)
	tables := make([]masked, r.count(7))
	codes := slab[maskedCode](make([]maskedCode, r.count(3)))
	for i := range tables {
		t := &tables[i]
		t.ID, t.Name, t.Kind, t.OID, t.Since = r.text(), r.text(), r.text(), r.text(), r.text()
		t.mask = uint64(r.number())
		t.codes = codes.take(r, r.count(3))
		for j := range t.codes {
			c := &t.codes[j]
			c.Value, c.Display = r.text(), r.text()
			flags := r.number()
			c.Deprecated, c.mask = flags&1 != 0, uint64(flags>>1)
		}
	}
	if len(r.rest) > 0 {
		r.fail("bytes after the end")
	}
	return tables, r.err
}

// Table returns a code table with the codes that the version lists. A table
// that only other versions list is there too, so that its name can be shown,
// with Listed false and such codes as are dated to this version.
func (v *Version) Table(id string) (*Table, bool) {
	v.loadTables()
	t, ok := v.tables[id]
	return t, ok
}

// Tables returns the tables that the version lists, sorted by ID.
func (v *Version) Tables() []*Table {
	v.loadTables()
	return v.tableList
}

func (v *Version) loadTables() {
	v.tablesOnce.Do(func() {
		all := allTables()
		bit := uint64(1) << v.index
		count := 0
		for i := range all {
			for _, c := range all[i].codes {
				if c.mask&bit != 0 {
					count++
				}
			}
		}
		codes := make([]Code, 0, count)
		tables := make([]Table, len(all))
		v.tables = make(map[string]*Table, len(all))
		for i := range all {
			t := &tables[i]
			*t = all[i].Table
			// 2.9.1 lists every table that the terminology or an older version has.
			t.Listed = all[i].mask&bit != 0 || v.Draft
			start := len(codes)
			for _, c := range all[i].codes {
				if c.mask&bit != 0 {
					codes = append(codes, c.Code)
				}
			}
			t.Codes = codes[start:len(codes):len(codes)]
			v.tables[t.ID] = t
			if t.Listed {
				v.tableList = append(v.tableList, t)
			}
		}
	})
}
