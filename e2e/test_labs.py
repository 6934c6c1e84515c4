"""Every lab, as root and as an ordinary user, each on a fresh region, with the clients a user has."""

import json

import pytest

from region import ROOT, Region

LABS = sorted(file.stem for file in (ROOT / "labs").glob("*.toml"))


@pytest.fixture(scope="module", params=["root", "rootless"])
def fresh_region(request):
    """Nothing is left in it after its labs."""
    region = Region(request.param)
    yield region
    vpcs = region.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    buckets = region.client("s3").list_buckets()["Buckets"]
    region.close()
    assert vpcs == [] and buckets == []


@pytest.mark.parametrize("lab", LABS)
def test_lab(fresh_region, lab):
    done = fresh_region.postern("lab", "run", lab, "--json", check=False, timeout=300)
    wrong = []
    if done.stdout:
        wrong = [(s["why"], s["command"], s["wrong"], s["stdout"], s["stderr"]) for s in json.loads(done.stdout)["steps"] if s["wrong"]]
    assert done.returncode == 0 and not wrong, f"{wrong}\n{done.stderr[-3000:]}\n{fresh_region.log()}"
