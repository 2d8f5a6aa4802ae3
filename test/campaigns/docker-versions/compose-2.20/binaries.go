//go:build binaries

package main

import _ "github.com/docker/compose/v2/cmd"
