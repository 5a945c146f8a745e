#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails for what Doxygen does not warn of: enumerators and namespaces without a comment.
Usage: check.py FOLDER, with Doxygen's XML files"""
import sys
import xml.etree.ElementTree as xml
from pathlib import Path


def documented(element):
    """Does the comment on it say anything?"""
    return any("".join(element.find(part).itertext()).strip()
               for part in ("briefdescription", "detaileddescription"))


def faults(folder):
    for path in sorted(folder.glob("*.xml")):
        for compound in xml.parse(path).getroot().findall("compounddef"):
            name = compound.findtext("compoundname")
            if name == "std" or compound.get("prot") == "private":  # the first is Doxygen's own
                continue
            if compound.get("kind") == "namespace" and not documented(compound):
                yield f"namespace {name} is not documented; docs/site/namespaces.dox is the place"
            for member in compound.iterfind("sectiondef/memberdef[@kind='enum']"):
                for value in member.findall("enumvalue"):
                    if member.get("prot") != "private" and not documented(value):
                        yield f"{name}::{member.findtext('name')}::{value.findtext('name')} is not documented"


def main():
    found = sorted(set(faults(Path(sys.argv[1]))))
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
