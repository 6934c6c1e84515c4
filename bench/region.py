"""A region on a fresh data directory, spoken to over one raw keep-alive connection, so that no client library is measured."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


def programs(profile):
    """The two programs under test, by cargo's profile or by the environment."""
    return (
        Path(os.environ.get("POSTERN", TARGET / profile / "postern")),
        Path(os.environ.get("POSTERN_LOAD", TARGET / profile / "postern-load")),
    )


def last_json(text):
    return json.loads(text.strip().splitlines()[-1])


class Failed(Exception):
    """A call or a generator said no; the text is theirs."""


class Calls:
    """API calls through `postern-load calls`: its stamps are taken around the bytes on the wire alone."""

    def __init__(self, region, service="ec2"):
        argv = [str(region.load), "calls", "--url", region.endpoint, "--service", service]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=region.environment
        )

    def send(self, **told):
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"no answer to {told}")
        answer = json.loads(line)
        if answer["status"] not in (200, 204):
            raise Failed(f"{told}: {answer['status']} {answer['body']}")
        return answer

    def call(self, action, repeat=1, clients=1, **members):
        """One EC2 call (or the same one `repeat` times by some clients, `{n}` in it replaced by the number)."""
        form = urllib.parse.urlencode({"Action": action, "Version": "2016-11-15", **members}, safe="{}")
        return self.send(form=form, repeat=repeat, clients=clients)

    def take(self, tag, action, **members):
        """The text of the first element `tag` in the answer."""
        body = self.call(action, **members)["body"]
        found = re.search(f"<{tag}>([^<]*)</{tag}>", body)
        if not found:
            raise Failed(f"{action}: no {tag} in {body}")
        return found[1]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


class Region:
    """One daemon. `home/share` is what instances see of it: the load generator, the keys and the authority."""

    def __init__(self, profile="release", parent=None):
        binary, load = programs(profile)
        self.home = Path(tempfile.mkdtemp(prefix="postern-bench-", dir=parent))
        self.home.chmod(0o755)
        self.data, self.share = self.home / "data", self.home / "share"
        self.share.mkdir()
        self.binary = Path(shutil.copy(binary, self.home / "postern"))
        self.load = Path(shutil.copy(load, self.share / "postern-load"))
        self.process = None
        self.followers = []

    def up(self):
        """Starts the daemon; gives the seconds to its ready line."""
        argv = [str(self.binary), "up", "--data-dir", str(self.data), "--listen", "127.0.0.1:0", "--share", str(self.share)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        with open(self.home / "daemon.log", "ab") as log:
            began = time.monotonic()
            self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
            line = self.process.stdout.readline()
            seconds = time.monotonic() - began
        if "ready" not in line:
            raise Failed(f"not ready: {line!r}; {(self.home / 'daemon.log').read_text()[-2000:]}")
        self.environment = {**environment, **json.loads(self.postern("env", "--json"))}
        self.endpoint = self.environment["AWS_ENDPOINT_URL"]
        self.pid = json.loads(self.postern("status", "--json"))["pid"]
        keys = self.share / "keys"
        keys.write_text(f"{self.environment['AWS_ACCESS_KEY_ID']}\n{self.environment['AWS_SECRET_ACCESS_KEY']}\n")
        shutil.copy(self.data / "ca.pem", self.share / "ca.pem")
        return seconds

    def postern(self, *words, timeout=90):
        argv = [str(self.binary), words[0], "--data-dir", str(self.data), *words[1:]]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise Failed(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def inside(self, instance):
        """The command line in front of a program that shall run in the instance."""
        return [str(self.binary), "exec", "--data-dir", str(self.data), instance, "--"]

    def follow(self, argv):
        """Starts a program that says a line of JSON when it is ready."""
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=self.environment)
        self.followers.append(process)
        line = process.stdout.readline()
        if not line:
            raise Failed(f"{argv} ended at once")
        process.first = line
        return process

    def generate(self, prefix, *words, timeout=90):
        """Runs a load generator behind `prefix` and reads what it measured."""
        argv = [*prefix, str(self.load), *map(str, words)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, env=self.environment)
        if done.returncode != 0:
            raise Failed(f"{words}: {done.stdout}{done.stderr}")
        return last_json(done.stdout)

    def cpu_seconds(self):
        """User and system CPU that the daemon has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        """(resident, proportional) MiB of the daemon and its helpers, without what runs in instances."""
        totals = {"Rss": 0, "Pss": 0}
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            name = line.split(":")[0]
            if name in totals:
                totals[name] += int(line.split()[1])
        return totals["Rss"] / 1024, totals["Pss"] / 1024

    def down(self):
        for process in self.followers:
            process.kill()
            process.wait(timeout=10)
        self.followers = []
        if self.process and self.process.poll() is None:
            self.postern("down")
            self.process.wait(timeout=30)

    def close(self):
        try:
            self.down()
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
            shutil.rmtree(self.home, ignore_errors=True)


class Network:
    """A VPC with one subnet, its main route table, and groups that allow what the benchmarks send."""

    def __init__(self, region, calls, number=20):
        self.region, self.calls, self.number = region, calls, number
        self.vpc = calls.take("vpcId", "CreateVpc", CidrBlock=f"10.{number}.0.0/16")
        self.subnet = calls.take("subnetId", "CreateSubnet", VpcId=self.vpc, CidrBlock=f"10.{number}.1.0/24")
        self.other_subnet = calls.take("subnetId", "CreateSubnet", VpcId=self.vpc, CidrBlock=f"10.{number}.2.0/24")
        of_vpc = {"Filter.1.Name": "vpc-id", "Filter.1.Value.1": self.vpc}
        self.table = calls.take("routeTableId", "DescribeRouteTables", **of_vpc)
        self.acl = calls.take("networkAclId", "DescribeNetworkAcls", **of_vpc)

    def vpc_attribute(self, name):
        self.calls.call("ModifyVpcAttribute", VpcId=self.vpc, **{f"{name}.Value": "true"})

    def wide_subnet(self):
        """One with room for thousands of interfaces."""
        cidr = f"10.{self.number}.64.0/18"
        return self.calls.take("subnetId", "CreateSubnet", VpcId=self.vpc, CidrBlock=cidr)

    def group(self, name, *rules):
        """A security group that lets (protocol, first port, last port) in from the whole VPC."""
        group = self.calls.take("groupId", "CreateSecurityGroup", GroupName=name, GroupDescription=name, VpcId=self.vpc)
        for rule in rules:
            self.allow(group, *rule)
        return group

    def allow(self, group, protocol, first, last, cidr="10.0.0.0/8"):
        return self.calls.call("AuthorizeSecurityGroupIngress", **self.rule(group, protocol, first, last, cidr))

    def forbid(self, group, protocol, first, last, cidr="10.0.0.0/8"):
        return self.calls.call("RevokeSecurityGroupIngress", **self.rule(group, protocol, first, last, cidr))

    @staticmethod
    def rule(group, protocol, first, last, cidr):
        start = "IpPermissions.1."
        return {
            "GroupId": group, start + "IpProtocol": protocol, start + "FromPort": first, start + "ToPort": last,
            start + "IpRanges.1.CidrIp": cidr,
        }

    def instance(self, group, subnet=None, public=False):
        """Runs an instance; gives (id, private address, seconds until it runs a command)."""
        start = "NetworkInterface.1."
        began = time.monotonic()
        body = self.calls.call(
            "RunInstances", ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1,
            **{
                start + "DeviceIndex": 0, start + "SubnetId": subnet or self.subnet, start + "SecurityGroupId.1": group,
                start + "AssociatePublicIpAddress": "true" if public else "false",
            },
        )["body"]
        instance = re.search("<instanceId>(.*?)</instanceId>", body)[1]
        address = re.search("<privateIpAddress>(.*?)</privateIpAddress>", body)[1]
        self.until(instance, ["true"])
        seconds = time.monotonic() - began
        self.until(instance, ["ip", "link", "show", "ens5"])
        return instance, address, seconds

    def until(self, instance, command):
        """Runs a command in the instance until it succeeds."""
        for _ in range(2000):
            argv = [*self.region.inside(instance), *command]
            if subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.001)
        raise Failed(f"{command} never succeeded in {instance}")
