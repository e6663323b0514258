"""A Hub on loopback that speaks the real protocol to the real client, and misbehaves on demand.

    with FakeHub() as hub:
        repo = hub.add("acme/tiny-GGUF", {"README.md": b"# Tiny", "tiny-Q4_0.gguf": path})
        hub.fault(r"/resolve/", drop_after=1000, times=1)
        ...                                    # HF_ENDPOINT is hub.endpoint, the commit is repo.sha
        assert hub.bytes_sent(r"\\.gguf") < 70_000

`python -m fakehub FOLDER` serves a folder by hand.
"""
