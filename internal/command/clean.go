package command

import (
	"context"
	"flag"
	"fmt"
	"io"

	"trestle/internal/inspect/paste"
)

const cleanHelp = `
Finds the HL7 v2 messages in text that was copied from a log, an e-mail, a ticket, source
code or JSON, and prints them with CR line ends. What was taken away is said on standard
error. The file itself is not changed.

  trestle clean ticket.txt > message.hl7
  xclip -o | trestle clean -

Exit status: 0 there is a message; 1 there is none, and nothing is printed.
`

// maxClean is the most that clean reads of one input.
const maxClean = 64 << 20

func runClean(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("clean", flag.ContinueOnError)
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("clean needs at least one file; - is standard input")
	}
	none := false
	err = s.eachInput(ctx, files, false, func(in *input) error {
		text, err := io.ReadAll(io.LimitReader(in, maxClean+1))
		if err != nil {
			return &readError{in.name, err}
		}
		if len(text) > maxClean {
			return &readError{in.name, fmt.Errorf("is larger than 64 MB; clean is for what people copy. Take the part with the message out of it")}
		}
		found := paste.Clean(text)
		if found.Messages == 0 {
			s.complain("%s holds no HL7 v2 message", in.title())
			none = true
			return nil
		}
		for _, n := range found.Notes {
			s.complain("%s: %s", in.title(), n)
		}
		_, err = s.out.Write(found.Bytes)
		return err
	})
	if err == nil && none {
		return errFailed
	}
	return err
}
