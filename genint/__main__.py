"""`python -m genint` is `genint`."""

from genint.commands import main

if __name__ == "__main__":
    main()
