package infer_test

import (
	"context"
	"fmt"
	"strings"

	"trestle/internal/mapping/infer"
)

func Example() {
	ctx := context.Background()
	const before = "last,born,sex\nOkafor,19840517,F\nMoss,19900102,M\nIves,19750630,F\nLorne,19660101,M\nKirby,20011231,F\nDunne,19931020,M\n"
	const after = `{"name":"OKAFOR","birth":"1984-05-17","gender":"female"}
{"name":"MOSS","birth":"1990-01-02","gender":"male"}
{"name":"IVES","birth":"1975-06-30","gender":"female"}
{"name":"LORNE","birth":"1966-01-01","gender":"male"}
{"name":"KIRBY","birth":"2001-12-31","gender":"female"}
{"name":"DUNNE","birth":"1993-10-20","gender":"male"}`
	o := infer.Options{Source: infer.Recognise([]byte(before)), Target: infer.Recognise([]byte(after))}
	a, _ := infer.Records(ctx, o.Source, strings.NewReader(before))
	b, _ := infer.Records(ctx, o.Target, strings.NewReader(after))
	pairs, _ := infer.Align(a, b)
	proposal, err := infer.Propose(ctx, pairs, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range proposal.Evidence {
		fmt.Printf("%s: %s, in %d of %d\n", e.To, e.Kind, e.Holds, e.Of)
	}
	fmt.Printf("%d of %d values\n", proposal.Reproduced, proposal.Values)
	// Output:
	// name: convert, in 6 of 6
	// birth: date, in 6 of 6
	// gender: code table, in 6 of 6
	// 18 of 18 values
}
