package endpoints

import "testing"

// The journal is filtered by any path, of the request or of the reply.
func TestJournalIsFilteredByPaths(t *testing.T) {
	p := open(t)
	p.listener("adt-in", "always-accepts")
	p.sendTo("adt-in")
	p.until("the row", func() bool { return p.JournalList().Len() == 1 })
	for text, rows := range map[string]int{"PID-5.1:mar* PV1-2:O": 1, "PID-8:F MSA-1:AA": 1, "PID-8:M": 0, "MSA-1:AA code:AE": 0, "PID:x": -1, "nothing:x": -1} {
		p.FilterJournal(text)
		p.settle()
		_, problem := p.JournalQuery()
		if (problem != "" || p.News().Bad) != (rows < 0) {
			t.Errorf("%s: problem %q", text, problem)
		}
		if rows >= 0 && p.JournalList().Len() != rows {
			t.Errorf("%s: %d rows", text, p.JournalList().Len())
		}
	}
}
