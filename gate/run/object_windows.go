// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"

	"github.com/sealwax/sealwax/internal/sealedmem"
)

// newObject makes an Object that does not depend on held staying open.
func newObject(ctx context.Context, held *sealedmem.File) (*Object, error) {
	im, err := newImage(ctx, held)
	if err != nil {
		return nil, err
	}
	return &Object{path: im.path, close: func() error { im.close(); return nil }}, nil
}
