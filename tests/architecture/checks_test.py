#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks themselves, on made-up trees: each of them can fail."""
import importlib.util
import tempfile
import unittest
from pathlib import Path

import check_documents
import check_layers
import check_sources

ROOT = Path(__file__).resolve().parents[2]


def load(path):
    """A script elsewhere in the tree, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


page_filter = load(ROOT / "docs/site/filter.py")
site_check = load(ROOT / "docs/site/check.py")

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


class Tree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Layers(Tree):
    def faults(self):
        return list(check_layers.layer_faults(self.root))

    def test_a_lower_layer_may_be_included(self):
        self.write("include/jsocket/socket/stream.hpp", "#include <jsocket/deadline.hpp>\n")
        self.write("src/framing/detect.cpp", '#include "core/utf8.hpp"\n#include <vector>\n')
        self.write("src/client/client.cpp", '#include "support/mutex.hpp"\n#include <spdlog/spdlog.h>\n')
        self.assertEqual(self.faults(), [])

    def test_a_higher_layer_may_not(self):
        self.write("include/jsocket/framing/detect.hpp", "#include <jsocket/client/json_client.hpp>\n")
        self.assertEqual(self.faults(), [
            "framing/detect.hpp (framing) includes client/json_client.hpp (client)"])

    def test_siblings_do_not_see_each_other(self):
        self.write("src/server/session.cpp", '#include "client/backoff.hpp"\n')
        self.assertEqual(self.faults(), [
            "server/session.cpp (server) includes client/backoff.hpp (client)"])

    def test_a_file_beside_the_including_one_is_of_its_layer(self):
        self.write("src/server/book.hpp", "")
        self.write("src/server/session.cpp", '#include "book.hpp"\n')
        self.assertEqual(self.faults(), [])

    def test_the_umbrella_header_is_not_for_the_library(self):
        self.write("include/jsocket/jsocket.hpp", "#include <jsocket/server/server.hpp>\n")
        self.write("src/server/server.cpp", "#include <jsocket/jsocket.hpp>\n")
        self.assertEqual(self.faults(), [
            "server/server.cpp (server) includes jsocket.hpp (jsocket.hpp)"])

    def test_the_command_sees_everything_and_nobody_sees_it(self):
        self.write("src/cli/main.cpp", '#include "server/session.hpp"\n')
        self.write("src/core/text.cpp", '#include "cli/main.hpp"\n')
        self.assertEqual(self.faults(), ["core/text.cpp (core) includes cli/main.hpp (cli)"])

    def test_a_new_layer_needs_a_row(self):
        self.write("src/pigeons/coop.cpp", "")
        self.assertEqual(self.faults(), [
            "pigeons/coop.cpp: no row of check_layers.py is about the layer pigeons"])

    def test_only_json_hpp_names_nlohmann(self):
        self.write("include/jsocket/json.hpp", "#include <nlohmann/json.hpp>\n")
        self.write("include/jsocket/error.hpp", "// as nlohmann::json\nint f(const nlohmann::json&);\n")
        self.write("include/jsocket/limits.hpp", "#include <spdlog/logger.h>\n")
        self.assertEqual(list(check_layers.third_party_faults(self.root)), [
            "error.hpp:2 names nlohmann, which is not for public headers",
            "limits.hpp:1 names spdlog, which is not for public headers"])


class Sources(Tree):
    def setUp(self):
        super().setUp()
        self.write("CMakeLists.txt", LICENCE.replace("//", "#"))

    def faults(self):
        return list(check_sources.faults(self.root))

    def test_licence_lines_are_found_below_the_interpreter(self):
        self.write("src/a.cpp", LICENCE)
        self.write("scripts/run", "#!/bin/sh\n" + LICENCE.replace("//", "#"))
        self.assertEqual(self.faults(), [])

    def test_a_missing_licence_line_is_a_fault(self):
        self.write("src/a.cpp", "int a;\n")
        self.write("scripts/run", "#!/bin/sh\nexit\n")
        self.assertEqual(len(self.faults()), 2)

    def test_other_characters_than_ascii_are_a_fault(self):
        self.write("src/a.cpp", LICENCE + "// caf\u00e9\n")
        self.assertEqual(self.faults(), ["src/a.cpp:2 is not ASCII"])

    def test_data_is_left_alone(self):
        self.write("tests/data/a.py", "caf\u00e9")
        self.assertEqual(self.faults(), [])


class Documents(Tree):
    def test_the_newest_version_is_the_projects(self):
        self.write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2024-01-01\n")
        self.assertEqual(list(check_documents.changelog_faults(self.root, "1.2.3")), [])
        self.assertEqual(list(check_documents.changelog_faults(self.root, "1.2.4")), [
            "the newest version in CHANGELOG.md is 1.2.3; project() says 1.2.4"])

    def test_the_readme_shows_the_example(self):
        self.write("examples/readme.cpp", LICENCE + "\nint main() {}\n")
        self.write("README.md", "Hello\n```cpp\nint main() {}\n```\n")
        self.assertEqual(list(check_documents.readme_faults(self.root)), [])
        self.write("README.md", "Hello\n```cpp\nint main() { }\n```\n")
        self.assertEqual(len(list(check_documents.readme_faults(self.root))), 1)

    def test_links_lead_somewhere(self):
        self.write("docs/a.md", "[b](../b.md#top) [c](c.md) [d](https://example.org)\n")
        self.write("b.md", "")
        self.assertEqual(list(check_documents.link_faults(self.root)), [
            "docs/a.md links to c.md, which does not exist"])

    def test_the_files_of_the_architecture_exist(self):
        self.write("src/socket/wait.cpp", "")
        self.write("ARCHITECTURE.md", "`socket/wait.cpp`, `src/socket/wait.cpp`, `socket/gone.cpp`\n")
        self.assertEqual(list(check_documents.path_faults(self.root)), [
            "ARCHITECTURE.md names socket/gone.cpp, which does not exist"])

    def test_scenarios_are_listed_in_the_words_of_their_tests(self):
        self.write("tests/scenarios/CMakeLists.txt",
                   'jsocket_scenario(01 "all is well"\n    PROGRAM a_test A.*)\n'
                   'jsocket_scenario(02 "none is lost" COMMAND b)\n')
        self.write("docs/reliability.md", "| 01 | all is well |\n| 02 | none is found |\n")
        self.assertEqual(list(check_documents.scenario_faults(self.root)), [
            "scenario 02, none is found, is only in docs/reliability.md",
            "scenario 02, none is lost, is only in tests/scenarios"])

    def test_snippets_are_part_of_a_test_but_for_their_layout(self):
        self.write("tests/testing/page_test.cpp", "TEST(A, B) {\n    f(1,\n      2);\n}\n")
        self.write("docs/testing.md", "```cpp\nf(1, 2);\n```\n\n```cpp\nf(1, 3);\n```\n")
        self.assertEqual(list(check_documents.snippet_faults(self.root)), [
            "docs/testing.md has a snippet that no test runs: f(1, 3);"])


class PublicSymbols(Tree):
    """What Doxygen does not warn of."""

    def faults(self, brief):
        comment = f"<briefdescription>{brief}</briefdescription><detaileddescription/>"
        self.write("a.xml", f"""<doxygen>
            <compounddef kind="namespace"><compoundname>a</compoundname>{comment}
            <sectiondef><memberdef kind="enum" prot="public"><name>B</name>
            <enumvalue><name>c</name>{comment}</enumvalue></memberdef></sectiondef>
            </compounddef></doxygen>""")
        return list(site_check.faults(self.root))

    def test_need_a_comment(self):
        self.assertEqual(self.faults("<para>Why.</para>"), [])
        self.assertEqual(self.faults(" "), [
            "namespace a is not documented; docs/site/namespaces.dox is the place",
            "a::B::c is not documented"])


class Site(unittest.TestCase):
    """What scripts/docs makes of pages and headers."""

    def page(self, name, text):
        return list(page_filter.page(ROOT / name, text))

    def test_links_lead_to_pages_and_headings_of_the_site(self):
        self.assertEqual(
            self.page("docs/tls.md", "[a](framing.md#a-b) [`c`](../README.md) [d](../LICENSE) "
                                     "[e](https://example.org) [f](#g)\n"),
            ["[a](@ref framing_a_b) [c](@ref index) d [e](https://example.org) [f](@ref tls_g)"])

    def test_headings_have_names_of_their_own(self):
        self.assertEqual(self.page("docs/tls.md", "# TLS\n## A `b`\n## A `b`\n"), [
            "# TLS {#page_tls}", "## A `b` {#tls_a_b}", "## A `b` {#tls_a_b_1}"])

    def test_code_is_left_alone(self):
        code = ["```sh", "# [a](b)", "```"]
        self.assertEqual(self.page("README.md", "\n".join(code)), code)

    def test_what_stands_before_the_namespace_is_about_the_file(self):
        self.assertEqual(list(page_filter.header("/// All of it.\nnamespace jsocket {\n")),
                         ["/// @file", "/// All of it.", "namespace jsocket {"])

    def test_rules_become_paragraphs(self):
        self.assertEqual(
            list(page_filter.header("/// A.\n///\n/// Threads:  any\n///           one.\nclass A;")),
            ["/// @file", "/// A.", "///", "/// @par Threads", "/// any", "/// one.", "class A;"])


if __name__ == "__main__":
    unittest.main()
