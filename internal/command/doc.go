// Package command is the terminal's face of Trestle: every subcommand of the one binary.
//
// Its central call is [Run], which takes the arguments and an [Env] and returns the exit status, so that a
// test runs a command without a process. Results go to Env.Stdout and nothing else does; what is wrong goes
// to Env.Stderr. The engines do the work: hl7, format, check, inspect and workspace, as for the window.
// What needs the window's libraries is handed in as a function (Env.Window, Env.Pictures), so that this
// package is free of them.
//
//	status := command.Run(ctx, []string{"inspect", "--json", "adt.hl7"}, command.Env{
//		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
//	})
package command
