// grpcpeer is a server on grpc-go that knows nothing of Waypoint's messages: it is told as JSON on standard input what
// to answer to which call, and writes every message it receives to standard output, one line of JSON each.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Answer is what happens on a call: messages after the first request, then, if Stay, nothing until the client leaves.
type Answer struct {
	Messages   []string          `json:"messages"` // hexadecimal
	Stay       bool              `json:"stay"`
	UntilEnd   bool              `json:"until_end"` // answer only when the client has said all
	Code       int               `json:"code"`
	Text       string            `json:"text"`
	Trailers   map[string]string `json:"trailers"`
	FirstDelay int               `json:"first_delay_ms"`
}

// Plan is the whole of what the peer is told.
type Plan struct {
	Certificate  string            `json:"certificate"` // files; empty: without TLS
	Key          string            `json:"key"`
	MaxAgeMillis int               `json:"max_connection_age_ms"`
	Window       int32             `json:"window"`
	MaxStreams   uint32            `json:"max_streams"`
	HeaderTable  *uint32           `json:"header_table"`
	Answers      map[string]Answer `json:"answers"` // by the last part of the path, or that, a colon, and the first message
}

// raw passes messages through as bytes.
type raw struct{}

func (raw) Marshal(v interface{}) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v interface{}) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (raw) Name() string { return "proto" }

var (
	output sync.Mutex
	plan   Plan
)

func say(event map[string]interface{}) {
	line, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(line))
}

func handle(_ interface{}, stream grpc.ServerStream) error {
	path, _ := grpc.MethodFromServerStream(stream)
	method := path[strings.LastIndex(path, "/")+1:]
	given, _ := metadata.FromIncomingContext(stream.Context())
	say(map[string]interface{}{"call": method, "metadata": given})
	received := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		first := true
		for {
			var message []byte
			if err := stream.RecvMsg(&message); err != nil {
				ended <- err
				if first {
					received <- ""
				}
				return
			}
			say(map[string]interface{}{"method": method, "message": hex.EncodeToString(message)})
			if first && len(message) != 22 { // not merely a keepalive
				first = false
				received <- hex.EncodeToString(message)
			}
		}
	}()
	asked := <-received
	answer, known := plan.Answers[method+":"+asked]
	if !known {
		answer, known = plan.Answers[method]
	}
	if !known {
		return status.Error(codes.Unimplemented, "not in the plan")
	}
	if answer.UntilEnd {
		if err := <-ended; err != io.EOF {
			return err
		}
	}
	time.Sleep(time.Duration(answer.FirstDelay) * time.Millisecond)
	for _, coded := range answer.Messages {
		message, err := hex.DecodeString(coded)
		if err != nil {
			panic(err)
		}
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
	if answer.Stay {
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	if len(answer.Trailers) > 0 {
		trailers := metadata.MD{}
		for key, value := range answer.Trailers {
			if strings.HasSuffix(key, "-bin") {
				plain, _ := hex.DecodeString(value)
				value = string(plain)
			}
			trailers.Set(key, value)
		}
		stream.SetTrailer(trailers)
	}
	if answer.Code != 0 {
		return status.Error(codes.Code(answer.Code), answer.Text)
	}
	return nil
}

func main() {
	input := bufio.NewReader(os.Stdin)
	line, err := input.ReadBytes('\n')
	if err != nil {
		panic(err)
	}
	if err := json.Unmarshal(line, &plan); err != nil {
		panic(err)
	}
	options := []grpc.ServerOption{
		grpc.ForceServerCodec(raw{}),
		grpc.UnknownServiceHandler(handle),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 20 * time.Second, PermitWithoutStream: true}),
	}
	if plan.MaxAgeMillis > 0 {
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge:      time.Duration(plan.MaxAgeMillis) * time.Millisecond,
			MaxConnectionAgeGrace: 30 * time.Second,
		}))
	}
	if plan.Window > 0 {
		options = append(options, grpc.InitialWindowSize(plan.Window), grpc.InitialConnWindowSize(plan.Window))
	}
	if plan.MaxStreams > 0 {
		options = append(options, grpc.MaxConcurrentStreams(plan.MaxStreams))
	}
	if plan.HeaderTable != nil {
		options = append(options, grpc.HeaderTableSize(*plan.HeaderTable))
	}
	if plan.Certificate != "" {
		given, err := credentials.NewServerTLSFromFile(plan.Certificate, plan.Key)
		if err != nil {
			panic(err)
		}
		options = append(options, grpc.Creds(given))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(options...)
	say(map[string]interface{}{"port": listener.Addr().(*net.TCPAddr).Port})
	go func() {
		// A further line asks for a graceful end, the end of the input for an immediate one.
		if _, err := input.ReadBytes('\n'); err == nil {
			server.GracefulStop()
		}
		server.Stop()
	}()
	if err := server.Serve(listener); err != nil {
		panic(err)
	}
}
