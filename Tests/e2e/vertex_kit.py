"""A daemon that makes Veo clips on the simulated Vertex AI."""

import json

PROJECT = "my-project"


def keep(path, content):
    """Writes a credential file as a person does: mode 0600, replaced at once."""
    new = path.with_name("." + path.name)
    new.write_text(json.dumps(content))
    new.chmod(0o600)
    new.rename(path)
    return path


def providers(sim, credentials, options="", speed=40):
    """The YAML of a provider `vertex`; `credentials` is the text between its braces."""
    return f"""
  vertex:
    base_url: {sim.url}/vertex
    allow_private: true
    poll_speed: {speed}
    credentials: {{{credentials}}}
    options: {{project: {PROJECT}, storage_url: "{sim.url}/vertex/storage"{options}}}
"""


def vertex_daemon(daemons, sim, kind="service_account", life=None, options="", content=None):
    """A started daemon with a credential file of the simulator's; `.file` is where it lies."""
    file = keep(sim.directory / f"{kind}-{life}.json", content or sim.credentials(life)[kind])
    name = "service_account" if kind == "service_account" else "oauth"
    daemon = daemons(
        sim, speed=40, providers=providers(sim, f'{name}: {{file: "{file}"}}', options)).start()
    daemon.file = file
    return daemon


def made(daemon, **fields):
    """A job that is over."""
    status, job, _ = daemon.post(
        "/v1/videos", {"model": "vertex", "prompt": "a heron", "seconds": 4, **fields})
    assert status == 200, job
    return daemon.get(f"/v1/videos/{job['id']}?wait=60")
