// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package cache

import "fmt"

// Binary tells the program at path from every other build of it, for [Key.Binary].
// On Unix it is what the file system says of the file: its number, length, and
// the times of its last change, one of which nobody can set. Elsewhere it is the
// SHA-256 of its bytes, which takes as long as reading them.
func Binary(path string) (string, error) {
	id, err := identity(path)
	if err != nil {
		return "", fmt.Errorf("looking at the engine's program: %w", err)
	}
	return id, nil
}
