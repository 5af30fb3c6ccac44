// Package away tells when the user leaves the computer, as far as the system says so: before it sleeps, and when the screen is locked.
//
// Its central function is [Watch].
//
//	go away.Watch(ctx, func(r away.Reason) { lockTheProject(r) })
//
// Linux tells by signals of logind and of the desktop's screen saver, on D-Bus; before a sleep it waits until the function has returned.
// Windows is asked once a second whether the session is locked. Everywhere a clock that jumps tells of a sleep afterwards; on macOS that is all.
package away
