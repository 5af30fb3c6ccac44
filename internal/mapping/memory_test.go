package mapping

import (
	"context"
	"strings"
	"testing"
)

// TestConvert: a feed that is mapped in the memory of its former messages gives what each message gives by itself.
func TestConvert(t *testing.T) {
	for _, target := range []string{`{kind: "json"}`, `{kind: "xml", root: "p"}`, `{kind: "csv"}`} {
		e := build(t, target, `
blocks:
- id: b
  make: "a"
  per: "PID"
  rules:
  - {id: r1, to: "last", from: "PID-5.1"}
  - {id: r2, to: "first", from: "PID-5.2", do: [upper]}
  - {id: r3, to: "sex", from: "PID-8", do: [{only: ["F", "M"]}], default: "?"}
`)
		var dst []byte
		for _, source := range []string{sample, strings.Replace(sample, "Okafor", `Obi\T\Sons`, 1), strings.Replace(sample, "|F|", "|X|", 1), "MSH|^~\\&|||||||ADT^A01|1|P|2.5\r", sample} {
			var r *Result
			var err error
			if dst, r, err = e.Convert(context.Background(), dst[:0], Record{Bytes: []byte(source)}); err != nil {
				t.Fatal(err)
			}
			if want := mapped(t, e, source); strings.TrimSuffix(string(dst), "\n") != want {
				t.Errorf("%s: got %q, want %q", target, dst, want)
			}
			if r.Tree != nil || r.Rows != nil {
				t.Error("the result keeps what is used again")
			}
		}
		if _, _, err := e.Convert(context.Background(), dst[:0], Record{Bytes: []byte("no message")}); err == nil {
			t.Error("what is no message was mapped")
		}
	}
}

// TestKept: a result stays what it is while the engine maps other messages.
func TestKept(t *testing.T) {
	e := build(t, `{kind: "fhir", root: "Bundle"}`, "blocks:\n- {id: p, make: Patient, per: PID, rules: [{id: r1, to: \"name[]\", each: PID-5, from: PID-5}, {id: r2, to: birthDate, from: PID-7}]}\n")
	r, err := e.Run(context.Background(), []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	before, err := r.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	other := []byte(strings.NewReplacer("Okafor", "Moss", "19840517", "19900101").Replace(sample))
	for range 100 {
		if _, err := e.Run(context.Background(), other); err != nil {
			t.Fatal(err)
		}
		if _, _, err := e.Convert(context.Background(), nil, Record{Bytes: other}); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := r.Bytes(); err != nil || string(after) != string(before) {
		t.Errorf("the result was %s and is %s, %v", before, after, err)
	}
}

// TestUnasked: rules leave out the functions where their sources hold nothing. That is right only if no function makes
// something of nothing but those that say so.
func TestUnasked(t *testing.T) {
	arguments := map[string][]string{
		"lookup": {"t"}, "concept": {"t"}, "coded": {"t"}, "known": {"t"}, "reference": {"b"}, "reformat": {"YYYY", "YY"}, "regex_replace": {"x*", "y"},
		"regex_extract": {"x"}, "pad": {"3", "0"}, "pad_right": {"3", "0"}, "translate": {"a", "b"}, "replace": {"a", "b"}, "following": {"OBR"}, "template": {"{PID-5}"},
		"in_zone": {"UTC"}, "later": {"1", "day"}, "date_part": {"year"}, "difference": {"days"}, "unit": {"kg", "g"}, "check_digit": {"npi"},
	}
	e := build(t, `{kind: "json"}`, "tables:\n  t: {file: \"t.csv\"}\nblocks:\n- {id: b, make: \".\", rules: [{id: r, to: a, value: x}]}\n", "t.csv", "a,b\n1,2\n")
	c, _ := compile(e.file)
	for _, f := range library {
		args := arguments[f.Name]
		for len(args) < f.least {
			args = append(args, "1")
		}
		apply, err := c.step(Step{Name: f.Name, Args: args})
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		r := e.begin(context.Background(), nil)
		r.message = &r.own
		at := &turn{segment: -1, block: &block{}}
		r.turns[0] = append(r.turns[0], &turn{segment: -1, urn: urnUUID})
		r.call = call{run: r, turn: at}
		out := apply(&r.call, nil)
		if (len(out) > 0) != f.unasked && f.Name != "template" { // which asks its own sources
			t.Errorf("%s makes %d values of nothing", f.Name, len(out))
		}
		r.end(false)
	}
}
