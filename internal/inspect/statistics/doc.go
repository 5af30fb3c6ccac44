// Package statistics counts what stands at the paths of many messages: how often there is a value, which values, how
// long they are, and what they look like. It answers the first questions about an interface: is this field used, what
// comes in it, does it ever differ.
//
// Its central type is Field. Messages are added one by one; memory is bounded whatever they hold.
//
//	f := statistics.New(hl7.MustPath("PV1-2"))
//	for m := range messages { f.Add(m) }
//	for _, v := range f.Top(10) { fmt.Println(v.Text, v.Count) }
package statistics
