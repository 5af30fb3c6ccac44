package mapping

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

const draftText = `map: 1
source: {kind: "hl7v2"}
target: {kind: "json"}
tables:
  sex: {file: "tables/sex.csv"}
blocks:
  - id: "b"
    make: "."
    rules:
      - id: "r-1"
        to: "sex"
        from: "PID-8"
        do: [{lookup: "sex"}]
      - id: "r-2"
        to: "born"
`

// A rule that is not finished keeps a mapping from running, but not from being kept.
func TestUnfinishedRuleIsKept(t *testing.T) {
	if _, err := Parse([]byte(draftText)); err == nil {
		t.Error("Parse takes an unfinished rule")
	}
	f, err := ParseDraft([]byte(draftText))
	if err != nil {
		t.Fatal(err)
	}
	f.Tables[0].Rows = Rows{Columns: []string{"v2", "ours"}, Lines: [][]string{{"F", "female"}}}
	_, err = Compile(f)
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Rule != "r-2" || !strings.Contains(problems[0].Text, "comes from") {
		t.Fatalf("%v", err)
	}
	packed, err := Pack(f)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	if again.Rules() != 2 || len(again.Tables[0].Rows.Lines) != 1 || again.Tables[0].Rows.Lines[0][1] != "female" {
		t.Errorf("%+v", again)
	}
	if b, err := Pack(again); err != nil || !bytes.Equal(b, packed) {
		t.Errorf("packed again it differs: %v", err)
	}
	if _, err := Unpack([]byte("no archive")); err == nil {
		t.Error("anything is unpacked")
	}
}

// Explain names the rule of a value.
func TestExplain(t *testing.T) {
	f, err := ParseDraft([]byte(strings.Replace(draftText, "      - id: \"r-2\"\n        to: \"born\"\n", "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	f.Tables[0].Rows = Rows{Columns: []string{"v2", "ours"}, Lines: [][]string{{"F", "female"}}}
	e, err := Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Explain(t.Context(), []byte("MSH|^~\\&|A\rPID|1||2|||||F\r"))
	if err != nil {
		t.Fatal(err)
	}
	at, ok := x.Made[x.Tree.Member("sex")]
	if !ok || x.Traces[at].Rule != "r-1" || x.Traces[at].Output[0] != "female" {
		t.Errorf("%v %v %+v", at, ok, x.Traces)
	}
}
