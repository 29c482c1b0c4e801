"""Assertions on an HTTP handler: http.py PORT"""
import re, socket, sys

PORT = int(sys.argv[1])
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

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

def statuses(data): return [int(x) for x in re.findall(rb"HTTP/1\.1 (\d{3}) ", talk(data))]

def check(data, expected, what=None):
    got = statuses(data)
    assert got == expected, (what or data[:120], got, expected)

out = talk(b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n")
head, body = out.split(b"\r\n\r\n", 1)
assert body == b"User-agent: *\nAllow: /\n" and b"Content-Length: 23" in head and b"Connection:" not in head, out
get, headr = talk(GET), talk(GET.replace(b"GET", b"HEAD"))
assert headr.split(b"\r\n\r\n") == [get.split(b"\r\n\r\n")[0], b""]
check(GET * 3, [200] * 3); check(GET * 500, [200] * 500, "pipelining")
check(b"\r\n" + GET + b"\r\n" + GET, [200, 200])
check(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n" * 2, [200])
check(b"GET / HTTP/1.0\r\n\r\n" * 2, [200])
assert talk(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" * 2).count(b"\r\nConnection: keep-alive\r\n") == 2
check(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + GET, [200, 200])
chunked = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
check(chunked + GET, [405, 200])
cont = b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"
check(cont, [100, 200]); check(cont.replace(b"GET", b"POST"), [405]); check(cont.replace(b"100-c", b"200-c"), [417])
# A client that waits for each answer, in halves.
with socket.create_connection(("127.0.0.1", PORT)) as s:
    s.settimeout(5)
    s.sendall(GET + GET[:9]); assert b"200 OK" in s.recv(65536)
    s.sendall(GET[9:]); assert b"200 OK" in s.recv(65536)
    s.sendall(cont[:-5]); assert b"100 Continue" in s.recv(65536)
    s.sendall(b"hello"); assert b"200 OK" in s.recv(65536)
for method, status in ((b"DELETE", 405), (b"get", 501), (b"G(T", 400)):
    check(GET.replace(b"GET", method), [status])
check(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", [405]); check(b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", [405])
assert b"\r\nAllow: GET, HEAD\r\n" in talk(GET.replace(b"GET", b"PUT"))
for target, status in ((b"/?query", 200), (b"/robots%2etxt", 200), (b"http://other/robots.txt", 200), (b"http://other", 200),
        (b"/missing", 404), (b"/" + b"x" * 4000, 404), (b"/../robots.txt", 404), (b"/%", 400), (b"/%zz", 400), (b"*", 400), (b"index.html", 400)):
    check(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n", [status])
for fields, status in ((b"", 400), (b"Host: a\r\nHost: a\r\n", 400), (b"Host: a b\r\n", 400),
        (b"Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400), (b"Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n", 400),
        (b"Host: a\r\nContent-Length: 5, 5\r\n", 400), (b"Host: a\r\nContent-Length: +5\r\n", 400), (b"Host: a\r\nContent-Length: \r\n", 400),
        (b"Host: a\r\nContent-Length: 99999999999999999999\r\n", 400), (b"Host: a\r\nContent-Length: 1048577\r\n", 413),
        (b"Host: a\r\nTransfer-Encoding: chunked, chunked\r\n", 400), (b"Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
        (b"Host: a\r\nTransfer-Encoding: x\r\n", 501), (b"Host: a\r\nA: b\r\n c\r\n", 400), (b"Host: a\r\nA : b\r\n", 400),
        (b"Host: a\r\nA: b\n", 400), (b"Host: a\r\nA: b\rc\r\n", 400), (b"Host: a\r\nA: b\0c\r\n", 400), (b"Host: a\r\nnocolon\r\n", 400)):
    check(b"GET / HTTP/1.1\r\n" + fields + b"\r\n" + GET, [status], fields)
check(b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400])
for chunks in (b"x\r\n", b"-1\r\n", b"\r\n", b"5\r\nhello!!", b"5\nhello\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n"):
    check(b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, [400], chunks)
check(b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n", [413])
check(GET.replace(b"1.1", b"2.0"), [505]); check(GET.replace(b"1.1", b"1.2"), [505]); check(GET.replace(b"HTTP/1.1", b"HTTP/x"), [400]); check(GET.replace(b"HTTP/1.1", b"HTCPCP/1.0"), [400])
check(b"GET / extra HTTP/1.1\r\nHost: a\r\n\r\n", [400]); check(b"GET /\r\nHost: a\r\n\r\n", [400])
check(b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", [414])
check(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 63 + b"\r\n", [200]); check(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 65 + b"\r\n", [431])
check(b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 9000 + b"\r\n\r\n", [431]); check(b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"A: " + b"x" * 4000 + b"\r\n") * 5 + b"\r\n", [431])
check(b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 9000, [400])
check(b"\x00" * 100, []); check(b"\x00\r\n" * 100, [400]); check(b"GET / HT", [])
import random
random.seed(1)
base = chunked + GET
for _ in range(300):
    data = bytearray(base)
    for _ in range(random.randrange(1, 6)): data[random.randrange(len(data))] = random.randrange(256)
    out = talk(bytes(data)); assert all(200 <= int(x) < 600 for x in re.findall(rb"^HTTP/1\.1 (\d{3}) ", out)), data
check(GET, [200])
print("http: ok")
