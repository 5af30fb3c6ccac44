package roster

import (
	"strings"
	"testing"
)

func TestRestoreGivesTheSameContent(t *testing.T) {
	const text = "mrn,last_name,first_name,dob\n0012,Marlow,Jane,1979-02-28\n\n0013,Ash,Kim,1980-01-02\n"
	read, err := Read(t.Context(), "a.csv", strings.NewReader(text), Spec{})
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for _, c := range read.Columns {
		headings = append(headings, c.Name)
	}
	again := Restore(read.Name, read.Hash, headings, func(yield func(Line) bool) {
		for i := range read.Len() {
			if !yield(Line{read.Line(i), read.Cells(i)}) {
				return
			}
		}
	})
	if again.Len() != read.Len() || again.Hash != read.Hash {
		t.Fatalf("%d rows, hash %s", again.Len(), again.Hash)
	}
	for i := range read.Len() {
		if again.ContentHash(i) != read.ContentHash(i) || again.ID(i) != read.ID(i) || again.Line(i) != read.Line(i) {
			t.Errorf("row %d is not what it was", i)
		}
	}
}

func TestThePartnersNumbersAreTheirs(t *testing.T) {
	read, err := Read(t.Context(), "a.csv", strings.NewReader("patient_id,lakeside_mrn,last_name,first_name,dob,member\nC1,0012,Marlow,Jane,1979-02-28,M1\nC2,,Ash,Kim,1980-01-02,M2\n"), Spec{})
	if err != nil {
		t.Fatal(err)
	}
	if got := read.Columns[1].Role; got != OtherID {
		t.Errorf("lakeside_mrn was taken for %q", got)
	}
	if got := read.Columns[5].Role; got != MemberID {
		t.Errorf("member was taken for %q", got)
	}
}
