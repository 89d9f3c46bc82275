// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package trailer

import (
	"fmt"
	"strings"

	"github.com/sealwax/sealwax"
)

// formatMeta writes fields as NAME=VALUE with commas between them, each name and
// value escaped, so that neither separator is in one.
func formatMeta(fields []sealwax.Field) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = metaText(f.Name) + "=" + metaText(f.Value)
	}
	return strings.Join(parts, ",")
}

func metaText(s string) string { return strings.ReplaceAll(escape(s), ",", "%2C") }

// parseMeta reads what formatMeta writes. What it reads too kindly,
// [ParseStatement] finds out.
func parseMeta(text string) ([]sealwax.Field, error) {
	var out []sealwax.Field
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q is no NAME=VALUE", part)
		}
		out = append(out, sealwax.Field{Name: unescape(name), Value: unescape(value)})
	}
	return out, nil
}
