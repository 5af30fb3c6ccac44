package fhirstore

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"trestle/internal/fhir"
)

// Version is one version of a resource. It is never changed once it is stored.
type Version struct {
	Type, ID string
	Number   int64     // from 1
	Updated  time.Time // UTC, exact to the millisecond
	Method   string    // of the request that made it: POST, PUT, PATCH, DELETE
	Body     []byte    // JSON without blanks, with id and meta as stored; nil of a delete

	// Origin is who made the change, empty for a client of the endpoint. It is not kept: who follows changes uses it to leave out their own.
	Origin string

	doc uint32 // number in the indexes; 0 while it is in none
	seq uint64 // of the transaction that made it; 0 of one that was kept before
}

// Deleted says that the resource was deleted with this version.
func (v *Version) Deleted() bool { return v.Body == nil }

// Reference is Type/ID.
func (v *Version) Reference() string { return v.Type + "/" + v.ID }

// ETag is the weak entity tag of the version, as HTTP carries it.
func (v *Version) ETag() string { return `W/"` + strconv.FormatInt(v.Number, 10) + `"` }

// Tree reads the body; nil of a delete.
func (v *Version) Tree() *fhir.Node {
	if v == nil || v.Body == nil {
		return nil
	}
	n, err := fhir.ParseJSON(v.Body)
	if err != nil { // the store wrote it itself
		return nil
	}
	return n
}

// Errors of reading and changing. Those that a client must be able to tell apart.
var (
	ErrNotFound = errors.New("there is no such resource")
	ErrGone     = errors.New("the resource was deleted")
)

// ConflictError says that a resource is not at the version that the client expected.
type ConflictError struct{ Expected, Current int64 }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("the resource is at version %d, not at version %d: read it again before you change it", e.Current, e.Expected)
}
