// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include <pthread.h>

// Threads get a stack that holds a guest's, and what the engine puts below it,
// whatever limit the user's shell has set: a guest that overflows its own stack
// must meet the engine's check, not the end of the thread's. It is done before the
// Go runtime starts its first thread.
__attribute__((constructor)) static void sealwax_thread_stacks(void) {
  const size_t stack = 8 << 20;
  pthread_attr_t attr;
  if (pthread_attr_init(&attr) != 0) return;
  if (pthread_attr_setstacksize(&attr, stack) == 0) pthread_setattr_default_np(&attr);
  pthread_attr_destroy(&attr);
}
