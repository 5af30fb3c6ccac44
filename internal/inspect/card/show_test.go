package card

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	pngfile "image/png"
	"strings"
	"testing"

	"trestle/internal/hl7"
)

// embedded is the document of a message that carries b in OBX-5.
func embedded(t testing.TB, b []byte) *Document {
	t.Helper()
	m := "MSH|^~\\&|A|B|C|D|20260101||MDM^T02|1|P|2.5.1\rTXA|1|CN\rOBX|1|ED|1^Letter||^AP^x^Base64^" + base64.StdEncoding.EncodeToString(b) + "||||||F\r"
	docs := Of(hl7.Parse([]byte(m))).Documents
	if len(docs) != 1 {
		t.Fatalf("%d documents", len(docs))
	}
	return &docs[0]
}

func TestDocumentsAreShown(t *testing.T) {
	rtf := `{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}{\*\generator x;}\f0\fs20 Dear Dr. M\'fcller,\par the \b patient\b0  is \u8364?5 richer.\line {\info{\author Nobody}}Caf\'e9 \{x\}\~y \emdash end}`
	cda := `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><title>Discharge note</title><code code="1"/><component><structuredBody><component><section><title>Medication</title>
<text><table><tr><th>Drug</th><th>Dose</th></tr><tr><td>Infliximab</td><td>5&#160;mg/kg</td></tr></table><list><item>every 8 weeks</item></list><paragraph>None else.</paragraph></text><entry><observation><value>hidden</value></observation></entry></section></component></structuredBody></component></ClinicalDocument>`
	page := "<html><head><style>p{}</style><title>Result</title></head><body><p>Haemoglobin&nbsp;is <b>low</b></p><script>alert(1)</script><table><tr><td>a</td><td>b</td></tr></table></body></html>"
	for _, c := range []struct{ about, in, want string }{
		{"RTF", rtf, "Dear Dr. Müller,\nthe patient is €5 richer.\nCafé {x} y —end"},
		{"CDA", cda, "Discharge note\n\nMedication\n\nDrug   Dose\n\nInfliximab   5 mg/kg\n\n- every 8 weeks\n\nNone else."},
		{"HTML", page, "Result\n\nHaemoglobin is low\n\na    b"},
		{"text", strings.Repeat("all is well\r\n", 10), strings.Repeat("all is well\n", 10)},
		{"JSON", `{"a":` + strings.Repeat(" ", 40) + `1}`, `{"a":` + strings.Repeat(" ", 40) + `1}`},
	} {
		d := embedded(t, []byte(c.in))
		got, err := d.Show()
		if err != nil {
			t.Errorf("%s: %v", c.about, err)
		}
		if norm := strings.ReplaceAll(got.Text, "\u00a0", " "); norm != c.want {
			t.Errorf("%s (%s):\n%q\nwant\n%q", c.about, d.Found, norm, c.want)
		}
	}
}

func TestPicturesAreShownAndOthersSaved(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 30, 20))
	img.Set(3, 4, color.RGBA{200, 0, 0, 255})
	var b bytes.Buffer
	if err := pngfile.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	got, err := embedded(t, b.Bytes()).Show()
	if err != nil || got.Image == nil || got.Image.Bounds().Dx() != 30 {
		t.Fatalf("%v %v", got, err)
	}
	if _, err := embedded(t, b.Bytes()[:60]).Show(); err == nil {
		t.Error("half a picture is shown")
	}
	huge := bytes.Clone(b.Bytes())
	copy(huge[16:24], []byte{0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff}) // IHDR: width and height
	if got, err := embedded(t, huge).Show(); err == nil {
		t.Errorf("a picture of any size is decoded: %v", got.Image.Bounds())
	}
	if _, err := embedded(t, []byte("%PDF-1.7\n"+strings.Repeat("\x00\x01\xff", 40)+"%%EOF")).Show(); !errors.Is(err, ErrOtherProgram) {
		t.Errorf("PDF: %v", err)
	}
}

func FuzzShow(f *testing.F) {
	for _, s := range []string{`{\rtf1 a\par\'e9\u8364?{\*\x y}}`, `{\rtf1\`, "<html><p>x<script>", "<ClinicalDocument><title>a<text>b", "\x89PNG\r\n", "plain"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, text := range []string{textOfRTF(b), textOfHTML(b), narrative(b), plainText(b)} {
			if len(text) > 20*len(b)+20 {
				t.Errorf("%d bytes of %d", len(text), len(b))
			}
		}
	})
}
