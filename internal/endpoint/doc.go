// Package endpoint is the other side of an interface before it exists: a mock partner that listens and answers by rules, and
// a sender that sends and compares what comes back. Both behave, and misbehave on demand.
//
// Its central type is [Exchange], one request with its reply, times and findings, which a [Journal] keeps. A positive
// acknowledgement is sent only after its exchange is durable there; a [Committer] collects what arrives at one time into one
// commit. The language of the rules is the package rules, the protocol the package mllp.
//
//	f, err := rules.Parse(yaml)                                     // or FindPreset("mirth")
//	l, err := endpoint.NewListener(endpoint.Config{Name: "adt-in", Address: "127.0.0.1:2575"}, f, endpoint.Options{Journal: j})
//	err = l.Run(ctx)                                                // l.Stats, l.Subscribe, l.SetRules meanwhile
//
//	s, err := endpoint.NewSender(endpoint.SendConfig{To: "127.0.0.1:2575", Expect: codes}, j)
//	summary, err := s.Run(ctx, endpoint.Files(paths, false), func(r *endpoint.Result) { ... })
//
// A [Queue] sends references to messages that are stored elsewhere, in order, through crashes and through times in which the
// partner is away. What is stored elsewhere, and who the patients are that queries ask for, is asked for through the small
// interfaces [Journal], [QueueStore], [Source], [Patients] and [Lists].
package endpoint
