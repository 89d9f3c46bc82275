// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import "slices"

// Code is the stable dotted name of a kind of finding. Scripts and `sealwax
// explain CODE` rely on codes; messages may change.
type Code string

// The codes of findings. Each has a page that says what, why and what to do
// (docs/findings.md).
const (
	CodeSignatureNone        Code = "signature.none"
	CodeSignatureInvalid     Code = "signature.invalid"
	CodeSignatureMalformed   Code = "signature.malformed"
	CodeSignatureUnreadable  Code = "signature.unreadable"
	CodeSignatureUnknownForm Code = "signature.unknown_format"
	CodeSignatureForeign     Code = "signature.foreign"
	CodeSignatureLegacy      Code = "signature.legacy"
	CodeSignaturePartial     Code = "signature.partial"
	CodeSignatureReencoded   Code = "signature.reencoded"
	CodeSignatureExpired     Code = "signature.expired"
	CodeSignatureHintUnknown Code = "signature.hint_unknown"
	CodeSignatureTooMany     Code = "signature.too_many"
	CodeSignerUnknown        Code = "signer.unknown"
	CodeSignerRole           Code = "signer.role"
	CodeArtifactMalformed    Code = "artifact.malformed"
	CodeArtifactKind         Code = "artifact.kind"
	CodeArtifactRebuilt      Code = "artifact.rebuilt_differs"
	CodeMetadataInvalid      Code = "metadata.invalid"
	CodeMetadataUnmet        Code = "metadata.unmet"
	CodeNameMismatch         Code = "name.mismatch"
	CodePolicyUnmet          Code = "policy.unmet"
	CodePolicyEmpty          Code = "policy.empty"
	CodePolicyAmbiguous      Code = "policy.ambiguous"
	CodeSignatureUnplaced    Code = "signature.unplaced"
	CodeSignatureFormat      Code = "signature.format"
	CodeSignerRevoked        Code = "signer.revoked"
	CodeSignerBlocked        Code = "signer.blocked"
	CodeSignerLimit          Code = "signer.limit"
	CodeArtifactRevoked      Code = "artifact.revoked"
	CodeArtifactBlocked      Code = "artifact.blocked"
	CodePublisherInvalid     Code = "publisher.invalid"
	CodePublisherChain       Code = "publisher.chain"
	CodePublisherUnsigned    Code = "publisher.unsigned"
	CodePublisherNextRoot    Code = "publisher.next_root"
	CodePublisherRole        Code = "publisher.role"
	CodePublisherStranger    Code = "publisher.stranger"
	CodePublisherFork        Code = "publisher.fork"
	CodePublisherChanged     Code = "publisher.changed"
	CodePublisherUnknown     Code = "publisher.unknown"
	CodePublisherStale       Code = "publisher.stale"
	CodePublisherThreshold   Code = "publisher.threshold"
	CodeSourceUnsigned       Code = "source.unsigned"
	CodeSourceUnbound        Code = "source.unbound"
	CodeEngineVersion        Code = "engine.version"
	CodePolicyNoRule         Code = "policy.no_rule"
	CodePolicyWarned         Code = "policy.warned"
	CodeUndecided            Code = "undecided"
)

// Codes lists every code, sorted.
func Codes() []Code {
	c := []Code{
		CodeSignatureNone, CodeSignatureInvalid, CodeSignatureMalformed, CodeSignatureUnreadable,
		CodeSignatureUnknownForm, CodeSignatureForeign, CodeSignatureLegacy, CodeSignaturePartial,
		CodeSignatureReencoded, CodeSignatureExpired, CodeSignatureHintUnknown, CodeSignatureTooMany,
		CodeSignerUnknown, CodeSignerRole, CodeArtifactMalformed, CodeArtifactKind, CodeMetadataInvalid,
		CodeMetadataUnmet, CodeNameMismatch, CodePolicyUnmet, CodePolicyEmpty, CodePolicyAmbiguous, CodeUndecided,
		CodeSignatureUnplaced, CodeSignatureFormat, CodeSignerRevoked, CodeSignerBlocked, CodeSignerLimit, CodeArtifactRevoked, CodeArtifactBlocked,
		CodePublisherInvalid, CodePublisherChain, CodePublisherUnsigned, CodePublisherNextRoot, CodePublisherRole, CodePublisherStranger, CodePublisherFork,
		CodePublisherChanged, CodePublisherUnknown, CodePublisherStale, CodePublisherThreshold, CodePolicyNoRule,
		CodeSourceUnsigned, CodeSourceUnbound, CodeEngineVersion, CodeArtifactRebuilt, CodePolicyWarned,
	}
	slices.Sort(c)
	return c
}

// Severity says what a finding did to the verdict.
type Severity string

// The severities. An error is a reason for a refusal; a warning changed nothing.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Finding is one thing that was noticed on the road.
type Finding struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Message is one sentence for people, already escaped for a terminal.
	Message string `json:"message"`
	// Source is the signature it speaks of, as in [Hint.Source]; may be empty.
	Source string `json:"source,omitempty"`
	// Final says that no policy would have it otherwise.
	Final bool `json:"-"`
	// Signer is whom it speaks of; may be empty.
	Signer SignerID `json:"signer,omitempty"`
}
