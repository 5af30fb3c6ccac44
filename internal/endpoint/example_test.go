package endpoint_test

import (
	"context"
	"fmt"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/rules"
)

// A consultant needs the partner's system before it exists: it accepts patients, refuses cancelled appointments, and its
// acknowledgement of each fifth message never comes.
func Example() {
	f, err := rules.Parse([]byte(`
rules:
  - name: no cancelling
    when: {trigger: S15}
    then: {code: AE, text: "cannot cancel {{SCH-2}}"}
faults:
  - {fault: no-ack, every: 5}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	journal := endpoint.NewMemoryJournal(100, 0)
	partner, err := endpoint.NewListener(endpoint.Config{Name: "partner", Address: "127.0.0.1:0"}, f, endpoint.Options{Journal: journal})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if err := partner.Listen(ctx); err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- partner.Run(ctx) }()

	sender, err := endpoint.NewSender(endpoint.SendConfig{To: partner.Addr().String(), Timeout: 200 * time.Millisecond}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	series := endpoint.Series{Patients: 2, Triggers: []string{"S12", "S13", "S15"}, Seed: 1}
	sum, err := sender.Run(ctx, series.Messages(), func(r *endpoint.Result) {
		fmt.Printf("%s %v %q\n", r.Trigger, r.Passed, r.Text)
	})
	stop()
	fmt.Println(sum.Passed, "of", sum.Messages, "got what was expected;", journal.Len(), "are in the journal", err, <-ended)
	fmt.Println(f.Rules[0].Sentence())

	// Output:
	// S12 true ""
	// S12 true ""
	// S13 true ""
	// S13 true ""
	// S15 false ""
	// S15 false "cannot cancel FV0010000002"
	// 4 of 6 got what was expected; 6 are in the journal <nil> <nil>
	// when trigger is S15 → AE "cannot cancel {{SCH-2}}"
}
