# SPDX-License-Identifier: Apache-2.0
"""`jsocket serve --stats`: what is counted, and under which name."""

import json
import time
import zlib

from command import CommandTest, Serve, frame, jsocket, receive_frame, receive_to_end

ENTRY = ["client_id", "connected", "connects", "disconnects", "messages_in", "messages_out",
         "bytes_in", "bytes_out", "avg_payload_in", "avg_payload_out", "connected_duration",
         "total_connected_duration", "last_connect_ts", "last_disconnect_ts", "last_message_ts",
         "failures"]
FAILURES = ["timeout", "bad_write", "bad_crc", "bad_header", "oversize", "invalid_utf8",
            "invalid_json", "handler", "framing", "closed_mid_message", "reset", "too_deep",
            "too_complex", "tls", "memory"]


class Statistics(CommandTest):
    def test_are_one_line_of_json_at_the_end(self):
        with Serve("--stats") as server:
            result = server.stop()
            self.assert_success(result)
            self.assertEqual(result.out.count("\n"), 1)
            self.assertTrue(result.out.endswith("\n"))
            self.assertEqual(json.loads(result.out), {
                "connected_clients": 0, "refused_connections": 0, "clients": {}})

    def test_are_not_printed_unasked(self):
        with Serve() as server:
            jsocket("send", server.address, "1")
            self.assert_success(server.stop(), "")

    def test_have_an_entry_for_each_client(self):
        for hook in ["payload", "message"]:
            with self.subTest(hook=hook), Serve("--stats", "--hook", hook) as server:
                with server.connect() as client:
                    for text in ['{"client":"a"}', "[1]", "[22,33]"]:
                        client.sendall(frame(text))
                        self.assertEqual(receive_frame(client), text)
                    # The reply of the last message is counted when it has been sent.
                    client.close()
                stats = server.stop_and_get_stats()
                self.assertEqual(list(stats["clients"]), ["a"])
                entry = stats["clients"]["a"]
                self.assertEqual(sorted(entry), sorted(ENTRY))
                self.assertEqual(sorted(entry["failures"]), sorted(FAILURES))
                self.assertEqual(sum(entry["failures"].values()), 0, entry)
                self.assertEqual(
                    {key: entry[key] for key in ENTRY[:10]},
                    {"client_id": "a", "connected": False, "connects": 1, "disconnects": 1,
                     "messages_in": 3, "messages_out": 3, "bytes_in": 24, "bytes_out": 24,
                     "avg_payload_in": 8.0, "avg_payload_out": 8.0})
                self.assertLess(abs(entry["last_message_ts"] - time.time()), 60)

    def test_add_up_the_connections_of_one_name(self):
        with Serve("--stats") as server:
            for _ in range(3):
                jsocket("send", server.address, '{"client":"a"}')
            jsocket("send", server.address, '{"client":"b"}')
            clients = server.stop_and_get_stats()["clients"]
        self.assertEqual({name: entry["connects"] for name, entry in clients.items()},
                         {"a": 3, "b": 1})

    def test_name_a_client_by_its_address_until_it_says_its_name(self):
        with Serve("--stats") as server:
            jsocket("send", server.address, "1")
            (name,) = server.stop_and_get_stats()["clients"]
        self.assertRegex(name, r"\A127\.0\.0\.1:\d+\Z")


class ClientName(CommandTest):
    NAMES = {
        '{"client":"gr\u00fc\u00df"}': "gr\u00fc\u00df",
        '{"client_id":"x"}': "x",
        '{"client_id":"x","client":"y"}': "y",
        '{"client":"y","client_id":"x"}': "y",
        ' { "a" : [ { "client" : "no" } , "}" , "\\"" ] , "client" : "yes" } ': "yes",
        '{"b":{"client":"no","c":["]"]},"t":true,"client":"yes","n":-1.5e3}': "yes",
        r'{"\u0063lient":"escaped"}': "escaped",
        r'{"client":"\u0041"}': "A",
        '{"client":"one","client":"two"}': "two",
        '{"client":42}': "42",
        '{"client":"  trimmed\\t"}': "trimmed",
    }

    # The address is kept.
    NAMELESS = [
        "1", "[]", "{}", '"client"', '["client","x"]', '{"a":{"client":"x"}}', '{"Client":"x"}',
        '{"a":"client"}', '{"client":null}', '{"client":""}', '{"client":"  "}',
        '{"client":null,"client_id":"x"}', r'{"a\u0062":1}',
    ]

    # What no tree can hold, so that only the payload hook answers.
    BESIDE_BIG_NUMBERS = {
        '{"n":%s,"client":"x"}' % ("9" * 400): "x",
        '{"client":"x","n":[1e400]}': "x",
    }

    def names(self, hook, texts):
        found = []
        for text in texts:
            with Serve("--stats", "--hook", hook) as server:
                self.assert_success(jsocket("send", server.address, text))
                (name,) = server.stop_and_get_stats()["clients"]
                found.append(name)
        return found

    def test_is_the_same_for_both_hooks(self):
        for hook in ["payload", "message"]:
            names = self.names(hook, self.NAMES)
            for text, name in zip(self.NAMES, names):
                with self.subTest(hook=hook, text=text):
                    self.assertEqual(name, self.NAMES[text])

    def test_needs_a_member_of_the_message_itself(self):
        for hook in ["payload", "message"]:
            for text, name in zip(self.NAMELESS, self.names(hook, self.NAMELESS)):
                with self.subTest(hook=hook, text=text):
                    self.assertRegex(name, r"\A127\.0\.0\.1:\d+\Z")

    def test_is_found_beside_numbers_that_no_tree_can_hold(self):
        self.assertEqual(self.names("payload", self.BESIDE_BIG_NUMBERS),
                         list(self.BESIDE_BIG_NUMBERS.values()))

    def test_may_change_with_every_message(self):
        with Serve("--stats") as server:
            jsocket("send", server.address, "-",
                    stdin='{"client":"a"}\n{"client":"b"}\n{"client":null}\n[1]\n')
            clients = server.stop_and_get_stats()["clients"]
        self.assertEqual(list(clients), ["b"])
        self.assertEqual(clients["b"]["messages_in"], 4)


class FailureCount(CommandTest):
    BREAK = {
        "bad_crc": b"JSN1\0\0\0\x01\0\0\0\0" + b"1",
        "bad_header": b"JSNX",
        "oversize": b"\x0f\xff\xff\xff",
        "invalid_utf8": frame(b'"\xff"'),
        "invalid_json": frame("{"),
        "too_deep": frame("[" * 129 + "]" * 129),
        "too_complex": frame("[" + "1," * 1_000_000 + "1]"),
        "timeout": b"\0\0\0\x05",
        "closed_mid_message": b"\0\0\0\x05",
    }

    def test_tells_what_ended_a_connection(self):
        for kind, wire in self.BREAK.items():
            with self.subTest(kind), Serve("--stats", "--recv-timeout", "0.2") as server:
                with server.connect() as client:
                    first = b'{"client":"a"}'
                    if wire.startswith(b"JSN"):
                        client.sendall(b"JSN1" + len(first).to_bytes(4, "big") +
                                       zlib.crc32(first).to_bytes(4, "big") + first)
                    else:
                        client.sendall(frame(first))
                    client.sendall(wire)
                    if kind == "closed_mid_message":
                        client.shutdown(1)
                    self.assertTrue(receive_to_end(client).endswith(first))
                failures = server.stop_and_get_stats()["clients"]["a"]["failures"]
                self.assertEqual({k: n for k, n in failures.items() if n}, {kind: 1})
