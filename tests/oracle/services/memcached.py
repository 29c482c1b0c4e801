"""Assertions on a memcached handler: memcached.py PORT"""
import socket, sys, random, re
PORT = int(sys.argv[1])

def talk(data, shut=True):
    with socket.create_connection(("127.0.0.1", PORT)) as s:
        s.settimeout(10)
        out = b""
        try:
            s.sendall(data)
            if shut: s.shutdown(socket.SHUT_WR)
            while part := s.recv(65536): out += part
        except (ConnectionResetError, BrokenPipeError): out += b"<reset>"
        return out

def check(data, expected):
    got = talk(data)
    assert got == expected, (data[:200], got[:300], expected[:300])

S = b"STORED\r\n"
check(b"set a 5 0 3\r\nabc\r\nget a\r\nget b\r\nget b a\r\n", S + b"VALUE a 5 3\r\nabc\r\nEND\r\nEND\r\nVALUE a 5 3\r\nabc\r\nEND\r\n")
check(b"get a\r\n", b"END\r\n")  # a store of its own
check(b"add a 0 0 1\r\nx\r\nadd a 0 0 1\r\ny\r\nreplace a 0 0 1\r\nz\r\nreplace b 0 0 1\r\nz\r\nget a\r\n", S + b"NOT_STORED\r\n" + S + b"NOT_STORED\r\nVALUE a 0 1\r\nz\r\nEND\r\n")
check(b"append a 0 0 1\r\nx\r\nset a 7 0 1\r\nm\r\nappend a 0 0 1\r\nz\r\nprepend a 0 0 1\r\na\r\nget a\r\n", b"NOT_STORED\r\n" + S * 3 + b"VALUE a 7 3\r\namz\r\nEND\r\n")
check(b"set a 0 0 1\r\nx\r\ngets a\r\ncas a 0 0 1 1\r\ny\r\ncas a 0 0 1 1\r\nz\r\ncas b 0 0 1 1\r\nz\r\nget a\r\n", S + b"VALUE a 0 1 1\r\nx\r\nEND\r\n" + S + b"EXISTS\r\nNOT_FOUND\r\nVALUE a 0 1\r\ny\r\nEND\r\n")
check(b"set a 0 0 2\r\n10\r\nincr a 5\r\ndecr a 20\r\nincr a 18446744073709551615\r\nincr a 2\r\nincr a x\r\nincr b 1\r\nset a 0 0 1\r\nx\r\nincr a 1\r\n",
    S + b"15\r\n0\r\n18446744073709551615\r\n1\r\nCLIENT_ERROR invalid numeric delta argument\r\nNOT_FOUND\r\n" + S + b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n")
check(b"set a 0 0 1\r\nx\r\ndelete a\r\ndelete a\r\nget a\r\n", S + b"DELETED\r\nNOT_FOUND\r\nEND\r\n")
check(b"set a 0 -1 1\r\nx\r\nget a\r\nset a 0 1000 1\r\nx\r\nget a\r\ntouch a -1\r\nget a\r\ntouch a 0\r\n", S + b"END\r\n" + S + b"VALUE a 0 1\r\nx\r\nEND\r\nTOUCHED\r\nEND\r\nNOT_FOUND\r\n")
check(b"set a 0 0 1 noreply\r\nx\r\nget a\r\nflush_all\r\nget a\r\n", b"VALUE a 0 1\r\nx\r\nEND\r\nOK\r\nEND\r\n")
check(b"set a 0 0 4\r\n\r\n\r\n\r\nget a\r\n", S + b"VALUE a 0 4\r\n\r\n\r\n\r\nEND\r\n")
check(b"version\r\nverbosity 1\r\nnonsense\r\n\r\nget\r\nquit\r\nversion\r\n", b"VERSION 1.6.0-socketserver\r\nOK\r\nERROR\r\nERROR\r\nERROR\r\n")
check(b"get a\nget b\n", b"END\r\nEND\r\n")
BAD = b"CLIENT_ERROR bad command line format\r\n"
check(b"set a x 0 1\r\nx\r\nget a\r\n", BAD + b"END\r\n"); check(b"get " + b"k" * 251 + b"\r\n", BAD); check(b"get " + b"k" * 250 + b"\r\n", b"END\r\n")
check(b"set a 0 0 -1\r\nversion\r\n", BAD + b"VERSION 1.6.0-socketserver\r\n"); check(b"set a 0 0 99999999999\r\n", BAD)
check(b"set a 0 0 1\r\nxyz\r\nversion\r\n", b"CLIENT_ERROR bad data chunk\r\nVERSION 1.6.0-socketserver\r\n")
check(b"set a 0 0 1048576\r\n" + b"x" * (1 << 20) + b"\r\nversion\r\n", S + b"VERSION 1.6.0-socketserver\r\n")
check(b"set a 0 0 1048577\r\n" + b"x" * ((1 << 20) + 1) + b"\r\nversion\r\n", b"SERVER_ERROR object too large for cache\r\nVERSION 1.6.0-socketserver\r\n")
many = b"".join(b"set k%d 0 0 1000000\r\n%s\r\n" % (i, b"x" * 1000000) for i in range(10))
check(many + b"version\r\n", S * 8 + b"SERVER_ERROR out of memory storing object\r\n" * 2 + b"VERSION 1.6.0-socketserver\r\n")
check(b"set k 0 0 600000\r\n" + b"x" * 600000 + b"\r\nappend k 0 0 600000\r\n" + b"x" * 600000 + b"\r\n", S + b"SERVER_ERROR object too large for cache\r\n")
assert talk(b"get " + b"x" * 5000 + b"\r\n").startswith(b"CLIENT_ERROR line too long\r\n")
check(b"set a 0 0 10\r\nabc", b""); check(b"get a", b"")
big = b"set a 0 0 100\r\n" + b"v" * 100 + b"\r\n"
check(big + b"get a\r\n" * 2000, S + (b"VALUE a 0 100\r\n" + b"v" * 100 + b"\r\nEND\r\n") * 2000)
with socket.create_connection(("127.0.0.1", PORT)) as s:  # answers come although the next command is not whole
    s.settimeout(5); s.sendall(b"version\r\nvers"); assert s.recv(100) == b"VERSION 1.6.0-socketserver\r\n"
    s.sendall(b"ion\r\nset a 0 0 3\r\na"); assert s.recv(100) == b"VERSION 1.6.0-socketserver\r\n"; s.sendall(b"bc\r\n"); assert s.recv(100) == S
random.seed(2)
base = b"set a 5 0 3\r\nabc\r\nget a\r\nincr a 1\r\ncas a 0 0 1 1\r\nx\r\ndelete a\r\nflush_all\r\ntouch a 5\r\nstats\r\n"
for _ in range(300):
    data = bytearray(base * 3)
    for _ in range(random.randrange(1, 8)): data[random.randrange(len(data))] = random.choice(b"\r\n 0123456789abc\x00\xff-")
    assert b"<reset>" not in talk(bytes(data)), data
check(b"version\r\n", b"VERSION 1.6.0-socketserver\r\n")
print("memcached: ok")
