package hl7

import "errors"

// Set returns a copy of the message in which the value at the path has the
// text. Segments must exist; fields and parts up to the place are added.
func (m *Message) Set(p Path, text string) (*Message, error) { return nil, errors.New("x") }
