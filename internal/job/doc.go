// Package job runs work in the background for a program that has one goroutine for its screen.
//
// A [Runner] starts work on a goroutine of its own and brings each result back through a [Gate]:
// fyne.Do in the window, a [Queue] in tests. It counts what is under way, so that a test can wait
// for quiet without sleeping, and it can cancel and await everything at the end of the program.
// Progress is stored, not sent: the screen polls [Runner.Active] a few times a second.
//
//	runner := job.NewRunner(fyne.Do)
//	job.Track(ctx, runner, "import adt.hl7", func(ctx context.Context, p *job.Progress) (int, error) {
//		p.SetTotal(size)
//		return load(ctx, file, p.Set)
//	}, func(n int, err error) { show(n, err) }) // runs on the screen's goroutine
package job
