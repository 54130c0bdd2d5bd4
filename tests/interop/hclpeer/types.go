package main

import "reflect"

// Configuration structs in the manner of Go plugins: every kind of field that plugins use.

type everything struct {
	Name      string                       `hcl:"name"`
	On        bool                         `hcl:"on,optional"`
	Whole     int                          `hcl:"whole,optional"`
	Small     int8                         `hcl:"small,optional"`
	Unsigned  uint                         `hcl:"unsigned,optional"`
	Byte      uint8                        `hcl:"byte,optional"`
	Big       int64                        `hcl:"big,optional"`
	Half      float32                      `hcl:"half,optional"`
	Float     float64                      `hcl:"float,optional"`
	MaybeText *string                      `hcl:"maybe_text,optional"`
	MaybeInt  *int                         `hcl:"maybe_int,optional"`
	MaybeList *[]string                    `hcl:"maybe_list,optional"`
	List      []string                     `hcl:"list,optional"`
	Ints      []int                        `hcl:"ints,optional"`
	Pointers  []*string                    `hcl:"pointers,optional"`
	Maps      []map[string]string          `hcl:"maps,optional"`
	Map       map[string]string            `hcl:"map,optional"`
	Numbers   map[string]int32             `hcl:"numbers,optional"`
	Lists     map[string][]string          `hcl:"lists,optional"`
	Nullable  map[string]*string           `hcl:"nullable,optional"`
	Deep      map[string]map[string]string `hcl:"deep,optional"`
	Bytes     []byte                       `hcl:"bytes,optional"`
	Hidden    string                       `hcl:"hidden,optional" docs:"hidden"`
	NotHCL    string
	NotStruct plain
	Fixed     [2]int
	Anything  interface{}
}

type plain struct {
	Value string
	Other *int
}

type tagged struct {
	One   string   `hcl:"one" json:"first"`
	Two   string   `hcl:"two,optional" json:"two,omitempty"`
	Three []string `hcl:"three,optional" json:",omitempty"`
	Four  string   `hcl:"four,optional" json:"-"`
	Five  int      `hcl:"five,optional" json:"five,string"`
	Six   *int     `hcl:"six,optional" json:"six,omitempty"`
}

type blocks struct {
	Image  string   `hcl:"image,attr"`
	Must   inner    `hcl:"must,block"`
	May    *inner   `hcl:"may,block"`
	Many   []inner  `hcl:"many,block"`
	Refs   []*inner `hcl:"refs,block"`
	Labels []labels `hcl:"labels,block"`
	Two    *labels2 `hcl:"two,block"`
	Nested *nesting `hcl:"nested,block"`
}

type inner struct {
	Port uint   `hcl:"port"`
	Host string `hcl:"host,optional"`
}

type labels struct {
	Name string `hcl:"name,label"`
	Port int    `hcl:"port,optional"`
}

type labels2 struct {
	Kind string `hcl:"kind,label"`
	Name string `hcl:"name,label"`
}

type nesting struct {
	Inner []inner `hcl:"inner,block"`
	Deep  *struct {
		Deeper *inner `hcl:"deeper,block"`
	} `hcl:"deep,block"`
}

type empty struct{}

var types = map[string]reflect.Type{
	"everything": reflect.TypeOf(everything{}),
	"tagged":     reflect.TypeOf(tagged{}),
	"blocks":     reflect.TypeOf(blocks{}),
	"empty":      reflect.TypeOf(empty{}),
}
