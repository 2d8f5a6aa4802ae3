//go:build kubernetes

// Package kubernetes pins the commands that the sandbox's control plane is built from when no ready-made
// binaries can be had. Nothing here is compiled into the product.
package kubernetes

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
