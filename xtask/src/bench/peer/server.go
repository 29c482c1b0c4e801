// Echo, or the time, by Go's net package: a goroutine for each connection.
//
// Usage: server echo|datagrams|time|spin. Prints `listening tcp://ADDRESS`, and serves until it is killed.
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"
)

// The seconds from 1900, where RFC 868 begins to count, to 1970.
const unixEpochSince1900 = 2_208_988_800

func echo(connection net.Conn) {
	defer connection.Close()
	// Not io.Copy: from a socket to itself it would splice, through a pipe that it makes for each connection.
	buffer := make([]byte, 16<<10)
	for {
		count, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err = connection.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func sendTime(connection net.Conn) {
	defer connection.Close()
	var seconds [4]byte
	binary.BigEndian.PutUint32(seconds[:], uint32(time.Now().Unix()+unixEpochSince1900))
	connection.Write(seconds[:])
}

func spin(connection net.Conn) {
	var line [5]byte
	if _, err := io.ReadFull(connection, line[:]); err != nil {
		connection.Close()
		return
	}
	for string(line[:]) == "spin\n" {
	}
	echo(connection)
}

func serveDatagrams() error {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	fmt.Printf("listening udp://%s\n", socket.LocalAddr())
	buffer := make([]byte, 64<<10)
	for {
		count, peer, err := socket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return err
		}
		if _, err := socket.WriteToUDPAddrPort(buffer[:count], peer); err != nil {
			return err
		}
	}
}

func serve(handle func(net.Conn)) error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("listening tcp://%s\n", listener.Addr())
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go handle(connection)
	}
}

func main() {
	handlers := map[string]func(net.Conn){"echo": echo, "time": sendTime, "spin": spin}
	service := os.Args[1]
	if service == "datagrams" {
		log.Fatal(serveDatagrams())
	}
	log.Fatal(serve(handlers[service]))
}
