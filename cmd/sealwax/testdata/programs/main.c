// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// A program that does what programs do: it reads its arguments, its environment,
// its standard input and files, writes files, and ends with a code.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int copy(FILE *from, FILE *to) {
  for (int c; (c = getc(from)) != EOF;) putc(c, to);
  return 0;
}

static int with(const char *path, const char *mode) {
  FILE *f = fopen(path, mode);
  if (!f) {
    perror(path);
    return 1;
  }
  if (*mode == 'r') return copy(f, stdout);
  fputs("written\n", f);
  return fclose(f) ? 1 : 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "cat")) return copy(stdin, stdout);
  if (!strcmp(what, "exit")) return atoi(argv[2]);
  if (!strcmp(what, "read")) return with(argv[2], "r");
  if (!strcmp(what, "write")) return with(argv[2], "w");
  if (!strcmp(what, "trap")) __builtin_trap();
  const char *x = getenv("X");
  printf("X=%s HOME=%s\n", x ? x : "unset", getenv("HOME") ? "set" : "unset");
  for (int i = 1; i < argc; i++) puts(argv[i]);
  return 0;
}
