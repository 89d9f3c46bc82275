// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package sealwax is the vocabulary and the one road: given an artifact, may it
// pass, and who says so?
//
// An [Artifact] is opened once and held. A [Format] reads the signatures written
// on it or beside it: found, not believed. A [Trust] is asked whom each could be
// from and offers anchors. [Signature.Check] turns a signature and an [Anchor]
// into a [Claim]: proven, with what it covers. A [Policy] counts claims and says
// what it takes. [Verifier.Verify] gives a [Report]: allow, deny or undecided,
// with findings. A gate (the packages under gate/) acts, on the very bytes that
// were verified.
//
// # The contract
//
// The error of [Verifier.Verify] is nil if and only if the verdict is [Allow].
// A [*DeniedError] is "no"; any other error is "could not decide". Zero values
// are safe: the zero [Verdict] is [Undecided], an empty [Policy] admits nothing.
//
// # What is not here
//
// Grammars of signatures are in format/, keys in key/, whom we know in trust/,
// opening of files in source/, acting in gate/. This package imports the
// standard library and key/, and decides.
package sealwax
