"""What storage says when it fails, as a part of one sentence: no colours, no lines, no addresses' queries."""

import re

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ANSWER = re.compile(r"<Code>([^<]+)</Code>(?:\s*<Message>([^<]*)</Message>)?")
_QUERY = re.compile(r"(https?://[^\s?]+)\?\S+")
_TRACE = re.compile(r"\n\s*0: .*", re.DOTALL)
_LONGEST = 300


def told(error: BaseException) -> str:
    """Say why storage failed.

    An object store's own answer (code and message) where there is one; else the whole chain of causes in one line,
    without the queries of addresses, which may be signed.
    """
    text = _TRACE.sub("", _COLOUR.sub("", str(error)))
    if answer := _ANSWER.search(text):
        code, message = answer.groups()
        return f"the object store answers {code}" + (f", {message.rstrip('.')}" if message else "")
    if "error sending request" in text:
        cause = text.strip().splitlines()[-1].strip(" ↳")
        return f"the object store does not answer ({cause}); see AWS_ENDPOINT_URL and the network"
    line = " ".join(_QUERY.sub(r"\1", text).replace("↳", "").split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
