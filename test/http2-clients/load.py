"""Requests paths over one HTTP/2 connection with Debian's python3-h2: load.py PORT HOST PATH..."""
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events

port, host, *paths = sys.argv[1:]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.set_alpn_protocols(["h2"])
tls = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname=host)
connection = h2.connection.H2Connection(config=h2.config.H2Configuration(client_side=True))
connection.initiate_connection()
waiting, under_way, statuses, sizes = list(paths), {}, {}, {}


def ask():
    while waiting and len(under_way) < 20:
        stream = connection.get_next_available_stream_id()
        under_way[stream] = path = waiting.pop(0)
        sizes[path] = 0
        connection.send_headers(
            stream,
            [(":method", "GET"), (":scheme", "https"), (":authority", host), (":path", path)],
            end_stream=True,
        )
    tls.sendall(connection.data_to_send())


ask()
while under_way:
    for event in connection.receive_data(tls.recv(65536)):
        if isinstance(event, h2.events.ResponseReceived):
            statuses[under_way[event.stream_id]] = dict(event.headers)[b":status"].decode()
        elif isinstance(event, h2.events.DataReceived):
            sizes[under_way[event.stream_id]] += len(event.data)
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            del under_way[event.stream_id]
        elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
            sys.exit(f"ended early: {event}")
    ask()
for path in paths:
    print(statuses[path], sizes[path], path)
