package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// quick fails where work takes much longer than the size of what is worked on
// explains.
func quick(t *testing.T, work func()) {
	t.Helper()
	start := time.Now()
	work()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestNamesThatNeverEndAreReadOnce(t *testing.T) {
	for _, open := range []string{"$.Tags['", `$.Tags[\"`, "$.Tags.['", "$.Tags[0"} {
		src := document(`{"Identifier":"a","Type":"MessageParticipant","Parameters":{"Text":"` + strings.Repeat(open, 250_000/len(open)) + `"},"Transitions":{"NextAction":"z"}},` + end)
		quick(t, func() { mustParse(t, src) })
	}
}

func TestContractsAreHeldAgainstManyNamesAtOnce(t *testing.T) {
	var names, members, properties []string
	for i := range 100_000 {
		names = append(names, fmt.Sprintf(`"n%d"`, i))
	}
	for i := range 20_000 {
		members = append(members, fmt.Sprintf(`"m%d":1`, i))
		properties = append(properties, fmt.Sprintf(`"m%d":{}`, i))
	}
	contract, err := ReadContract(`{"input":{"schema":{"required":[` + strings.Join(names, ",") + `],"properties":{` + strings.Join(properties, ",") + `}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	p := mustParse(t, document(`{"Identifier":"a","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"m","Input":{`+strings.Join(members, ",")+`}},"Transitions":{"NextAction":"z"}},`+end))
	quick(t, func() {
		if n := len(CheckCalls(p, func(string) *Contract { return contract })); n != len(names) {
			t.Errorf("%d problems", n)
		}
	})
}
