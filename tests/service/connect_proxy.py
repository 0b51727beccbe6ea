"""connect_proxy.py CREDENTIALS LOG PORT_FILE: an HTTP proxy on loopback that knows CONNECT alone and asks for CREDENTIALS (Basic).
Each request is a line of LOG: 200 or 407, and the target."""

import base64
import os
import socket
import sys
import threading

credentials, log, port_file = sys.argv[1:]
wanted = "proxy-authorization: basic " + base64.b64encode(credentials.encode()).decode().lower()


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 65536:
        data = client.recv(4096)
        if not data:
            return
        head += data
    lines = head.decode("latin-1").split("\r\n")
    method, target = (lines[0].split(" ") + ["", ""])[:2]
    allowed = method == "CONNECT" and wanted in (line.lower() for line in lines)
    with open(log, "a") as out:
        print(200 if allowed else 407, method, target, file=out)
    if not allowed:
        client.sendall(b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="lab"\r\nContent-Length: 0\r\n\r\n')
        client.close()
        return
    host, port = target.rsplit(":", 1)
    server = socket.create_connection((host, int(port)))
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    pump(client, server)


listener = socket.create_server(("127.0.0.1", 0))
with open(port_file + ".new", "w") as out:
    print(listener.getsockname()[1], file=out)

os.rename(port_file + ".new", port_file)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
