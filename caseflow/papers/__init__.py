from caseflow.papers.sheets import PAPERS, Paper, chinese_day, qr_code, render

__all__ = ["PAPERS", "Paper", "chinese_day", "qr_code", "render"]
