//go:build helm

// Package helm pins the Helm that the chart is tested with and the manifests in deploy/ are rendered by. Nothing here is
// compiled into the product.
package helm

import _ "helm.sh/helm/v4/cmd/helm"
