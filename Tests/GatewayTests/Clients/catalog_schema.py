"""Holds config/provider-catalog.schema.json against the shipped catalog and the broken ones.

Usage: catalog_schema.py ROOT_OF_THE_PACKAGE
"""

import json
import pathlib
import sys

from jsonschema import Draft202012Validator

root = pathlib.Path(sys.argv[1])
fixtures = root / "Tests/ImagesTests/Fixtures/catalog"
schema = json.loads((root / "config/provider-catalog.schema.json").read_text())
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)


def faults(catalog):
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(catalog)]


wrong = []
for name in ("PROVIDER_CATALOG.json", "Tests/ImagesTests/Fixtures/catalog/valid.json"):
    catalog = json.loads((root / name).read_text())
    wrong += [f"{name}: {fault}" for fault in faults(catalog)]
    # Editors find the schema by this.
    if name == "PROVIDER_CATALOG.json" and not (root / catalog["$schema"]).is_file():
        wrong.append(f"{name}: $schema names no file")

lines = (fixtures / "valid.json").read_text().split("\n")
seen = 0
for case in json.loads((fixtures / "broken.json").read_text())["cases"]:
    if case["schema"] is None:
        continue
    text = list(lines)
    text[case["line"] - 1] = case["text"]
    for line, other in case.get("more", {}).items():
        text[int(line) - 1] = other
    for line in case.get("drop", []):
        text[line - 1] = ""
    found = faults(json.loads("\n".join(text)))
    if bool(found) != case["schema"]:
        wrong.append(f"{case['name']}: {found or 'accepted'}")
    seen += case["schema"]

if seen < 50:
    wrong.append(f"only {seen} broken catalogs that a schema can see")


def undescribed(node, path):
    """Properties without a description, of their own or of what they refer to."""
    for name, value in node.get("properties", {}).items():
        target = value
        while isinstance(target, dict) and "$ref" in target and "description" not in target:
            target = schema["$defs"][target["$ref"].rsplit("/", 1)[1]]
        if isinstance(target, dict) and "description" not in target and "const" not in target:
            if target:
                yield f"{path}.{name} has no description"
    for key, value in node.items():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict) and key != "if" and key != "else":
                yield from undescribed(child, f"{path}.{key}")


wrong += undescribed(schema, "schema")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
