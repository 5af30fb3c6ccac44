//go:build goexperiment.runtimesecret

package sealed

import "runtime/secret"

// guard runs f so that its registers and stack are erased afterwards, and its heap once unreachable and collected.
func guard(f func()) { secret.Do(f) }
