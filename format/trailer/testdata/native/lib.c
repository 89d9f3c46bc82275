/* Copyright The sealwax Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A shared object with one function. */
int answer(void) { return 42; }
