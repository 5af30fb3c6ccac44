package format

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

func wide(s string, big, mark bool) string {
	var b []byte
	put := func(u uint16) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	if mark {
		put(0xFEFF)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		put(u)
	}
	return string(b)
}

const adt = "MSH|^~\\&|LAB|RIVERBEND|EHR|RIVERBEND|20260301101500||ADT^A08^ADT_A01|T1|P|2.5.1\rEVN||20260301101500\rPID|1||4711^^^RIVERBEND^MR||TESTER^ANNA\r"

const isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*1015*^*00501*000000001*0*T*:~"

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		name, head string
		want       Kind
		why        string // part of the sentence
	}{
		{"message", adt, HL7v2, "begins with an MSH"},
		{"LF", strings.ReplaceAll(adt, "\r", "\n"), HL7v2, "MSH"},
		{"framed", "\x0b" + adt + "\x1c\r", HL7v2, "MLLP"},
		{"byte order mark", "\xEF\xBB\xBF" + adt, HL7v2, "MSH"},
		{"blank lines first", "\r\n\r\n  " + adt, HL7v2, "MSH"},
		{"NUL keep-alives first", "\x00\x00" + adt, HL7v2, "MSH"},
		{"other delimiters", "MSH!@~*:!LAB!R!EHR!R!20260301!!ADT@A08!T1!P!2.5\r", HL7v2, "MSH"},
		{"no MSH-2", "MSH||LAB|R|EHR|R|20260301||ADT|T1|P|2.5\r", HL7v2, "MSH"},
		{"lower case", "msh|^~\\&|LAB|R\rpid|1\r", HL7v2, "MSH"},
		{"file batch", "FHS|^~\\&|LAB\r" + adt, HL7v2Batch, "FHS"},
		{"batch", "BHS|^~\\&|LAB\r" + adt, HL7v2Batch, "BHS"},
		{"log line", "2026-03-01 10:15:00 INFO received " + strings.ReplaceAll(adt, "\r", "\\r") + "\n", HL7v2, "inside a line"},
		{"log before", "Started.\nListening on 2575.\n" + adt, HL7v2, "other text stands before"},
		{"quoted", "\"" + strings.ReplaceAll(strings.ReplaceAll(adt, "\\", "\\\\"), "\r", "\\r") + "\"", HL7v2, "MSH"},
		{"no MSH", "PID|1||4711||TESTER^ANNA\rPV1|1|O|\r", HL7v2, "no MSH"},
		{"one segment", "PID|1||4711||TESTER^ANNA", HL7v2, "no MSH"},
		{"prose about MSH", "The field MSH-9 says what message it is. MSH|9 is not it.\nMore words, and more.", Text, "no format"},
		{"UTF-16", wide(adt, false, true), UTF16, "UTF-16LE"},
		{"UTF-16 big", wide(adt, true, true), UTF16, "UTF-16BE"},
		{"UTF-16 without mark", wide(adt, false, false), UTF16, "UTF-16LE"},
		{"CSV in UTF-16", wide("mrn,name\n1,Anna\n2,Ben\n3,Cleo\n", false, true), CSV, "2 columns"},
		{"X12", isa + "\nGS*HC*S*R*20260301*1015*1*X*005010X222A1~\nST*837*0001~", X12, "837"},
		{"X12 without widths", "ISA*00**00**ZZ*S*ZZ*R*260301*1015*^*00501*1*0*T*:~GS*HC~", X12, "widths"},
		{"X12 from GS", "GS*HC*S*R*20260301*1015*1*X*005010X222A1~ST*837*0001~", X12, "without the interchange"},
		{"EDIFACT", "UNA:+.? 'UNB+UNOC:3+S+R+260301:1015+1'", EDIFACT, "UNA"},
		{"EDIFACT from UNB", "UNB+UNOC:3+S+R+260301:1015+1'UNH+1+MEDRPT:0'", EDIFACT, "UNB"},
		{"SCRIPT", "UNA:+./*'UIB+UNOA:0++1234+++7701630:D:PASSWORD'", NCPDP, "SCRIPT"},
		{"Telecommunication", "610066D0B1PCN1234567101" + "1234567890     20260301SOFTWARE  \x1e\x1cAM04\x1cC2X123", NCPDP, "version D0"},
		{"ASTM", "H|\\^&|||Analyzer^1|||||||P|1|20260301101500\rP|1\r", ASTM, "ASTM"},
		{"ASTM framed", "\x021H|\\^&|||Analyzer^1|||||||P|1|20260301101500\r\x03", ASTM, "ASTM"},
		{"FHIR", `{"resourceType":"Patient","id":"1"}`, FHIRJSON, "Patient"},
		{"FHIR late", `{"id":"1","meta":{"tag":[{"code":"x"}]},"resourceType":"Patient"}`, FHIRJSON, "Patient"},
		{"Bundle", "{\n \"resourceType\" : \"Bundle\",\n \"entry\": [ {\"resource\": {", FHIRJSON, "Bundle"},
		{"contained is not it", `{"contained":[{"resourceType":"Patient"}]}`, JSON, "without"},
		{"FHIR NDJSON", "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}\n", FHIRNDJSON, "Patient"},
		{"JSON", `{"a":[1,2,{"b":null}]}`, JSON, "JSON"},
		{"JSON array", `[1, 2, 3]`, JSON, "JSON"},
		{"NDJSON", "{\"a\":1}\n{\"a\":2}\n", NDJSON, "line"},
		{"broken JSON", `{"name": "Anna", "born": 1980, oops`, JSON, "JSON"},
		{"braces in prose", "{not json at all}", Text, "no format"},
		{"FHIR XML", `<?xml version="1.0"?><!-- x --><Patient xmlns="http://hl7.org/fhir"><id value="1"/></Patient>`, FHIRXML, "Patient"},
		{"C-CDA", `<?xml version="1.0"?><?xml-stylesheet href="x"?><ClinicalDocument xmlns="urn:hl7-org:v3"><templateId root="2.16.840.1.113883.10.20.22.1.1"/>`, CCDA, "C-CDA"},
		{"CDA", `<ClinicalDocument xmlns="urn:hl7-org:v3"><id/></ClinicalDocument>`, CCDA, "no C-CDA"},
		{"v2 XML", `<ADT_A01 xmlns="urn:hl7-org:v2xml"><MSH/></ADT_A01>`, HL7v2XML, "ADT_A01"},
		{"v3", `<PRPA_IN201305UV02 xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0"><id/></PRPA_IN201305UV02>`, HL7v3, "v3"},
		{"XML", `<a><b/></a>`, XML, "root element is a"},
		{"HTML", "<!DOCTYPE html><html><body>", HTML, "web page"},
		{"CSV", "mrn,name,born\n1,\"Tester, Anna\",1980\n2,Ben,1990\n", CSV, "3 columns"},
		{"CSV semicolons", "mrn;name;born\n1;Anna;1980\n2;Ben;1990\n", CSV, "semicolon"},
		{"TSV", "mrn\tname\n1\tAnna\n2\tBen\n3\tCleo\n", TSV, "2 columns"},
		{"bars", "mrn|name|born\n1|Anna|1980\n2|Ben|1990\n", CSV, "a bar"},
		{"fixed", "4711  ANNA   19800229\n4712  BEN    19900301\n4713  CLEO   20000102\n4714  DAN    20010203\n4715  EVE    20020304\n", Fixed, "21 bytes"},
		{"prose", "Dear colleague,\nthe interface is down, and we look for the cause.\nRegards", Text, "no format"},
		{"PDF", "%PDF-1.7\n%\xE2\xE3", PDF, "PDF"},
		{"RTF", "{\\rtf1\\ansi", RTF, "RTF"},
		{"ZIP", "PK\x03\x04\x14\x00\x00\x00\x08\x00adt.hl7", ZIP, "ZIP"},
		{"XLSX", "PK\x03\x04\x14\x00[Content_Types].xml..........PK\x03\x04xl/workbook.xml", XLSX, "Excel"},
		{"gzip", "\x1f\x8b\x08\x00", GZIP, "gzip"},
		{"PNG", "\x89PNG\r\n\x1a\n\x00\x00", Image, "PNG"},
		{"JPEG", "\xFF\xD8\xFF\xE0", Image, "JPEG"},
		{"DICOM", strings.Repeat("\x00", 128) + "DICM", DICOM, "DICOM"},
		{"SQLite", "SQLite format 3\x00", SQLite, "SQLite"},
		{"workspace", "TRESTLE\x01\x00", Workspace, "Trestle"},
		{"ELF", "\x7fELF\x02", Executable, "Linux"},
		{"HTTP", "GET /fhir/metadata HTTP/1.1\r\nHost: x\r\n", HTTP, "HTTP"},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01", TLS, "TLS"},
		{"binary", "\x00\x01\x02\x03 mixed \xff\xfe", Binary, "no text"},
		{"empty", "", Empty, "no bytes"},
		{"NUL bytes of a connection", "\x00\x00\x00", Empty, "blanks"},
		{"content lost", strings.Repeat("\x00", 4096), Binary, "NUL bytes and nothing else"},
		{"frame that has only begun", "\x0b", HL7v2, "framing bytes and no message"},
		{"frame without a message", "\x0b\x1c\r", HL7v2, "framing bytes and no message"},
		{"blank", " \r\n\t\r\n", Empty, "blanks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := Detect([]byte(c.head))
			if g.Kind != c.want || !strings.Contains(g.Why, c.why) {
				t.Errorf("%q: %s; want %q with %q", g.Kind, g.Why, c.want, c.why)
			}
			sentence(t, g)
		})
	}
}

func sentence(t *testing.T, g Guess) {
	t.Helper()
	if !strings.HasSuffix(g.Why, ".") || strings.ContainsAny(g.Why, "\r\n\x00") || g.Kind.Words() == string(g.Kind) {
		t.Errorf("%s: %q is no plain sentence, or the kind has no words", g.Kind, g.Why)
	}
}

func TestEncoding(t *testing.T) {
	for s, want := range map[string]string{
		"plain": "US-ASCII", "Müller": "UTF-8", "M\xFCller": "", "\xEF\xBB\xBFx": "UTF-8", wide("words here", false, true): "UTF-16LE",
		strings.Repeat("x", HeadSize-1) + "ü and more": "UTF-8",
	} {
		if g := Detect([]byte(s)); g.Encoding != want {
			t.Errorf("%.12q…: %q, want %q", s, g.Encoding, want)
		}
	}
}

// TestCorpusDetection says how many files of each folder of the corpus are
// recognised, and asks for all of them.
func TestCorpusDetection(t *testing.T) {
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS does not name the folder of the corpus")
	}
	for _, c := range []struct {
		folder string
		skip   func(name string) bool
		good   func(g Guess, name string) bool
	}{
		{"hl7v2", other(".csv", ".md"), func(g Guess, _ string) bool { return g.Kind.IsHL7v2() }},
		{"fhir-examples/r4", other(".md", ".csv"), func(g Guess, name string) bool {
			return g.Kind == FHIRJSON || g.Kind == FHIRNDJSON || strings.HasSuffix(name, ".xml") && g.Kind == FHIRXML
		}},
		{"fhir-examples/synthea-r4", other(".md", ".csv"), func(g Guess, _ string) bool { return g.Kind == FHIRJSON }},
		{"ccda", other(".md", ".csv", ".txt"), func(g Guess, _ string) bool { return g.Kind == CCDA }},
		{"x12-samples/samples", other(".md", ".csv", ".json"), func(g Guess, _ string) bool { return g.Kind == X12 }},
	} {
		files, hits := 0, 0
		err := filepath.WalkDir(filepath.Join(dir, c.folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return fs.SkipAll
			}
			if d.IsDir() && d.Name() == "LICENSES" {
				return fs.SkipDir
			}
			if d.IsDir() || c.skip(d.Name()) || strings.HasPrefix(d.Name(), "LICENSE") {
				return nil
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			g := Detect(b)
			sentence(t, g)
			if c.good(g, d.Name()) {
				hits++
			} else {
				t.Errorf("%s/%s is taken for %s", c.folder, d.Name(), g.Kind)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s: %d of %d files recognised", c.folder, hits, files)
	}
}

func other(endings ...string) func(string) bool {
	return func(name string) bool {
		for _, e := range endings {
			if strings.HasSuffix(name, e) {
				return true
			}
		}
		return false
	}
}

func ExampleDetect() {
	g := Detect([]byte(`{"resourceType":"Patient","name":[{"family":"Tester"}]}`))
	fmt.Println(g.Kind, "-", g.Why)
	// Output: fhir-json - It is JSON with a FHIR resourceType, Patient.
}

func FuzzDetect(f *testing.F) {
	for _, s := range []string{adt, isa, "{\"resourceType\":", "<a b='", "PK\x03\x04", "H|\\^&|||", "\xFF\xFEM\x00", "GS*", "a,b\n1,2\n", "MSH", "\x0b", "\"MSH|^~\\&|"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g := Detect(b)
		sentence(t, g)
		if (g.Kind == Empty) && len(strings.Trim(string(b), "\xEF\xBB\xBF \t\r\n\f\x00")) > 0 && g.Encoding == "US-ASCII" {
			t.Errorf("%q is taken for empty", b)
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	for name, s := range map[string]string{"message": adt, "x12": isa, "text": strings.Repeat("words, and more words of prose. ", 1000)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				Detect([]byte(s))
			}
		})
	}
}
