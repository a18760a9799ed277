package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	resourceapi "k8s.io/api/resource/v1"
	"k8s.io/dynamic-resource-allocation/cel"
)

// As kube-scheduler 1.36 has them by default.
var features = cel.Features{EnableConsumableCapacity: true, EnableListTypeAttributes: false}

type selectorQuestion struct {
	Expression string
	Device     struct {
		Driver                   string
		AllowMultipleAllocations *bool
		Attributes               map[resourceapi.QualifiedName]resourceapi.DeviceAttribute
		Capacity                 map[resourceapi.QualifiedName]resourceapi.DeviceCapacity
	}
}

type selectorAnswer struct {
	CompileError string `json:"compileError,omitempty"`
	RuntimeError string `json:"runtimeError,omitempty"`
	Result       *bool  `json:"result,omitempty"`
}

// selectors keeps what was compiled last: many devices follow each other on one expression.
type selectors struct {
	expression string
	compiled   cel.CompilationResult
}

func newSelectors() *selectors { return &selectors{} }

func (s *selectors) answer(q selectorQuestion) selectorAnswer {
	if s.compiled.Program == nil || q.Expression != s.expression {
		s.expression = q.Expression
		s.compiled = cel.GetCompiler(features).CompileCELExpression(
			q.Expression, cel.Options{DisableCostEstimation: true})
	}
	if s.compiled.Error != nil {
		return selectorAnswer{CompileError: s.compiled.Error.Error()}
	}
	matches, _, err := s.compiled.DeviceMatches(context.Background(), cel.Device(q.Device))
	if err != nil {
		return selectorAnswer{RuntimeError: err.Error()}
	}
	return selectorAnswer{Result: &matches}
}

func writeFunctions(out io.Writer) error {
	compiled := cel.GetCompiler(features).CompileCELExpression("true", cel.Options{})
	if compiled.Error != nil {
		return compiled.Error
	}
	functions := compiled.Environment.Functions()
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		function := functions[name]
		for _, overload := range function.OverloadDecls() {
			var arguments []string
			for _, argument := range overload.ArgTypes() {
				arguments = append(arguments, argument.String())
			}
			style := "global"
			if overload.IsMemberFunction() {
				style = "member"
			}
			if _, err := fmt.Fprintf(out, "%s %s(%s) -> %s\n", style, name,
				strings.Join(arguments, ", "), overload.ResultType()); err != nil {
				return err
			}
		}
	}
	return nil
}
