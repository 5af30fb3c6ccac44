package fhirserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"trestle/internal/endpoint/fhirstore"
)

// TestInterop lets clients that we did not write drive the server. It needs node, npm and the network, so it runs only where
// TRESTLE_INTEROP is set.
func TestInterop(t *testing.T) {
	if os.Getenv("TRESTLE_INTEROP") == "" {
		t.Skip("set TRESTLE_INTEROP=1 to install other people's clients with npm and let them drive the server")
	}
	folder := t.TempDir()
	if out, err := exec.Command("npm", "install", "--no-audit", "--no-fund", "--prefix", folder, "fhir-kit-client", "@medplum/core", "fhirclient").CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	for script, want := range map[string]string{
		"kit.mjs": `metadata CapabilityStatement 4.0.1
create Moss 1
update true 2
patch false 3
vread 
history 3
transaction 201 Created, 201 Created, 201 Created
search 3 in 2 pages
resolve true
compartment 3
operation 4
batch true
invalid 422 OperationOutcome
unknown 404 OperationOutcome
deleted 410 OperationOutcome
`,
		"medplum.js": `create Brook
read true
update male
patch true
search 1
history 3
batch 1
validate OperationOutcome
deleted OperationOutcome
`,
		"smart.js": `patient patient-3 Patient Valewood
encounter visit-patient-3-1
user Practitioner Practitioner/doctor-2 Rivers
observations true true
references Patient Encounter
conditions 1
another patient 403
refresh true patient-3
write 403
ehr done
patient patient-1 Patient Fenley
encounter ` + `
user Practitioner Practitioner/doctor-1 Stone
observations true true
references Patient Encounter
conditions 1
another patient 403
refresh true patient-1
write 403
standalone done
patient patient-1 Patient Fenley
encounter ` + `
user Practitioner Practitioner/doctor-1 Stone
observations true true
references Patient Encounter
conditions 1
another patient 403
refresh true patient-1
write 403
confidential done
`,
	} {
		t.Run(script, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join("testdata/interop", script))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, script), b, 0o600); err != nil {
				t.Fatal(err)
			}
			config := Config{Address: "127.0.0.1:0"}
			store := fhirstore.New(fhirstore.Options{})
			if script == "smart.js" {
				config.Auth = Auth{Kind: AuthSMART, Clients: []Client{{ID: "app"}, {ID: "web", Secret: "s3cret"}}}
				if err := store.Fill(t.Context(), fhirstore.Invent(1, 4)); err != nil {
					t.Fatal(err)
				}
			}
			s, err := New(config, Options{Store: store})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := s.Listen(ctx); err != nil {
				t.Fatal(err)
			}
			serving, stop := context.WithCancel(ctx)
			ended := make(chan error, 1)
			go func() { ended <- s.Run(serving) }()
			defer func() {
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}()
			c := exec.CommandContext(ctx, "node", script, s.URL())
			c.Dir = folder
			out, err := c.CombinedOutput()
			if err != nil || string(out) != want {
				t.Errorf("%v, it says\n%s", err, out)
			}
		})
	}
}
