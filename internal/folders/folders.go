// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

// Package folders says where the user's files are. The answers depend on the
// environment and the system alone; no folder is looked at or made.
//
//	         override            else, on Unix and macOS                    on Windows
//	Config   SEALWAX_CONFIG_DIR  $XDG_CONFIG_HOME, else ~/.config            %AppData%\sealwax
//	State    SEALWAX_STATE_DIR   $XDG_STATE_HOME, else ~/.local/state        %LocalAppData%\sealwax\state
//	Data     SEALWAX_DATA_DIR    $XDG_DATA_HOME, else ~/.local/share         %LocalAppData%\sealwax\data
//	Cache    SEALWAX_CACHE_DIR   $XDG_CACHE_HOME, else ~/.cache              %LocalAppData%\sealwax\cache
//
// with /sealwax appended on Unix. An override names the folder itself. The XDG
// Base Directory Specification: "If an implementation encounters a relative path
// in any of these variables it should consider the path invalid and ignore it."
// The rest is ours: an empty variable is an unset one.
package folders

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// Getenv looks up an environment variable, as [os.Getenv] does.
type Getenv func(name string) string

// Config is the folder of what the user decides: pins, policies.
func Config(env Getenv) (string, error) { return find(runtime.GOOS, env, config()) }

// State is the folder of what was seen: sequence numbers, first uses.
func State(env Getenv) (string, error) { return find(runtime.GOOS, env, state()) }

// Data is the folder of what is installed.
func Data(env Getenv) (string, error) { return find(runtime.GOOS, env, data()) }

// Cache is the folder of what can be made again.
func Cache(env Getenv) (string, error) { return find(runtime.GOOS, env, cache()) }

// kind is one row of the table above.
type kind struct {
	override, xdg, home, winBase, winSub string
}

func config() kind {
	return kind{"SEALWAX_CONFIG_DIR", "XDG_CONFIG_HOME", ".config", "AppData", ""}
}

func state() kind {
	return kind{"SEALWAX_STATE_DIR", "XDG_STATE_HOME", ".local/state", "LocalAppData", `\state`}
}

func data() kind {
	return kind{"SEALWAX_DATA_DIR", "XDG_DATA_HOME", ".local/share", "LocalAppData", `\data`}
}

func cache() kind {
	return kind{"SEALWAX_CACHE_DIR", "XDG_CACHE_HOME", ".cache", "LocalAppData", `\cache`}
}

const app = "sealwax"

func find(goos string, env Getenv, k kind) (string, error) {
	if dir := env(k.override); dir != "" {
		return dir, nil
	}
	if goos == "windows" {
		return k.windows(env)
	}
	if dir := env(k.xdg); path.IsAbs(dir) {
		return path.Join(dir, app), nil
	}
	home := env("HOME")
	if !path.IsAbs(home) {
		return "", fmt.Errorf("HOME is not set to an absolute path, and neither is %s: set %s", k.xdg, k.override)
	}
	return path.Join(home, k.home, app), nil
}

func (k kind) windows(env Getenv) (string, error) {
	base := env(k.winBase)
	if !isWindowsAbs(base) {
		return "", fmt.Errorf("%%%s%% is not set to an absolute path: set %s", k.winBase, k.override)
	}
	return strings.TrimRight(base, `\/`) + `\` + app + k.winSub, nil
}

// isWindowsAbs is filepath.IsAbs as it is on Windows: a drive and a separator,
// or a share.
func isWindowsAbs(s string) bool {
	drive := len(s) >= 3 && s[1] == ':' && (s[2] == '\\' || s[2] == '/')
	return drive || strings.HasPrefix(s, `\\`)
}
