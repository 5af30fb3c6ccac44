package plan

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"trestle/internal/linkage"
)

// creations lists the left plans that have no counterpart and nobody is asked about, and the rows that are no payers.
func (m *matcher) creations(candidates []Candidate) (list []Creation, notPayers []string) {
	open, nearest := map[int]bool{}, map[int]Candidate{}
	for _, c := range candidates {
		if c.Band == linkage.Automatic || c.Band == linkage.Review {
			open[c.LeftRow] = true
		}
		if _, ok := nearest[c.LeftRow]; !ok {
			nearest[c.LeftRow] = c
		}
	}
	first := map[string]string{}
	for i := range m.left.Plans {
		p := &m.left.Plans[i]
		if !p.Business.IsPayer() {
			notPayers = append(notPayers, p.ID)
			continue
		}
		if open[i] {
			continue
		}
		c := Creation{Plan: p, Insurer: p.insurerText()}
		if n, ok := nearest[i]; ok && n.Bits > 0 {
			c.NearID, c.Near, c.NearWhy = n.Right, n.Probability, n.Reasons
		}
		// Payer ID and address may be missing in one of two rows for the same plan; its name and kind say enough.
		same := Normal(p.Insurer+" "+p.Name) + "\x00" + string(p.Business) + "\x00" + p.Products.String()
		if before, ok := first[same]; ok {
			c.Duplicate = before
		} else {
			first[same] = p.ID
		}
		list = append(list, c)
	}
	return list, notPayers
}

// insurerText is the insurer as the list has it.
func (p *Plan) insurerText() string {
	if p.Insurer != "" {
		return strings.TrimSpace(p.Insurer)
	}
	if head, _, ok := strings.Cut(p.Name, " - "); ok {
		return strings.TrimSpace(head)
	}
	return ""
}

// duplicates finds plans of one list that say the same: whatever is understood is equal, and no word is without
// partner. Siblings that were cut to the same text are among them: which is which, only their owner can say.
func duplicates(ctx context.Context, left *List, leftSide linkage.Side, right *List, rightSide linkage.Side) ([]Duplicate, error) {
	var all []Duplicate
	for _, s := range []struct {
		list *List
		side linkage.Side
	}{{left, leftSide}, {right, rightSide}} {
		groups := map[string][]*Plan{}
		var keys []string
		for i := range s.list.Plans {
			if i%1024 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			p := &s.list.Plans[i]
			if !p.Business.IsPayer() {
				continue
			}
			key := p.meaning()
			if groups[key] == nil {
				keys = append(keys, key)
			}
			groups[key] = append(groups[key], p)
		}
		for _, key := range keys {
			group := groups[key]
			for k := 1; k < len(group); k++ { // pairs with the first: a thousand equal rows are 999 pairs, not 499,500
				all = append(all, Duplicate{s.side, group[0].ID, group[k].ID, likeDuplicate(group[0], group[k])})
			}
		}
	}
	return all, nil
}

// meaning is all that a plan says of itself, in one key.
func (p *Plan) meaning() string {
	words := make([]string, len(p.words))
	for i, w := range p.words {
		words[i] = w.text
	}
	slices.Sort(words)
	return strings.Join([]string{
		strings.Join(p.Brands, ","), strings.Join(p.States, ","), string(p.Business), p.Products.String(), p.Metal, p.Programme, p.variant,
		strings.Join(words, " "),
	}, "\x00")
}

// likeDuplicate gives how sure it is: what is cut may go on differently, and other numbers speak against it.
func likeDuplicate(a, b *Plan) float64 {
	p := 0.98
	if a.Truncated || b.Truncated {
		p -= 0.38
	}
	for _, f := range [][2][]string{{a.payerIDs, b.payerIDs}, {a.Tel, b.Tel}, {box(a), box(b)}} {
		if len(f[0]) > 0 && len(f[1]) > 0 && firstShared(f[0], f[1]) == "" {
			p -= 0.2
		}
	}
	return max(p, 0.1)
}

func box(p *Plan) []string {
	if p.Box == "" {
		return nil
	}
	return []string{p.Box}
}

// Counts are how many left plans ended where.
type Counts struct {
	Automatic, Review, Blocked, Create, NotPayers int
}

// Counts counts left plans, each once, by the best that was found for it.
func (r *Result) Counts() Counts {
	c := Counts{Automatic: len(r.Links()), NotPayers: len(r.NotPayers)}
	best := map[int]linkage.Band{}
	for _, p := range r.ForReview() {
		if b := best[p.LeftRow]; b == "" || cmp.Compare(b, p.Band) < 0 { // "blocked" < "review"
			best[p.LeftRow] = p.Band
		}
	}
	for _, b := range best {
		if b == linkage.Review {
			c.Review++
		} else {
			c.Blocked++
		}
	}
	c.Create = len(r.Creations)
	return c
}
