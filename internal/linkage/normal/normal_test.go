package normal

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"  O'Brién-Smith ": "obrien smith", "STRAßE": "strasse", "Łukasz": "lukasz", "Åsa": "asa", "李 小龍": "李 小龍", "Пётр": "петр",
		"d’Artagnan": "dartagnan", "": "", "--": "", "a  b": "a b", "MC-KENNA,": "mc kenna", "plain": "plain", "don": "don",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, not %q", in, got, want)
		}
	}
}

func TestSurname(t *testing.T) {
	for _, c := range []struct{ in, main, first, last, suffix string }{
		{"Smith", "smith", "smith", "", ""}, {"SMITH JR.", "smith", "smith", "", "jr"}, {"Garcia Lopez", "garcialopez", "garcia", "lopez", ""},
		{"de la Cruz", "delacruz", "delacruz", "", ""}, {"Dela Cruz III", "delacruz", "dela", "cruz", "iii"}, {"Smith-Jones", "smithjones", "smith", "jones", ""},
		{"UNKNOWN", "", "", "", ""}, {"Van Der Berg", "vanderberg", "vanderberg", "", ""}, {"Li V", "liv", "li", "v", ""},
	} {
		main, first, last, suffix := Surname(c.in)
		if main != c.main || first != c.first || last != c.last || suffix != c.suffix {
			t.Errorf("%q: %q %q %q %q", c.in, main, first, last, suffix)
		}
	}
}

func TestGiven(t *testing.T) {
	for _, c := range []struct {
		in, first, middle string
		newborn           bool
	}{
		{"Mary Ann", "mary", "ann", false}, {"BABY BOY", "baby boy", "", true}, {"Babygirl", "babygirl", "", true}, {"BB", "bb", "", true},
		{"Boyd", "boyd", "", false}, {"TEST", "", "", false}, {"", "", "", false}, {"Girl A", "girl a", "", true}, {"Infanta", "infanta", "", false},
	} {
		first, middle, newborn := Given(c.in)
		if first != c.first || middle != c.middle || newborn != c.newborn {
			t.Errorf("%q: %q %q %v", c.in, first, middle, newborn)
		}
	}
}

func TestDate(t *testing.T) {
	for _, c := range []struct {
		in    string
		order Order
		want  Day
		ok    bool
	}{
		{"19620215", MonthFirst, 19620215, true}, {"1962-02-15", MonthFirst, 19620215, true}, {"02/15/1962", MonthFirst, 19620215, true},
		{"15/02/1962", MonthFirst, 19620215, true}, {"03/04/1962", DayFirst, 19620403, true}, {"03/04/1962", MonthFirst, 19620304, true},
		{"15-Feb-1962", MonthFirst, 19620215, true}, {"Feb 15, 1962", MonthFirst, 19620215, true}, {"2/15/62", MonthFirst, 19620215, true},
		{"2/15/07", MonthFirst, 20070215, true}, {"1962-02-15T08:30:00Z", MonthFirst, 19620215, true}, {"196202150830", MonthFirst, 19620215, true},
		{"1962", MonthFirst, 19620000, true}, {"1962-02", MonthFirst, 19620200, true}, {"01/01/1900", MonthFirst, 0, true}, {"9999-12-31", MonthFirst, 0, true},
		{"", MonthFirst, 0, true}, {"soon", MonthFirst, 0, false}, {"12/x/1962", MonthFirst, 0, false}, {"1 2 3 4", MonthFirst, 0, false}, {"02151962", MonthFirst, 19620215, true},
	} {
		if got, ok := Date(c.in, c.order); got != c.want || ok != c.ok {
			t.Errorf("Date(%q, %d) = %d, %v, not %d, %v", c.in, c.order, got, ok, c.want, c.ok)
		}
	}
}

func TestSSN(t *testing.T) {
	for _, c := range []struct {
		in, number, last4 string
		valid             bool
	}{
		{"212-45-6789", "212456789", "6789", true}, {"999-99-9999", "", "", false}, {"000-12-3456", "", "", false}, {"666-12-3456", "666123456", "3456", false},
		{"912-45-6789", "912456789", "6789", false}, {"078-05-1120", "", "", false}, {"212-00-6789", "", "", false}, {"212-45-0000", "", "", false},
		{"123456789", "", "", false}, {"6789", "", "6789", false}, {"987-65-4325", "", "", false}, {"12456789", "012456789", "6789", true},
		{"5304218", "5304218", "4218", false}, {"", "", "", false}, {"XXX-XX-6789", "", "6789", false},
	} {
		number, last4, valid := SSN(c.in)
		if number != c.number || last4 != c.last4 || valid != c.valid {
			t.Errorf("%q: %q %q %v", c.in, number, last4, valid)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		what     func(string) string
		in, want string
	}{
		{Phone, "1 (425) 996-1948", "4259961948"}, {Phone, "(000) 000-0000", ""}, {Phone, "425-155-1948", ""}, {Phone, "206-555-0142", ""},
		{Phone, "425.996.1948 x12", "4259961948"}, {Phone, "+47 22 33 44 55", "4722334455"}, {Phone, "call me", ""}, {Phone, "206-999-9999", ""},
		{PostalCode, "98084-1867", "98084"}, {PostalCode, "99999", ""}, {PostalCode, "SW1A 1AA", "sw1a1aa"}, {PostalCode, "3032", "3032"}, {PostalCode, "", ""},
		{Email, " Ada@Example.ORG ", "ada@example.org"}, {Email, "none@none.com", ""}, {Email, "no mail", ""},
		{Identifier, "00-112", "00112"}, {Identifier, "a12", "A12"}, {Identifier, "0000", ""}, {Identifier, "N/A", ""}, {Identifier, "12", ""},
		{Suffix, "Jr.", "jr"}, {Suffix, "MD", ""}, {Digits, "a1b2", "12"}, {Digits, "12", "12"},
	} {
		if got := c.what(c.in); got != c.want {
			t.Errorf("%q: %q, not %q", c.in, got, c.want)
		}
	}
	for in, want := range map[string]byte{"F": 'f', "male": 'm', "U": 0, "": 0, "2": 'f'} {
		if Sex(in) != want {
			t.Errorf("Sex(%q)", in)
		}
	}
}

func TestStreet(t *testing.T) {
	for _, c := range []struct {
		number, line, more string
		want               Place
	}{
		{"", "10614 Lincoln Avenue #4", "", Place{Number: "10614", Name: "lincoln ave", Unit: "4"}},
		{"", "918 N. McKenna Ave", "Apt 12", Place{Number: "918", Name: "n mckenna ave", Unit: "12"}},
		{"", "P.O. Box 16173", "", Place{Box: "16173"}}, {"", "PO BOX 16173", "", Place{Box: "16173"}},
		{"8", "stanley street", "", Place{Number: "8", Name: "stanley st"}}, {"", "", "", Place{}}, {"", "UNKNOWN", "", Place{}},
		{"", "12 1/2 Elm St", "", Place{Number: "12", Name: "elm st"}},
	} {
		if got := Street(c.number, c.line, c.more); got != c.want {
			t.Errorf("%q %q %q: %+v", c.number, c.line, c.more, got)
		}
	}
}

func ExampleStreet() {
	p := Street("", "10614 Lincoln Avenue Apt 4", "")
	fmt.Println(p.Number, p.Name, p.Unit)
	// Output: 10614 lincoln ave 4
}

func FuzzNormal(f *testing.F) {
	f.Add("O'Brién-Smith Jr")
	f.Add("12/31/1999")
	f.Add("PO BOX 12 \xff")
	f.Fuzz(func(t *testing.T, s string) {
		a := Fold(s)
		if utf8.ValidString(s) && Fold(a) != a {
			t.Errorf("Fold is not stable: %q, %q", a, Fold(a))
		}
		if strings.HasPrefix(a, " ") || strings.HasSuffix(a, " ") {
			t.Errorf("%q", a)
		}
		Surname(s)
		Given(s)
		Street(s, s, s)
		if d, _ := Date(s, DayFirst); d < 0 {
			t.Errorf("%q: %d", s, d)
		}
		Email(s)
		for _, n := range []string{Phone(s), Identifier(s)} {
			if strings.Contains(n, " ") {
				t.Errorf("%q has a blank", n)
			}
		}
		if number, last4, _ := SSN(s); number != "" && !strings.HasSuffix(number, last4) {
			t.Errorf("%q: %q, %q", s, number, last4)
		}
	})
}
