"""Trims botocore's protocol and Signature Version 4 test vectors: python3 make.py BOTOCORE_SDIST_DIR."""

import glob
import json
import os
import sys


def trimmed(value):
    if isinstance(value, dict):
        return {key: trimmed(item) for key, item in value.items() if key not in ("documentation",)}
    if isinstance(value, list):
        return [trimmed(item) for item in value]
    return value


def write(name, value):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


unit = os.path.join(sys.argv[1], "tests", "unit")
for side in ("input", "output"):
    suites = {}
    for path in sorted(glob.glob(os.path.join(unit, "protocols", side, "*.json"))):
        with open(path, encoding="utf-8") as file:
            suites[os.path.basename(path).removesuffix(".json")] = trimmed(json.load(file))
    write(f"{side}.json", suites)

cases = []
for path in sorted(glob.glob(os.path.join(unit, "auth", "aws4_testsuite", "**", "*.req"), recursive=True)):
    case = {"name": os.path.basename(path).removesuffix(".req")}
    for part in ("req", "creq", "sts", "authz", "sreq"):
        with open(path.removesuffix("req") + part, "rb") as file:
            case[part] = file.read().decode("utf-8")
    cases.append(case)
write("aws4.json", cases)
