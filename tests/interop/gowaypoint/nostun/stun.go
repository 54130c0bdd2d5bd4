// Package stun stands where a module of that name is asked for and cannot be had: nothing here asks a STUN server.
package stun

import "errors"

type Client struct{}
type Message struct{}
type Event struct {
	Message *Message
	Error   error
}
type Setter interface{}
type XORMappedAddress struct{ IP []byte }

var TransactionID, BindingRequest Setter

func (*XORMappedAddress) GetFrom(*Message) error    { return errors.New("no STUN") }
func Dial(network, address string) (*Client, error) { return nil, errors.New("no STUN") }
func MustBuild(...Setter) *Message                  { return &Message{} }
func (*Client) Do(*Message, func(Event)) error      { return errors.New("no STUN") }
func (*Client) Close() error                        { return nil }
