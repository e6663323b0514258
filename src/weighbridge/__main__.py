"""`python -m weighbridge` is the same program as `weighbridge`."""

try:
    from weighbridge.cli import main

    code = main()
except KeyboardInterrupt:
    code = 130
raise SystemExit(code)
