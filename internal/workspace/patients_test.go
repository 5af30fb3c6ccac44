package workspace

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/endpoint"
	"trestle/internal/inspect"
)

func TestPatients(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	var batch []inspect.Record
	for i, m := range []string{
		"MSH|^~\\&|EHR||||||ADT^A01|1|P|2.5.1\rPID|1||100^^^RB^MR~900-00-0001^^^SSA^SS||Testperson^Quenby||19700101|F\rPV1|1|I\r",
		"MSH|^~\\&|EHR||||||ADT^A08|2|P|2.5.1\rPID|1||100^^^RB^MR~900-00-0001^^^SSA^SS||Testperson^Quenby^New||19700101|F\r",
		"MSH|^~\\&|EHR||||||ADT^A01|3|P|2.5.1\rPID|1||100^^^OTHER^MR||Testperson^Orrin||19800202|M\r",
		"MSH#*~!?#EHR######ADT*A01#4#P#2.5.1\rPID#1##200***RB?1.2?ISO*MR##Exam|plar*Talwyn##19900303#F\rPV1#1#O\r",
		"MSH|^~\\&|EHR||||||SIU^S12|5|P|2.5.1\rSCH|1\r",
	} {
		name := map[int]string{3: "EXAM|PLAR, Talwyn", 4: ""}[i]
		if i < 3 {
			name = "TESTPERSON, x"
		}
		batch = append(batch, inspect.Record{Source: "patients.hl7", Index: i, Bytes: []byte(m), Summary: inspect.Summary{Format: "hl7v2", Name: name, MRN: "x"}})
	}
	if _, err := w.AddMessages(ctx, batch); err != nil {
		t.Fatal(err)
	}
	const quenby, orrin = "PID|1||100^^^RB^MR~900-00-0001^^^SSA^SS||Testperson^Quenby^New||19700101|F", "PID|1||100^^^OTHER^MR||Testperson^Orrin||19800202|M"
	const talwyn = `PID|1||200^^^RB&1.2&ISO^MR||Exam\F\plar^Talwyn||19900303|F`
	for name, c := range map[string]struct {
		q    endpoint.PatientQuery
		want []string
	}{
		"all":                {endpoint.PatientQuery{}, []string{talwyn, orrin, quenby}},
		"limit":              {endpoint.PatientQuery{Limit: 1}, []string{talwyn}},
		"one id, two people": {endpoint.PatientQuery{ID: "100"}, []string{orrin, quenby}},
		"authority":          {endpoint.PatientQuery{ID: "100", Authority: "rb"}, []string{quenby}},
		"another identifier": {endpoint.PatientQuery{ID: "900-00-0001"}, []string{quenby}},
		"part of an id":      {endpoint.PatientQuery{ID: "900"}, nil},
		"only signs":         {endpoint.PatientQuery{ID: `"*"`}, nil},
		"family":             {endpoint.PatientQuery{Family: "testp"}, []string{orrin, quenby}},
		"given":              {endpoint.PatientQuery{Family: "Testperson", Given: "ORR"}, []string{orrin}},
		"birth and sex":      {endpoint.PatientQuery{Birth: "19900303", Sex: "f"}, []string{talwyn}},
		"nobody":             {endpoint.PatientQuery{Family: "Sampleby"}, nil},
	} {
		found, err := w.Patients().Find(ctx, c.q)
		var got []string
		for _, p := range found {
			got = append(got, string(p.PID))
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") || err != nil {
			t.Errorf("%s: %q, want %q, %v", name, got, c.want, err)
		}
	}
	if found, err := w.Patients().Find(ctx, endpoint.PatientQuery{ID: "200"}); err != nil || len(found) != 1 || string(found[0].PV1) != "PV1|1|O" {
		t.Errorf("%q %v", found, err)
	}
}
