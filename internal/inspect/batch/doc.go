// Package batch wraps HL7 v2 messages into batches and files with true counts, by the batch protocol of HL7 v2.9.1 section
// 2.10.3. The way back is internal/inspect.Read, which takes them out again.
//
// Its central type is Writer. The bytes of the messages are never changed: a message that has no line end at its end gets
// one behind it, and nothing else is added but the envelopes.
//
//	w := batch.NewWriter(file, batch.Options{Time: time.Now()})
//	for _, m := range messages {
//		err := w.Write(m)
//	}
//	err := w.Close() // BTS-1 and FTS-1 say how many there were
package batch
