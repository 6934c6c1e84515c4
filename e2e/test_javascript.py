"""The AWS SDK for JavaScript in a private subnet: each service's everyday work through its endpoint, and what is refused."""

import json
import shlex

import pytest

from network import Network
from region import ROOT, VENV

SCRIPT = (ROOT / "e2e" / "javascript.mjs").read_text()
GATEWAYS = ["dynamodb", "s3"]
INTERFACES = ["ec2", "iam", "kms", "logs", "monitoring", "secretsmanager", "sns", "sqs", "ssm", "sts"]
GLOBAL = ["iam"]


class Inside:
    """A private instance with a role and without keys, and the endpoints around it."""

    def __init__(self, region):
        self.region = region
        self.network = Network(region)
        self.network.dns_hostnames(True)
        self.name = self.network.vpc[4:14]
        self.role = self.profile()
        made = self.network.instance(self.network.private, IamInstanceProfile={"Name": self.name})
        self.instance = made["InstanceId"]

    def profile(self):
        iam = self.region.client("iam")
        principals = [{"Service": "ec2.amazonaws.com"}, {"AWS": "arn:aws:iam::123456789012:root"}]
        trust = [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"} for principal in principals]
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        role = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        iam.attach_role_policy(RoleName=self.name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        iam.create_instance_profile(InstanceProfileName=self.name)
        iam.add_role_to_instance_profile(InstanceProfileName=self.name, RoleName=self.name)
        return role

    def node(self, *words):
        """Runs the script; its modules are found from the directory it is run in."""
        line = f"cd {VENV}/js && node --input-type=module - {shlex.join(words)}"
        return self.region.run(self.instance, line, check=False, timeout=90, user="ec2-user", stdin=SCRIPT)

    def glance(self):
        done = self.node("glance", self.name)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{self.region.log()}"
        return json.loads(done.stdout)

    def open(self):
        """Every endpoint there is: by service."""
        ec2, network = self.network.ec2, self.network
        group = network.group("endpoints", ("tcp", 443, "0.0.0.0/0"))
        self.endpoints = {}
        for service in GATEWAYS + INTERFACES:
            wanted = {"VpcEndpointType": "Gateway", "RouteTableIds": [network.private_table]}
            if service in INTERFACES:
                wanted = {"VpcEndpointType": "Interface", "SubnetIds": [network.private], "SecurityGroupIds": [group], "PrivateDnsEnabled": True}
            name = f"com.amazonaws.{service}" if service in GLOBAL else f"com.amazonaws.us-east-1.{service}"
            made = ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName=name, **wanted)
            self.endpoints[service] = made["VpcEndpoint"]["VpcEndpointId"]


@pytest.fixture(scope="module")
def closed(region):
    """Without any endpoint yet, and what the services said then."""
    inside = Inside(region)
    inside.before = inside.glance()
    yield inside
    inside.network.remove()


@pytest.fixture(scope="module")
def inside(closed):
    closed.open()
    return closed


def test_without_an_endpoint_no_service_answers(closed):
    assert sorted(closed.before) == sorted(GATEWAYS + INTERFACES)
    wrong = {service: said for service, said in closed.before.items() if not said.startswith("TimeoutError: ")}
    assert not wrong, wrong


@pytest.mark.parametrize("service", GATEWAYS + INTERFACES)
def test_a_day_with(inside, service):
    done = inside.node(service, inside.name, inside.role)
    assert (done.returncode, done.stdout) == (0, "done\n"), f"{done.stdout}{done.stderr}\n{inside.region.log()}"


def test_endpoint_policies_refuse_in_awss_words(inside):
    """Every endpoint gets a policy that lets nothing through that the glances need; afterwards all is open again."""
    ec2 = inside.network.ec2
    statement = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    try:
        for endpoint in inside.endpoints.values():
            ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=policy)
        refused = inside.glance()
    finally:
        for endpoint in inside.endpoints.values():
            ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
    wrong = {service: said for service, said in refused.items() if "no VPC endpoint policy allows the " not in said}
    assert not wrong, wrong
    assert set(inside.glance().values()) == {"answered"}
