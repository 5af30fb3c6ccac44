// Package normal brings what people typed into one form: names, dates, numbers, addresses. The original is kept by the
// caller; a normal form is for comparing only.
//
// Its central functions are [Fold], which every text goes through, and one for each kind of field: [Surname], [Given],
// [Date], [SSN], [Phone], [PostalCode], [Street], [Email], [Sex]. What says nothing, such as UNKNOWN or 999-99-9999,
// becomes empty.
//
//	normal.Fold("  O'Brién-Smith ")           // "obrien smith"
//	normal.Phone("1 (425) 996-1948")          // "4259961948"
//	normal.Street("10614 Lincoln Avenue #4")  // {Number: "10614", Name: "lincoln ave", Unit: "4"}
package normal
