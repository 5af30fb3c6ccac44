package infer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"trestle/internal/mapping"
	"trestle/internal/mapping/infer"
)

var (
	families = []string{"Adler", "Brook", "Castell", "Dunne", "Ewing", "Farrow", "Gable", "Harlan", "Ibarra", "Jessop", "Kirby", "Lorne", "Mallory", "Nadel", "O'Shea", "Prior"}
	givens   = []string{"Ann", "Boris", "Clara", "Dorian", "Edda", "Felix", "Greta", "Hugo", "Iris", "Jonas", "Kira", "Lena", "Milo", "Nora"}
	streets  = []string{"Elm St", "Oak Ave", "River Rd", "Hill Ln", "Mill Ct"}
	cities   = []string{"Riverbend", "Fairview", "Ashton", "Cedar Falls"}
)

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// feed makes invented ADT messages. They vary as those of a hospital do: what is empty in one is there in the next.
func feed(seed uint64, n int) []mapping.Record {
	r := rand.New(rand.NewPCG(seed, 7))
	var list []mapping.Record
	for i := range n {
		var b strings.Builder
		event := pick(r, "A01", "A04", "A08", "A08")
		fmt.Fprintf(&b, "MSH|^~\\&|HIS|RIVERBEND|LAB|CENTRAL|2026%02d%02d%02d%02d||ADT^%s^ADT_A01|C%d-%06d|P|2.5.1\r", 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), event, seed, i)
		fmt.Fprintf(&b, "EVN|%s|2026%02d%02d0815\r", event, 1+r.IntN(12), 1+r.IntN(28))
		middle := pick(r, "", "", "M", "Q", "T")
		ssn := pick(r, "", fmt.Sprintf("000%06d", r.IntN(1_000_000)))
		second := ""
		if r.IntN(2) == 0 {
			second = fmt.Sprintf("~9%05d^^^STATE^%s", r.IntN(100_000), pick(r, "DL", "PI", "SS"))
		}
		fmt.Fprintf(&b, "PID|1|X%d|%06d^^^RB^MR%s||%s^%s^%s||%04d%02d%02d|%s||%s|%d %s^Apt %d^%s^NY^%05d^USA||555%07d^PRN^PH||%s|%s|||%s\r", r.IntN(100000), 100000+r.IntN(800000), second,
			pick(r, families...), pick(r, givens...), middle, 1930+r.IntN(90), 1+r.IntN(12), 1+r.IntN(28), pick(r, "M", "F", "F", "M", "U"), pick(r, "2106-3", "2054-5", "2028-9"), 1+r.IntN(900), pick(r, streets...), 1+r.IntN(30), pick(r, cities...), 10000+r.IntN(89999), 5550100+r.IntN(99), pick(r, "ENG", "SPA", ""), pick(r, "S", "M", "D", "W"), ssn)
		fmt.Fprintf(&b, "PV1|1|%s|%s^%d^%s^RB||||%05d^%s^%s^^^DR.||||||||||||V%07d\r", pick(r, "I", "O", "E"), pick(r, "ICU", "MED", "ER"), 100+r.IntN(300), pick(r, "A", "B"), 10000+r.IntN(80), pick(r, families...), pick(r, givens...), r.IntN(10_000_000))
		for k := range r.IntN(3) {
			fmt.Fprintf(&b, "NK1|%d|%s^%s|%s|||%s\r", k+1, pick(r, families...), pick(r, givens...), pick(r, "SPO", "CHD", "PAR"), fmt.Sprintf("555%07d", 5550100+r.IntN(99)))
		}
		for k := range 1 + r.IntN(2) {
			fmt.Fprintf(&b, "IN1|%d|PLAN%02d|C%03d|%s|||||GRP%04d|||2025%02d01|||%s||||||||||||||||||||P%08d\r", k+1, r.IntN(9), r.IntN(40), pick(r, "ACME HEALTH", "UNITED PLAN", "STATE CARE"), r.IntN(9999), 1+r.IntN(12), pick(r, "HMO", "PPO"), r.IntN(99_999_999))
		}
		fmt.Fprintf(&b, "ZPI|%s|%d\r", pick(r, "VIP", "REG"), r.IntN(5))
		list = append(list, mapping.Record{Number: i + 1, Bytes: []byte(b.String())})
	}
	return list
}

// results makes invented ORU messages with several orders, each with several results.
func results(seed uint64, n int) []mapping.Record {
	r := rand.New(rand.NewPCG(seed, 9))
	var list []mapping.Record
	for i := range n {
		var b strings.Builder
		fmt.Fprintf(&b, "MSH|^~\\&|LAB|RB|EHR|RB|20260302||ORU^R01^ORU_R01|R%d-%d|P|2.5.1\rPID|1||%d^^^RB^MR||%s^%s\r", seed, i, 1000+r.IntN(9000), pick(r, families...), pick(r, givens...))
		for o := range 1 + r.IntN(3) {
			fmt.Fprintf(&b, "OBR|%d|P%d|F%d|%s|||2026%02d%02d0800\r", o+1, r.IntN(9999), r.IntN(9999), pick(r, "CBC^Blood count^L", "BMP^Metabolic panel^L"), 1+r.IntN(12), 1+r.IntN(28))
			for k := range 1 + r.IntN(4) {
				fmt.Fprintf(&b, "OBX|%d|NM|%s||%d.%d|%s|||%s|||%s\r", k+1, pick(r, "718-7^Hemoglobin^LN", "2345-7^Glucose^LN", "2951-2^Sodium^LN"), 1+r.IntN(200), r.IntN(10), pick(r, "g/dL", "mg/dL", "mmol/L"), pick(r, "N", "H", "L"), pick(r, "F", "P"))
			}
		}
		list = append(list, mapping.Record{Number: i + 1, Bytes: []byte(b.String())})
	}
	return list
}

func compiled(t testing.TB, source, text string, tables map[string]string) *mapping.Engine {
	t.Helper()
	dir := fstest.MapFS{"m.yaml": {Data: []byte("map: 1\nsource: " + source + text)}}
	for name, rows := range tables {
		dir[name] = &fstest.MapFile{Data: []byte(rows)}
	}
	f, err := mapping.Load(dir, "m.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// applied are the pairs of messages and what a mapping makes of them.
func applied(t testing.TB, e *mapping.Engine, messages []mapping.Record) []infer.Pair {
	t.Helper()
	var pairs []infer.Pair
	for i, m := range messages {
		result, err := e.RunRecord(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		b, err := result.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		target := e.File().Target
		if target.Kind.HasRows() {
			list, err := infer.Records(context.Background(), target, strings.NewReader(string(e.File().Header())+string(b)))
			if err != nil || len(list) != 1 {
				t.Fatal(len(list), err)
			}
			pairs = append(pairs, infer.Pair{Name: fmt.Sprint(i + 1), Before: m, After: list[0]})
			continue
		}
		pairs = append(pairs, infer.Pair{Name: fmt.Sprint(i + 1), Before: m, After: mapping.Record{Number: i + 1, Bytes: b}})
	}
	return pairs
}

// reproduced is the share of the values of pairs that a mapping gives, less what it gives beside them.
func reproduced(t testing.TB, f *mapping.File, pairs []infer.Pair) (share float64, first string) {
	t.Helper()
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	right, all := 0, 0
	for i, got := range applied(t, e, befores(pairs)) {
		end := f.Target
		want, err := infer.Values(end, pairs[i].After.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		have, err := infer.Values(end, got.After.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		for path, text := range want {
			all++
			if have[path] == text {
				right++
			} else if first == "" {
				first = fmt.Sprintf("%s is %q, wanted %q", path, have[path], text)
			}
		}
		for path, text := range have {
			if _, ok := want[path]; !ok {
				all++
				if first == "" {
					first = fmt.Sprintf("%s is %q, wanted nothing", path, text)
				}
			}
		}
	}
	return float64(right) / float64(max(all, 1)), first
}

func befores(pairs []infer.Pair) (list []mapping.Record) {
	for _, p := range pairs {
		list = append(list, p.Before)
	}
	return list
}
