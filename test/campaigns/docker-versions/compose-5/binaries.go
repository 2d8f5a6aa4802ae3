//go:build binaries

package main

import _ "github.com/docker/compose/v5/cmd"
