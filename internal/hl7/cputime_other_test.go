//go:build !unix

package hl7

import "time"

func processorTime() time.Duration { return 0 }
