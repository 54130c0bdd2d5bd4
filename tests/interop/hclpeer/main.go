// The Go side of the interoperability tests: real hclwrite, gohcl and encoding/json. Reads one JSON request per line
// and answers each with one line.
//
//	{"op": "format", "text": "…"}               → {"text": "…"}
//	{"op": "types"}                             → {"types": {name: shape}}: the structs of types.go
//	{"op": "decode", "type": name, "text": …}   → {"json": …} or {"error": …}: text decoded into that struct
//	{"op": "decode", "shape": shape, "text": …} → the same, into a struct built at run time from a shape
//
// A shape is the JSON form of a protostructure.Struct message.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

type request struct {
	Op    string
	Text  string
	Type  string
	Shape *structShape
}

type structShape struct {
	Fields []fieldShape `json:"fields"`
}

type fieldShape struct {
	Name    string     `json:"Name"`
	PkgPath string     `json:"PkgPath,omitempty"`
	Tag     string     `json:"Tag,omitempty"`
	Type    *typeShape `json:"type"`
}

type typeShape struct {
	Primitive *struct {
		Kind uint `json:"kind"`
	} `json:"primitive,omitempty"`
	Container *containerShape `json:"container,omitempty"`
	Struct    *structShape    `json:"struct,omitempty"`
}

type containerShape struct {
	Kind  uint       `json:"kind"`
	Elem  *typeShape `json:"elem,omitempty"`
	Key   *typeShape `json:"key,omitempty"`
	Count int        `json:"count,omitempty"`
}

func shapeOf(t reflect.Type) *structShape {
	shape := &structShape{}
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		shape.Fields = append(shape.Fields, fieldShape{field.Name, field.PkgPath, string(field.Tag), typeShapeOf(field.Type)})
	}
	return shape
}

func typeShapeOf(t reflect.Type) *typeShape {
	container := &containerShape{Kind: uint(t.Kind())}
	switch t.Kind() {
	case reflect.Struct:
		return &typeShape{Struct: shapeOf(t)}
	case reflect.Array:
		container.Count = t.Len()
	case reflect.Map:
		container.Key = typeShapeOf(t.Key())
	case reflect.Ptr, reflect.Slice:
	default:
		shape := &typeShape{}
		shape.Primitive = &struct {
			Kind uint `json:"kind"`
		}{uint(t.Kind())}
		return shape
	}
	container.Elem = typeShapeOf(t.Elem())
	return &typeShape{Container: container}
}

var primitives = map[reflect.Kind]reflect.Type{}

func init() {
	for _, value := range []any{
		false, 0, int8(0), int16(0), int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0), uint64(0),
		float32(0), float64(0), "",
	} {
		t := reflect.TypeOf(value)
		primitives[t.Kind()] = t
	}
	primitives[reflect.Interface] = reflect.TypeOf((*any)(nil)).Elem()
}

func structOf(shape *structShape) reflect.Type {
	var fields []reflect.StructField
	for _, field := range shape.Fields {
		fields = append(fields, reflect.StructField{
			Name: field.Name, PkgPath: field.PkgPath, Tag: reflect.StructTag(field.Tag), Type: typeOf(field.Type),
		})
	}
	return reflect.StructOf(fields)
}

func typeOf(shape *typeShape) reflect.Type {
	switch {
	case shape.Struct != nil:
		return structOf(shape.Struct)
	case shape.Primitive != nil:
		return primitives[reflect.Kind(shape.Primitive.Kind)]
	}
	elem := typeOf(shape.Container.Elem)
	switch reflect.Kind(shape.Container.Kind) {
	case reflect.Array:
		return reflect.ArrayOf(shape.Container.Count, elem)
	case reflect.Map:
		return reflect.MapOf(typeOf(shape.Container.Key), elem)
	case reflect.Ptr:
		return reflect.PtrTo(elem)
	}
	return reflect.SliceOf(elem)
}

func decode(text string, target reflect.Type) map[string]any {
	file, problems := hclsyntax.ParseConfig([]byte(text), "body.hcl", hcl.Pos{Line: 1, Column: 1})
	value := reflect.New(target)
	if !problems.HasErrors() {
		problems = append(problems, gohcl.DecodeBody(file.Body, nil, value.Interface())...)
	}
	if problems.HasErrors() {
		return map[string]any{"error": problems.Error()}
	}
	encoded, err := json.Marshal(value.Interface())
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"json": string(encoded)}
}

func answer(asked request) (result map[string]any) {
	defer func() {
		if reason := recover(); reason != nil {
			result = map[string]any{"error": fmt.Sprint(reason)}
		}
	}()
	switch asked.Op {
	case "format":
		return map[string]any{"text": string(hclwrite.Format([]byte(asked.Text)))}
	case "types":
		shapes := map[string]*structShape{}
		for name, t := range types {
			shapes[name] = shapeOf(t)
		}
		return map[string]any{"types": shapes}
	case "decode":
		if asked.Shape != nil {
			return decode(asked.Text, structOf(asked.Shape))
		}
		return decode(asked.Text, types[asked.Type])
	}
	return map[string]any{"error": "unknown op " + asked.Op}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		encoded, err := json.Marshal(answer(asked))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(string(encoded))
	}
}
