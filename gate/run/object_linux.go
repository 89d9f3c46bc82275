// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"os"

	"golang.org/x/sys/unix"
)

// sealedObject makes an Object of sealed memory that does not depend on whoever holds
// it.
func sealedObject(im *image) (*Object, error) {
	const afterStreams = 3 // where a stream is closed, the object must not become it
	fd, err := unix.FcntlInt(im.file.Fd(), unix.F_DUPFD_CLOEXEC, afterStreams)
	if err != nil {
		return nil, err
	}
	own := os.NewFile(uintptr(fd), im.file.Name())
	return &Object{path: descriptorPath(uintptr(fd)), close: own.Close}, nil
}
