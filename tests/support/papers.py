"""Stored fields of every kind of paper, each as the desk stores them."""

from __future__ import annotations

from typing import Any

COMMON: dict[str, Any] = {
    "bureau_name": "沙湾市医疗保障局",
    "number": "沙医保某〔2026〕000123号",
    "case_number": "654203036202605081000123",
    "query_code": "7Q4K92MD",
    "item_name": "住院费用报销",
    "item_code": "11650105MB1544747U4002036213000",
    "applicant": "古丽努尔·吐尔逊",
    "applicant_id": "6542**********1234",
    "id_kind": "居民身份证",
    "agent": "王㼆",
    "window": "A区3号窗口",
    "handler": "李晓燕",
    "date": "2026-05-18",
    "place": "沙湾市书香街道",
    "phone": "0993-6023208",
    "complaint_phone": "0993-6021279",
    "fee": "不收费",
}
MATERIALS = [
    {"name": "有效身份证件或社会保障卡", "option": "社会保障卡", "originals": 7, "copies": 0},
    {"name": "医药机构收费票据", "option": "", "originals": 3, "copies": 2},
]
REMEDIES = "如不服本决定，可以依法申请行政复议或者提起行政诉讼。"

OWN: dict[str, dict[str, Any]] = {
    "receipt": {
        "received_at": "2026-05-08 10:31",
        "received_on": "2026-05-08",
        "notice_days": 5,
        "materials": MATERIALS,
    },
    "acceptance": {
        "accepted_on": "2026-05-08",
        "promised_text": "19个工作日",
        "promised_due": "2026-06-05",
        "statutory_text": "30个工作日",
        "statutory_due": "2026-06-24",
        "provisional": False,
        "immediate": False,
        "result": "",
        "materials": MATERIALS,
    },
    "notice": {
        "received_on": "2026-05-08",
        "lines": ["1. 处方底方：未提交，请补交。", "2. 费用清单：未盖章，请更换或改正。"],
        "reply_by": "2026-05-29",
        "supplement_days": 15,
        "consequence": "逾期未补正的，本次申请可以终止办理。",
    },
    "decline": {
        "kind": "不属职权",
        "reason": "医疗保险关系不在本统筹区。",
        "basis": "转移接续暂行办法第六条",
        "agency": "石河子市医疗保障局",
        "remedies": REMEDIES,
    },
    "deferral": {
        "accepted_on": "2026-05-08",
        "lines": ["长期居住认定材料", "参保凭证"],
        "defer_until": "2026-05-20",
        "promised_due": "2026-06-05",
        "consequence": "逾期未补齐的，终止办理。",
    },
    "commitment": {
        "text": "应履行承诺事项，并在规定时间内补齐相关材料。",
        "months": 2,
        "signed_on": "2026-05-08",
        "commitment_due": "2026-07-08",
    },
    "special": {
        "kind": "鉴定",
        "basis": "行政许可法第四十五条",
        "reason": "对票据上的签名作笔迹鉴定",
        "excluded": "不计入办理时限",
        "started_on": "2026-05-11",
        "expected_days": 12,
    },
    "extension": {
        "days": 9,
        "reason": "向参保地函询核实",
        "opinion": "情况属实，同意延期。",
        "approver": "阿不都热合曼",
        "old_promised": "2026-06-05",
        "old_statutory": "2026-06-24",
        "new_promised": "2026-06-18",
        "new_statutory": "2026-07-07",
        "provisional": False,
    },
    "refusal": {
        "opinion": "票据日期早于参保日期。",
        "failed": "符合办理条件",
        "basis": "医疗保障基金使用监督管理条例",
        "late_reason": "参保地回函延迟",
        "again": "补齐条件或材料后，可以再次申请。",
        "remedies": REMEDIES,
    },
    "completion": {
        "result": "已拨付到账",
        "late_reason": "参保地回函延迟",
        "reference": "P2026-001",
        "agreement": "XY-2026-01",
        "amount": "50,000.00",
        "account": "6222***********0123",
        "bank": "中国农业银行沙湾支行",
    },
    "statement": {
        "lines": [{"label": "统筹基金支付", "amount": "49,999.99"}, {"label": "护理费", "amount": "0.01"}],
        "total": "50,000.00",
        "total_words": "伍万元整",
        "account": "6222***********0123",
        "bank": "中国农业银行沙湾支行",
    },
    "service": {
        "served_number": "沙医保结〔2026〕000077号",
        "served_place": "政务服务中心A区",
        "way": "留置送达",
        "served_on": "2026-05-19",
        "recipient": "吐尔逊·买买提",
        "servers": "李晓燕、王建国",
    },
    "transfer": {
        "materials": MATERIALS,
        "from_name": "张霈",
        "from_state": "已受理",
        "to_name": "王建国",
        "to_state": "审核中",
        "handed_at": "2026-05-09 11:42",
    },
    "order": {
        "order_ref": "4711",
        "level": "黄牌",
        "cause": "超承诺",
        "days_over": 6,
        "to_name": "努尔兰",
        "state": "审核中",
        "issued_on": "2026-06-15",
        "issued_by": "郭建新",
        "answer_by": "2026-06-17",
        "words": "请说明为何审核环节用了十一个工作日",
        "rounds": [
            {
                "cause": "参保地回函延迟",
                "measures": "今日电话催办",
                "until": "2026-06-18",
                "verdict": "认可",
                "words": "按期办结",
                "reviewed_by": "马主管",
                "reviewed_on": "2026-06-16",
                "answered_by": "热依汗",
                "answered_on": "2026-06-15",
            }
        ],
        "ending": "已撤销：重复督办",
    },
}
FIELDS: dict[str, dict[str, Any]] = {kind: COMMON | own for kind, own in OWN.items()}
"""Kind → all its stored fields."""
