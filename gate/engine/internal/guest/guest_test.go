// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"testing"

	"github.com/sealwax/sealwax/internal/helper"
)

func TestAbsentFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := mounts(helper.Job{Mounts: []helper.Mount{{Host: dir + "/absent", Guest: "/"}}}); err == nil {
		t.Error("an absent folder was offered")
	}
}
