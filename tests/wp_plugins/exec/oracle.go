// Renders templates with Go's own text/template: reads a JSON array of {template, data} and writes an array of {text, error}.
package main

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"text/template"
)

type question struct {
	Template string
	Data     interface{}
}

type answer struct {
	Text   string `json:"text"`
	Failed bool   `json:"failed"`
}

// whole turns JSON numbers without a fraction into int, as the values of a configuration are.
func whole(v interface{}) interface{} {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) {
			return int(v)
		}
	case []interface{}:
		for i := range v {
			v[i] = whole(v[i])
		}
	case map[string]interface{}:
		for k := range v {
			v[k] = whole(v[k])
		}
	}
	return v
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		panic(err)
	}
	answers := []answer{}
	for _, q := range questions {
		var out strings.Builder
		t, err := template.New("main template").Parse(q.Template)
		if err == nil {
			err = t.Execute(&out, whole(q.Data))
		}
		if err != nil {
			answers = append(answers, answer{Failed: true})
		} else {
			answers = append(answers, answer{Text: out.String()})
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
