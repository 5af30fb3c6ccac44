package hl7

import (
	"errors"
	"strings"
	"testing"
)

func TestParsePath(t *testing.T) {
	for in, want := range map[string]string{
		"PID-3[2].4.1": "PID-3[2].4.1", "PID.3.1": "PID-3.1", "PID-3-1": "PID-3.1", "PID-3": "PID-3", "PID": "PID",
		"OBX[2]-5": "OBX[2]-5", "OBX[1]-5": "OBX-5", "OBX[*]-5[*].1.*": "OBX[*]-5[*].1.*", "pid-3-1-2": "PID-3.1.2",
		"/PATIENT(0)/PID-3-1": "/PATIENT[1]/PID-3.1", "/.PATIENT/PID-3": "PATIENT/PID-3", "/PID-3": "PID-3", "/.PID-3": "PID-3",
		"OBX(1)-5(0)-1": "OBX[2]-5[1].1", "PATIENT_RESULT/ORDER_OBSERVATION[2]/OBX-5": "PATIENT_RESULT/ORDER_OBSERVATION[2]/OBX-5",
		"ORDER_OBSERVATION[2].OBX.5": "ORDER_OBSERVATION[2]/OBX-5", "ORDER[*]/OBX[*]-5": "ORDER[*]/OBX[*]-5", "ZP1-1": "ZP1-1", "PID-*": "PID-*",
	} {
		p, err := ParsePath(in)
		if err != nil || p.String() != want {
			t.Errorf("%s: %s, %v; want %s", in, p, err, want)
		}
	}
	for in, advice := range map[string]string{
		"": "is empty", "PIDX-3": "three characters", "PI-3": "three characters", "PID-0": "count from 1", "PID-": "a number or *",
		"PID-3.": "a number or *", "PID-3[2": "close the index", "PID-3[0]": "count from 1", "PID-3.1[2]": "stands after the field: PID-3[2].1",
		"PID-3.1.2.3": "nothing can follow a subcomponent", "PID 3": "unexpected", "PATIENT": "after a group write /", "A//PID-3": "a segment ID is missing",
		"PID-9999999999": "too large", "1PI-3": "three characters", "-3": "a segment ID is missing", "PID-a": "a number or *",
	} {
		_, err := ParsePath(in)
		var pe *PathError
		if !errors.As(err, &pe) || !strings.Contains(err.Error(), advice) {
			t.Errorf("%q: %v, want advice with %q", in, err, advice)
		}
	}
}

// twoOrders groups an invented message: PID in PATIENT, every OBR starts an
// ORDER with the OBX after it in OBSERVATION.
type twoOrders struct{ m *Message }

func (g twoOrders) Groups(i int) []GroupStep {
	order, obs := 0, 0
	for k := 0; k <= i; k++ {
		switch g.m.Segment(k).Name() {
		case "OBR":
			order, obs = order+1, 0
		case "OBX":
			obs++
		}
	}
	switch g.m.Segment(i).Name() {
	case "PID":
		return []GroupStep{{"RESULT", 1}, {"PATIENT", 1}}
	case "OBR":
		return []GroupStep{{"RESULT", 1}, {"ORDER", order}}
	case "OBX":
		return []GroupStep{{"RESULT", 1}, {"ORDER", order}, {"OBSERVATION", obs}}
	}
	return nil
}

func TestGroups(t *testing.T) {
	m := Parse([]byte("MSH|^~\\&|A\rPID|1\rOBR|1\rOBX|1a\rOBX|1b\rOBR|2\rOBX|2a\r"))
	m = m.WithGroups(twoOrders{m})
	for path, want := range map[string]string{
		"ORDER[2]/OBR-1": "2", "ORDER/OBR-1": "1", "/RESULT/ORDER(1)/OBSERVATION(0)/OBX-1": "2a", "ORDER[1]/OBSERVATION[2]/OBX-1": "1b",
		"ORDER[*]/OBSERVATION[*]/OBX-1": "1a,1b,2a", "OBSERVATION[*]/OBX-1": "1a,1b,2a", "/ORDER/OBR-1": "", "PATIENT/PID-1": "1",
		"ORDER[3]/OBR-1": "", "OBX[3]-1": "2a",
	} {
		var got []string
		for v := range m.All(MustPath(path)) {
			got = append(got, v.Text())
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	n, err := m.Set(MustPath("ORDER[2]/OBSERVATION/OBX-2"), "x")
	if err != nil || n.Get(MustPath("OBX[3]-2")).Text() != "x" {
		t.Errorf("set by group: %v", err)
	}
}
