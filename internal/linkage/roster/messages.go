package roster

import (
	"bufio"
	"context"

	"trestle/internal/job"
)

func (b *builder) readMessages(ctx context.Context, br *bufio.Reader, s Spec, p *job.Progress) error {
	return nil
}
