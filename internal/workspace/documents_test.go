package workspace

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocuments(t *testing.T) {
	ctx := context.Background()
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	first, err := w.PutDocument(ctx, DocumentRules, " Flaky VPN ", []byte("a: 1\n"), 0)
	if err != nil || first.Name != "Flaky VPN" || first.Revision != 1 || first.Author != "tester" || string(first.Bytes) != "a: 1\n" {
		t.Fatalf("%+v %v", first, err)
	}
	if same, err := w.PutDocument(ctx, DocumentRules, "flaky vpn", []byte("a: 1\n"), 1); err != nil || same.Revision != 1 {
		t.Errorf("the same bytes are no change: %+v %v", same, err)
	}
	second, err := w.PutDocument(ctx, DocumentRules, "FLAKY VPN", []byte("a: 2\n"), 1)
	if err != nil || second.Revision != 2 || second.Name != "Flaky VPN" {
		t.Errorf("%+v %v", second, err)
	}
	for name, c := range map[string]struct {
		do   func() error
		want error
	}{
		"changed meanwhile": {func() error { _, err := w.PutDocument(ctx, DocumentRules, "Flaky VPN", nil, 1); return err }, ErrChanged},
		"exists":            {func() error { _, err := w.PutDocument(ctx, DocumentRules, "Flaky VPN", nil, 0); return err }, ErrChanged},
		"gone":              {func() error { _, err := w.PutDocument(ctx, DocumentRules, "Other", nil, 3); return err }, ErrNotFound},
		"no name":           {func() error { _, err := w.PutDocument(ctx, DocumentRules, " \t", nil, 0); return err }, ErrName},
		"control character": {func() error { _, err := w.PutDocument(ctx, DocumentRules, "a\x07b", nil, 0); return err }, ErrName},
		"no kind":           {func() error { _, err := w.PutDocument(ctx, "Rules!", "a", nil, 0); return err }, ErrName},
		"long name": {func() error {
			_, err := w.PutDocument(ctx, DocumentRules, strings.Repeat("x", 201), nil, 0)
			return err
		}, ErrName},
		"too large": {func() error {
			_, err := w.PutDocument(ctx, DocumentRules, "large", make([]byte, maxDocument+1), 0)
			return err
		}, ErrTooLarge},
		"delete an old revision": {func() error { return w.DeleteDocument(ctx, DocumentRules, "Flaky VPN", 1) }, ErrChanged},
		"delete nothing":         {func() error { return w.DeleteDocument(ctx, DocumentRules, "nothing", 0) }, ErrNotFound},
		"rename nothing":         {func() error { return w.RenameDocument(ctx, DocumentRules, "nothing", "x", 1) }, ErrNotFound},
		"read nothing":           {func() error { _, err := w.Document(ctx, DocumentMapping, "Flaky VPN"); return err }, ErrNotFound},
		"no such version":        {func() error { _, err := w.DocumentVersion(ctx, DocumentRules, "Flaky VPN", 9); return err }, ErrNotFound},
		"no history":             {func() error { _, err := w.History(ctx, DocumentMapping, "Flaky VPN"); return err }, ErrNotFound},
	} {
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d, err := w.RestoreDocument(ctx, DocumentRules, "Flaky VPN", 1, 2); err != nil || d.Revision != 3 || string(d.Bytes) != "a: 1\n" {
		t.Errorf("%+v %v", d, err)
	}
	for r := int64(3); r < 40; r++ {
		if _, err := w.PutDocument(ctx, DocumentRules, "Flaky VPN", fmt.Append(nil, r), r); err != nil {
			t.Fatal(err)
		}
	}
	history, err := w.History(ctx, DocumentRules, "Flaky VPN")
	if err != nil || len(history) != keptVersions || history[0].Revision != 40 || history[keptVersions-1].Revision != 21 {
		t.Errorf("%d versions: %v", len(history), err)
	}
	if old, err := w.DocumentVersion(ctx, DocumentRules, "Flaky VPN", 30); err != nil || string(old.Bytes) != "29" {
		t.Errorf("%+v %v", old, err)
	}
	if _, err := w.PutDocument(ctx, DocumentMapping, "Flaky VPN", nil, 0); err != nil {
		t.Error("another kind:", err)
	}
	if _, err := w.PutDocument(ctx, DocumentRules, "Second", nil, 0); err != nil {
		t.Error(err)
	}
	if err := w.RenameDocument(ctx, DocumentRules, "Second", "flaky vpn", 1); !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
	if err := w.RenameDocument(ctx, DocumentRules, "Flaky VPN", "Flaky vpn", 40); err != nil {
		t.Error("only upper and lower case:", err)
	}
	list, err := w.Documents(ctx, "")
	var names []string
	for _, d := range list {
		names = append(names, titled(d.Kind, d.Name))
		if d.Bytes != nil {
			t.Error("a list has bytes")
		}
	}
	if got := strings.Join(names, "; "); got != "mapping Flaky VPN; rules Flaky vpn; rules Second" || err != nil {
		t.Error(got, err)
	}
	if err := w.DeleteDocument(ctx, DocumentRules, "flaky VPN", 40); err != nil {
		t.Error(err)
	}
	var versions int
	if err := w.read.QueryRow("SELECT count(*) FROM document_versions").Scan(&versions); err != nil || versions != 2 {
		t.Error(versions, err)
	}
	log := entries(t, w)
	if last := log[len(log)-1]; last.Action != ActionDeleted || last.Object != "rules Flaky vpn" {
		t.Errorf("%+v", last)
	}
}
