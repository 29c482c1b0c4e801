"""Assertions on a WHOIS handler: whois.py PORT"""
import socket, sys, random
PORT = int(sys.argv[1])
def talk(data, shut=True):
    with socket.create_connection(("127.0.0.1", PORT)) as s:
        s.settimeout(10); out = b""
        try:
            s.sendall(data)
            if shut: s.shutdown(socket.SHUT_WR)
            while part := s.recv(65536): out += part
        except (ConnectionResetError, BrokenPipeError): out += b"<reset>"
        return out
ORG = b"domain: example.org\r\nregistrant: Nobody in particular\r\nstatus: reserved for documentation\r\n"
for q in (b"example.org\r\n", b"EXAMPLE.ORG.\n"): assert talk(q, shut=False) == ORG, talk(q)
assert talk(b"192.0.2.200\r\n", shut=False).startswith(b"range: 192.0.2.128/25\r\n")
assert talk(b"2001:db8::7\r\n", shut=False).startswith(b"range: 2001:db8::/32\r\n")
assert talk(b"nobody.example\r\nexample.org\r\n", shut=False) == b"% No match for nobody.example\r\n"
assert talk(b"\x1b[31m\r\n") == talk(b"\r\n") and talk(b"\r\n").startswith(b"% This is no query")
assert talk(b"x" * 600 + b"\r\n").startswith(b"% The query is too long.")
assert talk(b"x" * 600, shut=False).startswith(b"% The query is too long.")
assert talk(b"") == b""
random.seed(3)
for _ in range(200):
    out = talk(bytes(random.choice(b"0123456789abcdef:./ \xff%s\n") for _ in range(random.randrange(1, 60))) + b"\n")
    assert out.endswith(b"\r\n") and b"<reset>" not in out, out
print("whois: ok")
