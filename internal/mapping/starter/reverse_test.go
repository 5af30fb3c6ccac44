package starter_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/check"
	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// roundTrips are the messages that go to FHIR and come back, with the fields that are the same then. What is not listed has
// no place in FHIR, or FHIR has another way to say it.
var roundTrips = []struct {
	file, back string
	same       string
}{
	{"adt-a01", "patient-to-adt", "MSH-9.1 MSH-9.2 MSH-9.3 MSH-10 MSH-12 EVN-2 PID-3 PID-5 PID-7 PID-8 PID-11 PID-13[2].4 PID-13[1].5 PID-13[1].6 PID-13[1].7 PID-14.6 PID-14.7 PID-16 PID-19 PID-30 " +
		"NK1-2 NK1-3.1 NK1-4 NK1-5.7 PV1-2 PV1-3 PV1-4 PV1-7.1 PV1-7.2 PV1-7.3 PV1-7.6 PV1-7.9 PV1-8.1 PV1-8.2 PV1-10 PV1-14 PV1-19 PV1-44 PV2-3 " +
		"AL1-1 AL1-2.1 AL1-3 AL1-4.1 AL1-5[1] AL1-5[2] AL1-6 DG1-1 DG1-3 DG1-5 DG1-6 IN1[1]-1 IN1[1]-2.1 IN1[1]-2.2 IN1[1]-3.1 IN1[1]-4.1 IN1[1]-5 IN1[1]-7.7 IN1[1]-8 IN1[1]-9 IN1[1]-12 IN1[1]-13 IN1[1]-17.1 IN1[1]-22 IN1[1]-36 IN1[2]-2.1 IN1[2]-4.1 IN1[2]-17.1"},
	{"adt-plain", "patient-to-adt", "MSH-9.2 PID-3 PID-5 PID-7 PID-8 PID-11 PID-16 PID-19 PV1-2 PV1-3 PV1-7.1 PV1-19 PV1-44"},
	{"adt-a04-guarantor", "patient-to-adt", "MSH-9 PID-3 PID-5 PID-7 PID-8 PV1-2 PV1-3 PV1-7.1 PV1-19 PV2-3 DG1[1]-3 DG1[2]-3 DG1[1]-6 IN1-2.1 IN1-2.2 IN1-3.1 IN1-8 IN1-12 IN1-36"},
	{"siu-s12", "appointment-to-siu", "MSH-9 SCH-1 SCH-2 SCH-7.1 SCH-7.2 SCH-8 SCH-9 SCH-10.1 SCH-11.4 SCH-11.5 PID-3 PID-5 PID-7 PID-8 RGS-1 AIS-1 AIS-3.1 AIS-3.2 AIS-4 AIP-3.1 AIP-3.2 AIP-3.9"},
	{"siu-s14-resources", "appointment-to-siu", "SCH-1 SCH-2 SCH-7.1 SCH-9 SCH-11.4 SCH-25 AIS[1]-3 AIS[2]-3.1 AIL[1]-3.1 AIL[1]-3.4 AIG-3.2 AIG-4.1 AIP[1]-3.1 AIP[2]-3.2"},
	{"orm-o01", "request-to-orm", "MSH-9 PID-3 PID-5 PV1-2 PV1-3 PV1-7.1 PV1-19 IN1-2.1 IN1-4.1 ORC[1]-1 ORC[1]-2 ORC[1]-4 ORC[1]-12.1 ORC[1]-12.2 ORC[1]-12.9 OBR[1]-2 OBR[1]-4 OBR[1]-27.6 OBR[1]-31 DG1-3 OBX-2 OBX-3 OBX-5 OBX-11 ORC[2]-1 ORC[2]-2 ORC[2]-3 ORC[2]-5 OBR[2]-4"},
	{"oml-o21", "request-to-oml", "MSH-9 PID-3 ORC-1 ORC-2 ORC-9 ORC-12.1 TQ1-7 TQ1-9.1 OBR-2 OBR-4 NTE-3 SPM-4 SPM-7 SPM-17 OBX-2 OBX-3 OBX-5 OBX-11"},
	{"dft-p03", "charge-to-dft", "MSH-9 PID-3 PID-5 FT1[1]-2.1 FT1[1]-4 FT1[1]-5 FT1[1]-6 FT1[1]-10 FT1[1]-20.1 FT1[2]-2.1 FT1[2]-10"},
	{"oru-r01", "report-to-oru", "MSH-9 PID-3 PID-5 PID-7 PID-8 PV1-2 OBR[1]-2 OBR[1]-3 OBR[1]-4 OBR[1]-7 OBR[1]-16.1 OBR[1]-16.2 OBR[1]-22 OBR[1]-24 OBR[1]-25 OBX[1]-2 OBX[1]-3 OBX[1]-5 OBX[1]-6 OBX[1]-7 OBX[1]-8.1 OBX[1]-11 OBX[1]-14 OBX[1]-23.1 NTE-3 " +
		"OBX[2]-2 OBX[2]-5 OBR[2]-2 OBR[2]-4 OBR[2]-25 OBX[3]-2 OBX[3]-5 OBX[3]-11 OBX[4]-2 OBX[4]-5"},
}

func TestRoundTrip(t *testing.T) {
	for _, c := range roundTrips {
		t.Run(c.file, func(t *testing.T) {
			before, err := os.ReadFile(filepath.Join("testdata", c.file+".hl7"))
			if err != nil {
				t.Fatal(err)
			}
			tree, err := os.ReadFile(filepath.Join("testdata", c.file+".hl7.want.json")) // what TestValid has proved
			if err != nil {
				t.Fatal(err)
			}
			back := backward(t, c.back, filepath.Join("testdata", "back", c.file+".hl7"), tree)
			a, b := hl7.Parse(before), hl7.Parse(back)
			for _, path := range strings.Fields(c.same) {
				p, err := hl7.ParsePath(path)
				if err != nil {
					t.Fatal(err)
				}
				if was, is := a.Get(p), b.Get(p); string(was.Raw()) != string(is.Raw()) || !was.IsPresent() {
					t.Errorf("%s was %q and came back as %q", path, was.Raw(), is.Raw())
				}
			}
		})
	}
}

// TestBackward maps resources that others have made, with references as they write them.
func TestBackward(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "fhir", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no resources", err)
	}
	for _, file := range files {
		tree, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		backward(t, name, filepath.Join("testdata", "back", strings.TrimSuffix(filepath.Base(file), ".json")+".hl7"), tree)
	}
}

// backward maps FHIR to HL7 v2 and checks that the message is in order, and what it was.
func backward(t *testing.T, name, golden string, tree []byte) []byte {
	t.Helper()
	e := engine(t, name)
	result, err := e.Run(context.Background(), tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range result.Warnings {
		t.Errorf("%s: %s", golden, w)
	}
	if text, again, err := e.Convert(context.Background(), nil, mapping.Record{Bytes: tree}); err != nil || string(text) != string(result.Message) || again.Message != nil {
		t.Errorf("%s: a feed gives %q, %v", golden, text, err)
	}
	for _, f := range check.Message(hl7.Parse(result.Message), check.Options{}) {
		if f.Severity >= check.Warning {
			t.Errorf("%s: %s at %s: %s", golden, f.Code, f.Path, f.Text)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != string(result.Message) {
		if !*update {
			t.Errorf("%s: the message has changed (%v); look at it after a run with -update", golden, err)
		} else if err := os.WriteFile(golden, result.Message, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return result.Message
}
