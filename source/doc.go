// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package source says where an artifact is: it turns a path, or a stream, into a
// [sealwax.Artifact] that is opened once, and finds the signatures that lie
// beside it. Registries and package names are packages below this one.
package source
