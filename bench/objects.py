"""2. S3 GET and PUT through the gateway endpoint against the same server on loopback, and against the disk's own rate."""

import json

from figures import Series, interleave, ratio, table
from region import Calls, Network

NAME = "s3.us-east-1.amazonaws.com"
BUCKET = "bench"
SIZES = (("1 KiB", 1024, 64), ("4 KiB", 4096, 64), ("8 MiB", 8 << 20, 2))


def run(region, calls, scale):
    network = Network(region, calls, 22)
    instance, _, _ = network.instance(network.group("objects"))
    calls.call("CreateVpcEndpoint", VpcId=network.vpc, ServiceName="com.amazonaws.us-east-1.s3", **{"RouteTableId.1": network.table})
    s3 = Calls(region, "s3")
    s3.send(method="PUT", path=f"/{BUCKET}", body="")
    s3.close()
    try:
        way = Ways(region, region.inside(instance), scale)
        return "\n".join(["## S3 through the gateway endpoint\n", path(way), yardsticks(way), durable(region, way, scale)])
    finally:
        calls.call("TerminateInstances", **{"InstanceId.1": instance})


class Ways:
    """The same requests by three ways; only the connection differs."""

    def __init__(self, region, inside, scale):
        self.region, self.inside, self.scale = region, inside, scale
        self.port = region.endpoint.rsplit(":", 1)[1]

    def load(self, way, op, size, connections, keys, to=None, **limit):
        place, scheme = way.split()
        prefix = self.inside if place == "endpoint" else []
        words = ["s3", "--url", f"{scheme}://{NAME}", "--bucket", BUCKET, "--op", op, "--size", size]
        words += ["--connections", connections, "--keys", keys, "--keys-file", self.region.share / "keys"]
        words += ["--ca", self.region.share / "ca.pem"]
        if place == "loopback":
            words += ["--connect", f"127.0.0.1:{to or self.port}"]
        for name, value in (limit or {"seconds": self.scale.seconds}).items():
            words += [f"--{name}", value]
        before = self.region.cpu_seconds()
        found = self.region.generate(prefix, *words)
        found["server_cpu_us"] = (self.region.cpu_seconds() - before) * 1e6 / max(1, found["requests"])
        return found


def path(way):
    """The endpoint against loopback, plain and with TLS."""
    rows = []
    for label, size, keys in SIZES:
        for op in ("put", "get"):
            for connections in (1, 16):
                if op == "put" and connections == 16 and size > 1 << 20:
                    keys = 1
                if op == "get":
                    way.load("loopback http", "put", size, connections, keys, requests=keys)
                ways = {name: (lambda name=name: way.load(name, op, size, connections, keys)["per_second"])
                        for name in ("endpoint http", "loopback http", "endpoint https", "loopback https")}
                found = {name: Series(values) for name, values in interleave(way.scale.runs, **ways).items()}
                rows.append((
                    f"{op.upper()} {label}, {connections} connection{'s' if connections > 1 else ''}",
                    *(found[name].show(0) for name in ways),
                    ratio(found["endpoint http"].median, found["loopback http"].median),
                    ratio(found["endpoint https"].median, found["loopback https"].median),
                ))
    head = ("requests/s", "endpoint", "loopback", "endpoint, TLS", "loopback, TLS", "ratio", "ratio, TLS")
    return table(head, rows)


def yardsticks(way):
    """1 KiB with 16 clients on loopback, absolute, and where the CPU goes."""
    rows = []
    for op, yardstick in (("get", 25000), ("put", 9200)):
        way.load("loopback http", "put", 1024, 16, 64, requests=64)
        runs = [way.load("loopback http", op, 1024, 16, 64) for _ in range(way.scale.runs)]
        rate = Series(r["per_second"] for r in runs)
        server, client = Series(r["server_cpu_us"] for r in runs), Series(r["client_cpu_us"] for r in runs)
        p50 = Series(r["latency"]["p50_us"] for r in runs)
        rows.append((
            f"{op.upper()} 1 KiB, 16 clients", rate.show(0), f"{yardstick:,}", ratio(rate.median, yardstick),
            p50.show(0), server.show(0), client.show(0),
        ))
    head = ("", "requests/s", "yardstick", "ratio", "latency p50 µs", "server's CPU µs/request", "generator's CPU µs/request")
    return "Every signature verified, every write durable when answered:\n\n" + table(head, rows)


def durable(region, way, scale):
    """PUT of 1 KiB against the disk: bare, and behind the barest server for the same clients."""
    rows = []
    sink = region.follow([str(region.load), "sink", "--dir", str(region.data)])
    port = json.loads(sink.first)["port"]
    for clients in (1, 16):
        def disk(threads, size):
            words = ["disk", "--dir", region.data, "--threads", threads, "--bytes", size, "--seconds", scale.seconds]
            return lambda: region.generate([], *words)["per_second"]

        found = interleave(
            scale.runs,
            put=lambda: way.load("loopback http", "put", 1024, clients, 64)["per_second"],
            sink=lambda: way.load("loopback http", "put", 1024, clients, 64, to=port)["per_second"],
            alone=disk(clients, 1024),
            group=disk(1, 1024 * clients),
        )
        put, least, alone, group = (Series(found[name]) for name in ("put", "sink", "alone", "group"))
        rows.append((
            f"{clients} client{'s' if clients > 1 else ''}", put.show(0), least.show(0), ratio(put.median, least.median),
            alone.show(0), ratio(put.median, alone.median), group.show(0),
        ))
    head = (
        "PUT 1 KiB/s", "Postern", "the barest durable server", "ratio", "fdatasync/s, a thread and file per client, no server",
        "ratio", "fdatasync/s, one writer of all clients' bytes",
    )
    return table(head, rows)
