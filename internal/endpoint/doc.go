// Package endpoint is the other side of an interface before it exists: a mock partner that listens and answers by rules, and
// a sender that sends and compares what comes back. Both behave, and misbehave on demand.
//
// Its central type is [Exchange], one request with its reply, times and findings, which a [Journal] keeps. A positive
// acknowledgement is sent only after its exchange is durable there.
package endpoint
