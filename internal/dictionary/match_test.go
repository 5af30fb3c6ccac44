package dictionary

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"trestle/internal/hl7"
)

// matched lays a message of the given segment names over a structure.
func matched(t testing.TB, version, structure, names string) *Match {
	t.Helper()
	v, exact := For(version)
	s, ok := v.Structure(structure)
	if !exact || !ok {
		t.Fatalf("no structure %s in %s", structure, version)
	}
	return v.Match(messageOf(strings.Fields(names)), s)
}

func messageOf(names []string) *hl7.Message {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(name)
		if name == "MSH" {
			b.WriteString(`|^~\&`)
		} else {
			b.WriteString("|1")
		}
		b.WriteByte('\r')
	}
	return hl7.Parse([]byte(b.String()))
}

// groups writes the group path of a segment as "A[1]/B[2]".
func groups(m *Match, segment int) string {
	var parts []string
	for _, step := range m.Groups(segment) {
		parts = append(parts, fmt.Sprintf("%s[%d]", step.Name, step.Repetition))
	}
	return strings.Join(parts, "/")
}

// words writes deviations in short: "missing EVN at 1".
func words(m *Match) string {
	var parts []string
	for _, d := range m.Deviations {
		s := fmt.Sprintf("%s %s at %d", d.Kind, d.Name, d.Segment)
		if d.After != "" {
			s += " (after " + d.After + ")"
		}
		if d.Before != "" {
			s += " (before " + d.Before + ")"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

func TestMatchGroups(t *testing.T) {
	for _, c := range []struct {
		versions, structure, names string
		want                       map[int]string
	}{
		{"2.5.1 2.8", "ORU_R01",
			//0  1   2   3   4   5   6   7   8   9   10  11  12  13  14
			"MSH PID NTE PV1 ORC OBR NTE OBX NTE OBX OBR OBX PID OBR OBX",
			map[int]string{
				0: "", 1: "PATIENT_RESULT[1]/PATIENT[1]", 2: "PATIENT_RESULT[1]/PATIENT[1]",
				3: "PATIENT_RESULT[1]/PATIENT[1]/VISIT[1]",
				5: "PATIENT_RESULT[1]/ORDER_OBSERVATION[1]", 6: "PATIENT_RESULT[1]/ORDER_OBSERVATION[1]",
				7: "PATIENT_RESULT[1]/ORDER_OBSERVATION[1]/OBSERVATION[1]", 8: "PATIENT_RESULT[1]/ORDER_OBSERVATION[1]/OBSERVATION[1]",
				9:  "PATIENT_RESULT[1]/ORDER_OBSERVATION[1]/OBSERVATION[2]",
				10: "PATIENT_RESULT[1]/ORDER_OBSERVATION[2]", 11: "PATIENT_RESULT[1]/ORDER_OBSERVATION[2]/OBSERVATION[1]",
				12: "PATIENT_RESULT[2]/PATIENT[1]", 13: "PATIENT_RESULT[2]/ORDER_OBSERVATION[1]",
				14: "PATIENT_RESULT[2]/ORDER_OBSERVATION[1]/OBSERVATION[1]",
			}},
		{"2.3", "ORU_R01", "MSH PID NTE PV1 OBR OBX NTE OBX OBR OBX",
			map[int]string{
				1: "RESPONSE[1]/PATIENT[1]", 3: "RESPONSE[1]/PATIENT[1]/VISIT[1]",
				6: "RESPONSE[1]/ORDER_OBSERVATION[1]/OBSERVATION[1]", 7: "RESPONSE[1]/ORDER_OBSERVATION[1]/OBSERVATION[2]",
				9: "RESPONSE[1]/ORDER_OBSERVATION[2]/OBSERVATION[1]",
			}},
		{"2.3 2.5.1 2.8", "ADT_A01", "MSH EVN PID NK1 NK1 PV1 PV2 OBX AL1 DG1 GT1 IN1 IN2 IN1 IN3",
			map[int]string{1: "", 2: "", 5: "", 7: "", 11: "INSURANCE[1]", 12: "INSURANCE[1]", 13: "INSURANCE[2]", 14: "INSURANCE[2]"}},
		{"2.3 2.5.1 2.8", "SIU_S12", "MSH SCH PID PV1 RGS AIS NTE AIP AIP RGS AIL",
			map[int]string{
				1: "", 2: "PATIENT[1]", 3: "PATIENT[1]", 4: "RESOURCES[1]", 5: "RESOURCES[1]/SERVICE[1]", 6: "RESOURCES[1]/SERVICE[1]",
				8: "RESOURCES[1]/PERSONNEL_RESOURCE[2]", 9: "RESOURCES[2]", 10: "RESOURCES[2]/LOCATION_RESOURCE[1]",
			}},
		{"2.5.1 2.8", "DFT_P03", "MSH EVN PID PV1 FT1 PR1 FT1 FT1 GT1 IN1 IN1",
			map[int]string{
				2: "", 4: "FINANCIAL[1]", 5: "FINANCIAL[1]/FINANCIAL_PROCEDURE[1]", 6: "FINANCIAL[2]", 7: "FINANCIAL[3]",
				8: "", 9: "INSURANCE[1]", 10: "INSURANCE[2]",
			}},
		{"2.3", "DFT_P03", "MSH EVN PID PV1 FT1 PR1 FT1", map[int]string{4: "FINANCIAL[1]", 5: "FINANCIAL[1]/FINANCIAL_PROCEDURE[1]", 6: "FINANCIAL[2]"}},
		{"2.5.1", "MDM_T02", "MSH EVN PID PV1 ORC OBR NTE TXA OBX NTE OBX",
			map[int]string{4: "COMMON_ORDER[1]", 6: "COMMON_ORDER[1]", 7: "", 8: "OBXNTE_SUPPGRP[1]", 9: "OBXNTE_SUPPGRP[1]", 10: "OBXNTE_SUPPGRP[2]"}},
		{"2.8", "MDM_T02", "MSH EVN PID PV1 ORC OBR NTE TXA OBX NTE OBX",
			map[int]string{4: "COMMON_ORDER[1]", 6: "COMMON_ORDER[1]", 7: "", 8: "OBSERVATION[1]", 9: "OBSERVATION[1]", 10: "OBSERVATION[2]"}},
		{"2.3", "MDM_T02", "MSH EVN PID PV1 TXA OBX OBX", map[int]string{4: "", 5: "", 6: ""}},
	} {
		for _, version := range strings.Fields(c.versions) {
			m := matched(t, version, c.structure, c.names)
			if len(m.Deviations) > 0 {
				t.Errorf("%s %s: %s", version, c.structure, words(m))
			}
			for i, want := range c.want {
				if got := groups(m, i); got != want {
					t.Errorf("%s %s segment %d: %q, want %q", version, c.structure, i, got, want)
				}
			}
		}
	}
}

func TestMatchDeviations(t *testing.T) {
	for _, c := range []struct{ version, structure, names, want string }{
		{"2.5.1", "ADT_A01", "MSH EVN PID PV1", ""},
		{"2.5.1", "ADT_A01", "MSH EVN ZAA PID ZBB ZBB PV1 ZCC", ""},
		{"2.5.1", "ADT_A01", "MSH PID PV1", "missing EVN at 1"},
		{"2.5.1", "ADT_A01", "MSH PID EVN PV1", "out of order PID at 1 (after EVN)"},
		{"2.5.1", "ADT_A01", "MSH EVN PID PID PV1", "repeated PID at 3"},
		{"2.5.1", "ADT_A01", "MSH EVN PID PV1 PID", "repeated PID at 4"},
		{"2.5.1", "ADT_A01", "MSH EVN PV1 PID", "out of order PV1 at 2 (after PID)"},
		{"2.5.1", "ADT_A01", "MSH EVN PID PV1 NK1", "out of order NK1 at 4 (before PV1)"},
		{"2.5.1", "ADT_A01", "MSH EVN PID PV1 IN2", "missing IN1 at 4"},
		{"2.5.1", "ADT_A01", "MSH EVN PID PV1 TXA", "unexpected TXA at 4"},
		{"2.5.1", "ADT_A01", "EVN PID PV1", "missing MSH at 0"},
		{"2.5.1", "ADT_A01", "MSH", "missing EVN at 1, missing PID at 1, missing PV1 at 1"},
		{"2.5.1", "ADT_A01", "", "missing MSH at 0, missing EVN at 0, missing PID at 0, missing PV1 at 0"},
		{"2.5.1", "ORU_R01", "MSH PID OBX", "missing OBR at 2"},
		{"2.5.1", "ORU_R01", "MSH PID", "missing ORDER_OBSERVATION at 2"},
		{"2.5.1", "ORU_R01", "MSH PID NK1 PV1 PID OBR OBX", "missing ORDER_OBSERVATION at 4"},
		{"2.5.1", "ORU_R01", "MSH PID SFT OBR OBX", "out of order SFT at 2 (before PID)"},
		{"2.5.1", "ORU_R01", "MSH PID OBR OBX PRT OBX", "unexpected PRT at 4"},
		{"2.5.1", "SIU_S12", "MSH SCH PID AIS", "missing RGS at 3"},
		{"2.5.1", "MDM_T02", "MSH EVN PID PV1 TXA", "missing OBXNTE_SUPPGRP at 5"},
		{"2.3", "DFT_P03", "MSH EVN PID PV1", "missing FINANCIAL at 4"},
		{"2.5.1", "ACK", "MSH MSA ERR", ""},
		{"2.5.1", "ORM_O01", "MSH PID ORC OBR RXO", "missing ORC at 4"},
	} {
		m := matched(t, c.version, c.structure, c.names)
		if got := words(m); got != c.want {
			t.Errorf("%s %s [%s]\n got %s\nwant %s", c.version, c.structure, c.names, got, c.want)
		}
	}
}

// What no structure of the standard has in one place: a choice that cannot be
// repeated, a group that occurs once, a segment in place of any.
func TestMatchCardinality(t *testing.T) {
	one := func(name string) Node { return Node{Name: name, Min: 1, Max: 1} }
	nodes := []Node{
		one("MSH"),
		{Name: "CHOICE", Min: 1, Max: 1, Group: true, Choice: true, Children: []Node{one("AAA"), one("BBB")}},
		{Name: "ONCE", Min: 0, Max: 1, Group: true, Children: []Node{one("CCC"), one("DDD")}},
		one("FFF"),
	}
	g := compile(&Structure{ID: "TST_T01", Nodes: nodes})
	open := compile(&Structure{ID: "TST_T02", Nodes: slices.Insert(slices.Clone(nodes), 3, Node{Name: Any, Max: 1})})
	for _, c := range []struct {
		grammar     *grammar
		names, want string
	}{
		{g, "MSH AAA FFF", ""},
		{g, "MSH BBB CCC DDD FFF", ""},
		{g, "MSH AAA ZEE FFF", ""},
		{g, "MSH AAA EEE FFF", "unexpected EEE at 2"},
		{g, "MSH AAA BBB FFF", "repeated CHOICE at 2"},
		{g, "MSH FFF", "missing CHOICE at 1"},
		{g, "MSH AAA CCC FFF", "missing DDD at 3"},
		{g, "MSH AAA CCC DDD CCC DDD FFF", "repeated ONCE at 4"},
		{g, "MSH AAA CCC DDD DDD FFF", "repeated DDD at 4"},
		{g, "MSH AAA CCC DDD FFF AAA", "out of order AAA at 5 (before CCC)"},
		{g, "MSH FFF AAA", "out of order FFF at 1 (after AAA)"},
		{open, "MSH AAA FFF", ""},
		{open, "MSH AAA EEE FFF", ""},
		{open, "MSH AAA ZEE FFF", ""},
		{open, "MSH AAA EEE EEE FFF", "unexpected EEE at 3"},
		{open, "MSH AAA FFF EEE", "unexpected EEE at 3"},
	} {
		list := strings.Fields(c.names)
		m := matchNames(c.grammar, len(list), func(i int) string { return list[i] })
		if got := words(m); got != c.want {
			t.Errorf("%s [%s]\n got %s\nwant %s", m.Structure.ID, c.names, got, c.want)
		}
	}
	list := strings.Fields("MSH AAA CCC DDD FFF")
	m := matchNames(g, len(list), func(i int) string { return list[i] })
	if got := groups(m, 1); got != "" {
		t.Errorf("a choice without a name is shown as group %s", got)
	}
	if got := groups(m, 2); got != "ONCE[1]" {
		t.Errorf("CCC is in %q", got)
	}
}

func TestDeviationTellsWhatWasExpected(t *testing.T) {
	m := matched(t, "2.5.1", "ADT_A01", "MSH EVN TXA PID PV1")
	if len(m.Deviations) != 1 || !slices.Equal(m.Deviations[0].Expected, []string{"PID"}) {
		t.Errorf("%+v", m.Deviations)
	}
	m = matched(t, "2.5.1", "ORU_R01", "MSH PID")
	if len(m.Deviations) != 1 || !slices.Equal(m.Deviations[0].Expected, []string{"ORC", "OBR"}) || !m.Deviations[0].Group {
		t.Errorf("%+v", m.Deviations)
	}
	if steps := m.Deviations[0].Groups; len(steps) != 1 || steps[0] != (hl7.GroupStep{Name: "PATIENT_RESULT", Repetition: 1}) {
		t.Errorf("missing group is in %v", steps)
	}
}

func TestMatchResolvesGroupPaths(t *testing.T) {
	v, _ := For("2.5.1")
	s, _ := v.Structure("ORU_R01")
	m := hl7.Parse([]byte("MSH|^~\\&|A\rPID|1||77\rOBR|1|first\rOBX|1||a\rOBR|2|second\rOBX|1||b\rOBX|2||c\r"))
	value, err := m.WithGroups(v.Match(m, s)).GetString("PATIENT_RESULT/ORDER_OBSERVATION[2]/OBSERVATION[2]/OBX-3")
	if err != nil || string(value.Raw()) != "c" {
		t.Errorf("%q, %v", value.Raw(), err)
	}
}

func TestMatchWithoutStructure(t *testing.T) {
	v, _ := For("2.5.1")
	m := v.Match(messageOf([]string{"MSH", "PID"}), nil)
	if len(m.Deviations) > 0 || m.Groups(1) != nil {
		t.Errorf("%+v", m)
	}
	if _, ok := m.Node(1); ok {
		t.Error("a segment fills a node of no structure")
	}
	if m.Groups(-1) != nil || m.Groups(2) != nil {
		t.Error("segments outside the message are in groups")
	}
}

func TestMatchNode(t *testing.T) {
	m := matched(t, "2.5.1", "ORU_R01", "MSH PID OBR OBX ZZZ")
	if n, ok := m.Node(3); !ok || n.Name != "OBX" || n.Min != 1 {
		t.Errorf("%+v", n)
	}
	if _, ok := m.Node(4); ok {
		t.Error("ZZZ fills a node")
	}
}

// generate writes the segment names of a random message that keeps to a
// structure.
func generate(r *rand.Rand, nodes []Node, names []string) []string {
	for _, n := range nodes {
		times := n.Min
		if n.Min == 0 && r.IntN(3) == 0 {
			times = 1
		}
		if times > 0 && n.Max < 0 && len(names) < 200 {
			times += r.IntN(3)
		}
		for range times {
			switch {
			case !n.Group && n.Name == Any:
				names = append(names, "NTE")
			case !n.Group:
				names = append(names, n.Name)
			case n.Choice:
				i := r.IntN(len(n.Children))
				names = generate(r, n.Children[i:i+1], names)
			default:
				names = generate(r, n.Children, names)
			}
		}
	}
	return names
}

// Every message that keeps to its structure matches without deviations, for all
// structures of all versions.
func TestGeneratedMessagesMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range Versions() {
		v, _ := For(name)
		structures := v.Structures()
		for i := range structures {
			s := &structures[i]
			g := v.grammar(s)
			for range 5 {
				names := generate(r, s.Nodes, nil)
				m := matchNames(g, len(names), func(i int) string { return names[i] })
				if len(m.Deviations) > 0 {
					t.Errorf("%s %s %v: %s", name, s.ID, names, words(m))
				}
				checkInstances(t, m)
			}
		}
	}
}

// checkInstances asserts that the repetitions of each group count 1, 2, 3 ...
// within their parent.
func checkInstances(t testing.TB, m *Match) {
	type key struct {
		parent int32
		group  int16
	}
	count := map[key]int32{}
	for i, in := range m.instances[1:] {
		k := key{in.parent, in.group}
		if count[k]++; in.repetition != count[k] || in.parent > int32(i) {
			t.Fatalf("%s: instance %d of group %d has repetition %d, parent %d", m.Structure.ID, i+1, in.group, in.repetition, in.parent)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("ORU_R01", "MSH PID OBR OBX")
	f.Add("ADT_A01", "PID MSH ZZZ EVN EVN")
	f.Add("CCR_I16", "MSH RF1 PRD PID PV1 OBR OBX NTE ORC")
	f.Add("OML_O21", "ORC OBR OBX SPM PRT PRT NTE MSH")
	v, _ := For("2.8.2")
	f.Fuzz(func(t *testing.T, structure, text string) {
		s, ok := v.Structure(structure)
		if !ok {
			s = &v.Structures()[len(text)%len(v.Structures())]
		}
		names := strings.Fields(text)
		m := matchNames(v.grammar(s), len(names), func(i int) string { return names[i] })
		checkInstances(t, m)
		last := 0
		for _, d := range m.Deviations {
			if d.Segment < last || d.Segment > len(names) || d.Name == "" {
				t.Fatalf("deviation out of order or without name: %+v", d)
			}
			last = d.Segment
		}
		for i, name := range names {
			if n, ok := m.Node(i); ok && n.Name != name && n.Name != Any {
				t.Fatalf("segment %d fills node %s", i, n.Name)
			}
			m.Groups(i)
		}
	})
}

func many(n int, name func(i int) string) []string {
	names := []string{"MSH", "PID", "OBR"}
	for i := range n {
		names = append(names, name(i))
	}
	return names
}

// hostile messages: long ones, and ones that keep many readings alive.
func hostile(n int) map[string][]string {
	v, _ := For("2.8.2")
	s, _ := v.Structure("CCR_I16")
	all := compile(s)
	r := rand.New(rand.NewPCG(3, 4))
	any := func(int) string { return all.places[1+r.IntN(len(all.places)-2)].node.Name }
	turns := []string{"NTE", "OBX", "PRT", "ROL", "OBR", "ORC"}
	return map[string][]string{
		"one order":   many(n, func(int) string { return "OBX" }),
		"notes":       many(n, func(i int) string { return turns[i%2] }),
		"turns":       many(n, func(i int) string { return turns[i%len(turns)] }),
		"random":      many(n, any),
		"strays":      many(n, func(int) string { return "MSH" }),
		"unknown":     many(n, func(int) string { return "XXX" }),
		"alternating": many(n, func(i int) string { return []string{"PID", "MSH", "OBX"}[i%3] }),
	}
}

func TestMatchIsLinear(t *testing.T) {
	v, _ := For("2.8.2")
	for _, structure := range []string{"ORU_R01", "OML_O21", "CCR_I16"} {
		s, _ := v.Structure(structure)
		g := v.grammar(s)
		for what, names := range hostile(100_000) {
			start := time.Now()
			m := matchNames(g, len(names), func(i int) string { return names[i] })
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%s with %s took %v", structure, what, took)
			}
			checkInstances(t, m)
		}
	}
	m := matchNames(v.grammar(structureOf(v, "ORU_R01")), 100_003, func(i int) string { return hostileOrder(i) })
	if len(m.Deviations) > 0 || groups(m, 100_002) != "PATIENT_RESULT[1]/ORDER_OBSERVATION[1]/OBSERVATION[100000]" {
		t.Errorf("100,000 OBX: %d deviations, the last one is in %s", len(m.Deviations), groups(m, 100_002))
	}
}

func structureOf(v *Version, id string) *Structure {
	s, _ := v.Structure(id)
	return s
}

func hostileOrder(i int) string {
	if i < 3 {
		return [...]string{"MSH", "PID", "OBR"}[i]
	}
	return "OBX"
}

func BenchmarkMatch(b *testing.B) {
	v, _ := For("2.8.2")
	for _, structure := range []string{"ORU_R01", "CCR_I16"} {
		g := v.grammar(structureOf(v, structure))
		for what, names := range hostile(100_000) {
			b.Run(structure+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					matchNames(g, len(names), func(i int) string { return names[i] })
				}
			})
		}
	}
	b.Run("ordinary", func(b *testing.B) {
		g := v.grammar(structureOf(v, "ORU_R01"))
		names := strings.Fields("MSH PID PV1 ORC OBR OBX OBX OBX OBX OBX NTE SPM")
		b.ReportAllocs()
		for b.Loop() {
			matchNames(g, len(names), func(i int) string { return names[i] })
		}
	})
	b.Run("compile", func(b *testing.B) {
		s := structureOf(v, "CCR_I16")
		for b.Loop() {
			compile(s)
		}
	})
}
