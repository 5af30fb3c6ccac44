package card

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trestle/internal/format"
	"trestle/internal/hl7"
)

const header = "MSH|^~\\&|EPIC|RIVERBEND|EHR|CLINIC|20260301101500||%s|1|P|2.5.1\r"

func message(kind string, segments ...string) *hl7.Message {
	return hl7.Parse([]byte(fmt.Sprintf(header, kind) + strings.Join(segments, "\r") + "\r"))
}

func want(t *testing.T, c *Card, lines map[string]string) {
	t.Helper()
	if c == nil {
		t.Fatal("there is no card")
	}
	for label, value := range lines {
		if got := c.Line(label); got != value {
			t.Errorf("%s: %s is %q, not %q", c.Path, label, got, value)
		}
	}
}

func TestPatientAndVisit(t *testing.T) {
	m := message("ADT^A01^ADT_A01",
		"PID|1||88121^^^RIVERBEND^MR~900-12-3456^^^SSA^SS||Tester^Anna^J^JR||19800229|F||2106-3^White^HL70005|12 Sample St^Apt 7^Newbrook^NY^12345^USA||(555)555-0143^PRN^PH^anna@example.org~^PRN^PH^^1^555^5550177|||M||ACC99",
		"PV1|1|I|ICU^101^A^RIVERBEND|E|||4471^Pettigrew^Lorna^^^Dr|||MED|||||||||V77^^^R^VN|||||||||||||||||01|||||||20260301|20260301093000-0500|\"\"",
		"NK1|1|Tester^Otto|SPO^Spouse|x|5550188",
		"GT1|1|G1|Tester^Anna",
		"IN1|1|HMO12^HMO Gold|555^^^PAY|Example Health||||GRP1||||20260101||||Tester^Anna|SEL|19800229||||||||||||||||||POL1|||||||||||||M1", "IN2||||||MC1")
	c := Of(m)
	want(t, c.Patient, map[string]string{
		"Name": "Tester, Anna J JR", "Identifier": "88121 (MR, RIVERBEND)", "Born": "1980-02-29", "Sex": "Female (F)", "Race": "White (2106-3)",
		"Address": "12 Sample St, Apt 7, Newbrook, NY 12345, USA", "Telephone": "(555)555-0143, anna@example.org", "Marital status": "Married (M)", "Account": "ACC99",
	})
	want(t, c.Visit, map[string]string{"Class": "Inpatient (I)", "Visit number": "V77 (VN, R)", "Location": "ICU-101-A RIVERBEND", "Attending": "Pettigrew, Lorna (4471)", "Admitted": "2026-03-01 09:30 -0500", "Discharged": ""})
	if len(c.Relatives) != 1 || len(c.Guarantors) != 1 || len(c.Insurance) != 1 {
		t.Fatalf("%+v", c)
	}
	want(t, &c.Insurance[0], map[string]string{"Plan": "HMO Gold (HMO12)", "Company": "Example Health", "Policy": "POL1", "Insured": "Tester, Anna", "Insured's ID": "M1", "From": "2026-01-01", "Medicare number": "MC1"})
	want(t, &c.Relatives[0], map[string]string{"Name": "Tester, Otto", "Relationship": "Spouse (SPO)"})
	if c.Patient.Title != "Tester, Anna J JR" || !c.Patient.Patient || c.Insurance[0].Title != "Example Health" {
		t.Errorf("titles %q, %q", c.Patient.Title, c.Insurance[0].Title)
	}
	second := ""
	for _, l := range c.Patient.Lines {
		if hide := map[string]bool{"Name": true, "Identifier": true, "Born": true, "Sex": false, "Race": false}; l.Label == "Sex" || hide[l.Label] {
			if l.Patient != hide[l.Label] {
				t.Errorf("the mask of %s is %v", l.Label, l.Patient)
			}
		}
		if l.Label == "Identifier" && l.Path == "PID-3[2]" {
			second = l.Value
		}
	}
	if second != "900-12-3456 (SS, SSA)" {
		t.Errorf("the second identifier is %q", second)
	}
	every := append([]Card{*c.Patient, *c.Visit}, append(c.Insurance, c.Relatives...)...)
	for _, card := range every {
		for _, l := range card.Lines {
			if v, err := m.GetString(l.Path); err != nil || !v.IsPresent() {
				t.Errorf("the path %s of %s leads nowhere", l.Path, l.Label)
			}
		}
	}
}

func TestAppointment(t *testing.T) {
	for trigger, title := range map[string]string{"S12": "New appointment", "S15": "Appointment cancelled", "S26": "Patient did not show up", "Q99": "Appointment"} {
		c := Of(message("SIU^"+trigger, "SCH|P1|F1||||RESCH^Rescheduled|CHECK^Check-up|||||||||8^Clerk|||||||||Booked", "AIS|1||OV^Office visit|20260302090000|||15|min", "AIL|1||ROOM^1^^R", "AIP|1||4471^Pettigrew^Lorna|MD"))
		if c.Appointment == nil || c.Appointment.Title != title {
			t.Fatalf("%s: %+v", trigger, c.Appointment)
		}
		want(t, c.Appointment, map[string]string{"Start": "2026-03-02 09:00", "Reason": "Check-up (CHECK)", "Status": "Booked", "Placer's number": "P1"})
		if len(c.Appointments) != 3 || c.Appointments[0].Line("Service") != "Office visit (OV)" || c.Appointments[1].Line("Place") != "ROOM-1 R" {
			t.Errorf("%+v", c.Appointments)
		}
	}
	old := Of(message("SIU^S12", "SCH|P1||||||||||^^30^202603020900^202603020930"))
	want(t, old.Appointment, map[string]string{"Start": "2026-03-02 09:00", "End": "2026-03-02 09:30"})
}

func TestResults(t *testing.T) {
	c := Of(message("ORU^R01^ORU_R01", "PID|1", "NTE|1||about the patient", "OBR|1|P1|F1|57021-8^CBC^LN|||20260301080000||||||||||||||||||F", "NTE|1||fasting",
		"OBX|1|NM|718-7^Hemoglobin^LN||9.1|g/dL|12.0-16.0|L|||F|||20260301", "NTE|1||repeated", "NTE|2||seen",
		"OBX|2|SN|600^Titer||>^1^:^80|||N|||P", "OBX|3|CWE|600^Culture||1^E. coli^L~2^Other|||A|||F", "OBX|4|TX|1^Text||one^two & three", "OBX|5|ED|1^Report||^application^pdf^Base64^JVBERi0xLjQK"))
	if len(c.Results) != 1 || len(c.Results[0].Rows) != 5 {
		t.Fatalf("%+v", c.Results)
	}
	p := c.Results[0]
	if p.Title != "CBC (57021-8)" || p.Path != "OBR" || len(p.Notes) != 1 || p.Notes[0].Value != "fasting" || !p.Notes[0].Patient {
		t.Errorf("%+v", p)
	}
	hb := p.Rows[0]
	if hb.Name != "Hemoglobin (718-7)" || hb.Value != "9.1" || hb.Units != "g/dL" || hb.Range != "12.0-16.0" || hb.Flag != "L" || !strings.Contains(strings.ToLower(hb.Meaning), "low") || !hb.Abnormal || hb.Patient ||
		!strings.Contains(hb.Status, "(F)") || hb.Time != "2026-03-01" || len(hb.Notes) != 2 || hb.Path != "OBX" {
		t.Errorf("%+v", hb)
	}
	for i, value := range map[int]string{1: ">1 : 80", 2: "E. coli (1)\nOther (2)", 3: "one^two & three", 4: "(document)"} {
		if p.Rows[i].Value != value {
			t.Errorf("row %d is %q", i, p.Rows[i].Value)
		}
	}
	if p.Rows[1].Abnormal || !p.Rows[2].Abnormal || !p.Rows[3].Patient {
		t.Errorf("flags: %+v", p.Rows)
	}
	if alone := Of(message("ORU^R01", "OBX|1|NM|1||5")).Results; len(alone) != 1 || alone[0].Path != "" || len(alone[0].Rows) != 1 {
		t.Errorf("results without an order: %+v", alone)
	}
}

func TestCharges(t *testing.T) {
	c := Of(message("DFT^P03", "FT1|1|T1||20260301|20260302|CG|99213^Office visit^C4|||2|150&USD||||||||E11.9^Diabetes^I10~I10^Hypertension^I10|4471^Pettigrew^Lorna"))
	if len(c.Charges) != 1 {
		t.Fatal("no charge")
	}
	got := c.Charges[0]
	if got.Code != "Office visit (99213)" || got.Date != "2026-03-01" || got.Kind != "Charge (CG)" || got.Quantity != "2" || got.Amount != "150 USD" || len(got.Diagnoses) != 2 || got.Diagnoses[1] != "Hypertension (I10)" {
		t.Errorf("%+v", got)
	}
}

var (
	pdf = []byte("%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n")
	png = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00")
	rtf = []byte(`{\rtf1\ansi {\fonttbl\f0 Arial;} Report of an invented patient, for a test only}`)
	cda = []byte(`<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><templateId root="2.16.840.1.113883.10.20.22.1.1"/></ClinicalDocument>`)
)

func TestDocuments(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	escaped := hl7.Standard().EscapeText
	wrapped := func(s string) string {
		var out []string
		for len(s) > 40 {
			out, s = append(out, s[:40]), s[40:]
		}
		return strings.Join(append(out, s), "\n")
	}
	tests := map[string]struct {
		segment  string
		path     string
		found    string
		kind     format.Kind
		encoding string
		content  []byte
		problems string
	}{
		"a PDF":           {"OBX|1|ED|1^Report||^application^pdf^Base64^" + b64(pdf), "OBX-5.5", "application/pdf", format.PDF, "Base64", pdf, ""},
		"an image":        {"OBX|1|ED|1||^image^png^Base64^" + b64(png), "OBX-5.5", "image/png", format.Image, "Base64", png, ""},
		"a CDA document":  {"OBX|1|ED|1||^text^xml^Base64^" + b64(cda), "OBX-5.5", "application/cda+xml", format.CCDA, "Base64", cda, ""},
		"RTF as text":     {"OBX|1|FT|1||" + escaped(string(rtf)), "OBX-5", "application/rtf", format.RTF, "text", rtf, ""},
		"RTF unescaped":   {"OBX|1|ED|1||^text^rtf^A^" + escaped(string(rtf)), "OBX-5.5", "application/rtf", format.RTF, "text", rtf, ""},
		"another type":    {"OBX|1|ED|1||^application^pdf^Base64^" + b64(png), "OBX-5.5", "image/png", format.Image, "Base64", png, OtherType},
		"no Base64":       {"OBX|1|ED|1||^application^pdf^Base64^see the attached (letter)", "OBX-5.5", "text/plain", format.Text, "text", []byte("see the attached (letter)"), NotBase64 + " " + OtherType},
		"wrapped":         {"OBX|1|ED|1||^application^pdf^Base64^" + escaped(wrapped(b64(pdf))), "OBX-5.5", "application/pdf", format.PDF, "Base64", pdf, LineWrapped},
		"broken by .br":   {"OBX|1|ED|1||^application^pdf^Base64^" + strings.ReplaceAll(wrapped(b64(pdf)), "\n", `\.br\`), "OBX-5.5", "application/pdf", format.PDF, "Base64", pdf, LineWrapped},
		"a data URI":      {"OBX|1|ED|1||^^^Base64^data:application/pdf;base64," + b64(pdf), "OBX-5.5", "application/pdf", format.PDF, "Base64", pdf, DataURI},
		"wrong component": {"OBX|1|ED|1||^application^pdf^" + b64(pdf), "OBX-5.4", "application/pdf", format.PDF, "Base64", pdf, WrongComponent + " " + SaysNoEncoding},
		"first component": {"OBX|1|ED|1||" + b64(pdf), "OBX-5.1", "application/pdf", format.PDF, "Base64", pdf, WrongComponent + " " + SaysNoEncoding},
		"shifted":         {"OBX|1|ED|1||PDF^Base64^" + b64(pdf), "OBX-5.3", "application/pdf", format.PDF, "Base64", pdf, WrongComponent},
		"cut off":         {"OBX|1|ED|1||^application^pdf^Base64^" + b64(pdf[:40]), "OBX-5.5", "application/pdf", format.PDF, "Base64", pdf[:40], CutOff},
		"empty":           {"OBX|1|ED|1||^application^pdf^Base64^", "OBX-5.5", "", "", "", nil, NoBytes},
		"as text":         {"OBX|1|TX|1||" + b64(pdf), "OBX-5", "application/pdf", format.PDF, "Base64", pdf, SaysNoEncoding},
		"hex":             {"OBX|1|ED|1||^application^pdf^Hex^" + hex.EncodeToString(pdf), "OBX-5.5", "application/pdf", format.PDF, "Hex", pdf, ""},
		"eClinicalWorks":  {"ZX1|6|PDF|1^Report^L|Letter|" + b64(pdf), "ZX1-5", "application/pdf", format.PDF, "Base64", pdf, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := Of(message("ORU^R01", test.segment))
			if len(c.Documents) != 1 {
				t.Fatalf("%d documents", len(c.Documents))
			}
			d := c.Documents[0]
			var codes []string
			for _, p := range d.Problems {
				codes = append(codes, p.Code)
			}
			if d.Path != test.path || d.Found != test.found || d.Kind != test.kind || d.Encoding != test.encoding || strings.Join(codes, " ") != test.problems {
				t.Errorf("%s %q %s %s %v", d.Path, d.Found, d.Kind, d.Encoding, codes)
			}
			got, err := d.Bytes()
			if err != nil || !bytes.Equal(got, test.content) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if len(d.Declared) > 20 {
				t.Errorf("a type of %d characters is declared", len(d.Declared))
			}
			if d.Size != len(test.content) {
				t.Errorf("the size is %d, not %d", d.Size, len(test.content))
			}
		})
	}
	ref := Of(message("MDM^T02", "OBX|1|RP|1||https://example.org/1^^image^png")).Documents
	if len(ref) != 1 || !ref[0].Has(Elsewhere) || ref[0].Declared != "image/png" {
		t.Fatalf("%+v", ref)
	}
	if _, err := ref[0].Bytes(); !errors.Is(err, ErrElsewhere) {
		t.Error(err)
	}
	lines := Of(message("MDM^T02", "TXA|1", "OBX|1|TX|1^Letter||Dear colleague,", "OBX|2|TX|1||all is~well.")).Documents
	if len(lines) != 1 || lines[0].Title != "Letter" {
		t.Fatalf("%+v", lines)
	}
	if got, _ := lines[0].Bytes(); string(got) != "Dear colleague,\nall is\nwell." {
		t.Errorf("%q", got)
	}
	if none := Of(message("ORU^R01", "OBX|1|TX|1||"+strings.Repeat("ordinary words of a report ", 9), "OBX|2|ST|1||"+strings.Repeat("A", 100))).Documents; len(none) != 0 {
		t.Errorf("text is taken for a document: %+v", none)
	}
}

func TestCorpus(t *testing.T) {
	dir := os.Getenv("TRESTLE_CORPUS")
	if dir == "" {
		t.Skip("TRESTLE_CORPUS is not set: it names the folder with the public sample messages")
	}
	messages, patients, rows, found, lost := 0, 0, 0, map[string]int{}, 0
	err := filepath.WalkDir(filepath.Join(dir, "hl7v2"), func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		sc := hl7.NewScanner(bytes.NewReader(b), hl7.ScanOptions{})
		for sc.Scan() {
			m := hl7.Parse(sc.Item().Bytes)
			c := Of(m)
			messages++
			if c.Patient != nil {
				patients++
				for _, l := range c.Patient.Lines {
					if v, err := m.GetString(l.Path); err != nil || !v.IsPresent() {
						lost++
					}
				}
			}
			for _, p := range c.Results {
				rows += len(p.Rows)
			}
			for _, d := range c.Documents {
				found[d.Found]++
			}
		}
		return sc.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if lost > 0 {
		t.Errorf("%d paths lead nowhere", lost)
	}
	t.Logf("%d messages, %d patients, %d results, documents %v", messages, patients, rows, found)
}

func FuzzOf(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(header, "ORU^R01") + "PID|1||5\rOBX|1|ED|1||^a^b^Base64^" + base64.StdEncoding.EncodeToString(pdf)))
	f.Add([]byte("SCH|\rFT1|\rZX1|||||data:,x\rOBX|1|ED|||data:x;base64,%%\rOBX||Hex|||^^^Hex^abc"))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, d := range Of(hl7.Parse(in)).Documents {
			if b, err := d.Bytes(); err == nil && d.Encoding == "text" && len(b) != d.Size {
				t.Fatalf("%d bytes, and the size is %d", len(b), d.Size)
			}
		}
	})
}
