"""6. Requests to SQS, DynamoDB and Secrets Manager: through interface endpoints, over loopback, and to peers.

From an instance in a private subnet, by the services' own names over TLS, against the same daemon over loopback; beside
moto's server, fauxqs (SQS) and dynalite (DynamoDB) over loopback without TLS. Postern verifies every signature and has
each write on the disk before it answers; the peers do neither.
"""

import json
import re
import tempfile

import peers
from figures import Series, interleave, ratio, table
from region import Calls, Network, Region

CLIENTS = 16
SERVICES = ("sqs", "secretsmanager", "dynamodb")
DEPTH = 50_000
#: Items that a get finds, and secrets.
ITEMS = 1_000
#: What SendMessageBatch takes at most.
BATCH = 10
TARGETS = {"sqs": "AmazonSQS", "dynamodb": "DynamoDB_20120810", "secretsmanager": "secretsmanager"}
VERSIONS = {"secretsmanager": "1.1"}
TEXT = "x" * 256

#: What is measured: (words, service, operation, what an answer must hold, requests a second of the best peer).
WORK = {
    "send": ("SQS: send 256 B", "sqs", "SendMessage", "MessageId", 15_900),
    "receive": ("SQS: receive 1, from a deep queue", "sqs", "ReceiveMessage", "ReceiptHandle", 10_000),
    "put": ("DynamoDB: put 256 B", "dynamodb", "PutItem", "{", 4_800),
    "get": ("DynamoDB: get", "dynamodb", "GetItem", "text", 6_700),
    "secret": ("Secrets Manager: get", "secretsmanager", "GetSecretValue", "SecretString", None),
}


def run(profile, parent, scale):
    region = Region(profile, parent)
    others = []
    try:
        region.up()
        calls = Calls(region)
        smoke = scale.repeats <= 5
        depth, items = (DEPTH, ITEMS) if not smoke else (320, 20)
        homes = {name: Way(region, scale, name, depth, items) for name in ("endpoint", "loopback", "loopback, TLS")}
        inside(region, calls, homes["endpoint"])
        disk = tempfile.mkdtemp(prefix="dynalite-", dir=region.home)
        for start, has in (
            (peers.moto, SERVICES), (peers.fauxqs, ("sqs",)), (peers.dynalite, ("dynamodb",)),
            (lambda: peers.dynalite(disk), ("dynamodb",)),
        ):
            peer = start()
            others.append(peer)
            name = peer.name + (", on disk" if peer.name in homes else "")
            homes[name] = Way(region, scale, name, depth, items, peer, has)
        homes["loopback"].prepare()
        for way in homes.values():
            if way.peer:
                way.prepare()
            way.places = way.places or homes["loopback"].places
        rows, costs = measure(homes, scale)
        calls.close()
    finally:
        for peer in others:
            peer.close()
        region.close()
    return report(homes, rows, costs, depth)


def inside(region, calls, way):
    """An instance in a subnet that leads nowhere, and the three endpoints with their names."""
    network = Network(region, calls, 26)
    network.vpc_attribute("EnableDnsHostnames")
    group = network.group("asks", ("tcp", 443, 443))
    instance, _, _ = network.instance(group)
    way.prefix = region.inside(instance)
    for service in SERVICES:
        # DynamoDB's interface endpoint has no private name in AWS: its clients use the endpoint's own.
        private = service != "dynamodb"
        answer = calls.call(
            "CreateVpcEndpoint", VpcId=network.vpc, ServiceName=f"com.amazonaws.us-east-1.{service}",
            VpcEndpointType="Interface", PrivateDnsEnabled=str(private).lower(),
            **{"SubnetId.1": network.subnet, "SecurityGroupId.1": group},
        )
        if not private:
            way.hosts[service] = re.search("<dnsName>(.*?)</dnsName>", answer["body"])[1]


class Way:
    """One way to ask: which server, over which connection."""

    def __init__(self, region, scale, name, depth, items, peer=None, has=SERVICES):
        self.region, self.scale, self.name, self.peer, self.has = region, scale, name, peer, has
        self.depth, self.items = depth, items
        self.prefix = []
        self.places = {}
        self.hosts = {service: f"{service}.us-east-1.amazonaws.com" for service in SERVICES}

    def words(self, service):
        """Where the service is, for the generator."""
        if self.peer:
            return ["--url", self.peer.url]
        host = self.hosts[service]
        if self.name == "endpoint":
            return ["--url", f"https://{host}", "--ca", self.region.share / "ca.pem"]
        connect = ["--connect", "127.0.0.1:" + self.region.endpoint.rsplit(":", 1)[1]]
        if self.name == "loopback":
            return ["--url", f"http://{host}", *connect]
        return ["--url", f"https://{host}", "--ca", self.region.share / "ca.pem", *connect]

    def ask(self, service, operation, body, connections=1, **more):
        words = ["json", *self.words(service), "--service", service, "--operation", f"{TARGETS[service]}.{operation}"]
        words += ["--version", VERSIONS.get(service, "1.0"), "--body", json.dumps(body), "--connections", connections]
        words += ["--keys-file", self.region.share / "keys"]
        for name, value in more.items():
            words += [f"--{name}", value]
        server = self.peer or self.region
        before = server.cpu_seconds()
        found = self.region.generate(self.prefix, *words, timeout=120)
        found["server_cpu_us"] = (server.cpu_seconds() - before) * 1e6 / max(1, found["requests"])
        return found

    def prepare(self):
        """Two queues, a table with items, a secret."""
        once = {"seconds": 60, "requests": 1}
        if "sqs" in self.has:
            for queue in ("shallow", "deep"):
                made = self.ask("sqs", "CreateQueue", {"QueueName": queue}, **once)
                self.places[queue] = json.loads(made["last"])["QueueUrl"]
            self.depth = self.fill(self.depth)
        if "dynamodb" in self.has:
            self.ask("dynamodb", "CreateTable", {
                "TableName": "bench", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            }, **once)
            self.ask("dynamodb", "PutItem", self.body("put"), 4, seconds=60, requests=self.items // 4 + 1, numbers=self.items)
        if "secretsmanager" in self.has:
            self.ask("secretsmanager", "CreateSecret", {"Name": "bench", "SecretString": TEXT, "ClientRequestToken": "c" * 32}, **once)

    def fill(self, count):
        """Sends so many messages to the deep queue, or what goes in 20 seconds; gives how many."""
        entries = [{"Id": str(number), "MessageBody": TEXT} for number in range(BATCH)]
        body = {"QueueUrl": self.places["deep"], "Entries": entries}
        each = max(1, count // BATCH // 8)
        return self.ask("sqs", "SendMessageBatch", body, 8, seconds=20, requests=each)["requests"] * BATCH

    def body(self, work):
        return {
            "send": {"QueueUrl": self.places.get("shallow"), "MessageBody": TEXT},
            "receive": {"QueueUrl": self.places.get("deep"), "MaxNumberOfMessages": 1, "VisibilityTimeout": 5},
            "put": {"TableName": "bench", "Item": {"id": {"S": "{n}"}, "text": {"S": TEXT}}},
            "get": {"TableName": "bench", "Key": {"id": {"S": "{n}"}}},
            "secret": {"SecretId": "bench"},
        }[work]

    def measure(self, work):
        _, service, operation, holds, _ = WORK[work]
        more = {"numbers": self.items} if work in ("put", "get") else {}
        if work == "receive":
            more = {"requests": self.depth // CLIENTS}
        found = self.ask(service, operation, self.body(work), CLIENTS, holds=holds, seconds=self.scale.seconds, **more)
        # The queue is as deep for the next one.
        if work == "receive" and found["requests"] >= BATCH * 8:
            self.fill(found["requests"])
        return found


def measure(homes, scale):
    rows, costs = {}, {}
    for work, (_, service, *_) in WORK.items():
        ways = {name: (lambda way=way: way.measure(work)) for name, way in homes.items() if service in way.has}
        found = interleave(scale.runs, **ways)
        rows[work] = {name: Series(run["per_second"] for run in runs) for name, runs in found.items()}
        costs[work] = {name: runs for name, runs in found.items() if not homes[name].peer}
    return rows, costs


def report(homes, rows, costs, depth):
    names = list(homes)
    shallow = [way for way in homes.values() if way.peer and "sqs" in way.has and way.depth < depth]
    less = "".join(f", {way.name}'s {way.depth:,}: what it takes in 20 s" for way in shallow)
    shown = []
    for work, (words, *_, yardstick) in WORK.items():
        of = rows[work]
        best = max((of[name].median for name in names[3:] if name in of), default=None)
        shown.append((
            words, *(of[name].show(0) if name in of else "–" for name in names),
            ratio(of["endpoint"].median, of["loopback, TLS"].median), ratio(of["loopback"].median, best),
            f"{yardstick:,}" if yardstick else "–", ratio(of["loopback"].median, yardstick) if yardstick else "–",
        ))
    head = ("requests/s, 16 clients", *names, "endpoint : loopback, TLS", "loopback : best peer", "yardstick", "loopback : yardstick")
    spent = [
        (words, *(
            f"{Series(run[of] for run in costs[work][name]).median:,.0f}"
            for name in ("endpoint", "loopback") for of in ("server_cpu_us", "client_cpu_us")
        ), *(f"{Series(run['latency'][of] for run in costs[work]['endpoint']).median:,.0f}" for of in ("p50_us", "p99_us")))
        for work, (words, *_) in WORK.items()
    ]
    cost_head = (
        "µs", "endpoint: daemon's CPU a request", "generator's", "loopback: daemon's CPU a request", "generator's",
        "endpoint: latency p50", "p99",
    )
    return (
        "## Services through interface endpoints\n\n" + table(head, shown)
        + f"\nThe deep queue holds {depth:,} messages before each run{less}. Peers over loopback, plain HTTP, no signature verified; "
        "all but “on disk” keep everything in memory.\n\n" + table(cost_head, spent)
    )
