// Package mllp carries HL7 v2 messages over TCP: framing, a reader that
// survives anything, server, client, and the rules of acknowledgement.
//
// Its central type is [Event]: one piece of what a peer sent, be it a whole
// frame, a part of one, bytes outside of frames or a commit byte, with its place
// in the stream and its [Deviation] values. Every byte that a peer sends is in
// one event, or is a framing byte that is accounted for in the event's Length.
//
//	s := &mllp.Server{Handler: mllp.HandlerFunc(func(t *mllp.Turn) {
//		d := rules.Decide(t.Header(), outcomeOf(&t.Event))
//		t.Reply(builder.Append(t.Buffer(), t.Header(), mllp.Reply{Code: d.InPlace()}))
//	})}
//	l, err := mllp.Listen(ctx, "127.0.0.1:2575", false)
//	...
//	err = s.Serve(ctx, l)
//
// A [Turn] is the place of an event in the order of replies: it can be finished
// later and from anywhere, so that many messages wait for one commit to storage
// while their acknowledgements still leave in order.
//
// [Decide] is the table of the standard: which acknowledgement a message gets,
// by MSH-15, MSH-16 and what became of it. [Builder] writes it. [Dialer] and
// [Client] are the other side. [Codes] lists every deviation with a plain
// sentence. Certificates are made by the package pki.
package mllp
