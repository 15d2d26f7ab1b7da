"""Settings of Meta's own fatigue label: the table `meta_fatigue` of the settings file."""

from dataclasses import dataclass

# A question covers the running week and the four before, so a pause of 28 days leaves no week out.
ASK_AGAIN_DAYS = 28


@dataclass(frozen=True)
class MetaFatigueSettings:
    """Whether Meta is asked for its label, and for how many days an account that it does not serve is left alone."""

    ask: bool = True
    ask_again_days: int = ASK_AGAIN_DAYS


def parse(value: object) -> MetaFatigueSettings:
    """Read the settings file's table `meta_fatigue`.

    Raises:
        ValueError: an unknown key or a wrong value; one sentence that begins after the table's name.
    """
    if not isinstance(value, dict):
        raise ValueError(f"is {value!r}; it must be a table with ask and ask_again_days.")  # noqa: TRY004 - one kind
    for name, entry in value.items():
        if name == "ask":
            if not isinstance(entry, bool):
                raise ValueError(f"has ask = {entry!r}; it must be true or false.")
        elif name == "ask_again_days":
            if isinstance(entry, bool) or not isinstance(entry, int) or entry < 1:
                raise ValueError(f"has ask_again_days = {entry!r}; it must be a whole number of days, 1 or more.")
        else:
            raise ValueError(f"has the unknown key {name}; allowed are ask, ask_again_days.")
    return MetaFatigueSettings(**value)
