package mapping

import (
	"context"
	"slices"
	"testing"
)

func TestUses(t *testing.T) {
	f, err := Parse([]byte(`
map: 1
source: {kind: "hl7v2"}
target: {kind: "json"}
blocks:
  - id: "b"
    make: "people[]"
    per: "NK1"
    when: "NK1-3.1 VALUED"
    rules:
      - {id: "r-1", to: "name", each: "NK1-2", from: [".1", "NK1-2.2"], when: "PID-8 = \"F\" OR PID-8 = \"M\""}
      - {id: "r-2", to: "gone", from: "NK1-9", status: "out-of-scope"}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Use{{"b", "NK1"}, {"b", "NK1-3.1"}, {"r-1", "NK1-2"}, {"r-1", "NK1-2.1"}, {"r-1", "NK1-2.2"}, {"r-1", "PID-8"}}
	if got := Uses(f); !slices.Equal(got, want) {
		t.Errorf("uses %v, want %v", got, want)
	}
	e, err := Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCoverage(e)
	if err := c.Add(context.Background(), Record{Number: 1, Bytes: []byte("MSH|^~\\&\rNK1|1|Okafor^Ada|SPO\r")}); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, x := range c.Fields() {
		if x.Samples != 1 || x.Distinct != 1 || len(x.Top) != 1 {
			t.Errorf("%s: %+v", x.Path, x)
		}
		paths = append(paths, x.Path)
	}
	if want := []string{"NK1-1", "NK1-2.1", "NK1-2.2", "NK1-3"}; !slices.Equal(paths, want) {
		t.Errorf("fields %v, want %v", paths, want)
	}
}
