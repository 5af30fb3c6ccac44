package workspace

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trestle/internal/endpoint/fhirserver"
	"trestle/internal/endpoint/fhirstore"
	"trestle/internal/fhir"
)

func patientNode(t testing.TB, family string) *fhir.Node {
	n, err := fhir.ParseJSON([]byte(`{"resourceType":"Patient","name":[{"family":"` + family + `"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func openStore(t testing.TB, w *Workspace, name string) (*fhirstore.Store, *Resources) {
	t.Helper()
	r, err := w.OpenResources(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := fhirstore.Open(context.Background(), fhirstore.Options{Keeper: r})
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func putPatient(t testing.TB, s *fhirstore.Store, id, family string) {
	t.Helper()
	if err := s.Change(context.Background(), func(tx *fhirstore.Tx) error {
		_, _, err := tx.Put(s.Draft(patientNode(t, family)), id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func families(t testing.TB, s *fhirstore.Store) string {
	t.Helper()
	found, err := s.Search(context.Background(), &fhirstore.Query{Type: "Patient"})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range found {
		out = append(out, v.ID+"="+v.Tree().Find("name", "family").String())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestResources(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	w := newWorkspace(t, p)
	s, r := openStore(t, w, "EHR")
	other, otherKeeper := openStore(t, w, "Portal")
	if _, err := w.OpenResources(ctx, "ehr"); !errors.Is(err, ErrInUse) {
		t.Errorf("two servers on the same resources: %v", err)
	}
	putPatient(t, s, "a", "MOSS")
	putPatient(t, other, "a", "LAKE")
	putPatient(t, s, "b", "BROOK")
	if err := s.Snapshot("two"); err != nil {
		t.Fatal(err)
	}
	putPatient(t, s, "a", "STONE")
	if err := s.Change(ctx, func(tx *fhirstore.Tx) error { _, err := tx.Delete("Patient", "b"); return err }); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Close(), r.Close(), otherKeeper.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}

	w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	s, r = openStore(t, w, "EHR")
	other, otherKeeper = openStore(t, w, "Portal")
	is := func(want string) {
		t.Helper()
		if got := families(t, s); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	is("a=STONE")
	if list, err := s.History("Patient", "b"); err != nil || len(list) != 2 || !list[0].Deleted() || list[1].Method != "PUT" || list[1].Updated.IsZero() {
		t.Errorf("%d versions, %v", len(list), err)
	}
	if err := s.Restore(ctx, "two"); err != nil {
		t.Fatal(err)
	}
	is("a=MOSS b=BROOK")
	putPatient(t, s, "c", "RIVER")
	if v, err := s.Read("Patient", "c"); err != nil || v.Number != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	// What was there before is a snapshot, and a branch can be left and entered again.
	if err := s.Restore(ctx, fhirstore.BeforeRestore); err != nil {
		t.Fatal(err)
	}
	is("a=STONE")
	if err := s.Restore(ctx, fhirstore.BeforeRestore); err != nil {
		t.Fatal(err)
	}
	is("a=MOSS b=BROOK c=RIVER")
	if got := strings.Join(s.Snapshots(), ","); got != fhirstore.BeforeRestore+",two" {
		t.Errorf("%s", got)
	}
	if err := s.Restore(ctx, "three"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	// What no state holds any more is gone.
	if err := errors.Join(s.Drop(ctx, "two"), s.Drop(ctx, fhirstore.BeforeRestore)); err != nil {
		t.Fatal(err)
	}
	stores, err := w.ResourceStores(ctx)
	if err != nil || len(stores) != 2 || stores[0].Name != "EHR" || stores[0].Versions != 3 || len(stores[0].Snapshots) != 0 || !stores[0].Running || stores[1].Versions != 1 {
		t.Errorf("%+v %v", stores, err)
	}
	if got := families(t, other); got != "a=LAKE" {
		t.Errorf("the other endpoint holds %s", got)
	}
	if err := w.DeleteResources(ctx, "EHR"); !errors.Is(err, ErrInUse) {
		t.Errorf("%v", err)
	}
	if err := errors.Join(r.Close(), otherKeeper.Close(), w.DeleteResources(ctx, "EHR")); err != nil {
		t.Error(err)
	}
	if err := w.DeleteResources(ctx, "EHR"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	if err := s.Change(ctx, func(tx *fhirstore.Tx) error { _, err := tx.Delete("Patient", "a"); return err }); err == nil || families(t, s) != "a=MOSS b=BROOK c=RIVER" {
		t.Errorf("a change after the end: %v", err)
	}
	stores, err = w.ResourceStores(ctx)
	if err != nil || len(stores) != 1 || stores[0].Name != "Portal" || stores[0].Running {
		t.Errorf("%+v %v", stores, err)
	}
	acts := map[string]bool{}
	for _, e := range entries(t, w) {
		acts[string(e.Action)+" "+e.Object+" "+e.Details] = true
	}
	for _, want := range []string{"viewed resources of EHR ", "edited resources of EHR snapshot two", "edited resources of EHR back to the snapshot two", "deleted resources of EHR snapshot two", "deleted resources of EHR 3 versions"} {
		if !acts[want] {
			t.Errorf("the access log lacks %q: %v", want, acts)
		}
	}
	if err := w.VerifyLog(ctx); err != nil {
		t.Error(err)
	}
}

func TestGaps(t *testing.T) {
	for _, c := range []struct {
		spans []span
		want  string
	}{
		{nil, "[[1 9]]"},
		{[]span{{1, 0}}, "[]"},
		{[]span{{3, 4}, {6, 0}}, "[[1 2] [5 5]]"},
		{[]span{{6, 7}, {1, 3}, {2, 4}}, "[[5 5] [8 9]]"},
		{[]span{{1, 4}, {10, 0}}, "[[5 9]]"},
	} {
		if got := fmt.Sprint(gaps(c.spans, 9)); got != c.want {
			t.Errorf("%v: %s, not %s", c.spans, got, c.want)
		}
	}
}

func init() { children["resources"], children["serve"] = childResources, childServe }

// childServe is a FHIR server whose resources are in the workspace, until it is killed.
func childServe(path string) error {
	ctx := context.Background()
	w, err := Open(ctx, path, testPass, OpenOptions{User: "child"})
	if err != nil {
		return err
	}
	r, err := w.OpenResources(ctx, "EHR")
	if err != nil {
		return err
	}
	s, err := fhirstore.Open(ctx, fhirstore.Options{Keeper: r})
	if err != nil {
		return err
	}
	server, err := fhirserver.New(fhirserver.Config{Address: "127.0.0.1:0"}, fhirserver.Options{Store: s})
	if err != nil {
		return err
	}
	if err := server.Listen(ctx); err != nil {
		return err
	}
	fmt.Println("open", server.URL())
	return server.Run(ctx)
}

// The same by the network: what a client was told is created is there, and what it read of others' is there too.
func TestFHIRServerKilled(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	random := rand.New(rand.NewPCG(3, 9))
	total := 0
	for round := range times(3, 50) {
		c, _, line := child(t, "serve", p)
		base, ok := strings.CutPrefix(line, "open ")
		if !ok {
			kill(t, c)
			t.Fatalf("round %d: %s", round, line)
		}
		var mu sync.Mutex
		known := map[string]bool{} // Type/id that a client knows of
		var clients sync.WaitGroup
		var once sync.Once
		begun := make(chan struct{})
		for k := range 8 {
			clients.Go(func() {
				for i := 0; ; i++ {
					body := fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":"F%d-%d-%d"}]}`, round, k, i)
					a, err := http.Post(base+"/Patient", "application/fhir+json", strings.NewReader(body))
					if err != nil {
						return
					}
					a.Body.Close()
					if a.StatusCode != 201 {
						t.Errorf("status %d", a.StatusCode)
						return
					}
					parts := strings.Split(a.Header.Get("Location"), "/")
					mu.Lock()
					known[parts[len(parts)-3]] = true
					mu.Unlock()
					once.Do(func() { close(begun) })
					b, err := http.Get(base + fmt.Sprintf("/Patient?family=F%d-%d-%d", round, (k+1)%8, i))
					if err != nil {
						return
					}
					text, err := io.ReadAll(b.Body)
					b.Body.Close()
					if n, parseErr := fhir.ParseJSON(text); err == nil && parseErr == nil {
						for id := range n.All("entry", "resource", "id") {
							mu.Lock()
							known[id.Text] = true
							mu.Unlock()
						}
					}
				}
			})
		}
		select {
		case <-begun:
		case <-time.After(20 * time.Second):
		}
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		kill(t, c)
		clients.Wait()
		w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		s, r := openStore(t, w, "EHR")
		for id := range known {
			if _, err := s.Read("Patient", id); err != nil {
				t.Errorf("round %d: Patient/%s is lost: %v", round, id, err)
			}
		}
		total += len(known)
		if err := errors.Join(r.Close(), w.VerifyLog(ctx), w.Close()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	}
	if total == 0 {
		t.Error("nothing was acknowledged")
	}
	t.Logf("%d resources that clients knew of, 0 lost", total)
}

// childResources changes resources as many clients do, and says of each change when it is acknowledged.
func childResources(path string) error {
	ctx := context.Background()
	w, err := Open(ctx, path, testPass, OpenOptions{User: "child"})
	if err != nil {
		return err
	}
	if _, err := w.write.Exec("PRAGMA cache_size=20; PRAGMA cache_spill=5; PRAGMA wal_autocheckpoint=40"); err != nil {
		return err
	}
	r, err := w.OpenResources(ctx, "EHR")
	if err != nil {
		return err
	}
	s, err := fhirstore.Open(ctx, fhirstore.Options{Keeper: r})
	if err != nil {
		return err
	}
	fmt.Println("open")
	var out sync.Mutex
	failed := make(chan error, 16)
	for c := range 16 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), c, i)
				n, err := fhir.ParseJSON([]byte(`{"resourceType":"Patient","name":[{"family":"` + id + `"}]}`))
				if err == nil {
					err = s.Change(ctx, func(tx *fhirstore.Tx) error {
						if _, _, err := tx.Put(s.Draft(n.Clone()), id); err != nil {
							return err
						}
						_, _, err := tx.Put(s.Draft(n), fmt.Sprint("shared-", c)) // both or none
						return err
					})
				}
				if err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Println("ack", id, c)
				out.Unlock()
			}
		}()
	}
	return <-failed
}

// Whoever writes is killed at any moment: every change that was acknowledged is there, none is there by half, and the versions of each
// resource are without gaps.
func TestResourcesKilled(t *testing.T) {
	ctx := context.Background()
	p := filepath.Join(t.TempDir(), "w.trestle")
	newWorkspace(t, p).Close()
	random := rand.New(rand.NewPCG(7, 9))
	total := 0
	for round := range times(4, 50) {
		c, lines, first := child(t, "resources", p)
		if first != "open" {
			kill(t, c)
			t.Fatalf("round %d: %s", round, first)
		}
		acked := make(chan []string, 1)
		begun := make(chan struct{})
		go func() { acked <- acknowledged(lines, begun) }()
		select {
		case <-begun:
		case <-time.After(20 * time.Second):
		}
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		if err := c.Process.Kill(); err != nil {
			t.Error(err)
		}
		list := <-acked
		c.Wait()
		total += len(list)
		w, err := Open(ctx, p, testPass, OpenOptions{User: "tester"})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		s, r := openStore(t, w, "EHR")
		for _, id := range list {
			if _, err := s.Read("Patient", id); err != nil {
				t.Errorf("round %d: an acknowledged change is lost: %v", round, err)
			}
		}
		last := map[string]string{}
		versions, err := s.History("", "")
		if err != nil {
			t.Fatal(err)
		}
		numbers := map[string]int64{}
		alone := 0
		for _, v := range slices.Backward(versions) {
			if numbers[v.ID]++; v.Number != numbers[v.ID] {
				t.Fatalf("round %d: version %d follows version %d", round, v.Number, numbers[v.ID]-1)
			}
			family := v.Tree().Find("name", "family").String()
			if last[family] == "" {
				last[family] = v.ID
				alone++
			} else {
				alone--
			}
		}
		if alone != 0 {
			t.Errorf("round %d: %d changes are there by half", round, alone)
		}
		if err := errors.Join(r.Close(), w.VerifyLog(ctx), w.Close()); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	}
	if rep, err := Verify(ctx, p, testPass, nil); err != nil || !rep.OK() {
		t.Errorf("%+v %v", rep, err)
	}
	if total == 0 {
		t.Error("nothing was acknowledged")
	}
	t.Logf("%d changes acknowledged, 0 lost", total)
}

// acknowledged reads what a child says until it ends, and closes begun at the first.
func acknowledged(lines *bufio.Scanner, begun chan<- struct{}) (list []string) {
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "ack" {
			if list = append(list, f[1]); len(list) == 1 {
				close(begun)
			}
		}
	}
	return list
}
