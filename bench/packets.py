"""1. Instance to instance through the VPC, with groups, ACL and route table, against plain routing without rules."""

from figures import Series, interleave, ratio, table
from plain import FAR, Plain
from region import Network

PORT = 7000
# Both ends on one CPU: no wake-up across CPUs, which in a virtual machine costs more than the whole way.
ONE_CPU = ["taskset", "--cpu-list", "0"]


def mtu_of(region, instance):
    words = region.postern("exec", instance, "--", "ip", "-o", "link", "show", "ens5").split()
    return int(words[words.index("mtu") + 1])


def run(region, calls, scale):
    network = Network(region, calls, 21)
    group = network.group("packets", ("tcp", PORT, PORT + 19), ("udp", PORT, PORT + 19))
    # Two rules of ours before the one that allows all: the ACL is read from the top for every packet, both ways.
    for number, port in ((90, 23), (95, 25)):
        for egress in ("true", "false"):
            calls.call(
                "CreateNetworkAclEntry", NetworkAclId=network.acl, RuleNumber=number, Protocol="6", RuleAction="deny",
                Egress=egress, CidrBlock="0.0.0.0/0", **{"PortRange.From": port, "PortRange.To": port},
            )
    near, _, _ = network.instance(group)
    far, address, _ = network.instance(group, subnet=network.other_subnet)
    plain = Plain(mtu_of(region, near))
    try:
        for end in (region.inside(far), plain.far):
            region.follow([*end, str(region.load), "peer", "--port", str(PORT)])
            region.follow([*end, *ONE_CPU, str(region.load), "peer", "--port", str(PORT + 10)])
        return measure(region, scale, {"VPC": (region.inside(near), address), "plain routing": (plain.near, FAR)})
    finally:
        plain.close()
        calls.call("TerminateInstances", **{"InstanceId.1": near, "InstanceId.2": far})


def measure(region, scale, ways):
    seconds, runs = scale.seconds, scale.runs
    kinds = {
        "TCP, 1 stream (Gbit/s)": ([], 0, ["stream", "--streams", 1, "--seconds", seconds], "gbit_per_second", 1),
        "TCP, 4 streams (Gbit/s)": ([], 0, ["stream", "--streams", 4, "--seconds", seconds], "gbit_per_second", 1),
        "round trip of 64 B, p50 (µs)": ([], 1, ["pingpong", "--rounds", scale.rounds], "p50_us", 1),
        "the same, both ends on one CPU (µs)": (ONE_CPU, 11, ["pingpong", "--rounds", scale.rounds], "p50_us", 1),
        "UDP of 64 B that arrive (thousand/s)": ([], 2, ["datagrams", "--bytes", 64, "--seconds", seconds], "arrived_per_second", 0.001),
    }
    rows = []
    for kind, (pin, offset, words, figure, factor) in kinds.items():
        def way(prefix, address):
            argv = [words[0], "--to", f"{address}:{PORT + offset}", *words[1:]]
            return lambda: region.generate([*prefix, *pin], *argv)[figure] * factor

        found = interleave(runs, **{name: way(*where) for name, where in ways.items()})
        vpc, plain = Series(found["VPC"]), Series(found["plain routing"])
        rows.append((kind, vpc.show(), plain.show(), ratio(vpc.median, plain.median)))
    head = ("", "through the VPC", "plain routing", "ratio")
    return "## Instance to instance\n\n" + table(head, rows)
