package sealed

/*
#ifdef __linux__
#include <features.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
static int trim(int keep){ return malloc_trim((size_t)keep); }
#else
static int trim(int keep){ return keep; }
#endif
*/
import "C"

import "runtime/debug"

// ReleaseMemory gives free memory back to the system, SQLite's too where the C library can: what lay in it is gone from this process then.
func ReleaseMemory() {
	debug.FreeOSMemory() // collects first
	C.trim(0)
}
