// Command dra answers what Kubernetes itself makes of selectors, so that ours can be compared.
//
//	dra cel        reads one JSON object a line {"expression": E, "device": D}, where D has the fields
//	               driver, allowMultipleAllocations, attributes and capacity of a ResourceSlice's
//	               device; writes one line each: {"compileError": TEXT}, {"runtimeError": TEXT} or
//	               {"result": BOOL}
//	dra functions  writes every function that a selector can call, one overload a line
//	dra allocate   reads one JSON object a line {"node": NAME, "labels": {...}, "slices": [...],
//	               "classes": [...], "claims": [...], "allocated": [{"driver", "pool", "device"}]}, the objects as in the
//	               API; writes one line each: {"fits": BOOL, "devices": ["REQUEST=DRIVER/POOL/DEVICE"]}
//	               or {"error": TEXT, "fits": false}
package main

import (
	"bufio"
	"fmt"
	"os"
)

const usage = "usage: dra cel|functions|allocate"

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("%s", usage))
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	var err error
	switch os.Args[1] {
	case "cel":
		err = answerLines(os.Stdin, out, newSelectors().answer)
	case "allocate":
		err = answerLines(os.Stdin, out, allocate)
	case "functions":
		err = writeFunctions(out)
	default:
		err = fmt.Errorf("unknown command %q\n%s", os.Args[1], usage)
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "dra:", err)
	os.Exit(1)
}
