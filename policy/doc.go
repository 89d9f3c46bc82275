// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package policy reads policy files: which artifacts a rule speaks of, who signs
// them, and what it takes. The first rule of a file that speaks of an artifact
// decides; where none does, the file admits nothing.
//
// A file that is not there imposes nothing ([Load] says fs.ErrNotExist); an empty
// one admits nothing. Whatever is unknown, twice there or of the wrong type is an
// [*Error] with its line and column. The form is docs/formats/policy.md.
//
// The package knows no pins and no publishers beyond what a file names: whoever
// applies a [Rule] brings the anchors of its [Rule.Signers], its [Rule.Publishers]
// and, in the roles of [Rule.Pinned], of everybody whom the pins trust.
package policy
