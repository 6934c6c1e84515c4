"""The named limit for packets: two namespaces and a router between them, plain kernel routing, no rule of any kind.

All three are new and without name, held by processes of this run; the root namespace is not touched.
"""

import os
import subprocess
import time

NEAR, FAR = "192.0.2.2", "198.51.100.2"


class Plain:
    """`near` and `far` are command prefixes that run a program at either end."""

    def __init__(self, mtu):
        self.holders = []
        rootless = os.getuid() != 0
        self.enter_user = ["--user", "--preserve-credentials"] if rootless else []
        router = self.hold(["unshare", *(["--user", "--map-root-user"] if rootless else []), "--net"])
        ends = [self.hold([*self.within(router), "unshare", "--net"]) for _ in range(2)]
        for number, (end, mine, theirs) in enumerate(zip(ends, (NEAR, FAR), ("192.0.2.1", "198.51.100.1"))):
            link = f"leg{number}"
            self.ip(router, f"link add {link} mtu {mtu} type veth peer name eth0 mtu {mtu} netns {end}")
            self.ip(router, f"addr add {theirs}/24 dev {link}")
            self.ip(router, f"link set {link} up")
            self.ip(end, f"addr add {mine}/24 dev eth0")
            self.ip(end, "link set lo up")
            self.ip(end, "link set eth0 up")
            self.ip(end, f"route add default via {theirs}")
        subprocess.run([*self.within(router), "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)
        self.near, self.far = (self.within(end) for end in ends)
        self.router = self.within(router)

    def hold(self, start):
        """A process that keeps a new namespace; gives its pid once it is there."""
        holder = subprocess.Popen([*start, "sleep", "900"])
        self.holders.append(holder)
        for _ in range(1000):
            with open(f"/proc/{holder.pid}/cmdline") as file:
                if file.read().startswith("sleep"):
                    return holder.pid
            time.sleep(0.005)
        raise RuntimeError(f"{start} made no namespace")

    def within(self, pid):
        return ["nsenter", "--target", str(pid), *self.enter_user, "--net"]

    def ip(self, pid, words):
        subprocess.run([*self.within(pid), "ip", *words.split()], check=True)

    def close(self):
        for holder in self.holders:
            holder.kill()
            holder.wait(timeout=10)
