package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// answers are those to all that a peer sends, in small pieces.
func answers(t *testing.T, sent string) string {
	t.Helper()
	var got strings.Builder
	if err := serve(iotest.OneByteReader(strings.NewReader(sent)), &got); err != nil {
		t.Fatal(err)
	}
	return got.String()
}

// answer is that to one inline command.
func answer(t *testing.T, s *session, line string) string {
	t.Helper()
	arguments, err := splitInline([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	writer := bufio.NewWriter(&got)
	execute(s, arguments).write(writer)
	writer.Flush()
	return got.String()
}

// check runs commands on one session: each line is a command, and what it answers up to the end of that.
func check(t *testing.T, s *session, pairs ...string) {
	t.Helper()
	for ; len(pairs) > 0; pairs = pairs[2:] {
		if got := answer(t, s, pairs[0]); got != pairs[1] {
			t.Errorf("%s: got %q, not %q", pairs[0], got, pairs[1])
		}
	}
}

func TestCommandsAreAnsweredInOrder(t *testing.T) {
	sent := "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\nGET k\r\nget other\nDEL k\r\n"
	if got := answers(t, sent); got != "+OK\r\n$2\r\n\r\n\r\n$-1\r\n:1\r\n" {
		t.Errorf("%q", got)
	}
}

func TestQuitEndsTheConnectionAndWhatFollowsIsNotRead(t *testing.T) {
	if got := answers(t, "QUIT\r\nPING\r\n"); got != "+OK\r\n" {
		t.Errorf("%q", got)
	}
}

func TestAnErrorDoesNotEndTheConnection(t *testing.T) {
	if got := answers(t, "GET\r\nPING\r\n"); got != "-ERR wrong number of arguments for 'get' command\r\n+PONG\r\n" {
		t.Errorf("%q", got)
	}
}

func TestTheStreamMayEndAnywhere(t *testing.T) {
	sent := "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n"
	for end := range sent {
		if got := answers(t, sent[:end]); got != "" {
			t.Errorf("after %d bytes: %q", end, got)
		}
	}
}

func TestABrokenProtocolEndsTheConnectionInTheWordsOfRedis(t *testing.T) {
	for sent, text := range map[string]string{
		"*x\r\n":                                "invalid multibulk length",
		"*65537\r\n":                            "invalid multibulk length",
		"*9223372036854775808\r\n":              "invalid multibulk length",
		"*\r\n":                                 "invalid multibulk length",
		"*1\r\n:1\r\n":                          "expected '$', got ':'",
		"*1\r\n$-1\r\n":                         "invalid bulk length",
		"*1\r\n$16777217\r\n":                   "invalid bulk length",
		"*1\r\n$1\r\nxyz":                       "invalid bulk length",
		"SET k \"v\r\n":                         "unbalanced quotes in request",
		strings.Repeat("x", maxLine+1) + "\r\n": "too big inline request",
		strings.Repeat("x", maxLine+100_000):    "too big inline request",
		"*1\r\n" + strings.Repeat("$", 2*maxLine) + "": "too big bulk count string",
	} {
		expected := "+PONG\r\n-ERR Protocol error: " + text + "\r\n"
		if got := answers(t, "PING\r\n"+sent+"\r\nPING\r\n"); got != expected {
			t.Errorf("%.20q: %q", sent, got)
		}
	}
	longest := strings.Repeat("x", maxLine-5)
	if got := answers(t, "ECHO "+longest+"\r\n"); !strings.HasSuffix(got, longest+"\r\n") {
		t.Errorf("%.80q", got)
	}
}

func TestEmptyCommandsAreSkipped(t *testing.T) {
	if got := answers(t, "\r\n*0\r\n*-1\r\n  \nPING\n"); got != "+PONG\r\n" {
		t.Errorf("%q", got)
	}
}

func TestALongArgumentIsAllocatedAsItArrives(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	got := answers(t, fmt.Sprintf("*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n", len(long), long))
	if got != fmt.Sprintf("$%d\r\n%s\r\n", len(long), long) {
		t.Errorf("%.40q", got)
	}
	announced := bufio.NewReader(strings.NewReader("*1\r\n$16777216\r\nx"))
	allocated := testing.AllocsPerRun(1, func() { readCommand(announced) })
	if allocated > 10 {
		t.Error(allocated)
	}
}

// countedWriter counts the writes that reach a peer.
type countedWriter struct{ writes int }

func (w *countedWriter) Write(p []byte) (int, error) {
	w.writes++
	return len(p), nil
}

func TestTheAnswersToPipelinedCommandsLeaveTogether(t *testing.T) {
	var writer countedWriter
	sent := io.MultiReader(strings.NewReader("PING\r\nPING\r\n"), strings.NewReader("PING\r\n"))
	if err := serve(sent, &writer); err != nil || writer.writes != 2 {
		t.Error(err, writer.writes)
	}
}

func TestAFailingConnectionIsAnError(t *testing.T) {
	lost := errors.New("lost")
	if err := serve(iotest.ErrReader(lost), io.Discard); err != lost {
		t.Error(err)
	}
}

func TestConnections(t *testing.T) {
	s := newSession()
	check(t, s,
		"PiNg", "+PONG\r\n",
		"PING 'a b'", "$3\r\na b\r\n",
		"PING a b", "-ERR wrong number of arguments for 'ping' command\r\n",
		"ECHO ''", "$0\r\n\r\n",
		"SELECT 0", "+OK\r\n",
		"SELECT 1", "-ERR DB index is out of range\r\n",
		"CLIENT getNAME", "$-1\r\n",
		"CLIENT SETNAME me", "+OK\r\n",
		"CLIENT GETNAME", "$2\r\nme\r\n",
		"CLIENT INFO", "$25\r\nid=1 name=me db=0 resp=2\n\r\n",
		"CLIENT SETNAME 'a b'", "-ERR Client names cannot contain spaces, newlines or special characters.\r\n",
		"CLIENT SETINFO lib-name x", "+OK\r\n",
		"RESET", "+RESET\r\n",
		"CLIENT GETNAME", "$-1\r\n",
		"HELLO 3", "-NOPROTO unsupported protocol version\r\n",
		"HELLO x", "-ERR Protocol version is not an integer or out of range\r\n",
		"HELLO 2 FOO", "-ERR Syntax error in HELLO option 'FOO'\r\n",
	)
	if got := answer(t, s, "HELLO 2 SETNAME you"); !strings.HasPrefix(got, "*14\r\n$6\r\nserver\r\n") {
		t.Errorf("%q", got)
	}
	check(t, s, "CLIENT GETNAME", "$3\r\nyou\r\n")
	if got := answer(t, s, "HELLO 2 AUTH a b"); !strings.HasPrefix(got, "-ERR AUTH") {
		t.Errorf("%q", got)
	}
}

func TestErrorsQuoteOneShortLine(t *testing.T) {
	check(t, newSession(),
		"FOO a 'b c'", "-ERR unknown command 'FOO', with args beginning with: 'a' 'b c' \r\n",
		"config foo", "-ERR unknown subcommand 'foo'. Try CONFIG HELP.\r\n",
		`"a\r\n+OK"`, "-ERR unknown command 'a  +OK', with args beginning with: \r\n",
		"'config|get' x", "-ERR unknown command 'config|get', with args beginning with: 'x' \r\n",
	)
	long := strings.Repeat("x", 10_000)
	if got := answer(t, newSession(), long+" "+long+" "+long); len(got) > 400 {
		t.Error(len(got))
	}
}

func TestTheNumberOfArgumentsIsChecked(t *testing.T) {
	for line, name := range map[string]string{
		"GET": "get", "GET a b": "get", "SET k": "set", "MSET a 1 b": "mset",
		"CLIENT": "client", "CLIENT ID x": "client|id", "CONFIG GET": "config|get",
	} {
		check(t, newSession(), line, "-ERR wrong number of arguments for '"+name+"' command\r\n")
	}
}

func TestValues(t *testing.T) {
	s := newSession()
	check(t, s,
		"MSET a 1 b 2 a 3", "+OK\r\n",
		"MGET a b c", "*3\r\n$1\r\n3\r\n$1\r\n2\r\n$-1\r\n",
		"APPEND k ab", ":2\r\n",
		"APPEND k c", ":3\r\n",
		"STRLEN k", ":3\r\n",
		"INCR n", ":1\r\n",
		"INCRBY n 41", ":42\r\n",
		"DECR n", ":41\r\n",
		"DECRBY n 42", ":-1\r\n",
		"GET n", "$2\r\n-1\r\n",
		"INCR k", "-ERR value is not an integer or out of range\r\n",
		"INCRBY none 1.5", "-ERR value is not an integer or out of range\r\n",
		"SET max 9223372036854775807", "+OK\r\n",
		"INCR max", "-ERR increment or decrement would overflow\r\n",
		"DECRBY max -9223372036854775808", "-ERR decrement would overflow\r\n",
		"EXISTS none", ":0\r\n",
	)
}

func TestKeys(t *testing.T) {
	s := newSession()
	check(t, s,
		"MSET one 1 two 2 three 3", "+OK\r\n",
		"EXISTS one one four", ":2\r\n",
		"KEYS t*", "*2\r\n$5\r\nthree\r\n$3\r\ntwo\r\n",
		"DEL one four", ":1\r\n",
		"TYPE one", "+none\r\n",
		"TYPE two", "+string\r\n",
		"DBSIZE", ":2\r\n",
		"FLUSHDB later", "-ERR syntax error\r\n",
		"FLUSHDB ASYNC", "+OK\r\n",
		"KEYS *", "*0\r\n",
	)
}

func TestKeysEnd(t *testing.T) {
	s := newSession()
	now := moment(0)
	s.keyspace.now = func() moment { return now }
	check(t, s,
		"EXPIRE k 10", ":0\r\n",
		"TTL k", ":-2\r\n",
		"SET k v", "+OK\r\n",
		"TTL k", ":-1\r\n",
		"PERSIST k", ":0\r\n",
		"EXPIRE k 10", ":1\r\n",
		"TTL k", ":10\r\n",
		"PERSIST k", ":1\r\n",
		"EXPIRE k 100 XX", ":0\r\n",
		"EXPIRE k 100 GT", ":0\r\n",
		"EXPIRE k 100 LT", ":1\r\n",
		"EXPIRE k 50 NX", ":0\r\n",
		"EXPIRE k 50 GT", ":0\r\n",
		"EXPIRE k 200 XX GT", ":1\r\n",
		"EXPIRE k 1 FOO", "-ERR Unsupported option FOO\r\n",
		"EXPIRE k 1 NX GT", "-ERR NX and XX, GT or LT options at the same time are not compatible\r\n",
		"EXPIRE k 9223372036854775807", "-ERR invalid expire time in 'expire' command\r\n",
		"SET n 1 PX 5000", "+OK\r\n",
		"INCR n", ":2\r\n",
		"INFO keyspace", "$44\r\n# Keyspace\r\ndb0:keys=2,expires=2,avg_ttl=0\r\n\r\n",
	)
	now = 4999
	check(t, s, "TTL n", ":0\r\n", "EXISTS n", ":1\r\n")
	now = 5000
	check(t, s, "GET n", "$-1\r\n", "DBSIZE", ":1\r\n", "EXPIRE k -1", ":1\r\n", "EXISTS k", ":0\r\n")
}

func TestOptionsOfSet(t *testing.T) {
	s := newSession()
	for options, text := range map[string]failure{
		"NX XX": errSyntax, "EX": errSyntax, "EX 1 PX 1": errSyntax, "EX 1 KEEPTTL": errSyntax, "FOO": errSyntax,
		"EX 0": errInvalidTime, "PX -1": errInvalidTime, "EX 9223372036854775807": errInvalidTime, "EX x": notAnInteger,
	} {
		check(t, s, "SET k v "+options, "-"+string(text)+"\r\n")
	}
	check(t, s,
		"EXISTS k", ":0\r\n",
		"SET k 1 XX", "$-1\r\n",
		"SET k 1 NX", "+OK\r\n",
		"SET k 2 nx", "$-1\r\n",
		"SET k 2 XX GET", "$1\r\n1\r\n",
		"SET k 3 NX GET", "$1\r\n2\r\n",
		"SET k 3 EX 100", "+OK\r\n",
		"SET k 4 KEEPTTL", "+OK\r\n",
		"TTL k", ":100\r\n",
		"SET k 5", "+OK\r\n",
		"TTL k", ":-1\r\n",
	)
}

func TestCommandsAreDescribed(t *testing.T) {
	s := newSession()
	check(t, s,
		"COMMAND COUNT", fmt.Sprintf(":%d\r\n", len(commands)),
		"COMMAND INFO MSET nothing", "*2\r\n*6\r\n$4\r\nmset\r\n:-3\r\n*1\r\n+write\r\n:1\r\n:-1\r\n:2\r\n$-1\r\n",
		"CONFIG GET save", "*2\r\n$4\r\nsave\r\n$0\r\n\r\n",
		"CONFIG GET APPEND* dat*", "*4\r\n$10\r\nappendonly\r\n$2\r\nno\r\n$9\r\ndatabases\r\n$1\r\n1\r\n",
		"CONFIG GET nothing", "*0\r\n",
	)
	for _, line := range []string{"COMMAND", "COMMAND INFO", "COMMAND LIST"} {
		if got := answer(t, s, line); !strings.HasPrefix(got, fmt.Sprintf("*%d\r\n", len(commands))) {
			t.Errorf("%s: %.40q", line, got)
		}
	}
}

func TestPatternsMatchAsInRedis(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		expected      bool
	}{
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"h?llo", "hello", true}, {"h?llo", "hllo", false},
		{"h*llo", "heeeello", true}, {"h*llo", "hello!", false}, {"*a*b", "xaxaxb", true}, {"h[ae]llo", "hallo", true},
		{"h[ae]llo", "hillo", false}, {"h[^e]llo", "hello", false}, {"h[^e]llo", "hbllo", true},
		{"h[a-c]llo", "hbllo", true}, {"h[c-a]llo", "hbllo", true}, {"h[a-", "h-", true}, {"[]", "a", false},
		{"[^", "a", true}, {`\*`, "*", true}, {`\*`, "a", false}, {`[\]]`, "]", true}, {`a\`, `a\`, true},
	} {
		if matches([]byte(c.pattern), []byte(c.text)) != c.expected {
			t.Errorf("%q %q", c.pattern, c.text)
		}
	}
	// With a recursion for each asterisk this would not end in our lifetimes.
	if matches([]byte(strings.Repeat("a*", 100)+"b"), []byte(strings.Repeat("a", 1000))) {
		t.Error("it ends in b")
	}
}

func TestInlineCommandsAreSplitAsInRedis(t *testing.T) {
	for line, expected := range map[string]string{
		"  SET\tk   v ":                  `["SET" "k" "v"]`,
		" \t ":                           `[]`,
		`SET "a b" '' `:                  `["SET" "a b" ""]`,
		`a"b c"`:                         `["ab c"]`,
		`"\x00\xfF\n\r\t\a\b\"\\\q\xg0"`: `["\x00\xff\n\r\t\a\b\"\\qxg0"]`,
		`'it\'s \n'`:                     `["it's \\n"]`,
	} {
		arguments, err := splitInline([]byte(line))
		if got := fmt.Sprintf("%q", arguments); got != expected || err != nil {
			t.Errorf("%q: %s %v", line, got, err)
		}
	}
	for _, line := range []string{`"a`, `'a`, `"a"b`, `"a\"`, `'a'"b"`} {
		if _, err := splitInline([]byte(line)); err != errUnbalanced {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestANumberHasOneWayToBeWritten(t *testing.T) {
	for text, expected := range map[string]int64{
		"0": 0, "-12": -12, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63,
	} {
		if got, ok := parseInteger([]byte(text)); got != expected || !ok {
			t.Error(text, got, ok)
		}
	}
	for _, text := range []string{"", "-", "-0", "00", "01", "+1", " 1", "1 ", "1x", "--1", "1_0", "9223372036854775808"} {
		if got, ok := parseInteger([]byte(text)); ok {
			t.Error(text, got)
		}
	}
}
