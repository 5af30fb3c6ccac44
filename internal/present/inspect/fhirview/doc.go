// Package fhirview is what Inspect knows of the FHIR resource that is open, without a window: its text in JSON and XML, its
// tree with definitions, the entries of a Bundle as a table, the answers to a FHIRPath expression, its cards, and where its
// references lead.
//
// Its central type is Model. The cursor is that of the place: Follow tells where it is, and Go asks for it to be moved. What
// takes long runs in the background and comes back through the job.Runner's gate.
//
//	m := fhirview.New(ctx, runner)
//	m.Go = place.MoveTo
//	m.Open(fhirview.Prepare(resource.Read(data), false))
package fhirview
