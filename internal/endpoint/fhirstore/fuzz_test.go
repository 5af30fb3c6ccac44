package fhirstore

import "testing"

func FuzzQuery(f *testing.F) {
	s := filled(f)
	for _, q := range []string{"name=moss", "birthdate=ge1980-05&birthdate=lt1981", "_has:Observation:patient:code=a|b", "general-practitioner:Practitioner.name=x", "identifier=|a,b|", `name=a\,b\`, "_sort=-name,_id", "_lastUpdated=ap2020-01-01T00:00:00.5+02:00", "identifier:of-type=a|b|c", "_content=%ff"} {
		f.Add("Patient", q)
	}
	f.Add("Observation", "code-value-quantity=a|b$gt1e-3")
	f.Add("", "_type=Patient&_id=p1")
	f.Fuzz(func(t *testing.T, typ, query string) {
		if typ != "" && !s.d.IsResource(typ) {
			return
		}
		q, err := s.ParseQuery(typ, Pairs(query), QueryOptions{Base: "http://h/fhir"})
		if err != nil {
			return
		}
		found, err := s.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range found {
			if v.Deleted() || typ != "" && v.Type != typ {
				t.Errorf("entry %d is no current %s", i, typ)
			}
		}
	})
}
