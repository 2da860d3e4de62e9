from caseflow.house import BEIJING, Actor, House, beijing_day

__all__ = ["BEIJING", "Actor", "House", "beijing_day"]
