"""`python -m web` is `lianfang`, for processes that start one another."""

from web.cli import main

main()
