// Package fhirstore keeps FHIR resources with all their versions and finds them by the published search parameters.
//
// Its central type is [Store]. Changes are made in transactions that happen as a whole or not at all; what is read is never half
// of one. Everything lives in memory; a [Keeper] may make it durable: then a change is answered when it is kept, and many that come at one
// time are kept at once. [Store.Follow] tells of changes, [Store.Merge] brings in what a message says of resources that are there already.
//
//	s := fhirstore.New(fhirstore.Options{})
//	err := s.Change(ctx, func(tx *fhirstore.Tx) error {
//		_, err := tx.Create(s.Draft(patient))
//		return err
//	})
//	q, err := s.ParseQuery("Patient", fhirstore.Pairs("name=moss&birthdate=lt1990"), fhirstore.QueryOptions{})
//	found, err := s.Search(ctx, q)
//
// The indexes follow R4 section 3.1.1 (Search). They are only ever appended to: what was replaced is left out when it is read,
// and swept out when it is half of all, so that a transaction is taken back without touching them.
package fhirstore
