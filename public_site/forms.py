"""Parser of posted forms."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_FIELDS = 40


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a posted form, the last of equal names. Raises HTTPException 400 for what is no form in UTF-8."""
    form = await request.form(max_fields=MAX_FIELDS, max_files=0)
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    if any("\ufffd" in text for pair in values.items() for text in pair):
        raise HTTPException(400, "Some letters of the form could not be read. Please type them again.")
    return values
