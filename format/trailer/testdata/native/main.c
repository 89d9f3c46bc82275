/* Copyright The sealwax Authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Loads the shared object that is its argument and exits with what its function
 * answers; without an argument it exits with 7. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc < 2)
    return 7;
  void *lib = dlopen(argv[1], RTLD_NOW);
  if (!lib) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  int (*answer)(void) = (int (*)(void))dlsym(lib, "answer");
  return answer ? answer() : 2;
}
