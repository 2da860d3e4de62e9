"""What the demo's staff and applicants enter and say, by action, and who usually takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ROLE_OF: Final[Mapping[str, str]] = {
    "approve": "reviewer",
    "refuse": "reviewer",
    "suspend": "reviewer",
    "resume": "reviewer",
    "send_back": "reviewer",
    "assess": "reviewer",
    "publicise": "reviewer",
    "negotiate": "reviewer",
    "break_off": "reviewer",
    "check": "checker",
    "authorise": "approver",
    "sign": "approver",
    "pay": "cashier",
    "return_payment": "cashier",
    "pay_again": "cashier",
    "order": "supervisor",
    "accept_order": "supervisor",
    "return_order": "supervisor",
    "withdraw_order": "supervisor",
    "print_order": "supervisor",
}
"""Who usually takes an action; every other action is a clerk's."""

TICKS: Final = {
    "complete": "on",
    "genuine": "on",
    "lawful": "on",
    "conditions": "on",
    "confirmed": "on",
    "signed": "on",
}
OPINIONS: Final = ("材料齐全，符合办理条件，同意。", "经核对，原件与系统信息一致。", "符合政策规定，建议通过。")
LATE_REASON: Final = "就诊医院票据核验回函较晚，已向申请人电话说明。"
CORRECTION_REASON: Final = "登记时联系电话录入有误，已与申请人核对。"
MISTAKE_REASON: Final = "登记时选错了事项，按申请人所持材料转登记。"
REMOVAL_REASON: Final = "扫描不清晰，已重新扫描。"

TOLD: Final[Mapping[str, Mapping[str, str]]] = {
    "close_on_the_spot": {"result": "已在医保信息平台办理完毕，即时生效。"},
    "close": {"result": "已在医保信息平台办理完毕，并通知申请人。"},
    "decline": {"kind": "不属职权", "reason": "参保地不在本机关管辖范围。", "agency": "参保地医疗保障经办机构"},
    "refuse": {"failed": "符合办理条件", "opinion": "所附材料不能证明符合办理条件。", "basis": "本事项办理条件"},
    "send_back": {"reason": "申请信息与所附材料不一致，请核对后再送。"},
    "suspend": {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "10", "reason": "需专家鉴定后才能作出决定。"},
    "suspend=included": {
        "kind": "受理后补充材料",
        "basis": "本事项办事指南",
        "days": "5",
        "excluded": "计入办理时限",
        "reason": "请申请人补充说明材料中的疑点。",
    },
    "resume": {"reason": "所需意见已收到。"},
    "ask_extension": {"days": "3", "reason": "有关单位正在核实情况，尚未回函。"},
    "ask_extension=long": {"days": "10", "reason": "现场评估须等待专家排期，不能按期完成。"},
    "grant_extension": {"opinion": "同意延期，请及时告知申请人。"},
    "reject_extension": {"reason": "核实可以在承诺时限内完成，请抓紧办理。"},
    "assign": {"reason": "原经办人外出培训，改由他人办理。"},
    "consent=second_notice": {"kind": "二次告知", "reason": "上次核对遗漏，已批评经办人，请向申请人致歉并一次说清。"},
    "consent=after_lapse": {"kind": "逾期后告知或不予受理", "reason": "材料确有不符，同意补作处理，并向申请人说明。"},
    "consent=late_correction": {"kind": "决定后更正", "reason": "不影响决定内容，同意更正。"},
    "return_payment": {"reason": "收款账号与户名不符。"},
    "pay_again": {"reference": "20260420000107"},
    "withdraw": {"kind": "申请人撤回", "reason": "申请人表示暂不办理。"},
    "terminate": {"kind": "逾期未补正", "reason": "补正期限届满，未提交补正材料。"},
    "terminate=deferral": {"kind": "容缺材料逾期未补", "reason": "容缺材料补齐期限届满，仍未提交。"},
    "keep_commitment": {"handed_in": "居民户口簿（户口簿首页和本人常住人口登记卡）复印件"},
    "break_commitment": {"reason": "2个月期满，经两次电话提醒仍未补齐承诺的材料。"},
    "serve": {"way": "直接送达", "place": "政务服务窗口"},
    "call_back": {"text": "已电话回访并致歉，申请人主要不满等候时间过长。"},
    "rectify": {"text": "已增开窗口并公布叫号情况，再次回访，申请人表示认可。"},
    "publicise": {"publicised": "在市人民政府网站公示7日，无异议"},
    "break_off": {"reason": "双方就信息系统接入要求未能达成一致。"},
    "sign": {"agreement": "2026-DD-018", "result": "已签订定点协议，自下月起生效。"},
    "pay": {"reference": "20260417000823", "result": "已拨付至申请人银行账户。"},
}
"""The entries of an action, or of one variant of it."""

RATINGS: Final[Mapping[str, tuple[int, str]]] = {
    "5": (5, "窗口态度好，一次就办成了。"),
    "4": (4, ""),
    "bad": (2, "排队时间太长，来了两次才办完。"),
}
"""What applicants say, by variant: the grade and the words."""

ORDERS: Final[Mapping[str, tuple[int, str, str, str]]] = {
    "remind": (1, "promised", "reviewer", ""),
    "yellow": (2, "promised", "reviewer", "请说明超期原因，并明确办结日期。"),
    "red": (3, "statutory", "reviewer", "已超法定时限，请立即办理，并向申请人说明。"),
    "counter": (1, "promised", "clerk", "即办件未当日办结，请说明情况。"),
    "waiting": (1, "unclaimed", "reviewer", "本件无人领取，请尽快领取办理。"),
    "stage": (1, "stage", "reviewer", "评估超过三个月，请说明还缺哪一步。"),
    "complaint": (2, "bad_rating", "clerk", "请当面了解情况，回访并整改。"),
}
"""Supervision orders, by variant: level, cause, who owes the answer where nobody holds the case, and the words."""

ANSWERS: Final[Mapping[str, tuple[str, str]]] = {
    "": ("票据核验回函较晚，未及时催办。", "已电话催办，回函到后当日提出意见。"),
    "again": ("停在审核环节：核验函发出后对方医院未复，昨日才寄出回函。", "今日派人取回回函，次日提出意见送复核。"),
}
"""The answer to an order, by variant: why, and what is done about it."""

DECIDED: Final[Mapping[str, str]] = {
    "accept_order": "情况属实，请按承诺日期办结。",
    "return_order": "原因过于笼统，请写明停在哪一环节、等谁的回函。",
    "withdraw_order": "核验函系对方单位寄错，责任不在经办人，撤销督办。",
}
"""What a supervisor says about an order."""
