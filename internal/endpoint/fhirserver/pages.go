package fhirserver

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"sync"

	"trestle/internal/endpoint/fhirstore"
)

// pageParameter is the opaque cursor of further pages.
const pageParameter = "_cursor"

// maxPages is how many searches keep their result for further pages.
const maxPages = 256

// pages keeps the results of searches, so that paging neither repeats nor misses what is changed meanwhile.
type pages struct {
	mu    sync.Mutex
	kept  map[string]*listing
	asked map[string]*listing // of those, by what was asked for
	order []string            // oldest first
}

func (p *pages) keep(l *listing) string {
	var b [12]byte
	rand.Read(b[:])
	key := base64.RawURLEncoding.EncodeToString(b[:])
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept, p.asked = map[string]*listing{}, map[string]*listing{}
	}
	if len(p.order) >= maxPages {
		if old := p.kept[p.order[0]]; p.asked[old.asked] == old {
			delete(p.asked, old.asked)
		}
		delete(p.kept, p.order[0])
		p.order = p.order[1:]
	}
	p.kept[key] = l
	if l.asked != "" {
		p.asked[l.asked] = l
	}
	p.order = append(p.order, key)
	return key
}

// same is a search that was asked for before, if nothing has changed since.
func (p *pages) same(l *listing) *listing {
	p.mu.Lock()
	defer p.mu.Unlock()
	if before := p.asked[l.asked]; before != nil && before.revision == l.revision {
		return before
	}
	return nil
}

// pageURL is the address of a page. What the client asked of the form holds for further pages too.
func (l *listing) pageURL(base string, from int) string {
	cursor := l.key + "." + strconv.Itoa(from)
	var paging Paging
	if p := l.s.c.Personality; p != nil {
		paging = p.Paging
	}
	with := func(name, value string) string { // the search itself, with one parameter more
		query := slices.DeleteFunc(slices.Clone(l.query), func(p fhirstore.Pair) bool { return p.Name == name })
		return l.self + "?" + joinPairs(append(query, fhirstore.Pair{Name: name, Value: value}))
	}
	url := base + "?" + pageParameter + "=" + cursor
	switch {
	case l.history:
	case paging.Number != "":
		return with(paging.Number, strconv.Itoa(from/l.count+1))
	case paging.Cursor != "":
		return with(paging.Cursor, cursor)
	case paging.Offsets:
		url = base + "?_getpages=" + l.key + "&_getpagesoffset=" + strconv.Itoa(from) + "&_count=" + strconv.Itoa(l.count) + "&_bundletype=searchset"
	}
	for _, p := range l.query {
		if p.Name == "_format" || p.Name == "_pretty" {
			url += "&" + joinPairs([]fhirstore.Pair{p})
		}
	}
	return url
}

// begin is the first resource of the page that a search asks for, where pages are counted.
func (l *listing) begin(r *request) int {
	p := l.s.c.Personality
	if p == nil || p.Paging.Number == "" {
		return 0
	}
	return min(max(0, atoi(r.get(p.Paging.Number), 1)-1)*l.count, len(l.found))
}

// page answers a link to a further page.
func (s *Server) page(r *request, cursor string) (*response, error) {
	key, text, _ := strings.Cut(cursor, ".")
	from, err := strconv.Atoi(text)
	s.pages.mu.Lock()
	l := s.pages.kept[key]
	s.pages.mu.Unlock()
	if l == nil || err != nil || from < 0 || from > len(l.found) {
		f := fail(410, "the result of this search is not kept any more; search again")
		f.issues[0].code = "expired"
		return nil, f
	}
	if r.access != nil && slices.ContainsFunc(l.found, func(v *fhirstore.Version) bool { return !s.visible(r.access, v) }) {
		return nil, fail(403, "the search was made with another access token")
	}
	return l.page(r, from)
}
