package command

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"trestle/internal/hl7"
	"trestle/internal/inspect/convert"
	"trestle/internal/inspect/deidentify"
)

const deidentifyHelp = `
Writes a copy of HL7 v2 messages without what identifies people. The same key gives the
same pseudonyms, in all messages and files, so that links survive; nobody without the key
can find the way back. Free text, documents, Z segments and what cannot be read for certain
are blanked.

  trestle deidentify --key-file project.key --out copy.hl7 adt.hl7
  trestle deidentify --key-file project.key --safe-harbor --out copy.hl7 -r feed/

  --key-file FILE     a secret of at least 16 bytes; its last line end does not count
  --project-key TEXT  the same, in the command; others on this computer may see it there
  --safe-harbor       by 45 CFR 164.514(b)(2): the year of dates, three digits of ZIP
                      codes, no ages over 89
  --shift-days N      without --safe-harbor: move the dates of a person by up to N days,
                      30 unless said otherwise. That is not Safe Harbor: such copies are
                      limited data sets
  --keep-weekday      shift by whole weeks
  --staff POLICY      names and ids of staff: pseudonym, keep or remove
  --sites POLICY      applications, facilities, assigning authorities; the same
  --locations POLICY  wards, rooms and beds; the same
  --allow F,F,...     fields to keep as they are, as in ZPI-3,NTE-3
  --scrub-text        keep free text, without what is known of people in it. Names that
                      stand in no field remain
  --map FILE          write the pseudonyms with their originals. FILE is patient data; it
                      must not exist
  --out FILE          where the copy goes; standard output without it
  -r                  read every file below folders

What was done is said on standard error, by field, in counts. Then a check that shares
nothing with the replacing looks for every name, identifier and number of the originals in
the copy.

Exit status: 1 if the check finds something; the copy is there, and standard error says at
which bytes.
`

// maxLeaks is how many leaks are listed.
const maxLeaks = 50

type deidentifier struct {
	convert  converter
	scrubber *deidentify.Scrubber
	safe     bool
	report   deidentify.Report
	leaks    int
	offset   int64 // in the copy
}

func runDeidentify(ctx context.Context, s *session, args []string) error {
	set := flag.NewFlagSet("deidentify", flag.ContinueOnError)
	keyFile := set.String("key-file", "", "")
	projectKey := set.String("project-key", "", "")
	var o deidentify.Options
	set.BoolVar(&o.SafeHarbor, "safe-harbor", false, "")
	set.IntVar(&o.ShiftDays, "shift-days", 0, "")
	set.BoolVar(&o.KeepWeekday, "keep-weekday", false, "")
	set.BoolVar(&o.ScrubText, "scrub-text", false, "")
	policyFlag(set, "staff", &o.Staff)
	policyFlag(set, "sites", &o.Sites)
	policyFlag(set, "locations", &o.Locations)
	allow := set.String("allow", "", "")
	mapFile := set.String("map", "", "")
	out := set.String("out", "", "")
	recursive := recursiveFlag(set)
	files, err := parse(set, args)
	if err != nil {
		return err
	}
	switch {
	case len(files) == 0:
		return usagef("deidentify needs at least one file, as in: trestle deidentify --key-file project.key --out copy.hl7 adt.hl7")
	case (*keyFile == "") == (*projectKey == ""):
		return usagef("deidentify needs a key: --key-file FILE or --project-key TEXT")
	case o.SafeHarbor && (o.ShiftDays != 0 || o.KeepWeekday):
		return usagef("--safe-harbor leaves the year of a date only; shifted dates are something else")
	}
	o.Allow = splitPaths(*allow)
	if o.Key, err = deidentifyKey(*keyFile, *projectKey); err != nil {
		return err
	}
	finish := func() error { return nil }
	if *mapFile != "" {
		if o.Pseudonym, finish, err = pseudonymMap(*mapFile); err != nil {
			return err
		}
	}
	d := deidentifier{convert: converter{s: s, files: files, recursive: *recursive}, safe: o.SafeHarbor}
	if d.scrubber, err = deidentify.New(o); err != nil {
		return errors.Join(usagef("%s", err), finish())
	}
	err = s.writeTo(*out, files, func(w io.Writer) error { return d.copy(ctx, w) })
	if closeErr := finish(); closeErr != nil {
		err = errors.Join(errors.New(describe(*mapFile, closeErr)), err)
	}
	if d.report.Messages > 0 {
		s.out.Flush()
		d.say(s)
	}
	return err
}

func policyFlag(set *flag.FlagSet, name string, p *deidentify.Policy) {
	set.Func(name, "", func(text string) error {
		switch text {
		case "pseudonym":
			*p = deidentify.Pseudonym
		case "keep":
			*p = deidentify.Keep
		case "remove":
			*p = deidentify.Remove
		default:
			return errors.New("it must be pseudonym, keep or remove")
		}
		return nil
	})
}

func deidentifyKey(file, text string) ([]byte, error) {
	if file == "" {
		return []byte(text), nil
	}
	key, err := os.ReadFile(file)
	if err != nil {
		return nil, errors.New(describe(file, err))
	}
	return bytes.TrimRight(key, "\r\n"), nil
}

// pseudonymMap writes pseudonyms to a new file that only its owner may read, each of the last many once.
func pseudonymMap(file string) (tell func(kind, original, pseudonym string), finish func() error, err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, nil, errors.New(describe(file, err))
	}
	buffer := bufio.NewWriter(f)
	w := csv.NewWriter(buffer)
	_ = w.Write([]string{"kind", "original", "pseudonym"}) // errors stay with w until finish
	seen := map[[2]string]bool{}
	tell = func(kind, original, pseudonym string) {
		key := [2]string{kind, original}
		if seen[key] {
			return
		}
		if len(seen) >= 1<<16 {
			clear(seen)
		}
		seen[key] = true
		_ = w.Write([]string{kind, original, pseudonym})
	}
	return tell, func() error {
		w.Flush()
		return errors.Join(w.Error(), buffer.Flush(), f.Close())
	}, nil
}

// copy writes the copies of all messages and checks each. An item that reads like a log or a batch is a message too: what
// is no segment is blanked.
func (d *deidentifier) copy(ctx context.Context, out io.Writer) error {
	err := d.convert.each(ctx, func(in *input, n int, it convert.Item) error {
		copied, report := d.scrubber.Message(hl7.Parse(it.Bytes))
		d.report.Add(report)
		before := framing(it.Before)
		if _, err := out.Write(before); err != nil {
			return err
		}
		if _, err := out.Write(copied.Bytes()); err != nil {
			return err
		}
		d.offset += int64(len(before))
		for _, l := range deidentify.Check(it.Bytes, copied.Bytes(), d.safe) {
			if d.leaks++; d.leaks <= maxLeaks {
				d.convert.s.complain("%s, message %d: a %s of %s is in the copy at byte %d (%s)", in.title(), n, l.Kind, l.From, d.offset+int64(l.Offset), orOutside(l.Place))
			}
		}
		d.offset += int64(len(copied.Bytes()))
		return nil
	})
	if err == nil && d.leaks > 0 {
		return errFailed
	}
	return err
}

func orOutside(place string) string {
	if place == "" {
		return "outside of segments"
	}
	return place
}

// framing keeps MLLP framing and line ends of what stands before a message, and nothing else.
func framing(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if strings.ContainsRune("\x0b\x1c\r\n", r) {
			return r
		}
		return -1
	}, b)
}

func (d *deidentifier) say(s *session) {
	rows := [][]string{}
	for _, r := range d.report.Rows() {
		rows = append(rows, []string{r.Place, string(r.Action), thousands(int64(r.Count))})
	}
	fmt.Fprintf(s.Stderr, "%s, what was done with how many values:\n", plural(int64(d.report.Messages), "message", "messages"))
	var table strings.Builder
	_ = writeAligned(&table, "  ", rows) // a Builder has no errors
	fmt.Fprint(s.Stderr, table.String())
	if !d.safe {
		fmt.Fprintln(s.Stderr, "Dates were shifted, not reduced to the year: this copy is not Safe Harbor (45 CFR 164.514(b)(2)).")
	}
	if d.leaks > maxLeaks {
		fmt.Fprintf(s.Stderr, "and %s\n", plural(int64(d.leaks-maxLeaks), "further place", "further places"))
	}
	if d.leaks > 0 {
		fmt.Fprintf(s.Stderr, "The check found %s to look at. Some may be chance: a pseudonym or a code that is the same.\n", plural(int64(d.leaks), "place", "places"))
		return
	}
	fmt.Fprintln(s.Stderr, "The check found nothing of the originals in the copy.")
}
