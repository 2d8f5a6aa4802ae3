#!/bin/sh
# Which Kubernetes takes a CRD's rules? An API server can be told to emulate an older version (--emulated-version; in Go the
# effective version of its component), and then knows only the CEL functions of that time. One would guess: a CRD that the newest
# validators take while they emulate 1.31 is taken by 1.31. What happens: how dear a rule is *estimated* to be stays that of the
# newer code. A rule with masked(), which 1.31 cannot estimate and counts as unbounded, passes under emulation, and the real 1.31
# refuses it. So the oldest version that a CRD works with can only be found by asking that version's own validators.
set -eu
new=v0.37.2
old=v0.31.14
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
mkdir new old
cat >main.go <<'END'
package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func main() {
	if len(os.Args) > 1 {
		emulate(os.Args[1])
	}
	longest, most := int64(50), int64(64)
	networks := v1.JSONSchemaProps{Type: "array", MaxItems: &most,
		Items: &v1.JSONSchemaPropsOrArray{Schema: &v1.JSONSchemaProps{Type: "string", MaxLength: &longest,
			XValidations: v1.ValidationRules{{Rule: "isCIDR(self) && cidr(self).masked() == cidr(self)", Message: "a network"}}}}}
	schema := v1.JSONSchemaProps{Type: "object", Properties: map[string]v1.JSONSchemaProps{
		"spec": {Type: "object", Properties: map[string]v1.JSONSchemaProps{"allow": networks}}}}
	given := v1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "things.example.com"},
		Spec: v1.CustomResourceDefinitionSpec{Group: "example.com", Scope: v1.NamespaceScoped,
			Names:    v1.CustomResourceDefinitionNames{Plural: "things", Singular: "thing", Kind: "Thing", ListKind: "ThingList"},
			Versions: []v1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true, Schema: &v1.CustomResourceValidation{OpenAPIV3Schema: &schema}}}}}
	scheme := runtime.NewScheme()
	install.Install(scheme)
	scheme.Default(&given)
	var crd apiextensions.CustomResourceDefinition
	if err := scheme.Convert(&given, &crd, nil); err != nil {
		panic(err)
	}
	crd.Status.StoredVersions = []string{"v1"}
	refusals := validation.ValidateCustomResourceDefinition(context.Background(), &crd)
	if len(refusals) == 0 {
		fmt.Println("taken")
	}
	for _, refusal := range refusals {
		fmt.Println("refused:", refusal.Detail)
	}
}
END
cp main.go new/ && mv main.go old/
cat >new/emulate.go <<'END'
package main

import (
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/apiserver/pkg/util/feature"
	base "k8s.io/component-base/compatibility"
)

func emulate(wanted string) {
	effective := compatibility.DefaultKubeEffectiveVersionForTest()
	effective.SetEmulationVersion(version.MustParse(wanted))
	registry := compatibility.DefaultComponentGlobalsRegistry
	registry.Reset()
	if err := registry.Register(base.DefaultKubeComponent, effective, feature.DefaultMutableFeatureGate); err != nil {
		panic(err)
	}
}
END
printf 'package main\n\nfunc emulate(string) {}\n' >old/emulate.go
build() {
  (
    cd "$1"
    printf 'module example.com/%s\n\ngo 1.26.0\n\nrequire k8s.io/apiextensions-apiserver %s\n' "$1" "$2" >go.mod
    go mod tidy >/dev/null 2>&1
    go build -o ../validate-"$1" .
  )
}
build new $new
build old $old
emulated=$(./validate-new 1.31)
real=$(./validate-old)
echo "Kubernetes $new emulating 1.31: $emulated"
echo "Kubernetes $old: $(echo "$real" | head -n 1 | cut -c1-160)"
[ "$emulated" = taken ] && case $real in refused:*) ;; *) exit 1 ;; esac
