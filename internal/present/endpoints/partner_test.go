package endpoints

import (
	"io/fs"
	"testing"

	"trestle/internal/project"
	"trestle/workspaces"
)

// The partner's side of the project file becomes endpoints in one click, and is not offered again.
func TestStandInForThePartner(t *testing.T) {
	p := open(t)
	if _, n := p.Partner(); n != 0 {
		t.Fatalf("%d endpoints are offered without a project file", n)
	}
	text, err := fs.ReadFile(workspaces.Riverbend(), project.FileName)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.stage.Workspace.SetSetting(t.Context(), project.FileName, string(text)); err != nil {
		t.Fatal(err)
	}
	p.Load()
	p.settle()
	name, n := p.Partner()
	if name != "Lakeside Physicians EHR" || n < 3 {
		t.Fatalf("%q, %d", name, n)
	}
	p.StandIn()
	p.settle()
	if p.Count() != n || p.News().Bad || !p.HasSender() {
		t.Errorf("%d endpoints; %+v", p.Count(), p.News())
	}
	in := p.named("lake-siu-in")
	if in == nil || in.config.Address != "127.0.0.1:2676" || in.config.Ack.Application != "LAKEEHR" {
		t.Errorf("%+v", in)
	}
	if api := p.named("lake-fhir"); api == nil || api.kind != FHIRServer || api.fhir.Address != "127.0.0.1:8080" || api.fhir.path() != "/fhir/r4" {
		t.Errorf("%+v", api)
	}
	if _, n := p.Partner(); n != 0 {
		t.Errorf("%d are offered again", n)
	}
}
