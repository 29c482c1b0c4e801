package main

import (
	"bufio"
	"strconv"
)

// reply is what a command answers, in RESP2. Errors of writing stay with the writer, and are told when it is flushed.
type reply interface {
	write(to *bufio.Writer)
}

type (
	simple string
	// failure is the text of an error, whose first word is its code.
	failure string
	integer int64
	bulk    []byte
	null    struct{}
	array   []reply
)

const ok = simple("OK")

func (r simple) write(to *bufio.Writer) {
	to.WriteByte('+')
	to.WriteString(string(r))
	to.WriteString("\r\n")
}

// write keeps to one line whatever the text quotes of what the peer has sent.
func (r failure) write(to *bufio.Writer) {
	to.WriteByte('-')
	for _, c := range []byte(r) {
		if c < ' ' || c == 0x7f {
			c = ' '
		}
		to.WriteByte(c)
	}
	to.WriteString("\r\n")
}

func (r integer) write(to *bufio.Writer) {
	writeNumber(to, ':', int64(r))
}

func (r bulk) write(to *bufio.Writer) {
	writeNumber(to, '$', int64(len(r)))
	to.Write(r)
	to.WriteString("\r\n")
}

func (null) write(to *bufio.Writer) {
	to.WriteString("$-1\r\n")
}

func (r array) write(to *bufio.Writer) {
	writeNumber(to, '*', int64(len(r)))
	for _, item := range r {
		item.write(to)
	}
}

func writeNumber(to *bufio.Writer, kind byte, number int64) {
	to.WriteByte(kind)
	to.Write(strconv.AppendInt(to.AvailableBuffer(), number, 10))
	to.WriteString("\r\n")
}
