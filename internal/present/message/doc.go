// Package message is a message as every place of the window draws it: the text with segments, delimiters, escapes and
// control bytes in their roles, the hex view, and what the mask hides of it.
//
// Its central type is Drawing. The mask fails closed: what is not known to say nothing about a person is hidden.
//
//	d := message.Read(raw)
//	view.SetText(d.Raw(masked))
package message
