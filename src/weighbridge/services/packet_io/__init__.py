"""Writing a packet (BagIt 1.0) in one step, and checking one."""
