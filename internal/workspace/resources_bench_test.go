package workspace

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// servingDurably runs a FHIR server whose resources are in a workspace, with a client in the same process.
func servingDurably(b *testing.B, journal bool) (s *fhirstore.Store, base string, c *http.Client) {
	b.Helper()
	w := newWorkspace(b, filepath.Join(b.TempDir(), "w.trestle"))
	store, keeper := openStore(b, w, "EHR")
	o := fhirserver.Options{Store: store}
	closers := []io.Closer{keeper, w}
	if journal {
		j, err := w.OpenJournal(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		o.Journal = j
		closers = append([]io.Closer{j}, closers...)
	}
	server, err := fhirserver.New(fhirserver.Config{Address: "127.0.0.1:0"}, o)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	if err := server.Listen(ctx); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	c = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	b.Cleanup(func() {
		c.CloseIdleConnections()
		cancel()
		<-ended
		for _, x := range closers {
			if err := x.Close(); err != nil {
				b.Error(err)
			}
		}
	})
	return store, server.URL(), c
}

func request(b *testing.B, c *http.Client, method, url, body string, want int) {
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	q.Header.Set("Content-Type", "application/fhir+json")
	p, err := c.Do(q)
	if err != nil {
		b.Error(err)
		return
	}
	io.Copy(io.Discard, p.Body)
	p.Body.Close()
	if p.StatusCode != want {
		b.Errorf("status %d", p.StatusCode)
	}
}

// BenchmarkDurableFHIR is what fhirserver's BenchmarkRead, BenchmarkValidatedCreate and BenchmarkImport measure, with every change on disk
// before it is answered.
func BenchmarkDurableFHIR(b *testing.B) {
	perSecond := func(b *testing.B, n int) { b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "1/s") }
	people := fhirstore.Invent(1, 500)
	text := ""
	for _, n := range people {
		if n.ResourceType() == "Patient" {
			text = string(fhir.AppendJSON(nil, n))
		}
	}
	b.Run("read", func(b *testing.B) {
		s, base, c := servingDurably(b, false)
		if err := s.Fill(b.Context(), people); err != nil {
			b.Fatal(err)
		}
		var i atomic.Int64
		b.SetParallelism(8)
		b.ResetTimer()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				request(b, c, "GET", fmt.Sprintf("%s/Patient/patient-%d", base, i.Add(1)%100+1), "", 200)
			}
		})
		perSecond(b, b.N)
	})
	for _, journal := range []bool{false, true} {
		b.Run(fmt.Sprintf("create/journal=%t", journal), func(b *testing.B) {
			_, base, c := servingDurably(b, journal)
			b.SetParallelism(16)
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					request(b, c, "POST", base+"/Patient", text, 201)
				}
			})
			perSecond(b, b.N)
		})
	}
	b.Run("import", func(b *testing.B) {
		var all []byte
		for _, n := range people {
			all = append(fhir.AppendJSON(all, n), '\n')
		}
		for range b.N {
			w := newWorkspace(b, filepath.Join(b.TempDir(), "w.trestle"))
			s, keeper := openStore(b, w, "EHR")
			if _, err := s.Load(b.Context(), bytes.NewReader(all)); err != nil {
				b.Fatal(err)
			}
			if err := keeper.Close(); err != nil {
				b.Fatal(err)
			}
			w.Close()
		}
		perSecond(b, len(people)*b.N)
	})
}
