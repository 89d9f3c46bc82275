// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// The guest of these tests is an attacker or a worker, as its argument says.
package main

import "os"

func main() {
	switch os.Args[1] {
	case "attack":
		attack()
	case "work":
		work()
	}
}
