// Package workspaces carries the sample projects inside the program: plain folders that anyone can read and review,
// from which the program builds an encrypted workspace on first use.
//
// Everything in them is invented; the README.md of each folder says how. [Riverbend] is the sample that the program
// opens by itself, in the form that package project reads:
//
//	p, err := project.Load(workspaces.Riverbend())
//
// The message files hold exact bytes, line ends included. Do not edit them with an editor that changes line ends.
package workspaces

import (
	"embed"
	"io/fs"
)

//go:embed riverbend
var files embed.FS

// Riverbend returns the folder of the sample project "Riverbend ↔ Lakeside EHR": an infusion centre that is being
// joined to the EHR of a physicians' practice, in an office-based scope.
func Riverbend() fs.FS {
	sub, err := fs.Sub(files, "riverbend")
	if err != nil {
		panic("workspaces: the embedded folder is missing: " + err.Error()) // cannot happen: the name is constant
	}
	return sub
}
