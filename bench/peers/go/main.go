// SPDX-License-Identifier: Apache-2.0

// A JSON-RPC server with net/rpc/jsonrpc: method Echo.Echo returns its one parameter.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/signal"
	"syscall"
)

// Echo is the service.
type Echo struct{}

// Echo replies with the message.
func (Echo) Echo(message any, reply *any) error {
	*reply = message
	return nil
}

func serve(address string) error {
	if err := rpc.Register(Echo{}); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go jsonrpc.ServeConn(connection)
	}
}

func main() {
	bind := flag.String("bind", "127.0.0.1:0", "`address` to listen on")
	flag.Parse()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()
	if err := serve(*bind); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
