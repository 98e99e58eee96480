"""Fixtures of the end-to-end tests. They run against the programs in $KINORA_BUILD (./build)."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from simulator import Simulator  # noqa: E402

# Proxies of the machine are none of our business.
for name in list(os.environ):
    if name.lower().endswith("_proxy"):
        del os.environ[name]


@pytest.fixture(scope="session")
def shared_sim(tmp_path_factory):
    """One simulator for all tests; renders pass 40 times faster."""
    sim = Simulator(tmp_path_factory.mktemp("sim"), "--time-scale", 40)
    yield sim
    sim.stop()


@pytest.fixture
def sim(shared_sim):
    """The shared simulator, empty: no jobs, no log, no faults."""
    shared_sim.reset()
    return shared_sim


@pytest.fixture
def own_sim(tmp_path):
    """Makes simulators that a test may kill: `own_sim("--time-scale", 10)`."""
    made = []

    def make(*options):
        made.append(Simulator(tmp_path / f"sim{len(made)}", *options))
        return made[-1]

    yield make
    for sim in made:
        if sim.process.poll() is None:
            sim.stop()


@pytest.fixture
def daemons(tmp_path):
    """Makes daemons that die with the test: `daemons(sim, speed=40)`."""
    from daemon import Daemon
    made = []

    def make(sim, name="d", **options):
        made.append(Daemon(tmp_path / name, sim.url, **options))
        return made[-1]

    yield make
    for daemon in made:
        if daemon.process is not None:
            daemon.kill()


@pytest.fixture
def daemon(daemons, sim):
    """A started daemon on the shared simulator; polls pass 40 times faster."""
    return daemons(sim, speed=40).start()
