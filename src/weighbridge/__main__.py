"""`python -m weighbridge` is the same program as `weighbridge`."""

from weighbridge.cli import main

raise SystemExit(main())
