package infer

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"trestle/internal/fhir"
	"trestle/internal/mapping"
)

// Recognise says what a file holds by how it begins: HL7 v2, FHIR, JSON, XML or CSV. Fixed width cannot be told from text.
func Recognise(start []byte) mapping.End {
	s := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n\v")
	switch {
	case bytes.HasPrefix(s, []byte("MSH")), bytes.HasPrefix(s, []byte("FHS")), bytes.HasPrefix(s, []byte("BHS")):
		return mapping.End{Kind: mapping.HL7v2}
	case bytes.HasPrefix(s, []byte("{")), bytes.HasPrefix(s, []byte("[")):
		if bytes.Contains(s[:min(len(s), 400)], []byte(`"resourceType"`)) {
			return mapping.End{Kind: mapping.FHIR}
		}
		return mapping.End{Kind: mapping.JSON}
	case bytes.HasPrefix(s, []byte("<")):
		if bytes.Contains(s[:min(len(s), 400)], []byte(fhir.Namespace)) {
			return mapping.End{Kind: mapping.FHIR}
		}
		return mapping.End{Kind: mapping.XML}
	}
	return mapping.End{Kind: mapping.CSV}
}

// Records reads the messages of a file as pairs need them.
func Records(ctx context.Context, end mapping.End, in io.Reader) ([]mapping.Record, error) {
	e, err := mapping.Compile(&mapping.File{Source: end, Target: mapping.End{Kind: mapping.JSON}})
	if err != nil {
		return nil, err
	}
	var list []mapping.Record
	for rec, err := range e.Records(ctx, in) {
		if err != nil {
			return nil, fmt.Errorf("read the messages: %w", err)
		}
		list = append(list, rec)
	}
	return list, nil
}
