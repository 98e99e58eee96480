"""A plugin asks nothing of the system by itself: all it wants goes through the host, where the choice of
the transport, proxies, limits and the redaction of secrets hold."""

import subprocess

import pytest

from daemon import PLUGINS

# What opens a way out of the process: sockets, names, files, programs, further libraries.
WAYS_OUT = {
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "send", "sendto", "sendmsg",
    "getaddrinfo", "gethostbyname", "syscall", "open", "openat", "creat", "fopen", "fopen64", "popen",
    "system", "fork", "vfork", "execve", "execvp", "posix_spawn", "posix_spawnp", "dlopen", "dlmopen",
}
# Libraries that do it for their callers.
LIBRARIES = ("libcurl", "libssl", "libFoundation.so", "libFoundationNetworking", "libdispatch")


def read(option, path):
    return subprocess.run(["readelf", "--wide", option, str(path)], capture_output=True, text=True,
                          check=True).stdout


def imports(path):
    """Names that the file wants from others, without their versions."""
    rows = (line.split() for line in read("--dyn-syms", path).splitlines())
    return {row[7].split("@")[0] for row in rows if len(row) > 7 and row[6] == "UND"}


@pytest.mark.parametrize("path", sorted(PLUGINS.glob("kinora-*.so")), ids=lambda path: path.stem)
def test_no_way_out(path):
    names = imports(path)
    assert names, "no dynamic symbols were read"
    assert not names & WAYS_OUT, sorted(names & WAYS_OUT)
    needed = [line for line in read("--dynamic", path).splitlines() if "(NEEDED)" in line]
    assert needed and not [line for line in needed if any(name in line for name in LIBRARIES)], needed


def test_the_ways_out_are_seen(tmp_path):
    """What the test looks for is found in a library that has it."""
    source = tmp_path / "bad.c"
    source.write_text("#include <sys/socket.h>\nint way(void) { return socket(AF_INET, SOCK_STREAM, 0); }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(tmp_path / "bad.so"), str(source)], check=True)
    assert imports(tmp_path / "bad.so") & WAYS_OUT == {"socket"}
