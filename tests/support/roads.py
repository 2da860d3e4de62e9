"""The roads of each flow from a registered, complete application to every end, as (who, action, entries)."""

from __future__ import annotations

ON = "on"
ACCEPT = ("clerk", "accept", {"complete": ON, "genuine": ON})
HAND_OVER = ("clerk", "hand_over", {})
LOOKED = {"lawful": ON, "conditions": ON}
APPROVE = ("reviewer", "approve", {**LOOKED, "opinion": "同意"})
CLOSE = ("clerk", "close", {"result": "已办理"})
REFUSE = {"failed": "符合办理条件", "opinion": "不在支付范围内"}
SMALL = {**LOOKED, "opinion": "同意", "statement": "住院费用报销 49999.99\n护理费 0.01"}
LARGE = {**LOOKED, "opinion": "同意", "statement": "住院费用报销 50000.01"}
PAY = ("cashier", "pay", {"reference": "P2026-001", "result": "已拨付到账"})
SETTLE = ("clerk", "settle_statement", {"confirmed": ON})
CHECK = ("checker", "check", {"opinion": "复核无误"})
DECLINE = ("clerk", "decline", {"kind": "不属职权", "reason": "应向参保地申请", "agency": "参保地医保局"})
WITHDRAW = ("clerk", "withdraw", {"kind": "申请人撤回", "reason": "本人要求"})


def _terminate(by: str) -> tuple[str, str, dict[str, str]]:
    return (by, "terminate", {"kind": "无法继续办理", "reason": "单位已注销"})


def _refuse(by: str) -> tuple[str, str, dict[str, str]]:
    return (by, "refuse", REFUSE)


_ASSESS = ("reviewer", "assess", {**LOOKED, "opinion": "评估合格"})
_PUBLICISE = ("reviewer", "publicise", {"publicised": "3月2日至8日 门户网站"})
_NEGOTIATE = ("reviewer", "negotiate", {"opinion": "一致"})
_REVIEWED = [ACCEPT, HAND_OVER, ("reviewer", "approve", LARGE), CHECK]

_SIGN = ("approver", "sign", {"agreement": "XY-2026-01", "result": "已签订协议"})

Road = tuple[str, list[tuple[str, str, dict[str, str]]]]

EVERYWHERE: list[Road] = [
    ("declined", [DECLINE]),
    ("withdrawn", [WITHDRAW]),
    ("withdrawn", [ACCEPT, WITHDRAW]),
    ("terminated", [_terminate("clerk")]),
]

ROADS: dict[str, list[Road]] = {
    "immediate": [
        ("closed", [("clerk", "close_on_the_spot", {"complete": ON, "genuine": ON, **LOOKED, "result": "已登记"})]),
        ("closed", [ACCEPT, ("clerk", "close", {**LOOKED, "result": "已登记"})]),
        *EVERYWHERE,
    ],
    "standard": [
        ("closed", [ACCEPT, HAND_OVER, APPROVE, CLOSE]),
        ("refused", [ACCEPT, HAND_OVER, _refuse("reviewer")]),
        ("terminated", [ACCEPT, HAND_OVER, _terminate("reviewer")]),
        *EVERYWHERE,
    ],
    "payment": [
        ("closed", [ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), CHECK, SETTLE, PAY]),
        ("closed", [*_REVIEWED, ("approver", "authorise", {"opinion": "同意"}), SETTLE, PAY]),
        ("refused", [ACCEPT, HAND_OVER, _refuse("reviewer")]),
        ("refused", [ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), _refuse("checker")]),
        ("refused", [*_REVIEWED, _refuse("approver")]),
        *EVERYWHERE,
    ],
    "designation": [
        (
            "closed",
            [ACCEPT, HAND_OVER, _ASSESS, _PUBLICISE, _NEGOTIATE, _SIGN],
        ),
        ("refused", [ACCEPT, HAND_OVER, _refuse("reviewer")]),
        (
            "terminated",
            [ACCEPT, HAND_OVER, _ASSESS, _PUBLICISE, ("reviewer", "break_off", {"reason": "价格未谈拢"})],
        ),
        *EVERYWHERE,
    ],
}
