package profile

import "trestle/internal/yamlfile"

// Problem is one thing in a profile's file that a person has to mend.
type Problem = yamlfile.Problem

// Problems is the error of Parse for a file that could be read but not accepted: everything wrong with it, by line.
type Problems = yamlfile.Problems
