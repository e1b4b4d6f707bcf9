"""The small JSON request with traces and metrics by OpenTelemetry, sent to a collector.

The collector is a process of its own, which answers and keeps nothing.
"""

import atexit
import os
import socket
import subprocess
import sys

from trivet import App
from trivet.observe.otel import OpenTelemetry

COLLECTOR = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *said):
        pass
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

with socket.create_server(("127.0.0.1", 0)) as found:
    port = found.getsockname()[1]
os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}"
os.environ["OTEL_LOGS_EXPORTER"] = "none"
os.environ["OTEL_METRIC_EXPORT_INTERVAL"] = "5000"

collector = subprocess.Popen([sys.executable, "-c", COLLECTOR, str(port)])
atexit.register(collector.terminate)  # behind the application's end, which sends for the last time

app = App()
app.use(OpenTelemetry())


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}
