// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package sealwax

import "context"

// InspectionSchema names the form of an inspection's JSON.
const InspectionSchema = "sealwax.inspection/v1"

// Inspection is what can be read on an artifact and beside it. Nothing in it is
// proven: no key was asked.
type Inspection struct {
	Schema     string           `json:"schema"`
	Artifact   ArtifactInfo     `json:"artifact"`
	Signatures []FoundSignature `json:"signatures"`
	Sections   []Section        `json:"sections,omitempty"`
	Parts      []Part           `json:"parts,omitempty"`
	// Metadata is what the artifact says of itself.
	Metadata []Field `json:"metadata,omitempty"`
	// Neighbours are signature formats of other tools that were recognised and
	// are not verified.
	Neighbours []string `json:"neighbours,omitempty"`
	// Problems say what is malformed.
	Problems []string `json:"problems,omitempty"`
	// NotProven says, for people, what nothing here proves.
	NotProven []string `json:"not_proven"`
}

// Part is one of the parts into which delimiters divide a module.
type Part struct {
	Offset   int64  `json:"offset"`
	Size     int64  `json:"size"`
	Sections int    `json:"sections"`
	SHA256   string `json:"sha256"` // the running hash at the part's end, hex
}

// FoundSignature is a signature as it is written, believed in nothing.
type FoundSignature struct {
	Format    string  `json:"format"`
	Source    string  `json:"source"`
	Algorithm string  `json:"algorithm"`
	KeyID     string  `json:"key_id,omitempty"`
	Covers    string  `json:"covers"` // "whole", "part 1 of 2", "nothing here", "unknown without a key"
	Comment   string  `json:"comment,omitempty"`
	Fields    []Field `json:"fields,omitempty"`
	Problem   string  `json:"problem,omitempty"`
}

// Inspector is an optional interface of a [Format]: it adds what it can read to
// an inspection. Broken content is a problem in the inspection, not an error.
type Inspector interface {
	Inspect(ctx context.Context, a *Artifact, into *Inspection) error
}
