# SPDX-License-Identifier: Apache-2.0
"""`jsocket call`: what it sends, what it prints, and how it ends."""

import json
import time
import unittest

from command import SLACK, CommandTest, Serve, frame, jsocket
from peer import Peer, free_port
from rpc_peer import RpcPeer, ask_back

BIG = "1234567890" * 5


class Call(CommandTest):
    def sent(self, *arguments, **options):
        """The `params` of a call as they were sent; None if there were none."""
        with RpcPeer(m="1") as peer:
            self.assert_success(jsocket("call", peer.address, "m", *arguments, **options), "1\n")
            text = peer.received.pop()
        begin, end = '{"jsonrpc":"2.0","method":"m"', ',"id":1}'
        self.assertTrue(text.startswith(begin) and text.endswith(end), text)
        params = text[len(begin):-len(end)]
        if not params:
            return None
        self.assertTrue(params.startswith(',"params":'), params)
        return params.removeprefix(',"params":')

    def test_sends_parameters_by_position(self):
        for arguments, params in [
                ([], None), (["1"], "[1]"), (["-1", "-0.50"], "[-1,-0.50]"), ([BIG], f"[{BIG}]"),
                (["hello"], '["hello"]'), (['"5"'], '["5"]'), (["null", "true"], "[null,true]"),
                (["[1, 2]"], "[[1,2]]"), (["[]"], "[[]]"), (["{}"], "[{}]"), ([""], '[""]'),
                (['{"b": 1.0, "a": 2}', "x y"], '[{"b":1.0,"a":2},"x y"]'),
                (['"a=b"'], '["a=b"]'), (["=b", "1=2"], '["=b","1=2"]'), (["01"], '["01"]'),
                (['quo"te\\'], '["quo\\"te\\\\"]'), (["--", "--x", "-y"], '["--x","-y"]'),
                (["1", "--timeout", "5", "2"], "[1,2]")]:
            with self.subTest(arguments=arguments):
                self.assertEqual(self.sent(*arguments), params)

    def test_sends_parameters_by_name(self):
        for arguments, params in [
                (["a=1"], '{"a":1}'), (["b=x", 'a="5"'], '{"b":"x","a":"5"}'), (["a="], '{"a":""}'),
                (["a=b=c"], '{"a":"b=c"}'), (["a.b-c_1=[1, 2]"], '{"a.b-c_1":[1,2]}')]:
            with self.subTest(arguments=arguments):
                self.assertEqual(self.sent(*arguments), params)

    def test_takes_parameters_from_standard_input(self):
        self.assertEqual(self.sent("-", stdin='{"b": 1.0,\n "a": [1, 2]}\n'),
                         '{"b":1.0,"a":[1,2]}')
        self.assertEqual(self.sent("-", stdin=" [ ] "), "[]")

    def test_prints_the_result_as_it_came_but_for_white_space(self):
        for result, printed in [('{"b": 1.0, "a": -0.0, "b": %s}' % BIG,
                                 '{"b":1.0,"a":-0.0,"b":%s}' % BIG),
                                ("null", "null"), ('" x "', '" x "'), ("[ ]", "[]")]:
            with self.subTest(result=result), RpcPeer(m=result) as peer:
                self.assert_success(jsocket("call", peer.address, "m"), printed + "\n")

    def test_passes_over_what_is_no_reply_to_it(self):
        def answer(connection, request):
            for text in ['{"jsonrpc":"2.0","method":"news","params":[1]}',
                         '{"jsonrpc":"2.0","id":1,"method":"asks"}',
                         '{"jsonrpc":"2.0","id":2,"result":"of another"}',
                         '{"jsonrpc":"2.0","id":"1","result":"of another"}',
                         '{"id":1,"jsonrpc":"2.0","result":"mine"}']:
                connection.sendall(frame(text))

        with RpcPeer(m=answer) as peer:
            self.assert_success(jsocket("call", peer.address, "m"), '"mine"\n')

    def test_refuses_what_the_server_asks_it(self):
        with RpcPeer(m=ask_back) as peer:
            self.assert_success(jsocket("call", peer.address, "m"), '"done"\n')

    def test_tells_how_long_it_took(self):
        with RpcPeer(m="1") as peer:
            result = jsocket("call", peer.address, "m", "--verbose")
            self.assertEqual((result.code, result.out), (0, "1\n"))
            self.assertRegex(result.err, r"\Ajsocket: connected in [0-9.]+ ms, done [0-9.]+ ms l")
            result = jsocket("call", peer.address, "m", "--verbose", "--json")
            self.assertEqual(set(json.loads(result.err)["timing"]), {"connect", "reply"})

    def test_sends_notifications_and_prints_nothing(self):
        with RpcPeer() as peer:
            self.assert_success(jsocket("call", peer.address, "m", "a=1", "--notify"), "")
            self.assertEqual(self.until_received(peer),
                             '{"jsonrpc":"2.0","method":"m","params":{"a":1}}')

    @staticmethod
    def until_received(peer):
        deadline = time.monotonic() + SLACK
        while not peer.received and time.monotonic() < deadline:
            time.sleep(0.005)
        return peer.received[0]

    def test_lists_methods(self):
        with RpcPeer() as peer:
            self.assert_success(jsocket("call", peer.address, "--list"),
                                "subtract\nsubscribe\nanything\n$(touch hacked)\n"
                                "evil\\u001b[31m\\u009b\n")

    def test_makes_templates(self):
        with RpcPeer() as peer:
            for method, params in [
                    ("subtract", '{"minuend":0,"subtrahend":1}'), ("anything", "[]"),
                    ("subscribe", '[{"x":0},"fast",false,"",[0]]')]:
                with self.subTest(method=method):
                    self.assert_success(jsocket("call", peer.address, method, "--template"),
                                        params + "\n")


class CallFails(CommandTest):
    def test_with_the_error_object_on_standard_error(self):
        with RpcPeer() as peer:
            result = jsocket("call", peer.address, "nowhere")
            self.assertEqual((result.code, result.out, result.err),
                             (1, "", '{"code":-32601,"message":"Not found"}\n'))
            result = jsocket("call", peer.address, "nowhere", "--json")
            self.assertEqual((result.code, result.out), (1, ""))
            self.assertEqual(json.loads(result.err)["error"], {
                "kind": "rpc", "message": "Not found",
                "object": {"code": -32601, "message": "Not found"}})

    def test_with_an_error_that_has_no_id(self):
        for member in ['"id":null,', ""]:
            reply = '{"jsonrpc":"2.0",%s"error":{"code":-32700,"message":"\u009b"}}' % member
            with RpcPeer(m=reply.encode()) as peer:
                result = jsocket("call", peer.address, "m")
                self.assertEqual((result.code, result.err),
                                 (1, '{"code":-32700,"message":"\\u009b"}\n'))

    def test_if_the_server_speaks_something_else(self):
        for hook in ["payload", "message"]:
            with Serve("--hook", hook) as server:
                self.assert_failed(jsocket("call", server.address, "m"), "no JSON-RPC")
        for reply in [b"[]", b"1", b"{}", b'{"id":1}', b'{"id":1,"result":1,"error":2}', b"{"]:
            with self.subTest(reply=reply), RpcPeer(m=reply) as peer:
                self.assert_failed(jsocket("call", peer.address, "m"), "the reply from")

    def test_without_a_reply_in_time(self):
        def news_for_ever(connection, _):
            for _ in range(10_000):
                connection.sendall(frame('{"jsonrpc":"2.0","method":"news"}'))
                if peer.stopping.wait(0.01):
                    return

        for answer in [lambda *_: peer.stopping.wait(30), news_for_ever]:
            began = time.monotonic()
            with RpcPeer(m=answer) as peer:
                self.assert_failed(jsocket("call", peer.address, "m", "--timeout", "0.3"),
                                   "within 0.3 s")
                self.assertLess(time.monotonic() - began, SLACK)

    def test_if_the_server_cannot_be_asked_for_its_methods(self):
        for document in ["1", "{}", '{"methods":{}}', '{"methods":[{"name":3}]}', '{"methods":[1]}']:
            with self.subTest(document=document), RpcPeer(**{"rpc.discover": document}) as peer:
                self.assert_failed(jsocket("call", peer.address, "--list"), "rpc.discover")
        with RpcPeer() as peer:
            self.assert_failed(jsocket("call", peer.address, "absent", "--template"), "absent")

    def test_with_schemas_that_have_no_end(self):
        document = json.dumps({"a": {"$ref": "#/a"}, "b": {"items": [{"$ref": "#/b"}] * 2,
                                                           "type": "array"},
                               "methods": [{"name": "m", "paramStructure": "by-position",
                                            "params": [{"name": "p", "schema": {"$ref": "#/a"}},
                                                       {"name": "q", "schema": {"$ref": "/x"}}]}]})
        with RpcPeer(**{"rpc.discover": document}) as peer:
            self.assert_success(jsocket("call", peer.address, "m", "--template"), "[null,null]\n")

    def test_with_defaults_that_are_used_again_and_again(self):
        for default in ["x" * 40_000, ["x"] * 400, {"x" * 20_000: {"y" * 20_000: 1}}]:
            references = {"type": "array", "items": [{"$ref": "#/d"}] * 300}
            document = json.dumps({"d": {"default": default}, "methods": [
                {"name": "m", "params": [{"name": name, "schema": references} for name in "ab"]}]})
            with self.subTest(default=type(default)), RpcPeer(**{"rpc.discover": document}) as peer:
                result = jsocket("call", peer.address, "m", "--template")
                self.assert_success(result)
                params = json.loads(result.out)
                self.assertEqual(params["a"], [default, default, None])
                self.assertFalse(params["b"])

    def test_without_a_server(self):
        holder, port = free_port()
        with holder:
            self.assert_failed(jsocket("call", f"127.0.0.1:{port}", "m"), "refused")


class CallRefuses(CommandTest):
    def test_what_does_not_go_together(self):
        for arguments, words in [
                (["m", "1", "a=2"], ["ARG", "NAME=VALUE", """'"a=2"'"""]), (["m", "a=1", "a=2"], ["a", "twice"]),
                (["m", "-", "1"], ["alone"]), ([], ["METHOD"]), (["--list", "m"], ["METHOD"]),
                (["--template"], ["METHOD"]), (["m", "--template", "1"], ["ARG"]),
                (["m", "--template", "--notify"], ["exclude"]), (["m", "--frob"], ["--frob"]),
                (["m", "--notify=1"], ["notify"])]:
            with self.subTest(arguments=arguments):
                self.assert_usage_error(jsocket("call", "h:1", *arguments), *words)

    def test_input_that_is_no_parameters(self):
        for text in ["", "5", "{", "[1] [2]", '"x"']:
            with self.subTest(text=text):
                self.assert_usage_error(jsocket("call", "h:1", "m", "-", stdin=text),
                                        "standard input")

    def test_bytes_that_are_not_utf_8(self):
        with Peer(lambda connection: None) as peer:
            self.assert_usage_error(jsocket("call", peer.address, "m", b"\xff"), "UTF-8")
            self.assertEqual(peer.accepted, 0)


if __name__ == "__main__":
    unittest.main()
