"""The standard library's server with threads, on the listener that it is given."""

import socketserver


class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except ConnectionError:
            print("gone")


def serve(listener):
    server = socketserver.ThreadingTCPServer(listener.getsockname(), Echo, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    server.serve_forever()
