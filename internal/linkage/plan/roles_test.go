package plan

import (
	"slices"
	"strings"
	"testing"

	"trestle/internal/linkage/roster"
)

func TestRolesOf(t *testing.T) {
	const text = "plan_id,payer,plan,payer_id,extra\nP1,Example Health,Example Gold,00831,x\nP2,Example Health,Example Silver,00832,y\n"
	table, err := roster.Read(t.Context(), "plans.csv", strings.NewReader(text), roster.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	roles, key, err := RolesOf(table, ListSpec{Columns: map[string]string{"payer_id": "payer id 837P"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"plan id", "insurer", "name", "payer id 837P", "ignore"}; !slices.Equal(roles, want) {
		t.Errorf("roles %q, want %q", roles, want)
	}
	if key.Column != "plan_id" || key.ChosenBy != "guess" {
		t.Errorf("key %+v", key)
	}
	if _, _, err := RolesOf(table, ListSpec{Key: "nothing"}); err == nil {
		t.Error("a column that is not there was taken")
	}
	for _, r := range Roles() {
		if _, _, err := parseRole(r); err != nil {
			t.Errorf("role %q: %v", r, err)
		}
	}
}
