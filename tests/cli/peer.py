# SPDX-License-Identifier: Apache-2.0
"""A server that says what a test tells it to, however wrong."""

import contextlib
import socket
import threading

from command import PATIENCE


class Peer:
    """Listens as long as the `with` block; talk(connection) runs on a thread for each client.

    `stopping` is an event for those that do nothing until the test is over.
    """

    def __init__(self, talk, port=0):
        self._talk = talk
        self._failure = None
        self.accepted = 0
        self.stopping = threading.Event()
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self):
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()
        return self

    def __exit__(self, error_type, *_):
        self.stopping.set()
        self.stop_listening()
        self._acceptor.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()
        if self._failure and error_type is None:
            raise self._failure

    def stop_listening(self):
        """From now on, or at the end, clients are refused."""
        with contextlib.suppress(OSError):  # it has been stopped
            self._listener.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            connection.settimeout(PATIENCE)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with connection:
            try:
                self._talk(connection)
            except (EOFError, ConnectionError):
                pass  # the client left first, as some tests want it
            except Exception as failure:  # the test has to fail, not this thread
                self._failure = failure


def free_port():
    """A port nobody listens on, as long as the caller keeps the socket that comes with it."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder, holder.getsockname()[1]
