# SPDX-License-Identifier: Apache-2.0
"""A JSON-RPC server that does what a test tells it to."""

import json

from command import frame, receive_frame
from peer import Peer

INTEGER = {"type": "integer"}
DOCUMENT = {
    "openrpc": "1.2.6",
    "info": {"title": "test", "version": "1"},
    "components": {"schemas": {"Point": {"type": "object", "properties": {"x": INTEGER}}}},
    "methods": [
        {"name": "subtract", "paramStructure": "either", "description": "The difference",
         "params": [{"name": "minuend", "required": True, "schema": INTEGER},
                    {"name": "subtrahend", "required": False, "schema": {"minimum": 1, **INTEGER}}],
         "result": {"name": "result", "schema": INTEGER}},
        {"name": "subscribe", "paramStructure": "by-position",
         "params": [{"name": "where", "schema": {"$ref": "#/components/schemas/Point"}},
                    {"name": "how", "schema": {"enum": ["fast", "slow"]}},
                    {"name": "on", "schema": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}},
                    {"name": "name", "schema": {"type": "string"}},
                    {"name": "two", "schema": {"type": "array", "minItems": 1,
                                               "items": {"type": "number"}}}]},
        {"name": "anything", "x-any-params": True, "params": []},
        {"name": "$(touch hacked)", "params": []},
        {"name": "evil\u001b[31m\u009b", "params": []},
    ],
}


def ask_back(connection, request):
    """Replies only when a request of its own, and then one with another id, has been refused."""
    for asked in ['7', '"a\\u0062"']:
        connection.sendall(frame('{"jsonrpc":"2.0","method":"confirm","id":%s}' % asked))
        reply = receive_frame(connection)
        expected = ('{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":%s}'
                    % asked)
        if reply != expected:
            raise AssertionError(reply)
    connection.sendall(frame('{"jsonrpc":"2.0","result":"done","id":%d}' % request["id"]))


class RpcPeer(Peer):
    """Answers with what `answers` has for a method: a text for the member `result`, bytes
    for a whole message, or a function that is given connection and request. Passes over replies."""

    def __init__(self, port=0, **answers):
        super().__init__(self.talk, port)
        self.answers = {"rpc.discover": json.dumps(DOCUMENT), **answers}
        self.received = []

    def talk(self, connection):
        while True:
            text = receive_frame(connection)
            self.received.append(text)
            request = json.loads(text)
            if "method" not in request:
                continue
            answer = self.answers.get(request["method"], '{"code":-32601,"message":"Not found"}')
            member = "result" if request["method"] in self.answers else "error"
            if callable(answer):
                answer(connection, request)
            elif isinstance(answer, bytes):
                connection.sendall(frame(answer))
            elif "id" in request:
                connection.sendall(frame(
                    '{"jsonrpc":"2.0","%s": %s ,"id":%s}' % (member, answer, request["id"])))
