package project_test

import (
	"testing"

	"trestle/internal/project"
	"trestle/workspaces"
)

func TestSampleLoads(t *testing.T) {
	p, err := project.Load(workspaces.Riverbend())
	if err != nil {
		t.Fatal(err)
	}
	if p.Environment != project.Test || p.Scope.Kind != project.OfficeBased {
		t.Errorf("environment %q, scope %q; want test, office-based", p.Environment, p.Scope.Kind)
	}
}
