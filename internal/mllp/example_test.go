package mllp_test

import (
	"context"
	"fmt"
	"strings"

	"trestle/internal/mllp"
)

// A listener that accepts every message, and a sender.
func Example() {
	var rules mllp.Settings
	var builder mllp.Builder
	s := &mllp.Server{Handler: mllp.HandlerFunc(func(t *mllp.Turn) {
		outcome := mllp.Success
		if t.Event.Damaged() {
			outcome = mllp.Uncorrelated
		}
		d := rules.Decide(t.Header(), outcome)
		if d.InPlace() == mllp.None {
			t.Done()
			return
		}
		t.Reply(builder.Append(t.Buffer(), t.Header(), mllp.Reply{Code: d.InPlace()}))
	})}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l, err := mllp.Listen(ctx, "127.0.0.1:0", false)
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l) }()

	c, err := new(mllp.Dialer).Dial(ctx, l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	message := "MSH|^~\\&|LAB|NORTH|EHR|SOUTH|20260102||ORU^R01|42|P|2.5.1\rPID|1\r"
	answer, err := c.Send(ctx, []byte(message), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, msa, _ := strings.Cut(string(answer.Event.Bytes), "\r")
	fmt.Println(strings.TrimSpace(msa))
	c.Close()
	cancel()
	fmt.Println(<-ended)
	// Output:
	// MSA|AA|42
	// <nil>
}

// MSH-15 and MSH-16 decide: here the sender wants an accept acknowledgement
// always, and an application acknowledgement only if something went wrong.
func ExampleDecide() {
	d := mllp.Decide(mllp.Settings{}, "AL", "ER", mllp.AppError)
	fmt.Println("now:", d.InPlace())
	fmt.Println("later:", d.Later())
	// Output:
	// now: CA
	// later: AE
}

// A reader gives every byte, whatever the peer does.
func ExampleReader() {
	r := mllp.NewReader(strings.NewReader("log\x0bMSH|^~\\&|A\r\x1c\n"), mllp.ReaderOptions{})
	defer r.Release()
	var ev mllp.Event
	for r.Read(&ev) == nil {
		fmt.Printf("%s at %d: %q\n", ev.Kind, ev.Offset, ev.Bytes)
		for _, d := range ev.Deviations {
			fmt.Printf("  %s at %d: %s\n", d.Code, d.Offset, d.Text)
		}
	}
	// Output:
	// outside at 0: "log"
	//   outside-message at 0: these bytes stand outside of any frame
	// frame at 3: "MSH|^~\\&|A\r"
	//   frame-tail at 15: LF follows the end byte (FS), it should be CR
}
