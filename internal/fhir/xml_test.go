package fhir

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseXMLKeepsEverything(t *testing.T) {
	for _, text := range []string{
		`<a/>`, `<a b="1" c="x&quot;&lt;&#10;">t<!-- c --><d:e xmlns:d="urn:d"/> tail &amp; more</a>`, "<a> \n <b/>\n</a>", "<a>x&#13;y</a>",
	} {
		n, err := ParseXML([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := string(AppendXMLTree(nil, n)); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	n, err := ParseXML([]byte("\uFEFF<?xml version='1.0' encoding='utf-8'?>\n<!-- x --><?pi?><a b='\n&#x41;'>1<![CDATA[<&]]>\r\n2</a> <!-- end -->"))
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Member("b").Text; got != " A" {
		t.Errorf("attribute %q", got)
	}
	if len(n.Children) != 2 || n.Children[1].Text != "1<&\n2" {
		t.Errorf("text %q", n.Children[1].Text)
	}
}

func TestParseXMLRefuses(t *testing.T) {
	for text, where := range map[string]string{
		"":                    "line 1, column 1 ",
		"<a":                  "line 1, column 1 ",
		"<a>":                 "line 1, column 4 ",
		"<a>\n</b>":           "line 2, column 1 ",
		"<a b='1' b='2'/>":    "line 1, column 10 ",
		"<a b='1'c='2'/>":     "line 1, column 9 ",
		"<a b=1/>":            "line 1, column 6 ",
		"<a b/>":              "line 1, column 5 ",
		"<a b='<'/>":          "line 1, column 7 ",
		"<a b='x":             "line 1, column 6 ",
		"<a>&nbsp;</a>":       "line 1, column 4 ",
		"<a>x & y</a>":        "line 1, column 6 ",
		"<a>&#0;</a>":         "line 1, column 4 ",
		"<a>\x01</a>":         "line 1, column 4 ",
		"<a>\xff</a>":         "line 1, column 4 ",
		"<a>]]></a>":          "line 1, column 4 ",
		"<a><!-- -- --></a>":  "line 1, column 9 ",
		"<a><!-- </a>":        "line 1, column 4 ",
		"<a><![CDATA[ </a>":   "line 1, column 4 ",
		"<a><!ELEMENT></a>":   "line 1, column 4 ",
		"<a/><b/>":            "line 1, column 5 ",
		"text":                "line 1, column 1 ",
		"<1/>":                "line 1, column 2 ",
		"<?xml version='1.0'": "line 1, column 1 ",
		"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>":        "line 1, column 1 ",
		"<?xml version='1.0' encoding='ISO-8859-1'?><a/>": "line 1, column 1 ",
		strings.Repeat("<a>", 300):                        "line 1, column 601 ",
	} {
		n, err := ParseXML([]byte(text))
		var syntax *SyntaxError
		if n != nil || !errors.As(err, &syntax) || !strings.HasPrefix(err.Error(), where) {
			t.Errorf("%q: %v, want it at %s", text, err, where)
		}
	}
	if _, err := ParseXML([]byte("\xFF\xFE<\x00")); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("UTF-16: %v", err)
	}
}

const patientXML = `<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir">
  <!-- before the id -->
  <id value="a"/>
  <text>
    <status value="generated"/>
    <div xmlns="http://www.w3.org/1999/xhtml"><p title="x">A &amp; B&#160;<!-- in --></p></div>
  </text>
  <contained>
    <Organization>
      <id value="o"/>
      <name value="N"/>
    </Organization>
  </contained>
  <extension url="http://example.org/x">
    <valueDecimal value="1.50"/>
  </extension>
  <active value="true"/>
  <name id="n1">
    <given value="A"/>
    <given id="g2">
      <extension url="http://example.org/y">
        <valueCode value="z"/>
      </extension>
    </given>
    <given value="C"/>
  </name>
  <birthDate id="b" value="1974-12-25">
    <extension url="http://example.org/t">
      <valueDateTime value="1974-12-25T14:35:45-05:00"/>
    </extension>
  </birthDate>
  <multipleBirthInteger value="2"/>
</Patient>
`

const patientJSON = `{"resourceType":"Patient","id":"a","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title=\"x\">A &amp; B&#160;<!-- in --></p></div>"},` +
	`"contained":[{"resourceType":"Organization","id":"o","name":"N"}],"extension":[{"url":"http://example.org/x","valueDecimal":1.50}],"active":true,` +
	`"name":[{"id":"n1","given":["A",null,"C"],"_given":[null,{"id":"g2","extension":[{"url":"http://example.org/y","valueCode":"z"}]},null]}],` +
	`"birthDate":"1974-12-25","_birthDate":{"id":"b","extension":[{"url":"http://example.org/t","valueDateTime":"1974-12-25T14:35:45-05:00"}]},"multipleBirthInteger":2}`

func TestFHIRInXML(t *testing.T) {
	n, err := R4().ParseXML([]byte(patientXML))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(AppendJSON(nil, n)); got != patientJSON {
		t.Errorf("as JSON:\n%s\nwant\n%s", got, patientJSON)
	}
	x, err := R4().AppendXML(nil, n, "  ")
	if err != nil || string(x) != patientXML {
		t.Errorf("as XML again: %v\n%s", err, x)
	}
	birth := n.Find("birthDate")
	if got := patientXML[birth.Off:birth.End]; got != "1974-12-25" {
		t.Errorf("the birth date is at %q", got)
	}
	j, err := ParseJSON([]byte(patientJSON))
	if err != nil {
		t.Fatal(err)
	}
	x, err = R4().AppendXML(nil, j, "")
	if err != nil {
		t.Fatal(err)
	}
	back, err := R4().Parse(x)
	if err != nil || !back.Same(j) {
		t.Errorf("JSON, XML, JSON: %v\n%s", err, AppendJSON(nil, back))
	}
}

func TestFHIRInXMLWithPrefixes(t *testing.T) {
	n, err := R4().ParseXML([]byte(`<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"><f:text><h:div>a<h:br/></h:div></f:text><f:surprise value="x"/><f:odd a="1">t</f:odd><f:active value="maybe"/><f:gender/></f:Patient>`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a<br/></div>"},"surprise":"x","odd":{"@a":"1","#text":"t"},"active":"maybe","gender":null}`
	if got := string(AppendJSON(nil, n)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if _, err := R4().ParseXML([]byte(`<Patient/>`)); err == nil {
		t.Error("a root without namespace was accepted")
	}
}

func TestAppendXMLRefuses(t *testing.T) {
	for text, where := range map[string]string{
		`{"a":1}`: "only a resource",
		`{"resourceType":"Patient","id":"\u0001"}`:                                "Patient.id: ",
		`{"resourceType":"Patient","text":{"div":"<div>"}}`:                       "Patient.text.div: ",
		`{"resourceType":"Patient","name":[[{}]]}`:                                "Patient.name[0]: ",
		`{"resourceType":"Patient","name":[]}`:                                    "Patient.name: ",
		`{"resourceType":"Patient","a b":1}`:                                      "Patient.a b: ",
		`{"resourceType":"Patient","id":"1","id":"2"}`:                            "Patient.id: ",
		`{"resourceType":"Patient","contained":[{"resourceType":"<"}]}`:           "Patient.contained[0]: ",
		`{"resourceType":"Patient","name":[{"family":"x"}],"_name":[{"id":"1"}]}`: "Patient.name[0]: ",
	} {
		n, err := ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := R4().AppendXML(nil, n, ""); err == nil || !strings.HasPrefix(err.Error(), where) {
			t.Errorf("%s: %v, want %s", text, err, where)
		}
	}
}

func TestNarrativeEntities(t *testing.T) {
	n, err := ParseJSON([]byte(`{"resourceType":"Patient","text":{"status":"generated","div":"<div>a&nbsp;&copy;&lt;</div>"}}`))
	if err != nil {
		t.Fatal(err)
	}
	x, err := R4().AppendXML(nil, n, "")
	if want := `<div xmlns="http://www.w3.org/1999/xhtml">a` + "\u00a0©" + `&lt;</div>`; err != nil || !strings.Contains(string(x), want) {
		t.Errorf("%v %s", err, x)
	}
}

// unordered sorts members by name, so that trees compare without their order, and writes narratives in one way: XML has
// many for the same characters.
func unordered(n *Node) *Node {
	c := n.Clone()
	var sort func(*Node)
	sort = func(n *Node) {
		if n.Kind == Object {
			n.Children = slices.DeleteFunc(n.Children, func(c *Node) bool { return c.Kind == Comment })
			slices.SortStableFunc(n.Children, func(a, b *Node) int { return strings.Compare(a.Name, b.Name) })
		}
		for _, c := range n.Children {
			sort(c)
		}
		if div, err := ParseXML([]byte(n.Text)); err == nil && n.Name == "div" {
			n.Text = string(AppendXMLTree(nil, div))
		}
	}
	sort(c)
	return c
}

func TestXMLCorpus(t *testing.T) {
	for _, file := range corpus(t, "fhirpath/inputs/*.xml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		x, err := R4().ParseXML(data)
		if err != nil {
			t.Fatal(err)
		}
		data, err = os.ReadFile(strings.TrimSuffix(file, ".xml") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		j, err := ParseJSON(data)
		if err != nil {
			t.Fatal(err)
		}
		if !unordered(x).Same(unordered(j)) {
			t.Errorf("%s: XML and JSON give different trees", filepath.Base(file))
		}
	}
}

func TestXMLRoundTripCorpus(t *testing.T) {
	for _, file := range corpus(t, "fhir-examples/*/*.json") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		j, err := ParseJSON(data)
		if err != nil {
			t.Fatal(err)
		}
		x, err := R4().AppendXML(nil, j, "  ")
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		back, err := R4().ParseXML(x)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		if !unordered(back).Same(unordered(j)) {
			t.Errorf("%s differs after XML", filepath.Base(file))
		}
	}
}

func FuzzParseXML(f *testing.F) {
	f.Add([]byte(patientXML))
	f.Add([]byte(`<a b="&#9;">&lt;<![CDATA[x]]><!--c--></a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := ParseXML(data)
		if (err == nil) != (n != nil) {
			t.Fatal("neither tree nor error, or both")
		}
		if err != nil {
			return
		}
		again, err := ParseXML(AppendXMLTree(nil, n))
		if err != nil || !again.Same(n) {
			t.Fatalf("what was written reads otherwise: %v", err)
		}
		resource, err := R4().ParseXML(data)
		if err != nil {
			return
		}
		if _, err := ParseJSON(AppendJSON(nil, resource)); err != nil {
			t.Fatal("the resource is written as invalid JSON")
		}
	})
}

func FuzzAppendXML(f *testing.F) {
	f.Add([]byte(patientJSON))
	f.Add([]byte(`{"resourceType":"Patient","_a":[{"id":"1"},null],"a":["x",null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := ParseJSON(data)
		if err != nil {
			return
		}
		x, err := R4().AppendXML(nil, n, "")
		if err != nil {
			return
		}
		if _, err := ParseXML(x); err != nil {
			t.Fatalf("what was written as XML is none: %v\n%s", err, x)
		}
	})
}
