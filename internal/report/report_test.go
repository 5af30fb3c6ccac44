package report

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func sample() Book {
	return Book{Title: "Links & more", Author: "Ada", Made: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), Sheets: []Sheet{
		Cover(Fact{"Rows", Int(2)}, Fact{"Method", Text("one to one")}),
		{Name: "Links: A/B", Columns: Titles("Left", "Right", "Probability"), Rows: Rows([][]Cell{
			{Text("00042"), Text("=cmd|' /C calc'!A0"), Number(0.9991)},
			{Text("+1-690-555-0100"), Text("Nuñez <b> & \"q\" _x000D_\x01"), Int(-7)},
		})},
	}}
}

func TestXLSXHoldsTextAsText(t *testing.T) {
	var out bytes.Buffer
	if err := sample().WriteXLSX(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.GetSheetList(); len(got) != 2 || got[0] != "Cover" || got[1] != "Links  A B" {
		t.Fatalf("sheets %q", got)
	}
	rows, err := f.GetRows("Links  A B", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"Left", "Right", "Probability"}, {"00042", "=cmd|' /C calc'!A0", "0.9991"}, {"+1-690-555-0100", "Nuñez <b> & \"q\" _x000D_\x01", "-7"}}
	for i := range want {
		for j := range want[i] {
			if rows[i][j] != want[i][j] {
				t.Errorf("cell %d,%d is %q, want %q", i, j, rows[i][j], want[i][j])
			}
		}
	}
	if formula, err := f.GetCellFormula("Links  A B", "B2"); err != nil || formula != "" {
		t.Errorf("a cell became the formula %q, %v", formula, err)
	}
	if kind, err := f.GetCellType("Links  A B", "A2"); err != nil || kind != excelize.CellTypeInlineString {
		t.Errorf("an identifier is of the type %v, %v", kind, err)
	}
	if panes, err := f.GetPanes("Links  A B"); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the heading is not frozen: %+v, %v", panes, err)
	}
	if props, err := f.GetDocProps(); err != nil || props.Title != "Links & more" || props.Creator != "Ada" || props.Created != "2026-03-02T10:00:00Z" {
		t.Errorf("properties %+v, %v", props, err)
	}
}

func TestSameBytesTwice(t *testing.T) {
	var one, two bytes.Buffer
	for _, w := range []io.Writer{&one, &two} {
		if err := sample().WriteXLSX(context.Background(), w); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same workbook has other bytes the second time")
	}
}

func TestSheetsGoOn(t *testing.T) {
	var out bytes.Buffer
	x := &xlsx{zip: zip.NewWriter(&out), used: map[string]bool{}, limit: 4}
	if err := x.sheet(context.Background(), Sheet{Name: strings.Repeat("n", 40), Columns: Titles("N"), Rows: count(7)}); err != nil {
		t.Fatal(err)
	}
	if err := x.parts(Book{}); err != nil {
		t.Fatal(err)
	}
	if err := x.zip.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	total := 0
	for _, name := range f.GetSheetList() {
		if len(name) > maxSheetName {
			t.Errorf("the name %q is too long", name)
		}
		rows, err := f.GetRows(name)
		if err != nil || rows[0][0] != "N" {
			t.Fatalf("%s: %v, %v", name, rows, err)
		}
		total += len(rows) - 1
	}
	if total != 7 || len(f.GetSheetList()) != 3 {
		t.Errorf("%d rows on %d sheets, want 7 on 3", total, len(f.GetSheetList()))
	}
}

func count(n int) iter.Seq2[[]Cell, error] {
	return func(yield func([]Cell, error) bool) {
		for i := range n {
			if !yield([]Cell{Int(i)}, nil) {
				return
			}
		}
	}
}

func TestCSV(t *testing.T) {
	table := Sheet{Name: "t", Columns: Titles("id", "text"), Rows: Rows([][]Cell{
		{Text("007"), Text("=1+1")}, {Text("-5"), Number(-5)}, {Text(`say "hi"`), Text("a,b\nc")}, {Text(" ＝1"), Text("\tx")}, {Text("@me"), Text("+1 690")},
	})}
	for name, c := range map[string]struct {
		csv  CSV
		want string
	}{
		"programs": {CSV{}, "id,text\n007,=1+1\n-5,-5\n\"say \"\"hi\"\"\",\"a,b\nc\"\n\" ＝1\",\"\tx\"\n@me,+1 690\n"},
		"people":   {ForSpreadsheets, "\ufeffid,text\r\n007,'=1+1\r\n'-5,-5\r\n\"say \"\"hi\"\"\",\"a,b\nc\"\r\n' ＝1,'\tx\r\n'@me,'+1 690\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := c.csv.Write(context.Background(), &out, table); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.want {
				t.Errorf("wrote %q\nwant  %q", out.String(), c.want)
			}
		})
	}
}

func TestErrorsAndCancel(t *testing.T) {
	broken := errors.New("the roster is gone")
	rows := func(yield func([]Cell, error) bool) { yield(nil, broken) }
	s := Sheet{Name: "t", Columns: Titles("a"), Rows: rows}
	if err := (Book{Sheets: []Sheet{s}}).WriteXLSX(context.Background(), io.Discard); !errors.Is(err, broken) {
		t.Errorf("XLSX: %v", err)
	}
	if err := (CSV{}).Write(context.Background(), io.Discard, s); !errors.Is(err, broken) {
		t.Errorf("CSV: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.Rows = count(10)
	if err := (Book{Sheets: []Sheet{s}}).WriteXLSX(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("XLSX: %v", err)
	}
	if err := (CSV{}).Write(ctx, io.Discard, s); !errors.Is(err, context.Canceled) {
		t.Errorf("CSV: %v", err)
	}
	if err := (Book{Title: "x"}).WriteXLSX(context.Background(), io.Discard); err == nil {
		t.Error("a workbook without sheets was written")
	}
}

func TestLongTextSaysThatItWasCut(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", maxCellChars), strings.Repeat("😀", 5000)} {
		if fitCell(text) != text {
			t.Errorf("text of %d bytes fits and was cut", len(text))
		}
	}
	cut := fitCell(strings.Repeat("é", maxCellChars+1))
	if n := len([]rune(cut)); n != maxCellChars || !strings.HasSuffix(cut, cutMark) {
		t.Errorf("cut to %d characters, ending in %q", n, cut[len(cut)-20:])
	}
}

func TestColumnName(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA", 16383: "XFD"} {
		if got := columnName(i); got != want {
			t.Errorf("column %d is %s, want %s", i, got, want)
		}
	}
}

// BenchmarkXLSX writes 100,000 rows of three cells.
func BenchmarkXLSX(b *testing.B) {
	b.ReportAllocs()
	row := Texts("00042", "88121", "same surname and birth date")
	for b.Loop() {
		rows := func(yield func([]Cell, error) bool) {
			for range 100_000 {
				if !yield(row, nil) {
					return
				}
			}
		}
		if err := (Book{Sheets: []Sheet{{Name: "t", Columns: Titles("a", "b", "c"), Rows: rows}}}).WriteXLSX(context.Background(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
