// Package faulty is a disk that fails on demand, for the tests of package workspace: a VFS of SQLite that stands below the
// encrypting one and makes chosen calls fail, arrive in part, or lie. No program imports it.
//
// [Arm] chooses the fault; it counts the calls of that kind from there on.
//
//	faulty.Register()                                    // before the first workspace is opened in the process
//	faulty.Arm(faulty.Fault{Call: faulty.Sync, After: 3}) // the fourth sync fails, once
//	...
//	faulty.Disarm()
package faulty
