package command

import (
	"fmt"
	"sync"
	"time"

	"trestle/internal/job"
)

// showProgress keeps one line on Stderr up to date until the returned function is called, which removes the
// line and returns once nothing more is written. It does nothing where Stderr is no terminal.
func (s *session) showProgress(title string, p *job.Progress) (stop func()) {
	if !s.Live {
		return func() {}
	}
	quit := make(chan struct{})
	var painter sync.WaitGroup
	painter.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				// \x1b[K clears what is left of a longer line before.
				fmt.Fprintf(s.Stderr, "\r%s  %s\x1b[K", clean(title), p.State())
			case <-quit:
				fmt.Fprint(s.Stderr, "\r\x1b[K")
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		close(quit)
		painter.Wait()
	})
}
