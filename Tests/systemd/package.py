"""The Debian package: installed, upgraded, removed and purged under a real systemd."""

import glob
import os
import sys

from harness import SOCKET, UNIT, call, check, pid, run, run_checks, show, systemctl, wait_until

PACKAGE = glob.glob("/ci/kinora_*.deb")[0]


@check("package: installation starts the socket, the first connection the daemon")
def install():
    run("dpkg", "--install", PACKAGE)
    assert show("ActiveState", "kinora.socket") == "active"
    assert systemctl("is-enabled", "kinora.service").stdout.strip() == "enabled"
    assert call("GET", "/livez")[0] == 200
    assert run("kinora", "version").returncode == 0
    assert call("GET", "/v1/videos")[0] == 200


@check("package: an upgrade restarts the daemon and keeps the configuration")
def upgrade():
    with open("/etc/kinora/kinora.yaml", "a") as file:
        file.write("# mine\n")
    old = pid()
    run("dpkg", "--install", "--force-confold", PACKAGE)
    wait_until("the restart", lambda: pid() not in (0, old))
    assert call("GET", "/livez")[0] == 200
    assert open("/etc/kinora/kinora.yaml").read().endswith("# mine\n")


@check("package: removal stops everything, a purge leaves nothing")
def remove():
    run("dpkg", "--remove", "kinora")
    assert show("ActiveState") == "inactive" and not os.path.exists(SOCKET)
    assert run("pgrep", "-u", "kinora", check=False).stdout == ""
    assert os.path.isdir("/var/lib/kinora")
    run("dpkg", "--purge", "kinora")
    left = [p for p in ("/var/lib/kinora", "/etc/kinora", "/usr/lib/kinora") if os.path.exists(p)]
    assert left == [] and show("LoadState", UNIT) == "not-found"


if __name__ == "__main__":
    sys.exit(1 if run_checks() else 0)
