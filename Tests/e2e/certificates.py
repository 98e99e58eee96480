"""A CA and a leaf made by openssl: `ca.pem`, `leaf.pem`, `leaf.key` in a folder."""

import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]


def make(folder, names):
    """`names` as openssl writes them: `DNS:a.test,IP:127.0.0.1`."""
    def openssl(*words):
        subprocess.run(["openssl", "req", "-x509", *words, *KEY], cwd=folder, check=True,
                       capture_output=True)
    openssl("-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "leaf.key", "-out", "leaf.pem",
            "-subj", "/CN=leaf", "-addext", f"subjectAltName={names}",
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-addext", "extendedKeyUsage=serverAuth")
