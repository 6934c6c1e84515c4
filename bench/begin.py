"""4. Cold start, first instance, idle memory, and what an EC2 call costs."""

import time

from figures import Series, ratio, table
from region import Calls, Failed, Network, Region


def run(profile, parent, scale):
    found = {name: [] for name in ("ready", "answer", "again", "rss", "pss", "rss1", "pss1", "exec", "exec2", "rss100", "pss100")}
    calls_found = {}
    for number in range(scale.runs):
        region = Region(profile, parent)
        try:
            cold(region, found)
            if number == scale.runs - 1:
                instances(region, found, scale)
                calls_found = api(region, scale, found)
                region.down()
                found["again"].append(region.up() * 1000)
        finally:
            region.close()
    return report({name: Series(values) for name, values in found.items()}, calls_found)


def cold(region, found):
    began = time.monotonic()
    found["ready"].append(region.up() * 1000)
    # The first answer: from the start of the process, without the time that our own look at the daemon takes.
    ready = time.monotonic()
    calls = Calls(region)
    answer = calls.call("DescribeVpcs")
    calls.close()
    found["answer"].append(found["ready"][-1] + (answer["done_ns"] - answer["sent_ns"]) / 1e6)
    if ready - began > 30:
        raise Failed("the start took longer than half a minute")
    remember(region, found, "1")
    # Nobody has asked for anything yet.
    region.down()
    region.up()
    remember(region, found, "")


def remember(region, found, when):
    time.sleep(1)
    rss, pss = region.memory_mib()
    found["rss" + when].append(rss)
    found["pss" + when].append(pss)


def instances(region, found, scale):
    calls = Calls(region)
    network = Network(region, calls, 24)
    group = network.group("first")
    for number in range(scale.runs):
        instance, _, seconds = network.instance(group)
        found["exec" if number == 0 else "exec2"].append(seconds * 1000)
        calls.call("TerminateInstances", **{"InstanceId.1": instance})
    if not found["exec2"]:
        found["exec2"] = found["exec"]
    calls.close()


def api(region, scale, found):
    """Milliseconds of each call; afterwards 100 VPCs and 1,000 endpoints exist."""
    calls = Calls(region)
    vpc = calls.take("vpcId", "CreateVpc", CidrBlock="10.99.0.0/16")
    of = {}

    def take(name, action, repeat, clients=1, **members):
        answer = calls.call(action, repeat=repeat, clients=clients, **members)
        # By several clients, a call costs the time that all took by the number of calls, however long each waited.
        of[name] = [n / 1e6 for n in answer["nanos"]] if clients == 1 else [answer["seconds"] * 1000 / len(answer["nanos"])]

    group = {"GroupDescription": "bench", "VpcId": vpc}
    # A resource that no packet depends on: what the call and its durable write alone cost.
    options = {"DhcpConfiguration.1.Key": "domain-name", "DhcpConfiguration.1.Value.1": "n{n}.internal"}
    take("CreateDhcpOptions", "CreateDhcpOptions", scale.creates, **options)
    take("CreateDhcpOptions, 16 clients, per call", "CreateDhcpOptions", scale.creates * 4, 16, **options)
    take("CreateSecurityGroup", "CreateSecurityGroup", scale.creates, GroupName="a{n}", **group)
    take("CreateSecurityGroup, 16 clients, per call", "CreateSecurityGroup", scale.creates * 4, 16, GroupName="b{n}", **group)
    take("CreateVpc", "CreateVpc", 100, CidrBlock="10.{n}.0.0/16")
    remember(region, found, "100")
    take("DescribeVpcs (100)", "DescribeVpcs", scale.creates)
    take("CreateVpcEndpoint (no route table)", "CreateVpcEndpoint", 1000, VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    take("DescribeVpcEndpoints (1,000)", "DescribeVpcEndpoints", scale.creates)
    calls.close()
    # What the disk does alone in the place of a create: about five pages, then fdatasync.
    disk = region.generate([], "disk", "--dir", region.data, "--threads", 1, "--bytes", 20480, "--seconds", scale.seconds)
    of["the disk alone: 20 KiB and fdatasync"] = [disk["latency"][key] / 1000 for key in ("min_us", "p50_us", "p50_us", "max_us")]
    return of


YARDSTICKS = {
    "CreateDhcpOptions": 0.23, "CreateDhcpOptions, 16 clients, per call": 0.23, "CreateSecurityGroup": 0.23,
    "CreateSecurityGroup, 16 clients, per call": 0.23, "CreateVpc": 0.23, "DescribeVpcEndpoints (1,000)": 3.4,
}


def report(found, of):
    rows = [
        ("spawn to ready line, fresh data directory (ms)", found["ready"].show(), "105 (44)", ratio(found["ready"].median, 105)),
        ("spawn to first answer (ms)", found["answer"].show(), "105 (44)", ratio(found["answer"].median, 105)),
        ("start again with 100 VPCs and 1,000 endpoints (ms)", found["again"].show(), "–", "–"),
        ("RunInstances to `exec true`, the first (ms)", found["exec"].show(), "–", "–"),
        ("RunInstances to `exec true`, later ones (ms)", found["exec2"].show(), "–", "–"),
        ("idle memory after start, resident (MiB)", found["rss"].show(), "60 (5)", ratio(found["rss"].median, 60)),
        ("idle memory after start, proportional (MiB)", found["pss"].show(), "60 (5)", ratio(found["pss"].median, 60)),
        ("the same after the first EC2 call, resident (MiB)", found["rss1"].show(), "–", "–"),
        ("the same after the first EC2 call, proportional (MiB)", found["pss1"].show(), "–", "–"),
        ("the same with 100 VPCs, resident (MiB)", found["rss100"].show(), "–", "–"),
        ("the same with 100 VPCs, proportional (MiB)", found["pss100"].show(), "–", "–"),
    ]
    start = table(("", "Postern", "yardstick (leanest S3-only server)", "ratio"), rows)
    rows = []
    for name, values in of.items():
        series, yardstick = Series(values), YARDSTICKS.get(name)
        rows.append((name, series.show(2), yardstick or "–", ratio(series.median, yardstick) if yardstick else "–"))
    calls = table(("EC2 call (ms), keep-alive, signed, durable", "Postern", "yardstick", "ratio"), rows)
    return "## Start, memory, calls\n\n" + start + "\n" + calls
