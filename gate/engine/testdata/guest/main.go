// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// The guest does what its first argument says, for the tests of package run.
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Println("no arguments")
		return
	}
	rest := os.Args[2:]
	switch os.Args[1] {
	case "echo":
		fmt.Printf("%q\n", os.Args)
		io.Copy(os.Stdout, os.Stdin)
		fmt.Fprintln(os.Stderr, "on stderr")
	case "exit":
		n, _ := strconv.Atoi(rest[0])
		os.Exit(n)
	case "env":
		fmt.Printf("%q\n", os.Environ())
	case "folders":
		for fd := 3; ; fd++ {
			if _, err := os.NewFile(uintptr(fd), "").Stat(); err != nil {
				break
			}
			fmt.Println("descriptor", fd)
		}
		_, err := os.ReadDir("/")
		fmt.Println("root", err != nil)
	case "cat":
		wd, err := os.Getwd()
		fmt.Println("in", wd, err)
		for _, name := range rest {
			b, err := os.ReadFile(name)
			fmt.Printf("%s: %s %v\n", name, b, err)
		}
	case "write":
		fmt.Println(os.WriteFile(rest[0], []byte("written"), 0o666))
	case "clock":
		b := make([]byte, 16)
		rand.Read(b)
		fmt.Printf("%d %x\n", time.Now().UnixNano(), b)
	case "net":
		_, err := net.Dial("tcp", rest[0])
		fmt.Println("dialled", err == nil)
	case "ready-then-spin":
		fmt.Println("ready")
		for {
		}
	case "read":
		fmt.Println("ready")
		io.Copy(io.Discard, os.Stdin)
	case "sleep":
		fmt.Println("ready")
		time.Sleep(time.Hour)
	case "eat":
		var held [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			held = append(held, b)
		}
	case "panic":
		panic("on purpose")
	case "flood":
		for {
			if _, err := fmt.Println("a line of output"); err != nil {
				os.Exit(9)
			}
		}
	}
}
