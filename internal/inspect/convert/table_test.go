package convert

import (
	"strings"
	"testing"

	"trestle/internal/hl7"
)

func TestTable(t *testing.T) {
	m := hl7.Parse([]byte("MSH|^~\\&|A||||||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||5~-7||=cmd()\rOBR|1\rOBX|1|NM|A||-13.5\rOBX|2|ST|B||+x\r"))
	paths := []hl7.Path{hl7.MustPath("PID-3.1"), hl7.MustPath("OBX-5"), hl7.MustPath("PID-5"), hl7.MustPath("PATIENT_RESULT/ORDER_OBSERVATION/OBSERVATION/OBX-3")}
	for name, test := range map[string]struct {
		o    TableOptions
		want string
	}{
		"joined":  {TableOptions{}, "5 | -7,-13.5 | +x,=cmd(),A | B\n"},
		"joiner":  {TableOptions{Joiner: "~", Comma: ';'}, "5~-7;-13.5~+x;=cmd();A~B\n"},
		"rows":    {TableOptions{RowPerRep: true}, "5,-13.5,=cmd(),A\n-7,+x,,B\n"},
		"guarded": {TableOptions{RowPerRep: true, Guard: true}, "5,-13.5,'=cmd(),A\n-7,'+x,,B\n"},
	} {
		var out strings.Builder
		table, err := NewTable(&out, nil, paths, test.o)
		if err == nil {
			err = table.Add(nil, m)
		}
		if err == nil {
			err = table.Close()
		}
		if _, rows, _ := strings.Cut(out.String(), "\n"); err != nil || rows != test.want {
			t.Errorf("%s: %q, %v", name, rows, err)
		}
	}
}
