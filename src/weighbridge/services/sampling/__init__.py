"""What the operating system says of the engine's process and of the machine. One room a duty.

`linux` and `portable` read one process, `processors` the processor time of the machine, `surroundings` what changes
slowly (power, temperature, frequency, swap), `sampler` puts them together several times a second.
"""
