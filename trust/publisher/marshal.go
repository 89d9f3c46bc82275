// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package publisher

import (
	"fmt"
	"strings"

	"github.com/sealwax/sealwax/key"
)

// The first line and the fields of a document, in their order.
const (
	header        = "sealwax publisher/v1"
	fieldName     = "name"
	fieldSequence = "sequence"
	fieldPrevious = "previous"
	fieldChange   = "change"
	fieldIssued   = "issued"
	fieldStale    = "stale"
	fieldSpace    = "space"
	fieldKey      = "key"
	fieldRole     = "role"
	fieldLimit    = "limit"
	fieldNext     = "next"
	fieldRevoke   = "revoke"
	fieldEndorse  = "endorse"
)

// Recognise reports whether data begins as a publisher document does: nothing
// else of ours does, and nobody may sign such a thing as a file.
func Recognise(data []byte) bool {
	return strings.HasPrefix(string(data[:min(len(data), len(header)+1)]), header+"\n")
}

// Marshal writes the document. Each document has one text.
func (d *Document) Marshal() ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("writing a publisher document: %w", err)
	}
	text := d.text()
	// Parsing is the judge of what a document may be: times, line feeds, size.
	if _, err := ParseDocument(text); err != nil {
		return nil, fmt.Errorf("writing a publisher document: %w", err)
	}
	return text, nil
}

// text writes a document as it stands.
func (d *Document) text() []byte {
	var b strings.Builder
	line := func(field string, values ...string) {
		b.WriteString(field + ": " + strings.Join(values, " ") + "\n")
	}
	b.WriteString(header + "\n")
	line(fieldName, d.Name)
	line(fieldSequence, fmt.Sprint(d.Sequence))
	line(fieldPrevious, d.Previous)
	line(fieldChange, string(d.Change))
	line(fieldIssued, formatTime(d.Issued))
	line(fieldStale, formatTime(d.Stale))
	for _, s := range d.Spaces {
		line(fieldSpace, s)
	}
	for _, k := range d.Keys {
		line(fieldKey, k.words()...)
	}
	for _, r := range d.Roles {
		line(fieldRole, string(r.Name), thresholdText(r.Threshold, r.Keys))
	}
	for _, l := range d.Limits {
		line(fieldLimit, string(l.Role), l.Pattern.String())
	}
	line(fieldNext, thresholdText(d.Next.Threshold, d.Next.Keys))
	for _, r := range d.Revoked {
		line(fieldRevoke, r.Digest, r.Reason)
	}
	for _, e := range d.Endorsed {
		line(fieldEndorse, e)
	}
	return []byte(b.String())
}

func (k Key) words() []string {
	w := []string{k.Public.MinisignLine(), string(k.Public.Fingerprint()), string(k.Status)}
	if !k.Since.IsZero() {
		w = append(w, k.Since.String())
	}
	return w
}

func thresholdText(threshold int, keys []key.Fingerprint) string {
	words := []string{fmt.Sprint(threshold)}
	for _, f := range keys {
		words = append(words, string(f))
	}
	return strings.Join(words, " ")
}
