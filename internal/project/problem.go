package project

import "trestle/internal/yamlfile"

// Problem is one thing in a project file that a person has to mend.
type Problem = yamlfile.Problem

// Problems is the error that Load returns for a file that it could read but not accept: all problems, by line.
type Problems = yamlfile.Problems
