// Command rules says what an API server of some version of Kubernetes has against new CRDs and admission policies. It reads
// manifests as JSON, one a line, and answers each with one line of JSON. It is compiled for tests, against the newest
// Kubernetes (go.mod) and the oldest that the product is for (minimum.mod); nothing of it is in the product.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/google/cel-go/cel"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsinstall "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	admissioncel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/util/compatibility"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	basecompatibility "k8s.io/component-base/compatibility"
)

// rulesAnswer says what an API server has against a manifest: nothing, or the reasons to refuse it.
type rulesAnswer struct {
	Kind   string   `json:"kind"`
	Name   string   `json:"name"`
	Errors []string `json:"errors"`
}

// The longest CRD has 200 kB as JSON.
const longestLine = 16 << 20

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rules:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("usage: rules 1.MINOR, manifests on standard input")
	}
	wanted, err := version.ParseMajorMinor(arguments[0])
	if err != nil {
		return err
	}
	if err := emulate(wanted); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	apiextensionsinstall.Install(scheme)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		answer, err := judge(scheme, lines.Bytes())
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func judge(scheme *runtime.Scheme, line []byte) (rulesAnswer, error) {
	var meta struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
	}
	if err := json.Unmarshal(line, &meta); err != nil {
		return rulesAnswer{}, err
	}
	answer := rulesAnswer{Kind: meta.Kind, Name: meta.Name, Errors: []string{}}
	var err error
	switch meta.Kind {
	case "CustomResourceDefinition":
		answer.Errors, err = refuseDefinition(scheme, line)
	case "ValidatingAdmissionPolicy":
		answer.Errors, err = refusePolicy(line)
	default:
		err = fmt.Errorf("%s has no rules that are known here", meta.Kind)
	}
	return answer, err
}

// emulate lets CEL know what an API server of that version knows. It takes in a new rule only what the version before it
// knew, too, so that it can be rolled back. How dear a rule is estimated to be stays as this module's Kubernetes has it.
func emulate(wanted *version.Version) error {
	effective := compatibility.DefaultKubeEffectiveVersionForTest()
	effective.SetEmulationVersion(wanted)
	registry := compatibility.DefaultComponentGlobalsRegistry
	registry.Reset()
	return registry.Register(basecompatibility.DefaultKubeComponent, effective, utilfeature.DefaultMutableFeatureGate)
}

func refuseDefinition(scheme *runtime.Scheme, line []byte) ([]string, error) {
	var given apiextensionsv1.CustomResourceDefinition
	var crd apiextensions.CustomResourceDefinition
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	scheme.Default(&given)
	if err := scheme.Convert(&given, &crd, nil); err != nil {
		return nil, err
	}
	// The server fills this in before it validates.
	crd.Status.StoredVersions = []string{crd.Spec.Versions[0].Name}
	errors := []string{}
	for _, one := range crdvalidation.ValidateCustomResourceDefinition(context.Background(), &crd) {
		errors = append(errors, one.Error())
	}
	return errors, nil
}

// environments are what CEL knows in this version. Up to Kubernetes 1.34 the function also asks whether costs are strict.
func environments() *environment.EnvSet {
	base := reflect.ValueOf(environment.MustBaseEnvSet)
	arguments := []reflect.Value{reflect.ValueOf(environment.DefaultCompatibilityVersion())}
	if base.Type().NumIn() > 1 {
		arguments = append(arguments, reflect.ValueOf(true))
	}
	return base.Call(arguments)[0].Interface().(*environment.EnvSet)
}

type condition string

func (c condition) GetExpression() string    { return string(c) }
func (c condition) ReturnTypes() []*cel.Type { return []*cel.Type{cel.BoolType} }

// variable is what later expressions of the same policy may use.
type variable struct {
	condition
	name string
}

func (v variable) GetName() string          { return v.name }
func (v variable) ReturnTypes() []*cel.Type { return []*cel.Type{cel.AnyType, cel.DynType} }

// refusePolicy compiles the expressions of an admission policy, which is all that depends on CEL in its validation.
func refusePolicy(line []byte) ([]string, error) {
	var policy admissionv1.ValidatingAdmissionPolicy
	if err := json.Unmarshal(line, &policy); err != nil {
		return nil, err
	}
	spec := policy.Spec
	if len(spec.AuditAnnotations) > 0 {
		return nil, fmt.Errorf("%s: no auditAnnotations are known here", policy.Name)
	}
	known := environments()
	compiler, err := admissioncel.NewCompositedCompiler(known)
	if err != nil {
		return nil, err
	}
	errors := []string{}
	tell := func(result admissioncel.CompilationResult) {
		if result.Error != nil {
			errors = append(errors, result.Error.Error())
		}
	}
	declared := admissioncel.OptionalVariableDeclarations{HasParams: spec.ParamKind != nil, HasAuthorizer: true}
	// Conditions are judged before there are variables.
	for _, match := range spec.MatchConditions {
		plain := admissioncel.NewCompiler(known)
		tell(plain.CompileCELExpression(condition(match.Expression), declared, environment.NewExpressions))
	}
	for _, one := range spec.Variables {
		tell(compiler.CompileAndStoreVariable(variable{condition(one.Expression), one.Name}, declared, environment.NewExpressions))
	}
	for _, validation := range spec.Validations {
		if validation.MessageExpression != "" {
			return nil, fmt.Errorf("%s: no messageExpression is known here", policy.Name)
		}
		tell(compiler.CompileCELExpression(condition(validation.Expression), declared, environment.NewExpressions))
	}
	return errors, nil
}
