package convert_test

import (
	"fmt"
	"os"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/inspect/convert"
)

const message = "MSH|^~\\&|LAB|R|EHR|C|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\r" +
	"PID|1||88121^^^R^MR~C10442||Tester^Anna||19800231|F\r"

func ExampleToJSON() {
	fmt.Printf("%s\n", convert.ToJSON(hl7.Parse([]byte(message)), true))
	// Output:
	// {
	//   "structure": "ADT_A01",
	//   "segments": [
	//     {"id": "MSH", "fields": {"1": "|", "2": "^~\\&", "3": "LAB", "4": "R", "5": "EHR", "6": "C", "7": "20260301101500", "9": {"1": "ADT", "2": "A08", "3": "ADT_A01"}, "10": "T1", "11": "P", "12": "2.5.1"}},
	//     {"id": "PID", "fields": {"1": "1", "3": [{"1": "88121", "4": "R", "5": "MR"}, "C10442"], "5": {"1": "Tester", "2": "Anna"}, "7": "19800231", "8": "F"}}
	//   ]
	// }
}

func ExampleNewTable() {
	t, _ := convert.NewTable(os.Stdout, []string{"file"}, []hl7.Path{hl7.MustPath("PID-3.1"), hl7.MustPath("PID-5.1")}, convert.TableOptions{RowPerRep: true})
	for it, err := range convert.Read(strings.NewReader(message)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = t.Add([]string{"adt.hl7"}, it.Message())
	}
	_ = t.Close()
	// Output:
	// file,PID-3.1,PID-5.1
	// adt.hl7,88121,Tester
	// adt.hl7,C10442,
}
