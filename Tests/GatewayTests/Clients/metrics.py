"""Reads a scrape by Prometheus's own parsers: metrics.py FILE.txt FILE.openmetrics"""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

for parse, name in ((text, sys.argv[1]), (openmetrics, sys.argv[2])):
    with open(name, encoding="utf-8") as file:
        families = list(parse(file.read()))
    assert len(families) > 20, families
    names = [family.name for family in families]
    assert len(names) == len(set(names)), names
    for family in families:
        assert family.type in ("counter", "gauge", "histogram", "info"), family
        assert family.documentation, family
        seen = set()
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in seen, key
            seen.add(key)
        if family.type == "histogram":
            series = {}
            for sample in family.samples:
                labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
                entry = series.setdefault(labels, {"buckets": []})
                if sample.name.endswith("_bucket"):
                    entry["buckets"].append((float(sample.labels["le"]), sample.value))
                else:
                    entry[sample.name.rsplit("_", 1)[1]] = sample.value
            for labels, entry in series.items():
                counts = [count for _, count in entry["buckets"]]
                bounds = [bound for bound, _ in entry["buckets"]]
                assert bounds == sorted(bounds) and counts == sorted(counts), (family.name, entry)
                assert entry["buckets"][-1][0] == float("inf")
                assert counts[-1] == entry["count"], (family.name, labels, entry)
print("ok")
