/* Copyright The sealwax Authors
   SPDX-License-Identifier: Apache-2.0

   tool does what its first argument says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <errno.h>

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (!strcmp(what, "args")) {
    for (int i = 0; i < argc; i++) printf("[%s]", argv[i]);
  } else if (!strcmp(what, "env")) {
    const char *v = getenv(argv[2]);
    printf("%s", v ? v : "(none)");
  } else if (!strcmp(what, "cat")) {
    int c;
    while ((c = getchar()) != EOF) putchar(c);
    fprintf(stderr, "on stderr\n");
  } else if (!strcmp(what, "exit")) {
    return atoi(argv[2]);
  } else if (!strcmp(what, "read")) {
    char buf[64] = "";
    FILE *f = fopen(argv[2], "r");
    if (!f) { printf("%s", strerror(errno)); return 3; }
    fgets(buf, sizeof buf, f);
    printf("%s", buf);
  } else if (!strcmp(what, "write")) {
    FILE *f = fopen(argv[2], "w");
    if (!f) { printf("refused"); return 3; }
    fputs("written", f);
    return fclose(f);
  } else if (!strcmp(what, "truncate")) {
    int fd = open(argv[2], O_RDONLY | O_TRUNC);
    printf(fd < 0 ? "refused" : "opened");
  } else if (!strcmp(what, "create")) {
    int fd = open(argv[2], O_RDONLY | O_CREAT, 0644);
    printf(fd < 0 ? "refused" : "opened");
  } else if (!strcmp(what, "grow")) {
    int got = 0;
    while (got < 4096 && sbrk(1 << 20) != (void *)-1) got++;
    printf("%d", got);
  } else if (!strcmp(what, "spin")) {
    for (;;) ;
  } else if (!strcmp(what, "flood")) {
    for (;;) puts("flood");
  } else if (!strcmp(what, "sleep")) {
    puts("ready"); fflush(stdout); sleep(1000);
  }
  return 0;
}
