// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package minisign reads and writes minisign signature files: four lines, a
// prehashed Ed25519 signature of any file and a signed ("trusted") comment.
//
// It writes what every minisign tool reads, and is stricter in reading: one
// spelling of base64, nothing behind the fourth line, a trusted comment without
// control characters. docs/formats/minisign.md is the format as held here.
//
// Legacy signatures, which sign the file without hashing it first, count only
// under a policy that allows them, and are checked in constant memory all the
// same.
package minisign
