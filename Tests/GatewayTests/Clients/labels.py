"""Reads pages whose labels hold strange texts, and prints those as JSON: labels.py TEXT OPENMETRICS"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

found = []
for parse, name in ((text, sys.argv[1]), (openmetrics, sys.argv[2])):
    # As it is: Python would make line feeds of carriage returns.
    with open(name, encoding="utf-8", newline="") as file:
        families = list(parse(file.read()))
    found.append([sample.labels["text"] for family in families for sample in family.samples])
print(json.dumps(found))
