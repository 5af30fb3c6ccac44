package linkage_test

import (
	"context"
	"fmt"
	"strings"

	"trestle/internal/linkage"
	"trestle/internal/linkage/roster"
)

func ExampleRun() {
	ctx := context.Background()
	left, err := roster.Read(ctx, "ours.csv", strings.NewReader("id,last name,first name,dob,phone\nA1,Quill,Ada,02/13/1971,206-222-4141\n"), roster.Spec{})
	if err != nil {
		fmt.Println(err)
		return
	}
	right, err := roster.Read(ctx, "theirs.csv", strings.NewReader("mrn,last name,first name,dob,phone\n1001,QUILL,ADA,19710213,(206) 222-4141\n"), roster.Spec{})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := linkage.Run(ctx, left, right, linkage.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, p := range result.Pairs {
		fmt.Println(result.LeftID(p), result.RightID(p))
		fmt.Println(result.Explain(i).Evidence[linkage.BirthDay].Words)
	}
	// Output:
	// A1 1001
	// the same
}
