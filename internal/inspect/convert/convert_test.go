package convert

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

const oru = "MSH|^~\\&|LAB|RIVERBEND|EHR|CLINIC|20260301101500||ORU^R01^ORU_R01|T1|P|2.5.1\r" +
	"PID|1||88121^^^R&1.2.3&ISO^MR~C10442^^^I^PI||Tester^Anna \\T\\ Co||19800231|F\r" +
	"OBR|1|A|B|57021-8^CBC^LN|||20260302\r" +
	"OBX|1|NM|718-7^Hemoglobin^LN||13.5|g/dL|||||F\r" +
	"NTE|1||\"\"\r" +
	"ZPI|1|a^b&c~d\r"

// back gives what a message is after it was JSON and XML, plain and indented.
func back(t testing.TB, in []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	m := hl7.Parse(in)
	for _, pretty := range []bool{false, true} {
		name := map[bool]string{false: "plain", true: "indented"}[pretty]
		b, err := FromJSON(ToJSON(m, pretty))
		if err != nil {
			t.Errorf("%s JSON: %v", name, err)
		}
		out[name+" JSON"] = b
		if b, err = FromXML(ToXML(m, pretty)); err != nil {
			t.Errorf("%s XML: %v", name, err)
		}
		out[name+" XML"] = b
	}
	return out
}

func TestThereAndBack(t *testing.T) {
	tests := map[string]string{
		"a result":               oru,
		"LF":                     strings.ReplaceAll(oru, "\r", "\n"),
		"CRLF":                   strings.ReplaceAll(oru, "\r", "\r\n"),
		"mixed line ends":        strings.Replace(oru, "\r", "\n", 2),
		"no last line end":       strings.TrimSuffix(oru, "\r"),
		"trailing delimiters":    "MSH|^~\\&|A||||||ADT^A01|1|P|2.3|||||\rPID|1||5^^^^~~|||\rPV1|||\r",
		"odd escapes":            "MSH|^~\\&|A||||||ADT^A01|1|P|2.3\rNTE|1||a\\.br\\b\\X0D0A\\c\\Zx\\d\\bad\r",
		"other delimiters":       "MSH*$%?@*A******ADT$A01*1*P*2.3\rPID*1**5$a@b%c?S?\r",
		"windows-1252":           "MSH|^~\\&|A||||||ADT^A01|1|P|2.3||||||8859/1\rPID|1||5||M\xfcller^J\xf6rg\r",
		"bytes of no set":        "MSH|^~\\&|A||||||ADT^A01|1|P|2.3||||||UNICODE UTF-8\rPID|1||5||M\xfc\x81\r",
		"UTF-8":                  "MSH|^~\\&|A||||||ADT^A01|1|P|2.3||||||UNICODE UTF-8\rPID|1||5||Müller^Jörg\r",
		"control characters":     "MSH|^~\\&|A||||||ADT^A01|1|P|2.3\rNTE|1||a\x00\x01\x0b\x1fb\r",
		"lines of no segment":    "hello\rMSH|^~\\&|A||||||ADT^A01|1|P|2.3\r\rPIDX|1\r  PV1|1\rpid|1\r<&>\"'\r",
		"no header":              "PID|1||5^^^A\rPV1|1|I\r",
		"nothing":                "",
		"no HL7":                 "just words\n\x00\xff",
		"byte order mark":        "\xef\xbb\xbfMSH|^~\\&|A||||||ADT^A01|1|P|2.3\rPID|1\r",
		"two headers":            "MSH|^~\\&|A||||||ADT^A01|1|P|2.3\rPID|1||5^6\rMSH*$%?@*A\rPID*1**5$6\r",
		"only spaces in a field": "MSH|^~\\&|A||||||ADT^A01|1|P|2.3\rNTE|1|  | \t \r",
		"no escape character":    "MSH|^~|A||||||ADT^A01|1|P|2.3\rNTE|1||a\\b\r",
		"odd MSH-2":              "MSH|^^^^|A||||||ADT^A01|1|P|2.3\rPID|1||a^b\r",
		"line end in a field":    "MSH|^~\\&|A||||||ADT^A01|1|P|2.3\rNTE|1||one\ntwo|x\r",
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			for how, got := range back(t, []byte(in)) {
				if string(got) != in {
					t.Errorf("%s gives\n%q, not\n%q", how, got, in)
				}
			}
		})
	}
}

// TestPlainShapeSuffices says for which messages no original bytes have to be carried.
func TestPlainShapeSuffices(t *testing.T) {
	for name, in := range map[string]string{
		"a result":            oru,
		"LF":                  strings.ReplaceAll(oru, "\r", "\n"),
		"trailing separators": "MSH|^~\\&|A||||||ADT^A01|1|P|2.3|||||\rPID|1||5|||\rPV1|||\r",
		"windows-1252":        "MSH|^~\\&|A||||||ADT^A01|1|P|2.3||||||8859/1\rPID|1||5||M\xfcller^J\xf6rg\r",
	} {
		m := hl7.Parse([]byte(in))
		if out := string(ToJSON(m, false)); strings.Contains(out, `"er7`) {
			t.Errorf("%s: JSON carries bytes: %s", name, out)
		}
		if out := string(ToXML(m, false)); strings.Contains(out, `t:er7`) {
			t.Errorf("%s: XML carries bytes: %s", name, out)
		}
	}
}

func TestGroups(t *testing.T) {
	out := string(ToXML(hl7.Parse([]byte(oru)), true))
	for _, want := range []string{
		`<ORU_R01 xmlns="urn:hl7-org:v2xml"`,
		"<ORU_R01.PATIENT_RESULT>", "<ORU_R01.PATIENT>", "<ORU_R01.ORDER_OBSERVATION>",
		"<MSH.1>|</MSH.1>", "<MSH.2>^~\\&amp;</MSH.2>", "<MSG.3>ORU_R01</MSG.3>",
		"<CX.4>", "<HD.2>1.2.3</HD.2>", "<XPN.2>Anna &amp; Co</XPN.2>", "<ZPI.2.2.2>c</ZPI.2.2.2>",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

// TestEdited: where a person changed the shape, the change counts, also in a segment that carries its bytes.
func TestEdited(t *testing.T) {
	in := "MSH|^~\\&|A||||||ADT^A01|1|P|2.3\rNTE|1||a\\.br\\b\rPID|1||5\r"
	m := hl7.Parse([]byte(in))
	j := strings.Replace(string(ToJSON(m, false)), `"a\nb"`, `"changed | so"`, 1)
	want := strings.Replace(in, `a\.br\b`, `changed \F\ so`, 1)
	if got, err := FromJSON([]byte(j)); err != nil || string(got) != want {
		t.Errorf("JSON: %q, %v", got, err)
	}
	x := strings.Replace(string(ToXML(m, true)), `a&#10;b</`, `changed | so</`, 1)
	if got, err := FromXML([]byte(x)); err != nil || string(got) != want {
		t.Errorf("XML: %q, %v", got, err)
	}
}

// TestForeign reads what other programs write.
func TestForeign(t *testing.T) {
	x := `<?xml version="1.0"?><ADT_A01 xmlns="urn:hl7-org:v2xml"><MSH><MSH.1>|</MSH.1><MSH.2>^~\&amp;</MSH.2><MSH.9><MSG.1>ADT</MSG.1><MSG.2>A01</MSG.2></MSH.9></MSH>
	 <PID><PID.3><CX.1>5</CX.1><CX.4><HD.1>R</HD.1></CX.4></PID.3><PID.3><CX.1>6</CX.1></PID.3><PID.5><XPN.1><FN.1>M|ller</FN.1></XPN.1></PID.5></PID><NTE><NTE.3>a<escape V=".br"/>b</NTE.3></NTE></ADT_A01>`
	want := "MSH|^~\\&|||||||ADT^A01\rPID|||5^^^R~6||M\\F\\ller\rNTE|||a\\.br\\b\r"
	if got, err := FromXML([]byte(x)); err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	j := `{"segments":[{"id":"MSH","fields":{"1":"|","2":"^~\\&","9":{"1":"ADT","2":"A01"}}},{"id":"PID","fields":{"1":1,"3":["5",{"1":"6","4":{"2":"x"}}],"8":null}}]}`
	if got, err := FromJSON([]byte(j)); err != nil || string(got) != "MSH|^~\\&|||||||ADT^A01\rPID|1||5~6^^^&x|||||\"\"\r" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestBadInput(t *testing.T) {
	const secret = "Quillfeather"
	for _, in := range []string{
		`{"segments":[{"id":"PID","fields":{"` + secret + `":"x"}}]}`,
		`{"segments":[{"id":"PID","fields":{"3":{"1":{"1":{"1":"` + secret + `"}}}}}]}`,
		`{"segments":[{"id":"PID","fields":{"99999999":"` + secret + `"}}]}`,
		`{"segments":[{"fields":{"1":"` + secret + `"}}]}`,
		`{"segments":[{"id":"PID","end":"` + secret + `"}]}`,
		`{"segments":"` + secret + `"}`, `{"name":"` + secret + `"}`, `{"segments":[` + secret, `{`, ``,
	} {
		if _, err := FromJSON([]byte(in)); err == nil {
			t.Errorf("no error for %s", in)
		} else if strings.Contains(err.Error(), "feather") {
			t.Errorf("the error tells what stands in the message: %v", err)
		}
	}
	for _, in := range []string{
		`<ADT_A01><PID><` + secret + `>x</` + secret + `></PID></ADT_A01>`, `<ADT_A01><PID><PID.3>` + secret, `<A><PID><PID.1><a.1><b.1><c.1>` + secret + `</c.1></b.1></a.1></PID.1></PID></A>`,
		`<A><PID><PID.2>x</PID.2><PID.1>` + secret + `</PID.1></PID></A>`, `x`, ``,
	} {
		if _, err := FromXML([]byte(in)); err == nil {
			t.Errorf("no error for %s", in)
		} else if strings.Contains(err.Error(), "feather") {
			t.Errorf("the error tells what stands in the message: %v", err)
		}
	}
}

// stream converts a stream to a format and gives it back.
func stream(t testing.TB, in []byte, f Format, o Options) []byte {
	t.Helper()
	write := func(r io.Reader, f Format) []byte {
		var out bytes.Buffer
		w, err := NewWriter(&out, f, o)
		if err != nil {
			t.Fatal(err)
		}
		for it, err := range Read(r) {
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if err := w.Write(it); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	return write(bytes.NewReader(write(bytes.NewReader(in), f)), ER7)
}

func TestStreams(t *testing.T) {
	for name, in := range map[string]string{
		"one":         oru,
		"three":       oru + oru + oru,
		"blank lines": oru + "\r\n" + oru + "\r\n\r\n",
		"framed":      "\x0b" + oru + "\x1c\r\x0b" + oru + "\x1c\r",
		"a batch":     "FHS|^~\\&|A\rBHS|^~\\&|A\r" + oru + oru + "BTS|2\rFTS|1\r",
	} {
		for _, f := range Formats() {
			for _, pretty := range []bool{false, true} {
				if got := stream(t, []byte(in), f, Options{Pretty: pretty}); string(got) != in {
					t.Errorf("%s as %s gives\n%q, not\n%q", name, f, got, in)
				}
			}
		}
	}
	array := "[" + string(ToJSON(hl7.Parse([]byte(oru)), true)) + ",\n" + string(ToJSON(hl7.Parse([]byte(oru)), false)) + "]"
	n := 0
	for it, err := range Read(strings.NewReader(array)) {
		if err != nil || string(it.Bytes) != oru {
			t.Errorf("array: %v", err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("an array of two gives %d", n)
	}
}

func TestCorpus(t *testing.T) {
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS is not set: it names the folder with the public sample messages")
	}
	files, messages, carried := 0, 0, 0
	err := filepath.WalkDir(filepath.Join(dir, "hl7v2"), func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for how, got := range back(t, b) {
			if !bytes.Equal(got, b) {
				t.Errorf("%s as %s: %d bytes become %d others", filepath.Base(path), how, len(b), len(got))
			}
		}
		m := hl7.Parse(b)
		messages += m.Len()
		for _, s := range jsonShaper.document(m).segments {
			if s.er7 != nil {
				carried++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d segments, %d carry their bytes in JSON", files, messages, carried)
}

func FuzzThereAndBack(f *testing.F) {
	f.Add([]byte(oru))
	f.Add([]byte("MSH|^~\\&|A||||||ADT^A01|1|P|2.3\rNTE|1||a\\.br\\b\\X0D0A\\c\r\nPID|\xff\x00"))
	f.Add([]byte("MSH*$%?@*A\rx\n\n<t>"))
	f.Fuzz(func(t *testing.T, in []byte) {
		for how, got := range back(t, in) {
			if !bytes.Equal(got, in) {
				t.Errorf("%s gives %q, not %q", how, got, in)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(ToJSON(hl7.Parse([]byte(oru)), true))
	f.Add(append([]byte(xmlDeclaration), ToXML(hl7.Parse([]byte(oru)), true)...))
	f.Add([]byte(oru))
	f.Fuzz(func(t *testing.T, in []byte) {
		for it, err := range Read(bytes.NewReader(in)) {
			if err == nil && it.Message() == nil {
				t.Fatal("no message")
			}
		}
	})
}
