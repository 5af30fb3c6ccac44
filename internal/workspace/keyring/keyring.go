package keyring

import (
	"encoding/base64"
	"errors"
	"fmt"

	system "github.com/zalando/go-keyring"
)

// service is the name that the system's own program for keys shows.
const service = "Trestle"

// ErrNone says that no keyring can be reached.
var ErrNone = errors.New("this computer has no keyring that could keep the key. On Linux a Secret Service must run, such as GNOME Keyring or KWallet; without one, enter the passphrase each time")

// System is the keyring of the operating system, of the user that runs the program.
type System struct{}

// Load gives what is kept for a workspace, by its id in hexadecimal. ok is false if nothing is.
func (System) Load(workspace string) (secret []byte, ok bool, err error) {
	text, err := system.Get(service, workspace)
	if errors.Is(err, system.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, none(err)
	}
	secret, err = base64.StdEncoding.DecodeString(text)
	if err != nil { // somebody else's entry under our name
		return nil, false, nil
	}
	return secret, true, nil
}

// Save keeps a secret for a workspace, in the place of an earlier one.
func (System) Save(workspace string, secret []byte) error {
	return none(system.Set(service, workspace, base64.StdEncoding.EncodeToString(secret)))
}

// Delete forgets a workspace's secret. That there is none is no error.
func (System) Delete(workspace string) error {
	err := system.Delete(service, workspace)
	if errors.Is(err, system.ErrNotFound) {
		return nil
	}
	return none(err)
}

// none puts ErrNone in front of what the system said, which is of no help to most.
func none(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w (%v)", ErrNone, err)
}
