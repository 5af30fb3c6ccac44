package mappaper

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"

	"trestle/internal/hl7"
	"trestle/internal/mapping"
)

// node is an element of the XML that Mirth Connect makes of HL7 v2.
type node struct {
	Name, Text string
	Kids       []node
}

// object is the element as the shim reads it.
func (n node) object() map[string]any {
	kids := make([]any, len(n.Kids))
	for i, k := range n.Kids {
		kids[i] = k.object()
	}
	return map[string]any{"name": n.Name, "text": n.Text, "kids": kids}
}

// mirthXML takes a message apart as Mirth Connect does: PID > PID.5 > PID.5.1 > PID.5.1.1. Escapes stay.
func mirthXML(message []byte) node {
	m := hl7.Parse(message)
	root := node{Name: "HL7Message"}
	for s := range m.Segments() {
		seg := node{Name: s.Name()}
		for n := 1; s.Field(n).IsPresent(); n++ {
			name := fmt.Sprintf("%s.%d", s.Name(), n)
			if s.IsHeader() && n <= 2 {
				seg.Kids = append(seg.Kids, node{Name: name, Text: string(s.Field(n).Raw())})
				continue
			}
			for rep := range s.Field(n).AllRepetitions() {
				field := node{Name: name}
				for c := 1; rep.Component(c).IsPresent(); c++ {
					part := node{Name: fmt.Sprintf("%s.%d", name, c)}
					if comp := rep.Component(c); comp.Subcomponents() > 1 {
						for k := 1; comp.Subcomponent(k).IsPresent(); k++ {
							part.Kids = append(part.Kids, node{Name: fmt.Sprintf("%s.%d", part.Name, k), Text: string(comp.Subcomponent(k).Raw())})
						}
					} else {
						part.Text = string(comp.Raw())
					}
					field.Kids = append(field.Kids, part)
				}
				seg.Kids = append(seg.Kids, field)
			}
		}
		root.Kids = append(root.Kids, seg)
	}
	return root
}

// shim gives what Rhino and Mirth Connect have and a plain engine of JavaScript has not: as much of E4X and Java as the
// steps use.
const shim = `
function list(items) {
  var l = {length: function () { return items.length; }};
  items.forEach(function (x, i) { l[i] = x; });
  return l;
}
function element(n) {
  return {name: function () { return n.name; }, toString: function () { return n.text; }, elements: function () { return list((n.kids || []).map(element)); }};
}
function XML(text) { this.text = text; }
var SerializerFactory = {getSerializer: function (kind) { return {toXML: function (text) { return text; }}; }};
var java = {
  lang: {String: function (s) { this.getBytes = function () { return s; }; }},
  util: {UUID: {nameUUIDFromBytes: function (s) { return uuidOf(s); }}},
  time: {
    LocalDateTime: {of: function (y, mo, d, h, mi, s) { return {atZone: function (zone) { return {getOffset: function () { return {getId: function () { return offsetOf(y, mo, d, h, mi, s, zone); }}; }}; }}; }},
    ZoneId: {of: function (name) { return name; }}
  }
};
`

// mirthProgram reads the scripts of a transformer. Mirth Connect puts those of all steps into one function.
func mirthProgram(t *testing.T, transformer []byte) *goja.Program {
	t.Helper()
	var x struct {
		Elements struct {
			Steps []struct {
				Script string `xml:"script"`
			} `xml:",any"`
		} `xml:"elements"`
	}
	if err := xml.Unmarshal(transformer, &x); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	all.WriteString(shim + "var msg = element(message), tmp;\n(function doTransform() {\n")
	for _, s := range x.Elements.Steps {
		all.WriteString(s.Script + "\n")
	}
	all.WriteString("})();")
	program, err := goja.Compile("transformer", all.String(), false)
	if err != nil {
		t.Fatalf("the steps cannot be read: %v", err)
	}
	return program
}

// runMirth runs the scripts on a message and gives what they put into tmp.
func runMirth(t *testing.T, program *goja.Program, message []byte) goja.Value {
	t.Helper()
	vm := goja.New()
	timer := time.AfterFunc(time.Minute, func() { vm.Interrupt("too long") })
	defer timer.Stop()
	for name, v := range map[string]any{
		"message": mirthXML(message).object(),
		"uuidOf": func(s string) string {
			b := md5.Sum([]byte(s))
			return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		},
		"offsetOf": func(y, mo, d, h, mi, s int, zone string) string {
			z, err := time.LoadLocation(zone)
			if err != nil {
				return ""
			}
			return time.Date(y, time.Month(mo), d, h, mi, s, 0, z).Format("Z07:00")
		},
	} {
		if err := vm.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := vm.RunProgram(program); err != nil {
		t.Fatalf("the steps fail: %v", err)
	}
	return vm.Get("tmp")
}

// asTree reads JSON with the identifiers of resources replaced by their places: both sides derive them in their own way.
func asTree(t *testing.T, text string) any {
	t.Helper()
	var b struct {
		Entry []struct {
			FullURL string `json:"fullUrl"`
		} `json:"entry"`
	}
	if json.Unmarshal([]byte(text), &b) == nil {
		for i, e := range b.Entry {
			if id := strings.TrimPrefix(e.FullURL, "urn:uuid:"); id != "" {
				text = strings.ReplaceAll(text, id, fmt.Sprintf("entry-%d", i))
			}
		}
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// differences names the places where two trees differ.
func differences(path string, a, b any, out *[]string) {
	switch x := a.(type) {
	case map[string]any:
		y, _ := b.(map[string]any)
		for k := range x {
			differences(path+"."+k, x[k], y[k], out)
		}
		for k := range y {
			if _, ok := x[k]; !ok {
				*out = append(*out, fmt.Sprintf("%s.%s: nothing, the steps have %v", path, k, y[k]))
			}
		}
		return
	case []any:
		y, _ := b.([]any)
		for i := range max(len(x), len(y)) {
			var p, q any
			if i < len(x) {
				p = x[i]
			}
			if i < len(y) {
				q = y[i]
			}
			differences(fmt.Sprintf("%s[%d]", path, i), p, q, out)
		}
		return
	}
	if !reflect.DeepEqual(a, b) {
		*out = append(*out, fmt.Sprintf("%s: %v, the steps have %v", path, a, b))
	}
}

// TestMirthDoesTheSame runs the transformers of all starters on all messages that are at hand, and compares what comes out
// with what our engine makes.
func TestMirthDoesTheSame(t *testing.T) {
	samples, err := filepath.Glob("../../mapping/starter/testdata/*.hl7")
	if err != nil || len(samples) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	compared := 0
	for _, name := range starters(t) {
		f := starterFile(t, name)
		if f.Source.Kind != mapping.HL7v2 {
			continue
		}
		program := mirthProgram(t, written(t, Spec{Mapping: f}, Mirth))
		gaps, err := Spec{Mapping: f}.MirthGaps()
		if err != nil {
			t.Fatal(err)
		}
		// What the steps say that they leave out is left out of the comparison too.
		f.Walk(func(b *mapping.Block) {
			for i := range b.Rules {
				if slices.ContainsFunc(gaps, func(g string) bool { return strings.HasPrefix(g, b.Rules[i].ID+": ") }) {
					b.Rules[i].Status = mapping.OutOfScope
				}
			}
		})
		if len(gaps)*20 > f.Rules() {
			t.Errorf("%s: the steps leave %d of %d rules out: %q", name, len(gaps), f.Rules(), gaps)
		}
		e, err := mapping.Compile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range samples {
			message, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(name+" "+filepath.Base(file), func(t *testing.T) {
				want, err := e.Run(context.Background(), message)
				if err != nil {
					t.Skip("our engine refuses it too: ", err)
				}
				text, err := want.Bytes()
				if err != nil {
					t.Fatal(err)
				}
				got, err := json.Marshal(runMirth(t, program, message).Export())
				if err != nil {
					t.Fatal(err)
				}
				var list []string
				differences("", asTree(t, string(text)), asTree(t, string(got)), &list)
				for _, d := range list[:min(len(list), 20)] {
					t.Error(d)
				}
				compared++
			})
		}
	}
	if compared < 20 {
		t.Errorf("only %d comparisons", compared)
	}
}

// parsedMapping reads a mapping of a test.
func parsedMapping(t *testing.T, text string) *mapping.File {
	t.Helper()
	f, err := mapping.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestMirthMakesOtherTargets(t *testing.T) {
	message := []byte("MSH|^~\\&|A|B|C|D|20260302101500||ADT^A04|7|P|2.5.1\rPID|1||88121^^^HOSP&2.999.1&ISO^MR~900-00-0001^^^SSA^SS||O'Hara \\T\\ Sons^Ada^B||19840517|F||2106-3|1 Main St^^Salem^OR^97301^USA||555-0101~555-0102\rNK1|1|Moss^Ben|SPO\rNK1|2|Moss^Cy|CHD\r")
	for name, text := range map[string]string{
		"hl7": `{map: 1, source: {kind: "hl7v2"}, target: {kind: "hl7v2"}, blocks: [
  {id: "b-msh", make: "MSH", rules: [{id: "m-1", to: "MSH-9", from: "MSH-9"}, {id: "m-2", to: "MSH-7", from: "MSH-7", do: [{left: "8"}]}]},
  {id: "b-pid", make: "PID", per: "PID", rules: [{id: "p-1", to: "PID-3[]", each: "PID-3", from: "PID-3"}, {id: "p-2", to: "PID-5", from: "PID-5"}, {id: "p-3", to: "PID-5.7", value: "L"}, {id: "p-4", to: "PID-11.1", from: ["PID-11.1", "PID-11.3"], do: [{join: ", "}]},
    {id: "p-5", to: "PID-13[].1", each: "PID-13", from: "PID-13.1", when: "PID-13.1 ENDS WITH \"2\""}, {id: "p-6", to: "PID-8", do: ["null"], when: "PID-8 NOT IN (\"M\", \"X\") AND NK1 COUNT > 1"}]},
  {id: "b-nk1", make: "NK1", per: "NK1", when: "NK1-3 IS \"SPO\" OR (NK1-1 > 1 AND NOT NK1-2.2 MATCHES \"^B\")", rules: [{id: "n-1", to: "NK1-1", do: ["counter"]}, {id: "n-2", to: "NK1-2.1", inputs: {new: "NK1-2.1", b: "PID-5.2"}, formula: "new == 'Moss' ? upper(new) + ' ' + b.substring(0, 1) : new"}]}]}`,
		"csv": `{map: 1, source: {kind: "hl7v2"}, target: {kind: "csv", columns: ["last, first", "city", "n"]}, blocks: [{id: "b", make: "row", per: "NK1", rules: [
  {id: "r-1", to: "last, first", from: ["NK1-2.1", "NK1-2.2"], do: [{join: ", "}]}, {id: "r-2", to: "city", from: "PID-11.3", do: ["title_case"], default: "none"}, {id: "r-3", to: "n", inputs: {all: "PID-3[*].1"}, formula: "size(all)"}]}]}`,
		"transaction": `{map: 1, source: {kind: "hl7v2"}, target: {kind: "fhir", root: "Bundle", bundle: "transaction"}, blocks: [
  {id: "b-p", make: "Patient", per: "PID", rules: [{id: "r-1", to: "identifier[]", each: "PID-3", from: "PID-3"}]},
  {id: "b-g", make: "Group", rules: [{id: "r-2", to: "identifier[a].system", value: "http://a.example/x y|(z),$~*!"}, {id: "r-3", to: "identifier[a].value", from: "PID-5.1"}, {id: "r-4", to: "type", value: "person"}, {id: "r-5", to: "actual", value: "true"}]},
  {id: "b-s", make: "Person", rules: [{id: "r-6", to: "identifier[]", from: "PID-3(2)"}, {id: "r-7", to: "identifier[old].use", value: "old"}]},
  {id: "b-r", make: "RelatedPerson", per: "NK1", rules: [{id: "r-8", to: "identifier[]", from: "PID-3(1)"}, {id: "r-9", to: "patient", do: [{reference: "b-p"}]}]}]}`,
		"json": `{map: 1, zone: "America/New_York", source: {kind: "hl7v2"}, target: {kind: "json"}, blocks: [{id: "b", make: ".", rules: [
  {id: "r-1", to: "when", from: "MSH-7", do: ["datetime"]}, {id: "r-2", to: "patient.phones[]", from: "PID-13[*].1", do: [{replace: ["-", " "]}]}, {id: "r-3", to: "patient.born", from: "PID-7", do: [{reformat: ["YYYYMMDD", "DD MMM YYYY"]}]},
  {id: "r-4", to: "patient.ids[].id", each: "PID-3", from: ".1"}, {id: "r-5", to: "patient.ids[].by", each: "PID-3", from: ".4.1", do: [{choose: ["HOSP", "the hospital", "somebody"]}]}],
  blocks: [{id: "c", make: "relatives[]", per: "NK1", rules: [{id: "r-6", to: "name", from: "NK1-2.2"}, {id: "r-7", to: "of", from: "PID-5.2"}]}]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := parsedMapping(t, text)
			e, err := mapping.Compile(f)
			if err != nil {
				t.Fatal(err)
			}
			want, err := e.Run(context.Background(), message)
			if err != nil {
				t.Fatal(err)
			}
			b, err := want.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			if gaps, err := (Spec{Mapping: f}).MirthGaps(); err != nil || len(gaps) > 0 {
				t.Errorf("gaps %v, %v", gaps, err)
			}
			tmp := runMirth(t, mirthProgram(t, written(t, Spec{Mapping: f}, Mirth)), message)
			switch f.Target.Kind {
			case mapping.HL7v2:
				if got := tmp.ToObject(nil).Get("text").String(); got != string(b) {
					t.Errorf("the steps make %q\nwant           %q", got, b)
				}
			case mapping.CSV:
				if got := tmp.String(); got != string(b) {
					t.Errorf("the steps make %q\nwant           %q", got, b)
				}
			default:
				got, err := json.Marshal(tmp.Export())
				if err != nil {
					t.Fatal(err)
				}
				var list []string
				differences("", asTree(t, string(b)), asTree(t, string(got)), &list)
				for _, d := range list {
					t.Error(d)
				}
			}
		})
	}
}

func TestMirthSaysWhatItLeavesOut(t *testing.T) {
	f := parsedMapping(t, `{map: 1, source: {kind: "hl7v2"}, target: {kind: "json"}, blocks: [{id: "b", make: ".", rules: [
  {id: "r-1", to: "a", from: "PID-5.1", do: ["sha256"]}, {id: "r-2", to: "b", inputs: {all: "PID-3[*].1"}, formula: "all.filter(x, x != '')"}, {id: "r-3", to: "c", from: "PATIENT/PID-5.1"}, {id: "r-4", to: "d", from: "PID-5.1"}]}]}`)
	gaps, err := Spec{Mapping: f}.MirthGaps()
	if err != nil || len(gaps) != 3 {
		t.Fatalf("gaps %q, %v", gaps, err)
	}
	text := string(written(t, Spec{Mapping: f}, Mirth))
	for _, id := range []string{"r-1", "r-2", "r-3"} {
		if !strings.Contains(text, "// "+id+" IS NOT DONE HERE: ") {
			t.Errorf("the step does not say that it leaves %s out", id)
		}
	}
	if strings.Contains(text, "r-4 IS NOT") {
		t.Error("a rule is left out without need")
	}
	for name, text := range map[string]string{
		"source": `{map: 1, source: {kind: "csv"}, target: {kind: "json"}, blocks: [{id: "b", make: ".", rules: [{id: "r-1", to: "a", from: "x"}]}]}`,
		"target": `{map: 1, source: {kind: "hl7v2"}, target: {kind: "xml"}, blocks: [{id: "b", make: ".", rules: [{id: "r-1", to: "a", from: "PID-3"}]}]}`,
		"keep":   `{map: 1, source: {kind: "hl7v2"}, target: {kind: "hl7v2", keep: true}, blocks: [{id: "b", make: "PID", rules: [{id: "r-1", to: "PID-3", from: "PID-3"}]}]}`,
		"empty":  `{map: 1, source: {kind: "hl7v2"}, target: {kind: "json"}}`,
	} {
		if err := (Spec{Mapping: parsedMapping(t, text)}).Write(context.Background(), &bytes.Buffer{}, Mirth); err == nil {
			t.Errorf("%s: a transformer was written", name)
		}
	}
}
