package compare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"trestle/internal/hl7"
)

// byFamily makes a Bundle with the family name of a message, and knows where it has it from.
type byFamily struct{}

func (byFamily) Translate(_ context.Context, b []byte) ([]byte, error) {
	m := hl7.Parse(b)
	family := m.Get(hl7.Path{Segment: "PID", Field: 5, Component: 1}).Text()
	if family == "" {
		return nil, errors.New("nobody")
	}
	id := m.Get(hl7.Path{Segment: "MSH", Field: 10}).Text()
	return fmt.Appendf(nil, `{"resourceType":"Bundle","identifier":{"value":%q},"entry":[{"resource":{"resourceType":"Patient","name":[{"family":%q}],"gender":"female"}}]}`, id, family), nil
}

func (byFamily) Origins(context.Context, []byte) (map[string]string, []string, error) {
	return map[string]string{"Bundle.identifier.value": "MSH-10", "Bundle.entry[0].resource.name[0].family": "PID-5.1", "Bundle.entry[0].resource.gender": "PID-8"}, []string{"PID-7"}, nil
}

func adt(id, family string) []byte {
	return []byte("MSH|^~\\&|A|B|C|D|20260101||ADT^A08|" + id + "|P|2.5\rPID|1||7||" + family + "||19790228|F\r")
}

// A message is compared with the FHIR that came of it: each difference names its field, and the sum says what arrived.
func TestThrough(t *testing.T) {
	left := Slice{adt("M1", "Marlow"), adt("M2", "Okafor"), adt("M3", "")}
	same, _ := byFamily{}.Translate(t.Context(), left[0])
	other, _ := byFamily{}.Translate(t.Context(), left[1])
	other = bytes.Replace(bytes.Replace(other, []byte("Okafor"), []byte("OKAFOR"), 1), []byte(`,"gender":"female"`), nil, 1)
	var lines []string
	sum, err := Sets(t.Context(), Through(left, byFamily{}), Slice{other, same}, Options{}, func(p *Pair) error {
		if p.Result == nil {
			lines = append(lines, p.Key+" "+p.Status.String())
			return nil
		}
		for d := range p.Result.Open() {
			lines = append(lines, fmt.Sprintf("%s %s %s from %s", p.Key, d.Kind, d.General(), d.Left.From))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(lines), "[M2 changed Patient.name.family from PID-5.1 M2 removed Patient.gender from PID-8 M3 only left]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	tr := sum.Translation
	if tr.Failed != 1 || tr.Values != 6 || tr.Arrived != 4 || tr.Changed != 1 || tr.Lost != 1 || fmt.Sprint(tr.Unread) != "[{PID-7 2}]" {
		t.Errorf("%+v", *tr)
	}
	for _, p := range sum.Patterns {
		if p.From == "" {
			t.Errorf("the pattern of %s has no origin", p.Path)
		}
	}
	if sum.Count(Exact) != 1 || sum.Count(Different) != 1 || sum.Count(OnlyLeft) != 1 {
		t.Errorf("counts %v", sum.Counts)
	}
}

// An ended context ends a translation, and is no message that could not be mapped.
func TestThroughIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Sets(ctx, Through(Slice{adt("M1", "")}, byFamily{}), Slice{adt("M1", "")}, Options{}, func(*Pair) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
