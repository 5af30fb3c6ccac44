package roster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func read(t *testing.T, text string, s Spec) *Roster {
	t.Helper()
	r, err := Read(t.Context(), "folder/list.csv", strings.NewReader(text), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const plain = "MRN,Last Name,First Name,DOB,Sex,SSN,Home Phone\n" +
	"00123,Quill,Ada,02/13/1971,F,900-11-2222,(206) 222-0101\n" +
	"00124,Quill,Tom,12/31/1999,M,,206.222.0101\n"

func TestColumnsAreGuessed(t *testing.T) {
	r := read(t, plain, Spec{})
	want := []Role{ID, LastName, FirstName, BirthDate, Sex, SSN, HomePhone}
	for i, c := range r.Columns {
		if c.Role != want[i] || c.Why == "" {
			t.Errorf("%s: %q (%s), not %q", c.Name, c.Role, c.Why, want[i])
		}
	}
	if r.Len() != 2 || r.ID(0) != "00123" || r.Value(1, FirstName) != "Tom" || r.Line(1) != 3 || r.Name != "list.csv" {
		t.Errorf("%d rows, %q", r.Len(), r.Cells(0))
	}
	if c := r.Columns[3]; c.Dates != MDY {
		t.Errorf("dates %q", c.Dates)
	}
}

func TestBirthdaysInOneColumnOrThree(t *testing.T) {
	r := read(t, "id,lname,fname,by,bm,bd\n1,Quill,Ada,1971,2,13\n", Spec{})
	if r.Value(0, BirthYear) != "1971" || r.Value(0, BirthMonth) != "2" || r.Value(0, BirthDay) != "13" {
		t.Errorf("%+v", r.Columns)
	}
	r = read(t, "id,lname,fname,birthday\n1,Quill,Ada,1971-02-13\n", Spec{})
	if r.Value(0, BirthDate) != "1971-02-13" {
		t.Errorf("%+v", r.Columns)
	}
}

func TestShapesOfTables(t *testing.T) {
	bom, wide := "\xef\xbb\xbf"+plain, []byte{0xff, 0xfe}
	for _, c := range plain {
		wide = append(wide, byte(c), byte(c>>8))
	}
	for name, text := range map[string]string{
		"byte order mark": bom, "UTF-16": string(wide), "CRLF": strings.ReplaceAll(plain, "\n", "\r\n"),
		"semicolons": strings.ReplaceAll(plain, ",", ";"), "tabs": strings.ReplaceAll(plain, ",", "\t"),
		"bars": strings.ReplaceAll(plain, ",", "|"), "no line end at the end": strings.TrimSuffix(plain, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, text, Spec{})
			if r.Len() != 2 || r.ID(0) != "00123" || r.Value(0, HomePhone) != "(206) 222-0101" {
				t.Errorf("%d rows, %q", r.Len(), r.Cells(0))
			}
		})
	}
}

func TestOtherScriptsAndCharsets(t *testing.T) {
	r := read(t, "id,last name,first name\n1,Müller,José\n2,李,小龍\n3,Иванов,Пётр\n", Spec{})
	if r.Value(1, LastName) != "李" || r.Value(2, FirstName) != "Пётр" {
		t.Errorf("%q", r.Cells(1))
	}
	r = read(t, "id,last name,first name\n1,M\xfcller,Jos\xe9\n2,Quill,Ada\n", Spec{})
	if r.Value(0, LastName) != "Müller" || len(r.Notes) == 0 {
		t.Errorf("%q, %q", r.Cells(0), r.Notes)
	}
}

func TestBadRowsAreKeptWithAReason(t *testing.T) {
	r := read(t, plain+",,,,,,\n00125,Oduya\n00126,Oduya,Ines,1950-07-30,F,,,surplus,more\n00127,Oduya,Ines,07/30/1950,F\n", Spec{})
	if r.Len() != 3 || len(r.Bad) != 3 {
		t.Fatalf("%d rows, %d bad", r.Len(), len(r.Bad))
	}
	for i, want := range []string{"the row is empty", "only 2 of 7 cells", "9 cells where the heading has 7"} {
		if !strings.Contains(r.Bad[i].Reason, want) || r.Bad[i].Line != i+4 {
			t.Errorf("line %d: %s", r.Bad[i].Line, r.Bad[i].Reason)
		}
	}
}

func TestSpecificationOverrules(t *testing.T) {
	s, err := ParseSpec(strings.NewReader("columns: {Home Phone: mobile phone, SSN: ignore, MRN: other_id}\ndates: DMY\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := read(t, plain, s)
	if r.Column(MobilePhone) != 6 || r.Column(SSN) != -1 || r.Column(ID) != -1 || r.Columns[3].Dates != DMY {
		t.Errorf("%+v", r.Columns)
	}
	if r.ID(0) != "line 2" {
		t.Errorf("without an identifier: %q", r.ID(0))
	}
	for _, bad := range []string{"columns: {DOB: birthday}", "dates: MYD", "colums: {}", "separator: ab"} {
		if _, err := ParseSpec(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
	if _, err := Read(t.Context(), "x", strings.NewReader(plain), Spec{Columns: map[string]string{"Surname": "last name"}}); err == nil || !strings.Contains(err.Error(), "Last Name") {
		t.Errorf("a column that is not there: %v", err)
	}
}

func TestWrongFilesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "empty",
		"MRN,Last Name\n":          "heading and no rows",
		"%PDF-1.7\n%....":          "a PDF document",
		"PK\x03\x04nothing at all": "archive",
		"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*0101*^*00501*000000001*0*P*:~GS*HC*A*B*20260101*0101*1*X*005010X222A1~": "X12",
	} {
		_, err := Read(t.Context(), "f", strings.NewReader(text), Spec{})
		if err == nil || !errors.Is(err, ErrNotRoster) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.10q: %v", text, err)
		}
	}
}

func TestMillionIdenticalRows(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 10_000
	}
	r := read(t, "id,last name,first name,dob\n"+strings.Repeat("1,Quill,Ada,1971-02-13\n", n), Spec{})
	if r.Len() != n {
		t.Errorf("%d rows", r.Len())
	}
}

func TestWorkbook(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range [][]any{{"MRN", "Last Name", "First Name", "DOB"}, {"00042", "Quill", "Ada", "02/13/1971"}, {"00043", "Oduya"}} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	r, err := Read(t.Context(), "list.xlsx", &b, Spec{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() != 2 || r.ID(0) != "00042" || r.Value(1, LastName) != "Oduya" || r.Column(BirthDate) != 3 {
		t.Errorf("%d rows, %q %q", r.Len(), r.Cells(0), r.Columns)
	}
}

// in1Gap leads from IN1-4 to IN1-36.
const in1Gap = "||||||||||||||||||||||||||||||||"

const messages = "MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5\rPID|1||0042^^^RIVER^MR~777^^^STATE^PI~900112222^^^SSA^SS||QUILL^ADA^M^III||19710213|F|||12 ELM ST^APT 4^SEATTLE^WA^98101||^PRN^PH^^^206^2220101~2064440101^PRN^CP~^NET^Internet^ada@example.org\rIN1|1|PPO^PPO PLAN|1|ACME" + in1Gap + "M123\r" +
	"MSH|^~\\&|A|B|C|D|20260102||ADT^A08|2|P|2.5\rPID|1||0042^^^RIVER^MR||QUILL-OAK^ADA||19710213|F\rMRG|0041^^^RIVER^MR\r" +
	"MSH|^~\\&|A|B|C|D|20260102||ACK|3|P|2.5\rMSA|AA|1\r"

func TestMessages(t *testing.T) {
	r, err := Read(t.Context(), "adt.hl7", strings.NewReader(messages), Spec{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() != 1 || len(r.Bad) != 1 {
		t.Fatalf("%d rows, %d bad", r.Len(), len(r.Bad))
	}
	for role, want := range map[Role]string{ID: "0042", OtherID: "777", PriorID: "0041", LastName: "QUILL-OAK", FirstName: "ADA", MiddleName: "M",
		SSN: "900112222", HomePhone: "2062220101", MobilePhone: "2064440101", Email: "ada@example.org", PostalCode: "98101", Plan: "ACME", MemberID: "M123"} {
		if got := r.Value(0, role); got != want {
			t.Errorf("%s: %q, not %q", role, got, want)
		}
	}
	if c := r.Columns[0]; c.Authority != "RIVER" || c.Type != "MR" {
		t.Errorf("%+v", c)
	}
}

const bundle = `{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p1","identifier":[{"system":"urn:river","type":{"coding":[{"code":"MR"}]},"value":"0042"}],
"name":[{"use":"official","family":"Quill","given":["Ada","Mae"]}],"birthDate":"1971-02-13","gender":"female","telecom":[{"system":"phone","use":"mobile","value":"206-444-0101"}],"address":[{"line":["12 Elm St"],"postalCode":"98101"}]}},
{"resource":{"resourceType":"Coverage","beneficiary":{"reference":"urn:uuid:1"},"payor":[{"display":"Acme"}],"subscriberId":"M123"}},
{"resource":{"resourceType":"RelatedPerson","patient":{"reference":"Patient/p1"},"relationship":[{"coding":[{"code":"MTH"}]}],"name":[{"family":"Quill","given":["Eve"]}]}}]}`

func TestResources(t *testing.T) {
	oneLine := strings.ReplaceAll(bundle, "\n", "")
	for name, text := range map[string]string{"bundle": bundle, "ndjson": oneLine + "\n" + `{"resourceType":"Patient","id":"p2","name":[{"family":"Oduya"}]}` + "\n"} {
		t.Run(name, func(t *testing.T) {
			r, err := Read(t.Context(), "f.json", strings.NewReader(text), Spec{})
			if err != nil {
				t.Fatal(err)
			}
			for role, want := range map[Role]string{ID: "0042", OtherID: "p1", FirstName: "Ada", MiddleName: "Mae", BirthDate: "1971-02-13",
				MobilePhone: "206-444-0101", Plan: "Acme", MemberID: "M123", Mother: "Quill Eve"} {
				if got := r.Value(0, role); got != want {
					t.Errorf("%s: %q, not %q", role, got, want)
				}
			}
		})
	}
}

func TestProfile(t *testing.T) {
	r := read(t, "mrn,dob,ssn,first name,last name\n001,01/01/1900,999-99-9999,BABY BOY,Quill\n002,13/45/x,900-11-2222,Ada,UNKNOWN\n003,02/13/1971,900-11-2222,Ada,Quill\n", Spec{})
	list, err := r.Profile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := map[Role]Profile{}
	for _, p := range list {
		by[p.Role] = p
	}
	if p := by[BirthDate]; p.Placeholders != 1 || p.Unreadable != 1 || p.Filled != 3 {
		t.Errorf("%+v", p)
	}
	if p := by[SSN]; p.Placeholders != 1 || p.Distinct != 2 || len(p.Frequent) != 1 || p.Frequent[0].Count != 2 {
		t.Errorf("%+v", p)
	}
	if p := by[ID]; p.LeadingZeros != 3 || p.Patterns[0] != (Counted{"999", 3}) {
		t.Errorf("%+v", p)
	}
	if by[FirstName].Placeholders != 1 || by[LastName].Placeholders != 1 {
		t.Errorf("%+v %+v", by[FirstName], by[LastName])
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Profile(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestContentHashIsThatOfTheContent(t *testing.T) {
	a, b := read(t, plain, Spec{}), read(t, plain[:strings.Index(plain, "\n")+1]+"\n"+plain[strings.Index(plain, "\n")+1:], Spec{})
	if a.ContentHash(0) != b.ContentHash(0) || a.ContentHash(0) == a.ContentHash(1) {
		t.Error("the hash depends on the place, or not on the content")
	}
	if a.Hash == b.Hash {
		t.Error("two files have one hash")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(plain))
	f.Add([]byte(messages))
	f.Add([]byte(bundle))
	f.Add([]byte("a;b\n\"x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Read(context.Background(), "f", bytes.NewReader(b), Spec{})
		if err != nil {
			return
		}
		for i := range r.Len() {
			if len(r.Cells(i)) != len(r.Columns) {
				t.Errorf("row %d has %d cells", i, len(r.Cells(i)))
			}
		}
	})
}
