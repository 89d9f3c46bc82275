// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package trust knows whom the user knows: keys given for one call ([Keys]) and
// pins on disk ([Store]). It says who could have signed; whether they did is the
// business of the formats, and whether that is enough the policy's.
//
// A store that cannot be read in full is an error, which makes a verdict
// undecided: a broken file never turns into a smaller set of people.
package trust
