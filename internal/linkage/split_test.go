package linkage

import (
	"testing"

	"trestle/internal/linkage/roster"
)

func TestNamesAndDatesInOneCellOrSeveral(t *testing.T) {
	one := roster.New("one", []roster.Column{{Name: "id"}, {Name: "patient name"}, {Name: "dob"}}, [][]string{{"A1", "QUILL, ADA MAE", "02/13/1971"}, {"A2", "Tom Oduya", "12/31/1999"}})
	many := roster.New("many", []roster.Column{{Name: "id"}, {Name: "lname"}, {Name: "fname"}, {Name: "mi"}, {Name: "by"}, {Name: "bm"}, {Name: "bd"}},
		[][]string{{"B1", "Quill", "Ada", "M", "1971", "2", "13"}, {"B2", "Oduya", "Tom", "", "1999", "12", "31"}})
	tab := newTables()
	a, err := normalise(t.Context(), Left, one, tab, &Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := normalise(t.Context(), Right, many, tab, &Options{})
	if err != nil {
		t.Fatal(err)
	}
	tab.aboutGiven, tab.aboutSurname = tab.given.describe(true), tab.surname.describe(false)
	for i := range a.list {
		p := tab.compare(&a.list[i], &b.list[i])
		if p.Level(First) != Exact || p.Surname() != Exact || p.Level(BirthDay) != Exact || i == 0 && p.Level(Middle) != MiddleInitial {
			t.Errorf("row %d: %+v and %+v", i, a.list[i], b.list[i])
		}
	}
}
