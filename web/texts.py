"""What a browser sends is UTF-8. Bytes that are none are refused here, before anything reads them as something else."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import Flask, request

from caseflow.errors import BadInput, Fault

_FORM = "application/x-www-form-urlencoded"
_FAULT = "提交的内容不是 UTF-8 文字，没有保存。请从页面上重新填写。"


def install(app: Flask) -> None:
    """Stand before everything that reads the address or the form."""
    app.before_request(_readable)


def _readable() -> None:
    """BadInput where the query or the form holds bytes that are no text; Werkzeug would keep them as %ED%A0%BD."""
    sent = request.query_string
    if request.mimetype == _FORM:
        sent += b"&" + request.get_data()
    try:
        unquote_to_bytes(sent).decode()
    except UnicodeDecodeError as error:
        raise BadInput([Fault("", _FAULT)]) from error
