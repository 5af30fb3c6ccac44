package plan

import (
	"strings"

	"trestle/internal/linkage/roster"
)

// Roles lists what a column of a plan list can hold, as [ListSpec.Columns] writes it.
func Roles() []string {
	return []string{"ignore", "insurer", "name", "type", "payer id", "address", "city", "state", "zip", "phone"}
}

// RolesOf says what the columns of a table are taken for, column by column as [Roles] writes it, and which is the plan
// ID; its role is "plan id". What is wrong with the specification is an error.
func RolesOf(table *roster.Roster, s ListSpec) ([]string, Key, error) {
	t := &columns{table: table, roles: make([]role, len(table.Columns)), ids: make([]PayerID, len(table.Columns))}
	if err := t.apply(s); err != nil {
		return nil, Key{}, err
	}
	t.guess()
	names := make([]string, len(t.roles))
	for i, r := range t.roles {
		names[i] = r.text(t.ids[i])
	}
	key, err := t.key(s.Key)
	if err != nil {
		return names, Key{Candidates: t.candidates}, err
	}
	names[key] = "plan id"
	k := Key{Column: table.Columns[key].Name, ChosenBy: "specification", Candidates: t.candidates}
	if s.Key == "" {
		k.ChosenBy = "guess"
	}
	return names, k, nil
}

// text writes a role as the specification does.
func (r role) text(id PayerID) string {
	for name, other := range roleNames {
		if other == r {
			return strings.TrimSpace(strings.Join([]string{name, id.Transaction, id.Clearinghouse}, " "))
		}
	}
	return "ignore"
}
