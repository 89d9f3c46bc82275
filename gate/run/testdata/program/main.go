// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// The program is what the gate runs in its tests. It does one thing, which its
// first argument names, and says first who it is.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// who is set by the linker: the tests have a good program and an evil one.
var who = "nobody"

func main() {
	fmt.Println("I am", who)
	do := "nothing"
	if len(os.Args) > 1 {
		do = os.Args[1]
	}
	switch do {
	case "args":
		fmt.Printf("%q\n", os.Args)
	case "env":
		fmt.Println(strings.Join(os.Environ(), "\n"))
	case "descriptors":
		descriptors()
	case "cat":
		io.Copy(os.Stdout, os.Stdin)
	case "stderr":
		fmt.Fprintln(os.Stderr, "on stderr")
	case "exit":
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	case "signal": // ends itself with a signal
		n, _ := strconv.Atoi(os.Args[2])
		syscall.Kill(syscall.Getpid(), syscall.Signal(n))
		time.Sleep(time.Hour)
	case "wait": // for a signal
		got := make(chan os.Signal, 1)
		signal.Notify(got, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1)
		fmt.Println("ready", syscall.Getpid())
		fmt.Println(<-got)
		os.Exit(3)
	case "count": // how often it is interrupted by one Ctrl-C
		got := make(chan os.Signal, 8)
		signal.Notify(got, syscall.SIGINT)
		fmt.Println("ready", syscall.Getpid())
		<-got
		time.Sleep(500 * time.Millisecond)
		fmt.Println("interrupts:", 1+len(got))
	case "sleep":
		fmt.Println("ready", syscall.Getpid())
		time.Sleep(time.Hour)
	case "spin":
		for {
		}
	case "memory":
		mib, _ := strconv.Atoi(os.Args[2])
		b := make([]byte, mib<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		fmt.Println("has", len(b)>>20)
	case "files":
		n, _ := strconv.Atoi(os.Args[2])
		for range n {
			if _, err := os.Open(os.DevNull); err != nil {
				fmt.Println(err)
				os.Exit(4)
			}
		}
	}
}

// descriptors lists what is open, but for what this program's runtime opens for
// itself.
func descriptors() {
	for fd := range 256 {
		to, err := os.Readlink(fmt.Sprint("/dev/fd/", fd))
		if err == nil && !strings.HasPrefix(to, "anon_inode:") && !strings.HasPrefix(to, "/sys/fs/cgroup/") {
			fmt.Print(fd, " ")
		}
	}
	fmt.Println()
}
