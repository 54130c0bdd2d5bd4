"""A web application of one page."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"Hello, {os.environ.get('GREETED', 'world')}!\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        print(self.address_string(), format % args, flush=True)


port = int(os.environ["PORT"])
print(f"listening on port {port}", flush=True)
ThreadingHTTPServer(("127.0.0.1", port), Hello).serve_forever()
