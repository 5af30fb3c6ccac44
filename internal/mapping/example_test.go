package mapping_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"trestle/internal/mapping"
)

func Example() {
	dir := fstest.MapFS{
		"sex.csv": {Data: []byte("v2,fhir\nF,female\nM,male\n")},
		"adt.yaml": {Data: []byte(`map: 1
source: {kind: "hl7v2"}
target: {kind: "fhir", root: "Patient"}
tables:
  sex: {file: "sex.csv", missing: {use: "unknown", warn: true}}
blocks:
  - id: "b-patient"
    make: "Patient"
    key: ["PID-3.1"]
    rules:
      - {id: "r-01", to: "name[].family", each: "PID-5", from: "PID-5.1"}
      - {id: "r-02", to: "gender", from: "PID-8", do: [{lookup: "sex"}]}
      - {id: "r-03", to: "deceasedBoolean", value: "true", when: "IF PID-30 EQUALS \"Y\""}
`)},
	}
	f, err := mapping.Load(dir, "adt.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := mapping.Compile(f)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := engine.Run(context.Background(), []byte("MSH|^~\\&|||||||ADT^A04|1|P|2.5.1\rPID|||88121||Okafor^Ada|||X\r"))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := result.Bytes()
	fmt.Print(string(text))
	fmt.Println(result.Warnings[0])
	// Output:
	// {"resourceType":"Patient","id":"67df3ce0-244a-58a6-b83e-3db6e6f8c688","name":[{"family":"Okafor"}],"gender":"unknown"}
	// r-02: the table "sex" does not hold the value
}
