"""The only place that knows HTTP statuses: each cause of failure becomes a page in Chinese with its status."""

from __future__ import annotations

from collections.abc import Iterable
from traceback import format_tb
from urllib.parse import quote

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from caseflow.errors import (
    BadInput,
    CaseChanged,
    CaseflowError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OutsideCalendar,
    Refused,
    SignInFailed,
    Unavailable,
)
from web.drafts import keep_sent, lapsed_save
from web.gate import StepDue

log = structlog.get_logger("caseflow.web")

STATUSES: dict[type[CaseflowError], tuple[int, str]] = {
    BadInput: (422, "填写有误"),
    OutsideCalendar: (422, "日期超出工作日历"),
    Refused: (409, "不能办理"),
    CaseChanged: (409, "本件已有变化"),
    NotFound: (404, "没有找到"),
    NotAllowed: (403, "没有权限"),
    SignInFailed: (401, "登录失败"),
    Unavailable: (503, "暂时无法使用"),
}
_HTTP_PAGES = {
    404: ("没有这个页面", "请检查地址，或返回我的待办。"),
    405: ("不能这样打开", "本地址不能以这种方式打开，请从页面上的按钮进入。"),
    413: ("内容过大", "提交的内容超过 2 MB，请减少后再提交。"),
    429: ("请求过于频繁", "本地址一分钟内的请求过多，请一分钟后再试。"),
}
_OTHER_PAGE = ("请求无法处理", "请返回上一页再试。")
_RETRY_SECONDS = "5"


def install(app: Flask) -> None:
    """Register a page for every cause."""
    app.register_error_handler(NotSignedIn, _to_login)
    app.register_error_handler(StepDue, _to_step)
    app.register_error_handler(CaseflowError, _caseflow_error)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def status_of(error: CaseflowError) -> int:
    """The HTTP status of a refusal, for pages that show it themselves."""
    return next((status for kind, (status, _) in STATUSES.items() if isinstance(error, kind)), 500)


def page_again(html: str, error: CaseflowError) -> Response:
    """A page shown once more with what was wrong, under the status of its cause."""
    return make_response(html, status_of(error))


def reasons_of(error: CaseflowError) -> list[str]:
    """Every reason of a refusal, one sentence each."""
    if isinstance(error, Refused):
        return [str(refusal) for refusal in error.refusals]
    if isinstance(error, BadInput):
        return [fault.text for fault in error.faults]
    return [str(error)]


def _caseflow_error(error: CaseflowError) -> Response:
    status, title = next(((s, t) for kind, (s, t) in STATUSES.items() if isinstance(error, kind)), (500, "出现故障"))
    response = _page(status, title, reasons_of(error))
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = _RETRY_SECONDS
    return response


def _to_login(_error: NotSignedIn) -> Response:
    if (saved := lapsed_save()) is not None:
        return make_response(saved, 401)
    wanted = keep_sent() or (request.full_path.rstrip("?") if request.method == "GET" else "")
    target = url_for("auth.login") + (f"?next={quote(wanted)}" if wanted not in {"", "/"} else "")
    return _away(target)


def _to_step(error: StepDue) -> Response:
    return _away(url_for(error.endpoint))


def _away(target: str) -> Response:
    """Send the browser elsewhere; a fragment asked for by a script moves the whole page instead."""
    if request.headers.get("HX-Request") == "true":
        return make_response("", 200, {"HX-Redirect": target})
    return make_response(redirect(target, 303))


def _csrf(_error: CSRFError) -> Response:
    text = "表单没有有效的安全标记：页面打开过久，或已在别处重新登录。请返回上一页刷新后再提交。"
    return _page(400, "表单已失效", [text])


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    title, text = _HTTP_PAGES.get(status, _OTHER_PAGE)
    response = _page(status, title, [text])
    # 405 must name the methods there are, 429 says when to come again.
    response.headers.extend([pair for pair in error.get_headers() if pair[0] in {"Allow", "Retry-After"}])
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected", endpoint=request.endpoint, method=request.method, trace=_trace(error))
    return _page(500, "系统出现故障", ["本次操作没有完成。请记下时间并通知系统管理员。"])


def _trace(error: BaseException) -> str:
    """Where it happened and what kind of error it was, with its causes: their words may quote what was typed."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = _trace(cause) if cause is not None else ""
    return "".join([before, *format_tb(error.__traceback__), f"{type(error).__module__}.{type(error).__qualname__}\n"])


def _page(status: int, title: str, reasons: Iterable[str]) -> Response:
    return make_response(render_template("error.html", status=status, title=title, reasons=list(reasons)), status)
