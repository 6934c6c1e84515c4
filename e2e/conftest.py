"""Fixtures: regions as root and as an ordinary user, and a VPC with the usual parts."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from network import Network  # noqa: E402
from region import Region  # noqa: E402


@pytest.fixture(scope="session", params=["root", "rootless"])
def region(request):
    """One region for all tests of a mode. Tests make their own VPCs in it."""
    region = Region(request.param)
    yield region
    region.close()


@pytest.fixture(scope="session")
def root_region():
    """For tests of the API alone, which the mode does not change."""
    region = Region("root")
    yield region
    region.close()


@pytest.fixture
def network(region):
    """A VPC with a public and a private subnet; removed afterwards."""
    network = Network(region)
    yield network
    network.remove()


@pytest.fixture
def fresh(request):
    """Makes regions that end with the test."""
    made = []

    def make(mode="root", **more):
        made.append(Region(mode, **more))
        return made[-1]

    yield make
    for region in made:
        region.close()
