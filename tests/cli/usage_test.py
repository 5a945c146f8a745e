# SPDX-License-Identifier: Apache-2.0
"""Help, version, and every way to call the command wrongly."""

import os
import re
import unittest

from command import CommandTest, Serve, jsocket

COMMANDS = ["serve", "send", "call", "connect", "listen", "bench", "top", "proxy", "replay",
            "contexts", "completion", "manual"]
PARTS = ["Usage", "Arguments", "Options", "Examples"]
# How many an option has that says different things of itself: those of servers differ from those
# of clients, or they also say what they do to that command.
MEANINGS = {"--framing": 2, "--tls-certificate": 2, "--timeout": 3, "--json": 6}
# Its name, and what it is for, which may begin one line below.
OPTION = re.compile(r"^  (-h,--help|--[a-z-]+)(?: \S+)?\s+(\S.*(?:\n {20,}.*)*)$", re.MULTILINE)

SERVE_OPTIONS = ["--help", "--echo", "--hook", "--bind", "--framing", "--max-message-size",
                 "--recv-timeout", "--max-connections", "--spin", "--stats"]
SEND_OPTIONS = ["--help", "--framing", "--timeout"]
PROXY_OPTIONS = ["--help", "--to", "--listen", "--direction", "--message", "--delay", "--trickle",
                 "--chunk", "--cut-after", "--reset-after", "--flip-bit", "--record", "--framing",
                 "--max-message-size"]


class StandardInput(CommandTest):
    def test_that_cannot_be_read_is_not_taken_for_an_empty_one(self):
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        with Serve() as server:
            for arguments in [["send", server.address, "-"], ["connect", server.address],
                              ["call", server.address, "m", "-"], ["bench", server.address, "-"],
                              ["bench", server.address, "--rpc", "-"]]:
                with self.subTest(arguments=arguments):
                    self.assert_failed(jsocket(*arguments, stdin=folder),
                                       "standard input: Is a directory")
                    self.assert_failed(jsocket(*arguments, preexec_fn=lambda: os.close(0)),
                                       "standard input: Bad file descriptor")


class Help(CommandTest):
    def test_lists_the_commands(self):
        for option in ["--help", "-h"]:
            result = jsocket(option)
            self.assert_success(result)
            self.assertEqual(re.findall("^  ([a-z]+) ", result.out, re.MULTILINE), COMMANDS)
            for word in ["--help", "--version"]:
                self.assertIn(word, result.out)

    def test_that_cannot_be_written_is_a_failure(self):
        for arguments in [["--help"], ["--version"], ["send", "--help"]]:
            with self.subTest(arguments=arguments), open("/dev/full", "wb") as full:
                self.assert_failed(jsocket(*arguments, stdout=full),
                                   "cannot write to standard output: No space left")
                self.assert_failed(jsocket(*arguments, preexec_fn=lambda: os.close(1)),
                                   "cannot write to standard output: Bad file descriptor")

    def test_of_serve_names_every_option(self):
        result = jsocket("serve", "--help")
        self.assert_success(result)
        for word in SERVE_OPTIONS + ["127.0.0.1:5489", "unix:PATH", "auto"]:
            self.assertIn(word, result.out)

    def test_of_send_names_every_option_and_argument(self):
        result = jsocket("send", "--help")
        self.assert_success(result)
        for word in SEND_OPTIONS + ["HOST:PORT", "unix:PATH", "JSON", "prefix"]:
            self.assertIn(word, result.out)

    def test_of_proxy_names_every_option(self):
        result = jsocket("proxy", "--help")
        self.assert_success(result)
        for word in PROXY_OPTIONS + ["127.0.0.1:0", "unix:PATH", "auto"]:
            self.assertIn(word, result.out)

    def test_of_replay_names_every_option_and_argument(self):
        result = jsocket("replay", "--help")
        self.assert_success(result)
        for word in ["--help", "--bind", "FILE", "127.0.0.1:0", "unix:PATH"]:
            self.assertIn(word, result.out)

    def test_of_bench_names_every_option_and_argument(self):
        result = jsocket("bench", "--help")
        self.assert_success(result)
        for word in ["SERVER", "JSON", "--rpc", "--size", "--connections", "--window", "--rate",
                     "--duration", "--requests", "--warmup", "--framing", "--timeout", "--tls-ca", "--json"]:
            self.assertIn(word, result.out)

    def test_of_listen_names_every_option(self):
        result = jsocket("listen", "--help")
        self.assert_success(result)
        for word in ["--bind", "--rules", "--default", "--count", "--framing", "--json",
                     "--tls-certificate", "127.0.0.1:5489"]:
            self.assertIn(word, result.out)

    def test_fits_into_eighty_columns_without_trailing_space(self):
        for arguments in [["--help"], *([command, "--help"] for command in COMMANDS)]:
            for line in jsocket(*arguments).out.splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertEqual(line, line.rstrip())

    def test_has_the_same_parts_in_the_same_order_for_each_command(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                page = jsocket(command, "--help").out
                parts = re.findall("^([A-Z][a-z]+):", page, re.MULTILINE)
                self.assertEqual([part for part in parts if part in PARTS],
                                 [part for part in PARTS if part in parts])
                self.assertLessEqual({"Usage", "Options", "Examples"}, set(parts))
                self.assertIn(f"jsocket {command}", page.split("Examples:\n")[1])
                names = [name for name, _ in OPTION.findall(page)]
                self.assertEqual((names[0], names[-1]), ("-h,--help", "--json"))

    def test_says_of_an_option_what_it_says_of_it_elsewhere(self):
        meanings = {}
        for command in COMMANDS:
            for name, meaning in OPTION.findall(jsocket(command, "--help").out):
                # But for its default, and line breaks.
                meaning = re.sub(r" \[[^]]*\]$", "", " ".join(meaning.split()))
                meanings.setdefault(name, {}).setdefault(meaning, []).append(command)
        self.assertIn("--tls-ca", meanings)
        for name, found in meanings.items():
            with self.subTest(option=name):
                self.assertLessEqual(len(found), MEANINGS.get(name, 1), found)

    def test_wins_over_wrong_values(self):
        self.assert_success(jsocket("serve", "--framing", "none", "--help"))
        self.assert_success(jsocket("send", "nowhere", "--help"))

    def test_goes_to_stderr_without_arguments(self):
        result = jsocket()
        self.assertEqual((result.code, result.out), (2, ""))
        self.assertIn("serve", result.err)
        self.assertIn("send", result.err)


class Version(CommandTest):
    def test_is_one_line(self):
        result = jsocket("--version")
        self.assert_success(result)
        self.assertRegex(result.out, r"\Ajsocket \d+\.\d+\.\d+\n\Z")


class UsageError(CommandTest):
    def test_for_an_unknown_command_names_it(self):
        self.assert_usage_error(jsocket("frobnicate"), 'jsocket: "frobnicate" is no command; see')
        for word, near in [("sned", "send"), ("conect", "connect"), ("benchs", "bench")]:
            self.assert_usage_error(jsocket(word, "x"),
                                    f'jsocket: "{word}" is no command, but {near} is; see')

    def test_for_arguments_too_many_names_them_as_they_were_typed(self):
        self.assert_usage_error(jsocket("send", "h:1", "1", "x", "y", "--z"),
                                "jsocket: not expected: x y --z; see `jsocket send --help`")

    def test_for_two_commands(self):
        self.assert_usage_error(jsocket("serve", "--echo", "send"), "send")

    def test_for_an_unknown_option_names_it_and_the_help(self):
        self.assert_usage_error(jsocket("--frobnicate"), "--frobnicate", "jsocket --help")
        self.assert_usage_error(jsocket("serve", "--echo", "--frob"), "--frob", "serve --help")
        self.assert_usage_error(jsocket("send", "h:1", "1", "--frob"), "--frob", "send --help")

    def test_for_an_argument_too_many(self):
        self.assert_usage_error(jsocket("serve", "--echo", "surplus"), "surplus")
        self.assert_usage_error(jsocket("send", "h:1", "1", "surplus"), "surplus")

    def test_is_one_line_even_if_the_mistake_is_several(self):
        self.assert_usage_error(jsocket("serve", "--echo", "two\nlines\x1b[31m"), "two lines [31m")

    def test_for_missing_arguments(self):
        self.assert_usage_error(jsocket("send"), "SERVER")
        self.assert_usage_error(jsocket("send", "127.0.0.1:1"), "JSON")

    def test_for_an_option_without_its_value(self):
        self.assert_usage_error(jsocket("serve", "--echo", "--bind"), "--bind")
        self.assert_usage_error(jsocket("send", "h:1", "1", "--timeout"), "--timeout")

    def test_for_an_option_given_twice(self):
        self.assert_usage_error(
            jsocket("serve", "--echo", "--bind", "h:1", "--bind", "h:2"), "--bind")

    def test_for_a_flag_with_a_value(self):
        self.assert_usage_error(jsocket("serve", "--echo=false"), "echo")
        self.assert_usage_error(jsocket("serve", "--echo", "--stats=1"), "stats")

    def test_for_serve_without_anything_to_serve(self):
        self.assert_usage_error(jsocket("serve"), "--echo")
        self.assert_usage_error(jsocket("serve", "--stats"), "--echo")

    def test_for_an_address_that_is_none(self):
        for address in ["", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                        "127.0.0.1:-1", "::1:5489", "[::1]", "[::1]5489", "unix:"]:
            with self.subTest(address=address):
                self.assert_usage_error(jsocket("serve", "--echo", "--bind", address), "--bind")
                self.assert_usage_error(jsocket("send", address, "1"), "SERVER")

    def test_for_a_path_too_long_for_a_socket(self):
        address = "unix:" + "x" * 108
        self.assert_usage_error(jsocket("serve", "--echo", "--bind", address), "107")
        self.assert_usage_error(jsocket("send", address, "1"), "107")

    def test_for_sending_to_port_zero(self):
        self.assert_usage_error(jsocket("send", "127.0.0.1:0", "1"), "SERVER", "port")

    def test_for_an_unknown_hook(self):
        self.assert_usage_error(jsocket("serve", "--echo", "--hook", "both"), "--hook", "both")

    def test_for_an_unknown_framing(self):
        for framing in ["", "Prefix", "json", "automatic"]:
            with self.subTest(framing=framing):
                self.assert_usage_error(jsocket("serve", "--echo", "--framing", framing),
                                        "--framing")
                self.assert_usage_error(jsocket("send", "h:1", "--framing", framing, "1"),
                                        "--framing")

    def test_for_a_client_that_would_have_the_framing_detected(self):
        self.assert_usage_error(jsocket("send", "h:1", "--framing", "auto", "1"), "--framing")

    def test_for_a_number_of_seconds_that_is_none(self):
        for text in ["0", "0.0", "-1", "-0.5", "", "x", "1s", "1e3", "inf", "nan", " 1", "1 ",
                     "0x10", "1,5", "40000000"]:
            with self.subTest(text=text):
                self.assert_usage_error(jsocket("serve", "--echo", "--recv-timeout", text),
                                        "--recv-timeout")
                self.assert_usage_error(jsocket("send", "h:1", "--timeout", text, "1"),
                                        "--timeout")

    def test_for_a_count_that_is_none(self):
        for option in ["--max-message-size", "--max-connections"]:
            for text in ["0", "-1", "", "x", "1.5", "0x10", "1e3", "4294967296",
                         "99999999999999999999"]:
                with self.subTest(option=option, text=text):
                    self.assert_usage_error(jsocket("serve", "--echo", option, text), option)

    def test_for_a_time_to_spin_that_is_none(self):
        for text in ["-1", "", "x", "0.5", "1000001"]:
            with self.subTest(text=text):
                self.assert_usage_error(jsocket("serve", "--echo", "--spin", text), "--spin")

    def test_for_messages_too_big_to_tell_the_framings_apart(self):
        self.assert_usage_error(
            jsocket("serve", "--echo", "--max-message-size", str(256 * 1024 * 1024 + 1)),
            "max", "268435456")


if __name__ == "__main__":
    unittest.main()
