"""3. From the API call to the packet that passes, against the raw cost of one ruleset and one route."""

import json
import re
import subprocess
import time

from figures import Series, interleave, ratio, table
from region import Failed, Network

PORT = 7100
RULES = "table ip bench { chain c_in { type filter hook input priority filter; tcp dport 443 accept; }; }\n"


def run(region, calls, scale):
    network = Network(region, calls, 23)
    near_group, far_group = network.group("near"), network.group("far")
    near, _, _ = network.instance(near_group)
    public, _, _ = network.instance(near_group, subnet=network.other_subnet, public=True)
    far, far_address, _ = network.instance(far_group)
    gateway = calls.take("internetGatewayId", "CreateInternetGateway")
    calls.call("AttachInternetGateway", InternetGatewayId=gateway, VpcId=network.vpc)
    own_table = calls.take("routeTableId", "CreateRouteTable", VpcId=network.vpc)
    calls.call("AssociateRouteTable", RouteTableId=own_table, SubnetId=network.other_subnet)
    region.follow([*region.inside(far), str(region.load), "peer", "--port", str(PORT)])
    made = []

    def endpoint(do):
        if not do:
            return calls.call("DeleteVpcEndpoints", **{"VpcEndpointId.1": made.pop()})
        answer = calls.call(
            "CreateVpcEndpoint", VpcId=network.vpc, ServiceName="com.amazonaws.us-east-1.s3",
            **{"RouteTableId.1": network.table},
        )
        made.append(re.search("<vpcEndpointId>(.*?)</vpcEndpointId>", answer["body"])[1])
        return answer

    def group(do):
        return (network.allow if do else network.forbid)(far_group, "udp", PORT + 3, PORT + 3)

    def route(do):
        members = {"RouteTableId": own_table, "DestinationCidrBlock": "0.0.0.0/0"}
        return calls.call("CreateRoute", GatewayId=gateway, **members) if do else calls.call("DeleteRoute", **members)

    ways = {
        "CreateVpcEndpoint": (near, "tcp", "s3.us-east-1.amazonaws.com:443", endpoint),
        "AuthorizeSecurityGroupIngress": (near, "udp", f"{far_address}:{PORT + 3}", group),
        "CreateRoute": (public, "tcp", "example.com:80", route),
    }
    empty = Empty()
    try:
        found = interleave(
            scale.repeats, raw=empty.once, **{name: (lambda way=way: once(region, *way)) for name, way in ways.items()}
        )
    finally:
        empty.close()
        calls.call("TerminateInstances", **{"InstanceId.1": near, "InstanceId.2": far, "InstanceId.3": public})
    raw = Series(found["raw"])
    rows = [("raw: one `nft -f` and one route", "–", raw.show(2), "–", "1.00")]
    for name in ways:
        answered, passed, late = (Series(run[i] for run in found[name]) for i in range(3))
        rows.append((name, answered.show(2), passed.show(2), late.show(2), ratio(passed.median, raw.median)))
    head = ("ms after the call was sent", "answered", "first packet sent that got through", "that minus the answer", "ratio to raw")
    return (
        "## From the call to the packet\n\n" + table(head, rows)
        + "\nA negative number in the third column: the packet passed before the caller heard so. The prober tries every "
        "0.2 ms, so a positive number up to about 0.3 is its own step; each way is seen shut for 0.1 s before the call. Raw "
        "is two processes (`nft`, `ip`) in an empty namespace.\n"
    )


def once(region, instance, sort, to, change):
    """One change with a prober at work; gives ms from the call to answer, to the first packet, and between."""
    argv = [*region.inside(instance), str(region.load), "probe", sort, "--to", to, "--every-us", "200", "--seconds", "10"]
    prober = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if "waiting" not in prober.stdout.readline():
        raise Failed(f"probe of {to}: {prober.communicate()[1]}")
    answer = change(True)
    said, trouble = prober.communicate(timeout=15)
    change(False)
    if prober.returncode != 0:
        raise Failed(f"probe of {to}: {trouble}")
    passed = json.loads(said.strip().splitlines()[-1])["passed_ns"]
    sent, done = answer["sent_ns"], answer["done_ns"]
    # conntrack and the far end forget nothing on their own that would let the next probe through: its port is new.
    return (done - sent) / 1e6, (passed - sent) / 1e6, (passed - done) / 1e6


class Empty:
    """A namespace with one link, for the raw cost."""

    def __init__(self):
        from plain import Plain

        self.plain = Plain(1500)
        self.number = 0

    def once(self):
        self.number += 1
        route = f"203.0.113.{self.number % 250}/32"
        began = time.monotonic()
        subprocess.run([*self.plain.router, "nft", "-f", "-"], input=RULES, text=True, check=True)
        subprocess.run([*self.plain.router, "ip", "route", "replace", route, "dev", "leg0"], check=True)
        return (time.monotonic() - began) * 1000

    def close(self):
        self.plain.close()
