// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package sealwaxtest helps to test what is built on sealwax: artifacts in
// memory, keys that are the same in every run, somebody who signs, and a suite
// that every implementation of [sealwax.Format] must pass.
//
// A test that wants a refusal writes:
//
//	alice := sealwaxtest.NewPublisher("alice", 1, format.All()...)
//	a := sealwaxtest.Bytes("tool.tar", data)
//	v := &sealwax.Verifier{Formats: format.All(), Trust: alice.Trust()}
//	_, err := v.Verify(ctx, a, sealwax.AnyOf(1, sealwax.RoleRelease)) // no signature: denied
//
// Nothing here is secret: anybody can make these keys. Trust none of them
// outside a test.
package sealwaxtest
