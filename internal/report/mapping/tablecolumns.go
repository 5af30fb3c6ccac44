package mappaper

import (
	"slices"
	"strconv"
	"strings"

	"trestle/internal/mapping"
)

// columnNames are the columns of a table's file, with what the mapping calls them: v2 = Code; fhir = Becomes; remark. It is ""
// where a name could not be told from the signs between.
func columnNames(t *mapping.Table) string {
	parts := make([]string, len(t.Rows.Columns))
	for i, name := range t.Rows.Columns {
		if name == "" || name != strings.TrimSpace(name) || strings.ContainsAny(name, ";=\r\n") {
			return ""
		}
		var called []string
		for _, r := range tableRoles(t) {
			if *r.column == name {
				called = append(called, r.title)
			}
		}
		parts[i] = name
		if len(called) > 0 {
			parts[i] += " = " + strings.Join(called, ", ")
		}
	}
	return strings.Join(parts, sourceSeparator)
}

// tableRole is something that a mapping names a column of a table for.
type tableRole struct {
	title  string
	column *string
}

func tableRoles(t *mapping.Table) []tableRole {
	return []tableRole{{titleCode, &t.Key}, {titleMeans, &t.Value}, {titleSystem, &t.System}, {titleDisplay, &t.Display}}
}

// nameColumns gives a table without rows the columns that columnNames has written. It is false where the text names none.
func nameColumns(t *mapping.Table, text string) bool {
	named := mapping.Table{Name: t.Name, File: t.File, Missing: t.Missing}
	for _, part := range strings.Split(text, strings.TrimSpace(sourceSeparator)) {
		name, called, _ := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		if name == "" || slices.Contains(named.Rows.Columns, name) {
			return false
		}
		named.Rows.Columns = append(named.Rows.Columns, name)
		for _, word := range strings.Split(called, ",") {
			for _, r := range tableRoles(&named) {
				if strings.EqualFold(strings.TrimSpace(word), r.title) {
					*r.column = name
				}
			}
		}
	}
	if len(named.Rows.Columns) < 2 {
		return false
	}
	*t = named
	return true
}

// addColumn gives a table a column that somebody has filled in, although its file has none.
func addColumn(t *mapping.Table, column *string, name string) {
	*column = name
	for n := 2; slices.Contains(t.Rows.Columns, *column); n++ {
		*column = name + "-" + strconv.Itoa(n)
	}
	t.Rows.Columns = append(t.Rows.Columns, *column)
	for i := range t.Rows.Lines {
		t.Rows.Lines[i] = append(t.Rows.Lines[i], "")
	}
}

// furtherColumn is where a table has a column that the mapping does not use; -1 if it has none of that name.
func furtherColumn(t *mapping.Table, name string) int {
	i := slices.Index(t.Rows.Columns, name)
	if key, value, system, display := t.Columns(); i == key || i == value || i == system || i == display {
		return -1
	}
	return i
}

// furtherColumns are the names of all such columns.
func furtherColumns(f *mapping.File) (names []string) {
	for i := range f.Tables {
		for _, name := range f.Tables[i].Rows.Columns {
			if furtherColumn(&f.Tables[i], name) >= 0 && columnNames(&f.Tables[i]) != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
