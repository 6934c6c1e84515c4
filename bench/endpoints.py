"""5. The first answer of a new interface endpoint, with more and more endpoints in the region."""

import json
import re
import subprocess

from figures import Series, table
from region import Calls, Failed, Network, Region

SERVICE = "com.amazonaws.us-east-1.sts"
NAME = "sts.us-east-1.amazonaws.com"
#: Other endpoints of one VPC: AWS allows 50 of one VPC, and one more is made again and again.
OF_A_VPC = 49


def run(profile, parent, scale):
    counts = [0, 49, 250, 500, 1000] if scale.repeats > 5 else [0, 2]
    rows = []
    region = Region(profile, parent)
    try:
        region.up()
        calls = Calls(region)
        place = Place(region, calls)
        for count in counts:
            place.fill(count)
            rows.append(row(f"{count:,}", [place.once() for _ in range(scale.repeats)]))
        place.close()
        calls.close()
    finally:
        region.close()
    head = ("other interface endpoints", "ms from the call to its answer", "to the name that means it", "to the first answer by HTTPS")
    return (
        "## First answer of a new interface endpoint\n\n" + table(head, rows)
        + f"\nAsked for from an instance: name, handshake, TLS and one request, every 0.5 ms; before the call nothing answers. "
        f"{OF_A_VPC} of the others are in the instance's own VPC, the rest in more VPCs, {OF_A_VPC} in each.\n"
    )


def row(words, runs):
    answered, named, first = (Series(run[i] for run in runs) for i in range(3))
    return (words, answered.show(2), named.show(2), first.show(2))


class Place:
    """A VPC with an instance that asks, and the region's other endpoints."""

    def __init__(self, region, calls):
        self.region, self.calls = region, calls
        self.network = Network(region, calls, 30)
        self.network.vpc_attribute("EnableDnsHostnames")
        self.group = self.network.group("asks", ("tcp", 443, 443))
        self.instance, _, _ = self.network.instance(self.group)
        self.made = 0
        # A range with room for a thousand, in the asker's VPC first.
        self.homes = [(self.network.vpc, self.network.wide_subnet(), self.group, 0)]

    def fill(self, count):
        while self.made < count:
            vpc, subnet, group, taken = self.homes[-1]
            if taken == OF_A_VPC:
                other = Network(self.region, self.calls, 30 + len(self.homes))
                self.homes.append((other.vpc, other.wide_subnet(), other.group("others"), 0))
                continue
            self.create(vpc, subnet, group, False)
            self.homes[-1] = (vpc, subnet, group, taken + 1)
            self.made += 1

    def create(self, vpc, subnet, group, private):
        return self.calls.call(
            "CreateVpcEndpoint", VpcId=vpc, ServiceName=SERVICE, VpcEndpointType="Interface",
            PrivateDnsEnabled="true" if private else "false", **{"SubnetId.1": subnet, "SecurityGroupId.1": group},
        )

    def once(self):
        """Makes one endpoint while the instance asks for it; gives ms from the call to answer, name and first answer."""
        share = self.region.share
        argv = [*self.region.inside(self.instance), str(self.region.load), "answer", "--url", f"https://{NAME}"]
        argv += ["--ca", str(share / "ca.pem"), "--every-us", "500", "--seconds", "20"]
        asker = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if "waiting" not in asker.stdout.readline():
            raise Failed(f"asking for {NAME}: {asker.communicate()[1]}")
        answer = self.create(self.network.vpc, self.network.subnet, self.group, True)
        said, trouble = asker.communicate(timeout=30)
        endpoint = re.search("<vpcEndpointId>(.*?)</vpcEndpointId>", answer["body"])[1]
        self.calls.call("DeleteVpcEndpoints", **{"VpcEndpointId.1": endpoint})
        if asker.returncode != 0:
            raise Failed(f"asking for {NAME}: {trouble}")
        first = json.loads(said.strip().splitlines()[-1])
        return tuple((n - answer["sent_ns"]) / 1e6 for n in (answer["done_ns"], first["named_ns"], first["answered_ns"]))

    def close(self):
        self.calls.call("TerminateInstances", **{"InstanceId.1": self.instance})
