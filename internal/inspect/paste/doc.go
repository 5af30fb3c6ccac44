// Package paste finds the HL7 v2 messages in what people copy out of logs, e-mails, tickets, source code and JSON, and
// says what it took away to get them.
//
// Its central function is Clean. It never guesses at values: it takes away what stands around a message (prefixes, line
// numbers, quotation marks, indents, the text before and after) and undoes one layer of another format's encoding (JSON
// and source code strings, HTML, URLs, quoted-printable, Base64). What it gives is a proposal; the text as it was pasted
// stays with the caller.
//
//	r := paste.Clean(clipboard)
//	if r.Changed() { fmt.Println(r.Messages, "messages;", r.Notes) }
package paste
