//go:build binaries

package main

import _ "github.com/moby/moby/v2/cmd/dockerd"
