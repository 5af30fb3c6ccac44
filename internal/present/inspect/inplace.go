package inspect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"trestle/internal/check"
	core "trestle/internal/inspect"
	"trestle/internal/inspect/inplace"
	"trestle/internal/inspect/query"
	"trestle/internal/job"
	"trestle/internal/present/screen"
)

// LargeFile is from how many bytes on a file is rather read where it lies than copied into the project.
const LargeFile = 100 << 20

// Large says whether paths are one file that is worth the question whether it is to be imported, and how large it is.
func Large(paths []string) (size int64, ok bool) {
	if len(paths) != 1 {
		return 0, false
	}
	info, err := os.Stat(paths[0])
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), info.Size() >= LargeFile
}

// SizeWords is a number of bytes as a person reads it.
func SizeWords(n int64) string {
	switch {
	case n < 1e6:
		return bytesWords(int(n))
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n < 1e12:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.1f TB", float64(n)/1e12)
}

// InPlace is a file that is read where it lies: nothing of it is copied into the project, and nothing is written. Its
// messages are a Model of their own, in which nothing can be changed.
type InPlace struct {
	m        *Model // of the project
	messages *Model
	store    *fileStore
	file     *inplace.File
	path     string

	indexing *job.Job // nil when the file has been gone through, or nobody does
	stopped  bool     // it was not gone through to its end
	scanning *job.Job
	sums     []inplace.Found // of the last scan, nil before one
	shown    bool            // the file is on the screen, not the project
}

// File is the file that is open in place; nil for none.
func (m *Model) File() *InPlace { return m.file }

// OpenInPlace opens a file where it lies, in the place of the one that was open so, and shows it.
func (m *Model) OpenInPlace(path string) {
	type begun struct {
		file  *inplace.File
		first []listRow
	}
	m.placing++
	mine := m.placing
	job.Start(m.ctx, m.runner, func(ctx context.Context) (b begun, err error) {
		f, err := inplace.Open(path)
		if err != nil {
			return b, err
		}
		rows := []listRow{}
		if err = f.Begin(ctx); err == nil {
			rows, err = firstRows(ctx, f)
		}
		if err != nil {
			_ = f.Close()
			return b, err
		}
		return begun{f, rows}, nil
	}, func(b begun, err error) {
		f := b.file
		switch {
		case mine != m.placing || m.ctx.Err() != nil: // another one has been asked for, or nobody looks any more
			if f != nil {
				_ = f.Close()
			}
			return
		case err != nil:
			m.fail("Could not open the file in place", err)
			return
		}
		m.CloseFile()
		p := &InPlace{m: m, file: f, path: path, store: &fileStore{Store: m.store, file: f, again: func() { m.OpenInPlace(path) }, arrived: func() { m.reload(m.open.id) }}, shown: true}
		p.messages = New(m.runner, p.store)
		p.messages.fixed, p.messages.began, p.messages.masked = true, true, m.masked
		p.messages.list.known = true
		p.messages.list.grow(p.store.all())
		p.messages.list.give(b.first)
		m.file = p
		p.grow()
		p.index()
		m.say(NoticeText{})
		m.Changed(Place)
		p.messages.loadFilters()
		p.messages.loadChoices()
	})
}

// firstRows reads the rows that show first.
func firstRows(ctx context.Context, f *inplace.File) ([]listRow, error) {
	s := &fileStore{file: f}
	ids := s.all()
	rows, err := s.Rows(ctx, ids[:min(len(ids), pageRows)])
	out := make([]listRow, len(rows))
	for i, r := range rows {
		out[i].Row = r
	}
	return out, err
}

// give takes up the first page without asking for it.
func (l *list) give(rows []listRow) {
	if len(rows) > 0 && len(l.columns.paths) == 0 {
		l.wanted[0] = true
		l.keep(0, rows)
	}
}

// CloseFile closes the file that is open in place, and shows the project again.
func (m *Model) CloseFile() {
	p := m.file
	if p == nil {
		return
	}
	m.file = nil
	p.messages.Close()
	_ = p.file.Close() // it was only read
	m.Changed(Place)
}

// ShowFile brings the file that is open in place to the screen, or the project.
func (m *Model) ShowFile(on bool) {
	if m.file != nil && m.file.shown != on {
		m.file.shown = on
		m.Changed(Place)
	}
}

// Shown says whether the file is on the screen, and not the project.
func (p *InPlace) Shown() bool { return p.shown }

// Messages is the list of the file with the message that is open in it.
func (p *InPlace) Messages() *Model { return p.messages }

// Path is where the file lies.
func (p *InPlace) Path() string { return p.path }

// Title is the file's name, unless the mask hides it: it may be that of a patient.
func (p *InPlace) Title() string {
	if p.m.masked {
		return "A file"
	}
	return p.file.Name()
}

// Facts says what the file is and how far it is known.
func (p *InPlace) Facts() string {
	through, complete := p.file.Indexed()
	words := SizeWords(p.file.Size()) + "  ·  "
	switch {
	case complete:
		words += screen.Plural(p.file.Len(), "message") + "  ·  read where it lies, unchanged"
	case p.stopped:
		words += fmt.Sprintf("%s in the first %d %%", screen.Plural(p.file.Len(), "message"), percentOf(through, p.file.Size()))
	default:
		words += screen.Plural(p.file.Len(), "message") + " so far"
		if p.indexing != nil {
			words += "  ·  " + p.indexing.Progress().State().String()
		}
	}
	return words
}

func percentOf(n, of int64) int64 {
	if of == 0 {
		return 100
	}
	return 100 * n / of
}

// Indexing says whether the file is being gone through.
func (p *InPlace) Indexing() bool { return p.indexing != nil }

// Stopped says whether going through the file was stopped before its end.
func (p *InPlace) Stopped() bool { return p.stopped }

// title names a job on the file.
func (p *InPlace) title(what string) string {
	if p.m.masked {
		return what + " a file"
	}
	return what + " " + p.file.Name()
}

// tellEvery is how often the list grows while a file is gone through: often enough to look alive, and seldom enough to leave
// the screen its time.
const tellEvery = 200 * time.Millisecond

// index goes through the file.
func (p *InPlace) index() {
	p.stopped = false
	size := p.file.Size()
	p.indexing = job.Track(p.messages.ctx, p.m.runner, p.title("read through"), func(ctx context.Context, progress *job.Progress) (struct{}, error) {
		progress.SetTotal(size)
		var told time.Time
		return struct{}{}, p.file.Index(ctx, func(through int64, _ int) {
			progress.Set(through)
			if now := time.Now(); now.Sub(told) >= tellEvery {
				told = now
				sayRate(progress)
				p.m.runner.Post(p.grow)
			}
		})
	}, func(_ struct{}, err error) {
		p.indexing = nil
		if p.closed() {
			return
		}
		p.stopped = err != nil
		switch {
		case errors.Is(err, context.Canceled):
			p.messages.say(NoticeText{Tone: Caution, Text: "Stopped before the end of the file. The list shows what was read.", Other: "Go on"})
			p.messages.other = p.Resume
		case err != nil:
			p.messages.fail("The file could not be read to its end", err)
		}
		p.grow()
		if p.messages.Filtered() { // what came after the question was asked
			p.messages.reload(p.messages.open.id)
		}
		p.m.Changed(Place)
	})
}

// sayRate says how fast a file is read.
func sayRate(p *job.Progress) {
	if rate := p.State().Rate; rate > 0 {
		p.Note(SizeWords(int64(rate)) + " a second")
	}
}

func (p *InPlace) closed() bool { return p.m.file != p }

// Stop ends going through the file, or looking for its findings.
func (p *InPlace) Stop() {
	for _, j := range []*job.Job{p.indexing, p.scanning} {
		if j != nil {
			j.Cancel()
		}
	}
}

// Resume goes through the file again after it was stopped.
func (p *InPlace) Resume() {
	if p.indexing == nil && p.stopped {
		p.index()
		p.m.Changed(Place)
	}
}

// grow shows what has become known of the file.
func (p *InPlace) grow() {
	if p.closed() {
		return
	}
	l := &p.messages.list
	if l.total = p.file.Len(); !p.messages.Filtered() {
		l.grow(p.store.all())
		if l.selected < 0 && len(l.ids) > 0 && !p.messages.IsOpen() {
			p.messages.Select(0)
		}
	}
	p.messages.Changed(List)
	p.m.Changed(Place)
}

// grow shows more rows behind those that there are. The pages that were read stay, but for one that was not full.
func (l *list) grow(ids []int64) {
	if len(ids) < len(l.ids) { // it is read anew from the beginning
		l.forget()
		l.selected = -1
	}
	if rest := len(l.ids) % pageRows; rest != 0 && len(ids) > len(l.ids) {
		l.drop(len(l.ids) / pageRows)
	}
	l.ids = ids
}

// drop forgets a page, so that it is read again.
func (l *list) drop(page int) {
	delete(l.pages, page)
	delete(l.wanted, page)
	for i, p := range l.order {
		if p == page {
			l.order = append(l.order[:i:i], l.order[i+1:]...)
			return
		}
	}
}

// Import copies the messages of rows into the project. The file stays as it is.
func (p *InPlace) Import(rows []int) {
	ids := p.messages.IDsOf(rows)
	if len(ids) == 0 {
		return
	}
	m := p.m
	p.messages.say(NoticeText{})
	job.Track(m.ctx, m.runner, p.title("import "+screen.Plural(len(ids), "message")+" of"), func(ctx context.Context, progress *job.Progress) (core.Result, error) {
		progress.SetTotal(int64(len(ids)))
		records := p.file.Records(ctx, indexes(ids))
		return core.ImportRecords(ctx, m.store, p.file.Name(), records, func(_ int64, messages int) { progress.Set(int64(messages)) })
	}, func(r core.Result, err error) {
		n := tally{files: 1, result: r}.notice(err)
		if len(r.IDs) > 0 {
			n.Undo = "Take back"
		}
		undo := func() {
			m.remove(r.IDs, "Taken back: "+screen.Plural(len(r.IDs), "piece")+" removed from the project.")
			m.ShowFile(false)
		}
		if len(r.IDs) > 0 {
			m.readQuery("")
			m.openNow(tally{result: r}.first())
		}
		if p.closed() || !p.shown {
			m.say(n)
			m.undo = undo
			return
		}
		if len(r.IDs) > 0 {
			n.Other = "Show"
		}
		p.messages.say(n)
		p.messages.undo, p.messages.other = undo, func() { m.ShowFile(false) }
	})
}

// ImportAll copies the whole file into the project.
func (p *InPlace) ImportAll() {
	p.m.ShowFile(false)
	p.m.Import([]string{p.path})
}

// Scanning says whether the file's findings are being looked for.
func (p *InPlace) Scanning() bool { return p.scanning != nil }

// Scan looks for the findings of the whole file and calls then when they are known.
func (p *InPlace) Scan(then func()) {
	switch {
	case p.sums != nil:
		then()
		return
	case p.scanning != nil:
		return
	case p.indexing != nil || p.stopped:
		p.messages.say(NoticeText{Tone: Caution, Text: "The findings of the whole file can be looked for once it has been read through."})
		return
	}
	p.scanning = job.Track(p.messages.ctx, p.m.runner, p.title("look for the findings of"), func(ctx context.Context, progress *job.Progress) ([]inplace.Found, error) {
		progress.SetTotal(p.file.Size())
		return p.file.Scan(ctx, func(through int64) {
			progress.Set(through)
			sayRate(progress)
		})
	}, func(sums []inplace.Found, err error) {
		p.scanning = nil
		if p.closed() {
			return
		}
		p.m.Changed(Place)
		switch {
		case errors.Is(err, context.Canceled):
			p.messages.say(NoticeText{Tone: Caution, Text: "Looking for findings was stopped. What the rows show is not affected."})
			return
		case err != nil:
			p.messages.fail("Could not look for findings", err)
			return
		}
		p.sums = sums
		p.messages.list.forget() // rows may say more now
		p.messages.Changed(List)
		then()
	})
	p.m.Changed(Place)
}

// FoundGrid is the findings of the whole file, the gravest first.
func (p *InPlace) FoundGrid() screen.Grid { return (*foundGrid)(p) }

// FoundWords sums them up.
func (p *InPlace) FoundWords() string {
	var codes [check.Severities]int
	for _, s := range p.sums {
		codes[s.Severity]++
	}
	words := "Nothing is wrong with any message of the file."
	if len(p.sums) > 0 {
		words = fmt.Sprintf("%s in %s.", screen.Plural(len(p.sums), "kind")+" of findings", screen.Plural(p.file.Len(), "message"))
	}
	if n := p.file.LeftOut(); n > 0 {
		words += fmt.Sprintf(" Of %s there was no room for what their framing says.", screen.Plural(n, "message"))
	}
	return words
}

// ShowFound shows the messages that have a finding.
func (p *InPlace) ShowFound(row int) {
	if row >= 0 && row < len(p.sums) {
		p.messages.SubmitQuery("finding = " + query.Quote(p.sums[row].Code))
	}
}

type foundGrid InPlace

var foundColumns = []screen.Column{
	{ID: "messages", Title: "Messages", Width: 110, MinWidth: 70, Right: true, Fixed: true},
	{ID: "finding", Title: "Finding", Width: 190, MinWidth: 80, Mono: true, Fixed: true},
	{ID: "about", Title: "What it means", Width: 240, MinWidth: 80, Flex: true, Fixed: true},
}

func (g *foundGrid) Columns() []screen.Column { return foundColumns }
func (g *foundGrid) Len() int                 { return len(g.sums) }

func (g *foundGrid) Cell(row, col int) screen.Cell {
	s := g.sums[row]
	switch foundColumns[col].ID {
	case "messages":
		return screen.Cell{Text: screen.Count(s.Pieces), Bar: float64(s.Pieces) / float64(max(g.file.Len(), 1)), BarRole: screen.RoleAccent}
	case "finding":
		c := severityCell(s.Severity)
		c.Text, c.Role = s.Code, roleOf(s.Severity)
		return c
	}
	return screen.Cell{Text: codeTexts()[s.Code], Role: screen.RoleMuted}
}

// codeTexts are what the codes of findings mean.
var codeTexts = sync.OnceValue(func() map[string]string {
	texts := map[string]string{}
	for _, d := range check.Codes() {
		texts[d.Code] = d.Text
	}
	return texts
})
