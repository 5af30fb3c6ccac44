package dictionary_test

import (
	"fmt"

	"trestle/internal/dictionary"
	"trestle/internal/hl7"
)

func Example() {
	v, exact := dictionary.For("2.5.1")
	f, _ := v.FieldAt("PID", 3, 4, 1)
	fmt.Println(exact, f.Name, f.Type, f.Table)

	p, _ := hl7.ParsePath("PID-3.4.1")
	fmt.Println(v.NameOf(p))

	later, f, _ := dictionary.DefinedLater("2.3", "FT1", 26)
	fmt.Println(f.Name, "from", later)
	// Output:
	// true Namespace ID IS 0300
	// Patient Identifier List › Assigning Authority › Namespace ID
	// Procedure Code Modifier from 2.3.1
}

func ExampleVersion_Match() {
	m := hl7.Parse([]byte("MSH|^~\\&|LAB\rPID|1||77\rOBX|1|NM|GLU||5.4\rOBX|2|NM|NA||140\r"))
	v, _ := dictionary.For("2.5.1")
	id, _ := v.StructureOf("ORU", "R01")
	s, _ := v.Structure(id)
	match := v.Match(m, s)
	for i := range m.Len() {
		fmt.Println(m.Segment(i).Name(), match.Groups(i))
	}
	for _, d := range match.Deviations {
		fmt.Println(d.Name, d.Kind, "before segment", d.Segment)
	}
	// Output:
	// MSH []
	// PID [{PATIENT_RESULT 1} {PATIENT 1}]
	// OBX [{PATIENT_RESULT 1} {ORDER_OBSERVATION 1} {OBSERVATION 1}]
	// OBX [{PATIENT_RESULT 1} {ORDER_OBSERVATION 1} {OBSERVATION 2}]
	// OBR missing before segment 2
}
