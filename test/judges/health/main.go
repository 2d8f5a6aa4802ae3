// Command health says how kstatus (Flux, Helm 4) and Argo CD judge objects. It reads {script, object} as JSON,
// one a line, and answers each with one line of JSON. It is compiled for tests; nothing of it is in the product.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type healthAnswer struct {
	Kstatus verdict `json:"kstatus"`
	Argo    verdict `json:"argo"`
}

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

const longestLine = 16 << 20

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "health:", err)
		os.Exit(1)
	}
}

func run() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, longestLine)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		answer, err := judge(lines.Bytes())
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func judge(line []byte) (healthAnswer, error) {
	var asked struct {
		Script string                    `json:"script"`
		Object unstructured.Unstructured `json:"object"`
	}
	if err := json.Unmarshal(line, &asked); err != nil {
		return healthAnswer{}, err
	}
	computed, err := status.Compute(&asked.Object)
	if err != nil {
		return healthAnswer{}, err
	}
	argo, err := argoHealth(asked.Script, asked.Object.Object)
	if err != nil {
		return healthAnswer{}, err
	}
	kstatus := verdict{Status: computed.Status.String(), Message: computed.Message}
	return healthAnswer{Kstatus: kstatus, Argo: argo}, nil
}

// argoHealth runs a script as Argo CD does: the object is the global obj, of Lua's libraries only base, package and table
// are there, and a table with status and message comes back.
func argoHealth(script string, object map[string]any) (verdict, error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		err := state.CallByParam(lua.P{Fn: state.NewFunction(library.open), Protect: true}, lua.LString(library.name))
		if err != nil {
			return verdict{}, err
		}
	}
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(script); err != nil {
		return verdict{}, fmt.Errorf("the script for %v: %w", object["kind"], err)
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return verdict{}, fmt.Errorf("the script for %v returns no table", object["kind"])
	}
	return verdict{
		Status:  lua.LVAsString(table.RawGetString("status")),
		Message: lua.LVAsString(table.RawGetString("message")),
	}, nil
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case map[string]any:
		table := state.NewTable()
		for key, item := range value {
			table.RawSetString(key, toLua(state, item))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, item := range value {
			table.Append(toLua(state, item))
		}
		return table
	case string:
		return lua.LString(value)
	case bool:
		return lua.LBool(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	default:
		return lua.LNil
	}
}
