package fhirstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"trestle/internal/fhir"
)

// Loaded says what became of a stream of resources.
type Loaded struct {
	Resources int // stored
	Same      int // were there already, with the same content
	Skipped   int // what was no resource, or none that the definitions know
}

// loadBatch is how many resources one transaction takes where nothing ties them together.
const loadBatch = 500

// Load stores the resources of a stream: NDJSON, Bundles, single resources, JSON or XML. Resources keep their ids; those without one
// get a new one. References to the urn:uuid of another entry of the same Bundle become references to its resource. What was stored
// before an error stays.
func (s *Store) Load(ctx context.Context, r io.Reader) (Loaded, error) {
	l := loader{s: s, ctx: ctx}
	for rec, err := range s.d.Resources(ctx, r, fhir.StreamOptions{}) {
		if err != nil {
			return l.done, errors.Join(l.flush(), err)
		}
		switch {
		case rec.Envelope || rec.Root == nil:
			continue
		case !s.d.IsResource(rec.Root.ResourceType()):
			l.done.Skipped++
			continue
		}
		l.waiting = append(l.waiting, entry{rec.Root, rec.Entry.Member("fullUrl").String()})
		if rec.Entry == nil && len(l.waiting) >= loadBatch {
			if err := l.flush(); err != nil {
				return l.done, err
			}
		}
	}
	return l.done, l.flush()
}

type loader struct {
	s       *Store
	ctx     context.Context
	waiting []entry
	done    Loaded
}

type entry struct {
	n       *fhir.Node
	fullURL string
}

// flush stores what waits. A Bundle waits until its end, because its entries may refer to later ones.
func (l *loader) flush() error {
	waiting := l.waiting
	l.waiting = nil
	if len(waiting) == 0 {
		return nil
	}
	ids, urls := make([]string, len(waiting)), map[string]string{}
	for i, e := range waiting {
		ids[i] = e.n.Member("id").String()
		if !ValidID(ids[i]) {
			ids[i] = l.s.newID(e.n.ResourceType())
		}
		if strings.HasPrefix(e.fullURL, "urn:") {
			urls[e.fullURL] = e.n.ResourceType() + "/" + ids[i]
		}
	}
	for from := 0; from < len(waiting); from += loadBatch {
		to := min(from+loadBatch, len(waiting))
		drafts := make([]Draft, 0, to-from)
		for i := from; i < to; i++ {
			if len(urls) > 0 {
				Rewrite(waiting[i].n, func(ref string) string { return urls[ref] })
			}
			drafts = append(drafts, l.s.Draft(waiting[i].n))
			waiting[i].n = nil
		}
		same := 0
		err := l.s.Change(l.ctx, func(tx *Tx) error {
			same = 0
			for i, d := range drafts {
				if tx.has(d, ids[from+i]) {
					same++
					continue
				}
				if _, _, err := tx.Put(d, ids[from+i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("store the resources: %w", err)
		}
		l.done.Resources += len(drafts) - same
		l.done.Same += same
	}
	return nil
}

func (s *Store) newID(typ string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return (&Tx{s: s}).NewID(typ)
}

// Rewrite gives each reference of a tree, and each address in its narrative's links, the text that to returns for it; "" leaves it.
// It changes the tree. Attachment.url is data, not a reference (R4 3.1.0.11.2).
func Rewrite(n *fhir.Node, to func(reference string) string) {
	for _, c := range n.Children {
		switch {
		case c.Kind == fhir.Object || c.Kind == fhir.Array:
			Rewrite(c, to)
		case c.Kind != fhir.String:
		case c.Name == "reference" || c.Name == "valueUri" || c.Name == "valueReference":
			if text := to(c.Text); text != "" {
				c.Text = text
			}
		case c.Name == "div" && strings.Contains(c.Text, "urn:"):
			c.Text = rewriteLinks(c.Text, to)
		}
	}
}

// rewriteLinks changes what stands in quotes after href= and src=.
func rewriteLinks(text string, to func(string) string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, `"urn:`)
		if i < 0 {
			break
		}
		end := strings.IndexByte(text[i+1:], '"')
		if end < 0 {
			break
		}
		b.WriteString(text[:i+1])
		link := text[i+1 : i+1+end]
		if other := to(link); other != "" {
			link = other
		}
		b.WriteString(link)
		text = text[i+1+end:]
	}
	return b.String() + text
}
