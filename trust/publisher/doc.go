// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package publisher reads, checks and writes publishers: who somebody is through
// the years, whatever becomes of their keys.
//
// A publisher is a [Chain] of small text documents. Each names its keys, what
// they may sign, and what was taken back; each is signed with ordinary minisign
// keys, by the root keys of the document before it and by its own. The publisher's
// id is the SHA-256 of the first document. docs/formats/publisher.md is the
// specification.
//
// The package is pure: it asks no disk, no network and no clock. A [Chain] is
// always one whose every rule and signature holds.
package publisher
