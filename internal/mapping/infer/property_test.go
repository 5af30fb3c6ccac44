package infer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"trestle/internal/mapping"
	"trestle/internal/mapping/infer"
	"trestle/internal/mapping/starter"
)

// randomRule is a rule of some kind on a field of PID, PV1 or IN1, for a target.
func randomRule(r *rand.Rand, n int, to string) string {
	from := pick(r, "PID-3.1", "PID-5.1", "PID-5.2", "PID-7", "PID-8", "PID-11.1", "PID-11.3", "PID-11.5", "PID-13.1", "PID-16", "PV1-2", "PV1-3.1", "PV1-7.1", "PV1-7.2", "PV1-19")
	rule := fmt.Sprintf("      - {id: r%d, to: %q, ", n, to)
	codes := r.IntN(2) == 0
	switch r.IntN(11) {
	case 0:
		return rule + fmt.Sprintf("value: %q}\n", pick(r, "TRESTLE", "1", "X-9"))
	case 1:
		return rule + fmt.Sprintf("from: [%q, %q], do: [{join: %q}]}\n", "PID-5.1", pick(r, "PID-5.2", "PID-11.3", "PV1-19"), pick(r, " ", ", ", "-", "/"))
	case 2:
		return rule + fmt.Sprintf("from: %q, do: [%s]}\n", from, pick(r, "upper", "lower", "title_case"))
	case 3:
		return rule + fmt.Sprintf("from: %q, do: [{left: %q}]}\n", from, fmt.Sprint(1+r.IntN(3)))
	case 4:
		return rule + fmt.Sprintf("from: %q, do: [{prefix: %q}]}\n", from, pick(r, "X", "RB-", "00"))
	case 5:
		return rule + fmt.Sprintf("from: PID-7, do: [%s]}\n", pick(r, "date", `{reformat: ["YYYYMMDD", "MM/DD/YYYY"]}`, `{left: "4"}`, `{reformat: ["YYYYMMDD", "DD.MM.YYYY"]}`))
	case 6:
		if codes {
			return rule + "from: PID-8, do: [{choose: [M, male, F, female, U, unknown]}]}\n"
		}
		return rule + "from: PV1-2, do: [{choose: [I, IMP, O, AMB, E, EMER]}]}\n"
	case 7:
		return rule + fmt.Sprintf("from: %q, do: [{pad: [%q, \"0\"]}]}\n", pick(r, "PID-3.1", "PV1-7.1", "PID-11.5"), "9")
	case 8:
		return rule + fmt.Sprintf("from: %q, when: %s}\n", from, pick(r, `'PV1-2 EQUALS "I"'`, `'PID-8 IN ("M", "F")'`, `'PID-19 VALUED'`))
	case 9:
		return rule + "from: PID-11.1, do: [{piece: [\" \", \"1\"]}]}\n"
	}
	return rule + fmt.Sprintf("from: %q}\n", from)
}

// TestRandomMappings applies mappings that were drawn by lot, learns them from 80 messages, and tries what was learnt on 60
// others. Some things cannot be told from samples: which of two rules that say the same in all of them was meant. So the
// floor holds for all values together.
func TestRandomMappings(t *testing.T) {
	right, n := 0.0, 0
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 3))
		var b strings.Builder
		if keep := seed%2 == 0; keep {
			b.WriteString("\ntarget: {kind: hl7v2, keep: true}\nblocks:\n  - id: pid\n    make: PID\n    per: PID\n    rules:\n")
			for i, to := range []string{"PID-2", "PID-4", "PID-6", "PID-9", "PID-12", "PID-18", "PID-23", "PID-26"}[:3+r.IntN(6)] {
				b.WriteString(randomRule(r, i, to))
			}
		} else {
			b.WriteString("\ntarget: {kind: json}\nblocks:\n  - id: root\n    make: \".\"\n    rules:\n")
			for i, to := range []string{"a", "b", "c.d", "c.e", "f", "g.h.i", "k", "l"}[:3+r.IntN(6)] {
				b.WriteString(randomRule(r, i, to))
			}
		}
		e := compiled(t, "{kind: hl7v2}", b.String(), nil)
		proposal, err := infer.Propose(context.Background(), applied(t, e, feed(100+seed, 80)), infer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		share, first := reproduced(t, proposal.File, applied(t, e, feed(200+seed, 60)))
		if share < 1 {
			t.Logf("mapping %d: %.2f %%: %s", seed, 100*share, first)
		}
		right += share
		n++
	}
	share := right / float64(n)
	t.Logf("%d mappings drawn by lot: %.2f %% of the values of messages that were not learnt from", n, 100*share)
	if share < 0.985 {
		t.Errorf("%.2f %% of the values come out, the floor is 98.50 %%", 100*share)
	}
}

// TestStarter learns our own starter mapping from what it makes, which has whole data types, references and several
// resources of one type.
func TestStarter(t *testing.T) {
	f, err := mapping.Load(starter.FS(), "adt-to-patient.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e, err := mapping.Compile(f)
	if err != nil {
		t.Fatal(err)
	}
	proposal, err := infer.Propose(context.Background(), applied(t, e, feed(11, 80)), infer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	share, first := reproduced(t, proposal.File, applied(t, e, feed(12, 40)))
	t.Logf("the starter adt-to-patient: %.1f %% of the values of 40 further messages; %d rules, %d places unexplained; the first that differs: %s", 100*share, proposal.File.Rules(), len(proposal.Unexplained), first)
	for _, x := range proposal.Unexplained {
		t.Logf("%+v", x)
	}
	if share < 0.99 {
		t.Errorf("%.1f %% of the values come out, the floor is 99 %%", 100*share)
	}
}
