package mapping

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// applied runs one value through functions, from HL7 v2 to JSON.
func applied(t *testing.T, rule string) (string, []Warning) {
	t.Helper()
	e := build(t, `{kind: "json"}`, "blocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, "+rule+"}]}\n")
	r, err := e.Run(context.Background(), []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	return r.Tree.Find("a").String(), r.Warnings
}

func TestFunctions(t *testing.T) {
	for _, c := range []struct{ value, do, want string }{
		{"Müller-Łukasz Ærø", `fold`, "Muller-Lukasz AEro"},
		{"Okafor", `fold`, "Okafor"},
		{"ab", `{repeat: "3"}`, "ababab"},
		{"a^b", `{index_of: "^"}`, "2"},
		{"a^b", `{index_of: "x"}`, "0"},
		{"A12", `{matches: "^[A-Z][0-9]+$"}`, "A12"},
		{"12", `{matches: "^[A-Z]"}`, ""},
		{"a|b&c", `hl7_escape`, `a\F\b\T\c`},
		{`a\F\b\X41\\.br\c\Z\ d\H\`, `hl7_unescape`, "a|bA\nc\\Z\\ d\\H\\"},
		{`x\y`, `hl7_unescape`, `x\y`},
		{`say "no"`, `json_escape`, `say \"no\"`},
		{"a%20b+c", `url_decode`, "a b c"},
		{"%zz", `url_decode`, ""},
		{"a &lt; b", `xml_unescape`, "a < b"},
		{"20260301103000-0500", `{in_zone: "Europe/Berlin"}`, "2026-03-01T16:30:00+01:00"},
		{"20260301", `{in_zone: "Europe/Berlin"}`, "2026-03-01"},
		{"20260301103000", `{datetime: "America/New_York"}`, "2026-03-01T10:30:00-05:00"},
		{"202607011030", `{instant: "America/New_York"}`, "2026-07-01T10:30:00-04:00"},
		{"20240131", `{later: ["1", "month"]}`, "20240229"},
		{"20240229", `{later: ["1", "years"]}`, "20250228"},
		{"202401312330", `{later: ["45", "minutes"]}`, "202402010015"},
		{"20240131", `{later: ["-2", "weeks"]}`, "20240117"},
		{"202401", `{later: ["1", "day"]}`, ""},
		{"2024-03-05T10:20:30Z", `{date_part: "hour"}`, "10"},
		{"20240305", `{date_part: "weekday"}`, "2"},
		{"2024", `{date_part: "month"}`, ""},
		{"180", `{unit: ["[lb_av]", "kg"]}`, "81.646627"},
		{"98.6", `{unit: ["[degF]", "Cel"]}`, "37"},
		{"0", `{unit: ["Cel", "K"]}`, "273.15"},
		{"70", `{unit: ["[in_i]", "cm"]}`, "177.8"},
		{"2", `{decimals: "2"}`, "2.00"},
		{"7", `{divide: "2"}`, "3.5"},
		{"7", `{subtract: "9"}`, "-2"},
		{"-1.5", `floor`, "-2"},
		{"1.2", `ceiling`, "2"},
		{"NaN", `{decimals: "1"}`, ""},
		{"(717) 555-0123", `e164`, "+17175550123"},
		{"+44 20 7946 0000", `e164`, "+442079460000"},
		{"5550123", `e164`, ""},
		{"1234567893", `{check_digit: "npi"}`, "1234567893"},
		{"1234567890", `{check_digit: "npi"}`, ""},
		{"79927398713", `{check_digit: "mod10"}`, "79927398713"},
		{"1234561", `{check_digit: "mod11"}`, ""},
		{"http://loinc.org", `system_name`, "LN"},
		{"http://terminology.hl7.org/CodeSystem/v2-0063", `system_name`, "HL70063"},
	} {
		if got, _ := applied(t, fmt.Sprintf("value: %q, do: [%s]", c.value, c.do)); got != c.want {
			t.Errorf("%s of %q is %q, want %q", c.do, c.value, got, c.want)
		}
	}
	for _, c := range []struct{ rule, want string }{
		{`do: [{template: "{PID-5.1}, {PID-5.2} ({PID-30}{PID-8})"}]`, "Okafor, Ada (F)"},
		{`do: [{template: "{PID-99}"}], default: "none"`, "none"},
		{`from: ["PID-7", "MSH-7"], do: [age]`, "41"},
		{`from: ["PID-7", "MSH-7"], do: [{difference: days}]`, "15263"},
		{`from: ["PID-7"], do: [age]`, ""},
		{`from: ["IN1[*]-3"], do: [average]`, "79527.5"},
		{`from: "PID-3[*]", do: [{with_type: SS}, {left: "3"}]`, "900"},
	} {
		if got, _ := applied(t, c.rule); got != c.want {
			t.Errorf("%s is %q, want %q", c.rule, got, c.want)
		}
	}
}

// TestFunctionArguments: arguments that cannot be meant are told when the mapping is compiled.
func TestFunctionArguments(t *testing.T) {
	for _, do := range []string{
		`{template: "no source"}`, `{template: "{PID-5"}`, `{in_zone: "Mars"}`, `{datetime: "Local"}`, `{later: ["x", "days"]}`, `{later: ["1", "moons"]}`, `{date_part: "era"}`,
		`{difference: "months"}`, `{unit: ["kg", "cm"]}`, `{unit: ["stone", "kg"]}`, `{decimals: "20"}`, `{divide: "0"}`, `{check_digit: "x"}`, `{repeat: "101"}`, `{matches: "("}`, `{following: "obr"}`,
	} {
		f, err := Parse([]byte("map: 1\nsource: {kind: \"hl7v2\"}\ntarget: {kind: \"json\"}\nblocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, from: PID-5, do: [" + do + "]}]}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Compile(f); err == nil {
			t.Errorf("%s was taken", do)
		}
	}
}

// TestWritten reads names and addresses that people have written, into both kinds of target.
func TestWritten(t *testing.T) {
	for _, c := range []struct{ text, xpn string }{
		{"Okafor, Ada N", "Okafor^Ada^N"},
		{"Dr. Ada N Okafor Jr", "Okafor^Ada^N^Jr^Dr."},
		{"Okafor Jr., Ada", "Okafor^Ada^^Jr."},
		{"Ada Okafor, MD", "Okafor^Ada^^MD"},
		{"Lena van der Berg", "van der Berg^Lena"},
		{"Prince", "Prince"},
		{"Van Dyke", "Dyke^Van"},
	} {
		e := build(t, `{kind: "hl7v2"}`, "blocks:\n- {id: b, make: PID, rules: [{id: r, to: PID-5, value: "+fmt.Sprintf("%q", c.text)+", do: [parse_name]}]}\n")
		if got := strings.TrimSuffix(mapped(t, e, sample), "\r"); got != "PID|||||"+c.xpn {
			t.Errorf("%q is %s", c.text, got)
		}
	}
	for _, c := range []struct{ text, xad, json string }{
		{"12 Mill Lane, Apt 4, Harrisburg, PA 17102", "12 Mill Lane^Apt 4^Harrisburg^PA^17102", `{"line":["12 Mill Lane","Apt 4"],"city":"Harrisburg","state":"PA","postalCode":"17102"}`},
		{"PO Box 1, El Paso, tx 79998-0001, USA", "PO Box 1^^El Paso^TX^79998-0001", `{"line":["PO Box 1"],"city":"El Paso","state":"TX","postalCode":"79998-0001"}`},
		{"Hauptstr. 5, 10115 Berlin", "Hauptstr. 5, 10115 Berlin", `{"line":["Hauptstr. 5, 10115 Berlin"]}`},
	} {
		e := build(t, `{kind: "hl7v2"}`, "blocks:\n- {id: b, make: PID, rules: [{id: r, to: PID-11, value: "+fmt.Sprintf("%q", c.text)+", do: [parse_address]}]}\n")
		if got := strings.TrimSuffix(mapped(t, e, sample), "\r"); got != "PID|||||||||||"+c.xad {
			t.Errorf("%q is %s", c.text, got)
		}
		e = build(t, `{kind: "json"}`, "blocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, value: "+fmt.Sprintf("%q", c.text)+", do: [parse_address]}]}\n")
		if got := mapped(t, e, sample); got != `{"a":`+c.json+"}" {
			t.Errorf("%q is %s", c.text, got)
		}
	}
}

// TestUSCore: race and ethnicity become the extensions of US Core; codes of the sender's own keep their words.
func TestUSCore(t *testing.T) {
	e := build(t, `{kind: "fhir", root: "Bundle"}`, "blocks:\n- {id: p, make: Patient, per: PID, rules: [{id: r1, to: \"extension[]\", from: \"PID-10[*]\", do: [us_core_race]}, {id: r2, to: \"extension[]\", from: \"PID-22[*]\", do: [us_core_ethnicity]}]}\n")
	const race = `{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race","extension":[{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"2106-3","display":"White"}},` +
		`{"url":"detailed","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"2034-7","display":"Chinese"}},{"url":"text","valueString":"White, Chinese, Other"}]}`
	const ethnicity = `{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity","extension":[{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"2186-5","display":"Not Hispanic"}},{"url":"text","valueString":"Not Hispanic"}]}`
	r, err := e.Run(context.Background(), []byte("MSH|^~\\&|||||||ADT^A01|1|P|2.5\rPID||||||||||2106-3^White^CDCREC~2034-7^Chinese^HL70005~X^Other^L||||||||||||N^Not Hispanic^HL70189\r"))
	if err != nil {
		t.Fatal(err)
	}
	if got := nodeText(r.Tree.Member("entry").Item(0).Find("resource").Member("extension")); got != "["+race+","+ethnicity+"]" {
		t.Errorf("got %s", got)
	}
}
