package plan

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"trestle/internal/hl7"
	"trestle/internal/linkage"
)

// TestSimulation plays messages of the sample's right system against its links.
func TestSimulation(t *testing.T) {
	left, right := sampleLists(t)
	result, err := Match(context.Background(), left, right, Options{})
	if err != nil {
		t.Fatal(err)
	}
	links := result.LinksOf(linkage.Right)
	s, err := NewSimulation(right, links, "", Standard())
	if err != nil {
		t.Fatal(err)
	}
	message := func(in1 ...string) *hl7.Message {
		return hl7.Parse([]byte("MSH|^~\\&|A|B|C|D|20260101||ADT^A08^ADT_A01|1|T|2.5.1\rPID|1||9\r" + strings.Join(in1, "\r") + "\r"))
	}
	got := s.Play(message(
		"IN1|1|NLM-PPO^Northlake Mutual PPO|60411|Northlake Mutual",
		"IN1|2|UHC-NAV^UHC Navigate|87726|UnitedHealthcare",
		"IN1|3|OLD77^Northlake Mutual PPO|60411|Northlake Mutual|PO Box 4110^^Northlake^ZZ^00071||(690)555-0141",
		"IN1|4|NEW1^Zephyr Cooperative EPO|99999|Zephyr Cooperative",
		"IN1|5|^Zephyr Cooperative EPO|99999|Zephyr Cooperative",
	))
	want := []Outcome{OutcomeLinked, OutcomeUnlinked, OutcomeByName, OutcomeNew, OutcomeEmpty}
	if len(got) != len(want) {
		t.Fatalf("%d arrivals: %+v", len(got), got)
	}
	for i, a := range got {
		if a.Outcome != want[i] || a.Segment != i+1 {
			t.Errorf("IN1 %d: %+v, want %q", i+1, a, want[i])
		}
	}
	if got[0].Linked != "P1014" || got[2].Plan != "NLM-PPO" || got[2].Linked != "P1014" {
		t.Errorf("%+v", got)
	}
	if list := s.Play(hl7.Parse([]byte("MSH|^~\\&|A\rPID|1\r"))); len(list) != 0 {
		t.Errorf("a message without insurance: %+v", list)
	}
	byCompany, err := NewSimulation(right, links, "IN1-3.1", Standard())
	if err != nil {
		t.Fatal(err)
	}
	if a := byCompany.Play(message("IN1|1|X|NLM-PPO"))[0]; a.Outcome != OutcomeLinked {
		t.Errorf("the key in IN1-3.1: %+v", a)
	}
	for _, bad := range []string{"PID-3", "IN1", "P?"} {
		if _, err := NewSimulation(right, links, bad, Standard()); err == nil {
			t.Errorf("the key was looked for in %s", bad)
		}
	}
}

func TestSpec(t *testing.T) {
	s, err := ParseSpec(strings.NewReader("left: {key: a, columns: {b: payer id 837P House}}\nautomatic: 0.9\none_to_many: [U]\nopen_gates: [product conflict]\n"))
	if err != nil {
		t.Fatal(err)
	}
	o := s.Apply(Options{})
	if o.Automatic != 0.9 || !o.Decided.Many("U") || o.Decided.Many("V") || o.Decided.Pair("a", "U") != Undecided || len(o.Open) != 1 {
		t.Errorf("%+v", o)
	}
	for _, bad := range []string{"automatic: 2", "review: -1", "candidates: 1000", "open_gates: [state conflict]", "left: {columns: {a: colour}}", "lefty: {}", "left: ["} {
		if _, err := ParseSpec(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, err := ParseSpec(strings.NewReader("")); err != nil {
		t.Errorf("an empty specification: %v", err)
	}
}

func ExampleMatch() {
	ours := NewList("ours", []Record{{ID: "17", Name: "Aetna Choice POS II"}, {ID: "18", Name: "Meadow Trust EPO"}}, Standard())
	theirs := NewList("theirs", []Record{{ID: "AET2", Name: "AENTA CHOICE POS 2"}, {ID: "HUM", Name: "HUMANA GOLD PLUS HMO"}}, Standard())
	result, err := Match(context.Background(), ours, theirs, Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range result.Best(1) {
		fmt.Println(c.Left, c.Right, c.Band)
	}
	for _, c := range result.Creations {
		fmt.Println("create", c.Plan.ID, c.Plan.Products)
	}
	// Output:
	// 17 AET2 automatic
	// create 18 EPO
}

func ExampleParse() {
	p := Parse(Record{Name: "BCBS OF TX MED ADV PPO", Address: "P.O. Box 660", ZIP: "71"}, Standard())
	fmt.Println(p.InsurerName(Standard()), p.States, p.Business, p.Products, p.Box, p.ZIP5)
	// Output:
	// Blue Cross Blue Shield [TX] Medicare Advantage PPO 660 00071
}
