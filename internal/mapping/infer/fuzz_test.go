package infer_test

import (
	"context"
	"strings"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/mapping/infer"
)

// FuzzPropose: whatever stands before and after, a proposal compiles, counts rightly and is the same the next time.
func FuzzPropose(f *testing.F) {
	m := feed(1, 2)
	f.Add(string(m[0].Bytes), string(m[1].Bytes))
	f.Add(string(m[0].Bytes), `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient","name":[{"given":["A","B"]}]}},{"resource":{"resourceType":"Foo"}}]}`)
	f.Add(`{"a":[{"b":1},{"b":2}],"c":true}`, `<x y="1"><z>1</z><z>2</z><w><v/></w></x>`)
	f.Add("a,b\n1,2\n3,4\n", "c\n1\n3\n")
	f.Add("MSH|^~\\&\rPID|1||2~3\rOBX|1\rOBX|2", "MSH|^~\\&|A\rPID|1||3\rOBX|2\rZZZ|\"\"|x&y^z")
	f.Fuzz(func(t *testing.T, before, after string) {
		if len(before)+len(after) > 4000 {
			return
		}
		read := func(text string) (mapping.End, []mapping.Record) {
			end := infer.Recognise([]byte(text))
			list, err := infer.Records(context.Background(), end, strings.NewReader(text))
			if err != nil {
				return end, nil
			}
			return end, list
		}
		source, a := read(before)
		target, b := read(after)
		pairs, _ := infer.Align(a, b)
		if len(pairs) == 0 || len(pairs) > 8 {
			return
		}
		for len(pairs) < 3 {
			pairs = append(pairs, pairs[0])
		}
		p, err := infer.Propose(context.Background(), pairs, infer.Options{Source: source, Target: target})
		if err != nil {
			return
		}
		if p.Reproduced > p.Values {
			t.Fatalf("%d of %d values", p.Reproduced, p.Values)
		}
		text, err := mapping.Format(p.File)
		if err != nil {
			t.Fatal(err)
		}
		again, err := infer.Propose(context.Background(), pairs, infer.Options{Source: source, Target: target})
		if err != nil {
			t.Fatal(err)
		}
		if second, _ := mapping.Format(again.File); string(second) != string(text) {
			t.Fatalf("the same pairs give two mappings:\n%s\n%s", text, second)
		}
		if _, err := mapping.Parse(text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
