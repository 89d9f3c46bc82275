// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"fmt"
	"slices"

	"github.com/sealwax/sealwax/key"
)

// ExportedLink is one document with its signatures, as files that other minisign
// tools read.
type ExportedLink struct {
	// Name is the document's file name, "0003.document", and Data its bytes.
	Name string
	Data []byte
	// Comment is the trusted comment that every signature has.
	Comment    string
	Signatures []ExportedSignature
}

// ExportedSignature is one signature as a minisign file.
type ExportedSignature struct {
	Name string // "0003.8F3C….minisig": with the key id
	Data []byte
	By   key.Public
}

// Links are the documents, oldest first, each with its signatures as files.
func (c *Chain) Links() []ExportedLink {
	out := make([]ExportedLink, len(c.links))
	for i, l := range c.links {
		e := ExportedLink{Name: fmt.Sprintf("%04d.document", i), Data: slices.Clone(l.data), Comment: l.comment()}
		for _, s := range l.signatures {
			at := slices.IndexFunc(l.doc.Keys, func(k Key) bool { return k.Public.MinisignID() == s.id })
			e.Signatures = append(e.Signatures, ExportedSignature{
				Name: fmt.Sprintf("%04d.%s.minisig", i, s.id), Data: l.minisig(s), By: l.doc.Keys[at].Public,
			})
		}
		out[i] = e
	}
	return out
}
