"""Every lab, as root and as an ordinary user, each on a fresh region, with the clients a user has."""

import json
import os

import pytest

from region import ROOT, Region

LABS = sorted(file.stem for file in (ROOT / "labs").glob("*.toml"))


MODES = [os.environ["POSTERN_MODE"]] if "POSTERN_MODE" in os.environ else ["root", "rootless"]


@pytest.fixture(scope="module", params=MODES)
def fresh_region(request):
    region = Region(request.param)
    yield region
    region.close()


@pytest.mark.parametrize("lab", LABS)
def test_lab(fresh_region, lab):
    done = fresh_region.postern("lab", "run", lab, "--json", check=False, timeout=300)
    wrong = []
    if done.stdout:
        wrong = [(s["why"], s["command"], s["wrong"], s["stdout"], s["stderr"]) for s in json.loads(done.stdout)["steps"] if s["wrong"]]
    assert done.returncode == 0 and not wrong, f"{wrong}\n{done.stderr[-3000:]}\n{fresh_region.log()}"


def test_nothing_is_left_after_the_labs(fresh_region):
    ec2 = fresh_region.client("ec2")
    vpcs = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    assert vpcs == []
    assert fresh_region.client("s3").list_buckets()["Buckets"] == []
