#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes Debian packages and looks into them, as lintian does, too, if it is there.

Usage: check_packages.py CPACK BUILD_FOLDER OUTPUT_FOLDER SOURCE_FOLDER VERSION PACKAGE...
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

REQUIRED_FILES = {
    "libjsocket0": [r"/lib/(.*/)?libjsocket\.so\.0$"],
    "libjsocket-dev": [r"/lib/(.*/)?libjsocket\.(a|so)$", r"/pkgconfig/jsocket\.pc$",
                       r"/pkgconfig/jsocket_rpc\.pc$", r"/pkgconfig/jsocket_testing\.pc$",
                       r"/cmake/jsocket/jsocketConfig\.cmake$", r"/include/jsocket/version\.hpp$"],
    "jsocket-tools": [r"/bin/jsocket$", r"/examples/jsocket-echo\.service$",
                      r"/examples/jsocket-echo\.socket$", r"/man/man1/jsocket\.1\.gz$", r"/man/man1/jsocket-send\.1\.gz$",
                      r"/bash-completion/completions/jsocket$",
                      r"/zsh/vendor-completions/_jsocket$",
                      r"/fish/vendor_completions\.d/jsocket\.fish$"],
}
# What lintian says and we leave: who packages it names a maintainer (CPACK_PACKAGE_CONTACT), and the
# years of a copyright are in no file. CPack has ldconfig run by scripts rather than by a trigger. The
# library's package holds several libraries. Where pkg-config files go is for who configures the tree.
LEFT = ["bogus-mail-host", "bogus-mail-host-in-debian-changelog", "copyright-without-copyright-notice",
        "lacks-ldconfig-trigger", "maintscript-calls-ldconfig", "package-name-doesnt-match-sonames",
        "pkg-config-unavailable-for-cross-compilation"]
REQUIRED_DEPENDS = {
    "libjsocket0": ["libc6", "libssl3", "libstdc++6", "zlib1g"],
    "libjsocket-dev": ["nlohmann-json3-dev"],
    "jsocket-tools": ["libc6", "libstdc++6"],
}


def output_of(*command):
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if process.returncode != 0:
        sys.exit(f"{process.stdout}{command[0]} failed with exit code {process.returncode}")
    return process.stdout


def package_faults(package, deb, patterns):
    files = [line.split()[5].removeprefix(".") for line in output_of("dpkg-deb", "-c", deb).splitlines()]
    for pattern in [*patterns, f"/doc/{package}/copyright$", f"/doc/{package}/changelog.gz$"]:
        if not any(re.search(pattern, file) for file in files):
            yield f"{package} has no file {pattern}"
    depends = re.split(r",\s*", output_of("dpkg-deb", "-f", deb, "Depends").strip())
    names = [depend.split()[0] for depend in depends if depend]
    for name in REQUIRED_DEPENDS[package]:
        if name not in names:
            yield f"{package} does not depend on {name}, only on {', '.join(names)}"


def faults(folder, source, version, packages):
    debs = {deb.name.split("_")[0]: deb for deb in folder.glob("*.deb")}
    if set(debs) != set(packages):
        yield f"cpack made {sorted(debs)} rather than {sorted(packages)}"
    for package, deb in sorted(debs.items()):
        if not re.fullmatch(rf"{package}_{re.escape(version)}_[a-z0-9]+\.deb", deb.name):
            yield f"{deb.name} is not named as Debian names packages"
        patterns = list(REQUIRED_FILES[package])
        if package == "libjsocket-dev":
            headers = (source / "include").rglob("*.hpp")
            patterns += [f"/{re.escape(h.relative_to(source).as_posix())}$" for h in sorted(headers)]
        yield from package_faults(package, deb, patterns)
    yield from lintian_faults(sorted(debs.values()))


def lintian_faults(debs):
    if shutil.which("lintian") is None:
        return
    done = subprocess.run(["lintian", "--allow-root", "--suppress-tags", ",".join(LEFT), *debs],
                          stdout=subprocess.PIPE, text=True)
    yield from re.findall(r"^[EW]: .*", done.stdout, re.MULTILINE)
    if done.returncode not in (0, 2):
        yield f"lintian failed with exit code {done.returncode}"


def main():
    cpack, build, output, source, version, *packages = sys.argv[1:]
    shutil.rmtree(output, ignore_errors=True)
    output_of(cpack, "--config", f"{build}/CPackConfig.cmake", "-G", "DEB", "-B", output)
    found = list(faults(Path(output), Path(source), version, packages))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
