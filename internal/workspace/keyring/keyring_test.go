package keyring

import (
	"bytes"
	"errors"
	"testing"

	system "github.com/zalando/go-keyring"
)

const id = "00112233445566778899aabbccddeeff"

func TestSystem(t *testing.T) {
	system.MockInit()
	var k System
	if _, ok, err := k.Load(id); ok || err != nil {
		t.Fatal("an empty keyring:", ok, err)
	}
	if err := k.Delete(id); err != nil {
		t.Error("nothing to delete:", err)
	}
	secret := []byte{0, 1, 2, 255, '\n', 0}
	if err := k.Save(id, secret); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := k.Load(id); !ok || err != nil || !bytes.Equal(got, secret) {
		t.Error(got, ok, err)
	}
	if err := system.Set(service, id, "not ours!"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := k.Load(id); ok || err != nil {
		t.Error("an entry of somebody else:", ok, err)
	}
	if err := k.Delete(id); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := k.Load(id); ok {
		t.Error("it was not deleted")
	}
}

// Where there is no keyring every call says so, and what to do instead.
func TestNoKeyring(t *testing.T) {
	system.MockInitWithError(errors.New("The name org.freedesktop.secrets was not provided by any .service files"))
	var k System
	_, _, err := k.Load(id)
	for _, err := range []error{err, k.Save(id, []byte("x")), k.Delete(id)} {
		if !errors.Is(err, ErrNone) {
			t.Error(err)
		}
	}
}
