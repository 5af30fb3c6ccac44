package fhirserver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trestle/internal/endpoint"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

// running is a server behind a socket, and a client of it in the same process.
func running(b *testing.B, store *fhirstore.Store, j endpoint.Journal) (base string, c *http.Client) {
	b.Helper()
	s, err := New(Config{Address: "127.0.0.1:0"}, Options{Store: store, Journal: j})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	if err := s.Listen(ctx); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	c = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}
	b.Cleanup(func() {
		c.CloseIdleConnections()
		cancel()
		<-ended
	})
	return s.URL(), c
}

func ask(b *testing.B, c *http.Client, method, url, body string, want int) {
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	if body != "" {
		q.Header.Set("Content-Type", typeJSON)
	}
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

func perSecond(b *testing.B, n int) { b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "1/s") }

// patientText is a Patient of the size that Synthea's have without their extensions.
func patientText(b *testing.B) string {
	for _, n := range fhirstore.Invent(1, 1) {
		if n.ResourceType() == "Patient" {
			return string(fhir.AppendJSON(nil, n))
		}
	}
	b.Fatal("there is no patient")
	return ""
}

func BenchmarkRead(b *testing.B) {
	store := fhirstore.New(fhirstore.Options{})
	if err := store.Fill(b.Context(), fhirstore.Invent(1, 100)); err != nil {
		b.Fatal(err)
	}
	base, c := running(b, store, nil)
	var i atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			ask(b, c, "GET", fmt.Sprintf("%s/Patient/patient-%d", base, i.Add(1)%100+1), "", 200)
		}
	})
	perSecond(b, b.N)
}

func BenchmarkValidatedCreate(b *testing.B) {
	for _, journal := range []bool{false, true} {
		b.Run(fmt.Sprintf("journal=%t", journal), func(b *testing.B) {
			var j endpoint.Journal
			if journal {
				j = endpoint.NewMemoryJournal(1000, 0)
			}
			base, c := running(b, fhirstore.New(fhirstore.Options{}), j)
			text := patientText(b)
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					ask(b, c, "POST", base+"/Patient", text, 201)
				}
			})
			perSecond(b, b.N)
		})
	}
}

// manyResources makes NDJSON of n patients' records under ids of their own.
func manyResources(patients int) ([]byte, int) {
	var out []byte
	resources := fhirstore.Invent(1, patients)
	for _, n := range resources {
		out = append(fhir.AppendJSON(out, n), '\n')
	}
	return out, len(resources)
}

func BenchmarkImport(b *testing.B) {
	text, n := manyResources(500)
	b.SetBytes(int64(len(text)))
	for range b.N {
		if _, err := fhirstore.New(fhirstore.Options{}).Load(b.Context(), bytes.NewReader(text)); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, n*b.N)
}

// BenchmarkSearch asks over 190,000 resources, through HTTP, and reports the time that 99 of 100 searches stay below.
func BenchmarkSearch(b *testing.B) {
	store := fhirstore.New(fhirstore.Options{})
	text, n := manyResources(190_000 / 12)
	if _, err := store.Load(b.Context(), bytes.NewReader(text)); err != nil {
		b.Fatal(err)
	}
	text = nil
	base, c := running(b, store, nil)
	for name, query := range map[string]func(i int) string{
		"token":     func(i int) string { return "/Coverage?_id=coverage-patient-" + itoa(i%10000+1) },
		"value":     func(i int) string { return "/Patient?identifier=urn:oid:2.999.1|9" + fmt.Sprintf("%05d", i*7%100000) },
		"reference": func(i int) string { return "/Observation?patient=patient-" + itoa(i%10000+1) },
		"two": func(i int) string {
			return "/Observation?code=http://loinc.org|8480-6&patient=patient-" + itoa(i%10000+1)
		},
		// Tens of thousands of matches: the same search again, and one that was never asked before.
		"many-again": func(i int) string { return "/Observation?code=http://loinc.org|8480-6&_count=10" },
		"many-new":   func(i int) string { return "/Observation?code=http://loinc.org|8480-6,x" + itoa(i) + "&_count=10" },
	} {
		b.Run(name, func(b *testing.B) {
			times := make([]time.Duration, 0, b.N)
			for i := range b.N {
				at := time.Now()
				ask(b, c, "GET", base+strings.ReplaceAll(query(i), "|", "%7C"), "", 200)
				times = append(times, time.Since(at))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(n), "resources")
		})
	}
}

// BenchmarkStart measures from nothing to the first answer; the definitions are unpacked once in a process, so that only the first
// round is that of a start: run it with -benchtime 1x.
func BenchmarkStart(b *testing.B) {
	for range b.N {
		store := fhirstore.New(fhirstore.Options{})
		if err := store.Fill(b.Context(), fhirstore.Invent(1, 10)); err != nil {
			b.Fatal(err)
		}
		base, c := running(b, store, nil)
		ask(b, c, "GET", base+"/Patient/patient-1", "", 200)
	}
}

// BenchmarkBundle posts Bundles of 300 entries: to be validated only, and as a transaction.
func BenchmarkBundle(b *testing.B) {
	bundle := func(kind string) string {
		entries := fhir.NewArray().Named("entry")
		for _, n := range fhirstore.Invent(1, 40)[:300] {
			own := n.ResourceType() + "/" + n.Member("id").String()
			e := fhir.NewObject(text("fullUrl", "http://lake.example/fhir/"+own), n.Named("resource"))
			if kind == "transaction" {
				e.Children = append(e.Children, fhir.NewObject(text("method", "PUT"), text("url", own)).Named("request"))
			}
			entries.Children = append(entries.Children, e)
		}
		return string(fhir.AppendJSON(nil, fhir.NewObject(text("resourceType", "Bundle"), text("type", kind), entries)))
	}
	for kind, path := range map[string]string{"collection": "/Bundle/$validate", "transaction": ""} {
		b.Run(kind, func(b *testing.B) {
			base, c := running(b, fhirstore.New(fhirstore.Options{}), nil)
			body := bundle(kind)
			for b.Loop() {
				ask(b, c, "POST", base+path, body, 200)
			}
		})
	}
}
