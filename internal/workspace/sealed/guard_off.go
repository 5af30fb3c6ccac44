//go:build !goexperiment.runtimesecret

package sealed

// guard runs f. Built with GOEXPERIMENT=runtimesecret, what f leaves in registers, stack and heap is erased.
func guard(f func()) { f() }
