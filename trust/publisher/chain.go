// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/key"
)

// Chain is a publisher: every rule and signature of it was checked. There is no
// zero Chain of any use: chains come from [ParseChain] and [Draft.Finish]. It
// does not change.
type Chain struct{ links []*link }

// ParseChain reads a chain file and checks it all. Each chain has one text for
// each set of signatures. An error is always a [*RuleError].
func ParseChain(data []byte) (*Chain, error) {
	links, err := parseLinks(data)
	if err != nil {
		return nil, broken(-1, err)
	}
	c := &Chain{}
	for _, l := range links {
		if c, err = c.extend(l); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// PeekID is the id that a chain file would have: of its first document, which is
// not looked at any further. Nothing is proven; it is for not proving what nobody
// asked for. It is empty for what cannot be a chain file.
func PeekID(data []byte) sealwax.PartyID {
	first, _, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok || !Recognise(data) || len(first) >= MaxDocumentBytes {
		return ""
	}
	return partyID(Digest(append(slices.Clip(first), '\n')))
}

// extend is the one place that makes a longer chain: it checks all.
func (c *Chain) extend(l *link) (*Chain, error) {
	signed, err := c.admit(l)
	if err != nil {
		return nil, err
	}
	if err := checkSigners(c.head(), l.doc, signed); err != nil {
		return nil, broken(l.doc.Sequence, err)
	}
	return &Chain{append(slices.Clip(c.links), l)}, nil
}

// admit checks all but that enough have signed, and says who did.
func (c *Chain) admit(l *link) (map[key.Fingerprint]bool, error) {
	if err := checkSuccession(c.headLink(), l.doc); err != nil {
		return nil, broken(len(c.links), err)
	}
	signed, err := verifySignatures(c.head(), l)
	return signed, broken(l.doc.Sequence, err)
}

// parseLinks divides a file into links: a document, a blank line, its
// signatures; and one blank line between links.
func parseLinks(data []byte) ([]*link, error) {
	if len(data) > MaxChainBytes {
		return nil, fmt.Errorf("larger than %d bytes", MaxChainBytes)
	}
	text, ok := strings.CutSuffix(string(data), "\n")
	if !ok {
		return nil, errors.New("no line feed at its end: it is cut off, or empty")
	}
	if n := strings.Count(text, "\n\n"); n >= 2*MaxDocuments {
		return nil, fmt.Errorf("more than %d documents", MaxDocuments)
	}
	var links []*link
	parts := strings.Split(text, "\n\n")
	for i := 0; i < len(parts); i += 2 {
		l, err := parseLink(parts[i:min(i+2, len(parts))])
		if err != nil {
			return nil, broken(i/2, err)
		}
		links = append(links, l)
	}
	return links, nil
}

// parseLink reads a document and, if there are any, its signatures.
func parseLink(parts []string) (*link, error) {
	data := []byte(parts[0] + "\n")
	doc, err := ParseDocument(data)
	if err != nil {
		return nil, err
	}
	l := newLink(doc, data)
	if len(parts) == 1 {
		return l, nil
	}
	if strings.Count(parts[1], "\n") >= MaxKeys {
		return nil, fmt.Errorf("more than %d signatures", MaxKeys)
	}
	lines := strings.Split(parts[1], "\n")
	for i, line := range lines {
		s, err := parseSignature(line)
		if err != nil {
			return nil, fmt.Errorf("signature %d: %w", i+1, err)
		}
		// "Each key signs once": one signature twice is one.
		if i > 0 && line == lines[i-1] {
			return nil, &RuleError{CodeUnsigned, doc.Sequence, fmt.Errorf("signature %d is there twice", i+1)}
		}
		l.signatures = append(l.signatures, s)
	}
	// "Signature lines are sorted, none twice."
	return l, ascending("signatures", lines)
}

// Marshal writes the chain file.
func (c *Chain) Marshal() []byte { return []byte(textOf(c.links)) }

func textOf(links []*link) string {
	parts := make([]string, len(links))
	for i, l := range links {
		parts[i] = l.text()
	}
	return strings.Join(parts, "\n")
}

// ID is the publisher's id: "publisher:" and the hexadecimal SHA-256 of the
// first document. It never changes.
func (c *Chain) ID() sealwax.PartyID {
	return partyID(c.links[0].digest)
}

// partyID is the id of a publisher whose first document has the digest.
func partyID(digest string) sealwax.PartyID {
	return sealwax.PartyID("publisher:" + strings.TrimPrefix(digest, digestPrefix))
}

// ParseID reads what [Chain.ID] gives.
func ParseID(s string) (sealwax.PartyID, error) {
	h, ok := strings.CutPrefix(s, "publisher:")
	b, _ := hex.DecodeString(h) // what does not decode is not spelled again
	if !ok || len(b) != sha256.Size || hex.EncodeToString(b) != h {
		return "", fmt.Errorf("publisher id %q: want publisher: and 64 lower-case hexadecimal digits", s)
	}
	return sealwax.PartyID(s), nil
}

// Name is what the publisher calls itself, in every document.
func (c *Chain) Name() string { return c.links[0].doc.Name }

// Len is the number of documents.
func (c *Chain) Len() int { return len(c.links) }

// Head is a copy of the newest document, which is what holds now.
func (c *Chain) Head() *Document { return c.head().clone() }

// HeadDigest names the newest document.
func (c *Chain) HeadDigest() string { return c.headLink().digest }

// Documents are copies of all documents, oldest first.
func (c *Chain) Documents() []*Document {
	out := make([]*Document, len(c.links))
	for i, l := range c.links {
		out[i] = l.doc.clone()
	}
	return out
}

// Prefix is the chain as it was with its first n documents, at least one.
func (c *Chain) Prefix(n int) (*Chain, error) {
	if n < 1 || n > len(c.links) {
		return nil, fmt.Errorf("publisher %s: %d documents, and %d are asked for", c.Name(), len(c.links), n)
	}
	return &Chain{c.links[:n:n]}, nil
}

func (c *Chain) headLink() *link {
	if c == nil || len(c.links) == 0 {
		return nil
	}
	return c.links[len(c.links)-1]
}

func (c *Chain) head() *Document {
	if l := c.headLink(); l != nil {
		return l.doc
	}
	return nil
}

// Member is what a chain says of one key.
type Member struct {
	Key
	// Roles are those that the key has; of a key that ended, those it had when
	// it was last active.
	Roles []sealwax.Role
}

// Key looks a key up, whatever id it is known under.
func (c *Chain) Key(k key.Public) (Member, bool) {
	f := k.Fingerprint()
	found, ok := c.head().Key(f)
	if !ok {
		return Member{}, false
	}
	for _, l := range slices.Backward(c.links) {
		doc := l.doc
		if at, listed := doc.Key(f); listed && at.Status == Active {
			return Member{found, doc.RolesOf(f)}, true
		}
	}
	return Member{Key: found}, true
}

// Members are all keys that the chain lists, sorted by fingerprint.
func (c *Chain) Members() []Member {
	keys := c.head().Keys
	out := make([]Member, len(keys))
	for i, k := range keys {
		out[i], _ = c.Key(k.Public)
	}
	return out
}

// Role is a role of the newest document that has it, with what it is limited
// to: signatures of a role that is no more are counted as they were.
func (c *Chain) Role(name sealwax.Role) (Role, []Limit, bool) {
	for _, l := range slices.Backward(c.links) {
		doc := l.doc
		if r, ok := doc.clone().Role(name); ok {
			return r, doc.limitsOf(name), true
		}
	}
	return Role{}, nil, false
}

// Revoked are the artifacts that were taken back, in any document: digest to
// reason. Nothing lifts it.
func (c *Chain) Revoked() map[string]string {
	out := map[string]string{}
	for _, l := range c.links {
		for _, r := range l.doc.Revoked {
			if _, ok := out[r.Digest]; !ok {
				out[r.Digest] = r.Reason
			}
		}
	}
	return out
}

// Endorsed are the artifacts that root keys vouch for, in any document, and did
// not take back: digest to where it is said. It places signatures by keys that
// ended.
func (c *Chain) Endorsed() map[string]string {
	out, revoked := map[string]string{}, c.Revoked()
	for _, l := range c.links {
		for _, e := range l.doc.Endorsed {
			_, back := revoked[e]
			if _, ok := out[e]; !ok && !back {
				out[e] = fmt.Sprintf("publisher %s, document %d", l.doc.Name, l.doc.Sequence)
			}
		}
	}
	return out
}
