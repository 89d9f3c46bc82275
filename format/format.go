// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package format lists the signature formats that sealwax believes in. A new
// format is one new folder and one line here.
package format

import (
	"github.com/sealwax/sealwax"
	"github.com/sealwax/sealwax/format/minisign"
	"github.com/sealwax/sealwax/format/trailer"
	"github.com/sealwax/sealwax/format/wasmsig"
)

// All is every format, in the order in which they are asked.
func All() []sealwax.Format {
	detached := []sealwax.Format{
		minisign.Format{},
		wasmsig.Format{},
	}
	return append(detached, trailer.Format{Carried: detached})
}
