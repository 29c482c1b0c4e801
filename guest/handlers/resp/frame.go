package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// maxLine is the longest inline command, and the longest line with a length, in bytes (Redis: PROTO_INLINE_MAX_SIZE).
	maxLine = 64 << 10
	// maxArguments bounds those of a command. Redis takes 1,048,576; an instance has less memory than a server.
	maxArguments = 65_536
	// maxBulk is the longest argument in bytes. Redis takes 512 MiB, its proto-max-bulk-len.
	maxBulk = 16 << 20
)

// protocolError are the words of Redis for what is wrong with what the peer has sent.
type protocolError string

func (e protocolError) Error() string { return string(e) }

// readCommand reads the arguments of the next command, at least one: an array of bulk strings, or an inline command. The
// end of the stream is io.EOF or io.ErrUnexpectedEOF.
func readCommand(reader *bufio.Reader) (arguments [][]byte, err error) {
	// Empty arrays and empty lines are skipped without an answer, as Redis does.
	for len(arguments) == 0 {
		line, err := readLine(reader, "too big inline request")
		if err != nil {
			return nil, err
		}
		if count, ok := bytes.CutPrefix(line, []byte("*")); ok {
			arguments, err = readArray(reader, count)
		} else {
			arguments, err = splitInline(line)
		}
		if err != nil {
			return nil, err
		}
	}
	return arguments, nil
}

func readArray(reader *bufio.Reader, text []byte) ([][]byte, error) {
	count, ok := parseInteger(text)
	if !ok || count > maxArguments {
		return nil, protocolError("invalid multibulk length")
	}
	var arguments [][]byte
	for range max(count, 0) {
		line, err := readLine(reader, "too big bulk count string")
		if err != nil {
			return nil, err
		}
		text, ok := bytes.CutPrefix(line, []byte("$"))
		if !ok {
			found := byte('\r')
			if len(line) > 0 {
				found = line[0]
			}
			return nil, protocolError(fmt.Sprintf("expected '$', got '%c'", found))
		}
		length, ok := parseInteger(text)
		if !ok || length < 0 || length > maxBulk {
			return nil, protocolError("invalid bulk length")
		}
		argument, err := readBulk(reader, int(length))
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, argument)
	}
	return arguments, nil
}

// readLine reads a line without its end, LF or CR LF. It is of use until the next read.
func readLine(reader *bufio.Reader, tooLong string) ([]byte, error) {
	line, err := reader.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := bytes.Clone(line)
		// Room for the end of the line.
		for errors.Is(err, bufio.ErrBufferFull) && len(long) <= maxLine+2 {
			line, err = reader.ReadSlice('\n')
			long = append(long, line...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, protocolError(tooLong)
		}
		line = long
	}
	trimmed := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if len(trimmed) > maxLine {
		return nil, protocolError(tooLong)
	}
	return trimmed, err
}

// readBulk reads exactly length bytes and the CR LF after them. It allocates for the bytes that are there, not for those
// announced: 16 MiB cost a peer 16 MiB, and not a line of ten characters.
func readBulk(reader *bufio.Reader, length int) ([]byte, error) {
	bulk := make([]byte, 0, min(length, bufferSize))
	for len(bulk) < length {
		if len(bulk) == cap(bulk) {
			bulk = append(bulk, 0)[:len(bulk)]
		}
		n, err := reader.Read(bulk[len(bulk):min(cap(bulk), length)])
		bulk = bulk[:len(bulk)+n]
		if err != nil {
			return nil, err
		}
	}
	var end [2]byte
	if _, err := io.ReadFull(reader, end[:]); err != nil {
		return nil, err
	}
	// Redis skips these two bytes unseen. A peer that counts wrongly is better told here than misunderstood later.
	if string(end[:]) != "\r\n" {
		return nil, protocolError("invalid bulk length")
	}
	return bulk, nil
}
