package workspace

import (
	"path/filepath"
	"reflect"
	"testing"

	"trestle/internal/check"
	"trestle/internal/inspect"
)

func TestContainerFindingsAreKept(t *testing.T) {
	w := newWorkspace(t, filepath.Join(t.TempDir(), "w.trestle"))
	defer w.Close()
	want := []check.Finding{
		{Code: "frame-no-start", Severity: check.Error, Offset: 0, Length: 0, Text: "The frame has no start byte."},
		{Code: "byte-order-mark", Severity: check.Warning, Offset: 0, Length: 3, Text: "A byte order mark.", Repair: &check.Repair{Title: "Take it off", Length: 3, Replacement: []byte{}}},
	}
	ids, err := w.AddMessages(t.Context(), []inspect.Record{
		{Source: "a.hl7", Bytes: []byte("MSH|"), Container: want},
		{Source: "b.hl7", Bytes: []byte("MSH|")},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.Message(t.Context(), ids[0])
	if err != nil || !reflect.DeepEqual(m.Container, want) {
		t.Errorf("%+v %v", m.Container, err)
	}
	if m, err = w.Message(t.Context(), ids[1]); err != nil || m.Container != nil {
		t.Errorf("%+v %v", m.Container, err)
	}
	if _, err := w.write.Exec("UPDATE contents SET container='[' WHERE id=?", ids[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Message(t.Context(), ids[0]); err == nil {
		t.Error("findings that cannot be read are passed over")
	}
}
