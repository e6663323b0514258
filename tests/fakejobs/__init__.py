"""A Jobs API on loopback that speaks the real protocol to the real client, starts servers, and misbehaves on demand.

    with FakeJobs() as jobs:
        jobs.cap_kept = False                  # the time limit is not enforced
        ...                                    # HF_ENDPOINT is jobs.endpoint, HF_TOKEN is jobs.token
        assert not jobs.living()

Fields follow huggingface_hub 2.4.0's parsers; it was never compared with the live service, and its prices are made up.
"""
