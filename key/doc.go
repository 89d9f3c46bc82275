// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package key answers "who signs": public keys and the names they go by, secret
// keys in every file format that people hold them in, and signers that never
// show their secret (an ssh-agent, later a plugin or a keyless identity).
//
// One Ed25519 key serves every signature format. A key is named by its
// [Fingerprint]; the key ids that formats carry ([Public.MinisignID],
// [Public.WasmsignID]) are hints for lookup and prove nothing.
//
// Everything that compares a signature with a key is here, and is strict:
// canonical encodings only, no small-order points (see [Public.Verify]).
package key
